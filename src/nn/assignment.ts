import { type Tensor, add, mul, square, stopGradient, sub, sum } from '../tensor/index.js';

/** A parameter, and the value that a batch gives it. */
export interface Assignment {
  readonly parameter: Tensor;
  readonly value: Tensor;
}

/** Σ ½ (parameter − value)²: a step of plain descent with rate 1 lands on the values (see `ImageLoss.assigns`). */
export const assignmentLoss = (assigned: readonly Assignment[]): Tensor =>
  mul(
    assigned
      .map(({ parameter, value }) => sum(square(sub(parameter, stopGradient(value)))))
      .reduce((total, next) => add(total, next)),
    0.5,
  );
