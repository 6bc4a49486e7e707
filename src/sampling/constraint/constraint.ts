/** What an answer may say: which tokens may come next, as it grows. */
export interface Constraint {
  /** Logits in which what may not come is -infinity. `left`: tokens that may still be written, this one included. */
  restrict(logits: Float32Array, left: number): Float32Array;
  /** Takes in the token that came. */
  push(id: number): void;
  /** Whether the answer is complete and nothing can follow. */
  readonly isComplete: boolean;
}
