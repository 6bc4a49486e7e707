import type { Classifier } from '../nn/image-model.js';
import { type Accuracy, accuracyOf } from './accuracy.js';
import { type Matrix, type ReadRowsOptions, rowsOf } from './features.js';

export interface ClassifyOptions extends ReadRowsOptions {
  readonly classifier: Classifier;
  readonly classes: number;
}

/** The place of the greatest number of each row, the first of equals. */
export const rowMaxima = ({ count, size, values }: Matrix): Int32Array =>
  Int32Array.from({ length: count }, (_, row) => {
    const of = values.subarray(row * size, (row + 1) * size);
    return of.reduce((best, value, index) => (value > of[best]! ? index : best), 0);
  });

/** The class that a classifier reads in each image. */
export const classesRead = async (options: ClassifyOptions): Promise<Int32Array> =>
  rowMaxima(await rowsOf({ ...options, size: options.classes, of: options.classifier.logits, name: 'classify' }));

/** How often that is the label. */
export const classifierAccuracy = async (options: ClassifyOptions): Promise<Accuracy> =>
  accuracyOf(await classesRead(options), options.images.labels!);
