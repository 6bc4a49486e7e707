import type { Tensor, TensorSpec } from '../../tensor/index.js';
import type { LossOutput } from '../../training/phase.js';
import type { Answered } from '../answer-rows.js';

/** What is learnt from preferences, given how much more probable each answer has become. */
export interface Objective<Example> {
  readonly name: string;
  readonly groupOf: (example: Example) => Answered;
  /** What a batch holds beside its answers, where it has room for so many of them. */
  readonly spec: (answers: number) => Readonly<Record<string, TensorSpec>>;
  readonly arrays: (
    examples: readonly Example[],
    answers: number,
  ) => Readonly<Record<string, Int32Array | Float32Array>>;
  /** @param ratios log π − log π_ref of each answer, in nats, [answers] */
  readonly loss: (ratios: Tensor, batch: Readonly<Record<string, Tensor>>) => LossOutput;
}
