/** A share of right answers. */
export interface Accuracy {
  /** 0 to 1. */
  readonly accuracy: number;
  /** Of that share, over the images. */
  readonly standardError: number;
  readonly images: number;
}

/** How many of the guesses are the labels. */
export function accuracyOf(guesses: Int32Array, labels: Int32Array): Accuracy {
  const images = guesses.length;
  const right = guesses.reduce((count, guess, index) => count + (guess === labels[index] ? 1 : 0), 0);
  const accuracy = right / images;
  return { accuracy, standardError: Math.sqrt((accuracy * (1 - accuracy)) / images), images };
}
