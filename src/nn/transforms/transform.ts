import { type Draws, type Tensor, add, broadcastTo, reshape, scalar } from '../../tensor/index.js';
import type { Assignment } from '../assignment.js';
import type { TensorsOf } from '../parameters.js';

/** What a transform may look at besides its argument. */
export interface Given {
  /** For dequantisation. */
  readonly draws?: Draws;
  /** [B, n], e.g. a class. */
  readonly vector?: Tensor;
  /** [B, n, H, W], of the size that the transform works at. */
  readonly features?: Tensor;
}

export interface Transformed {
  readonly z: Tensor;
  /** log |det ∂z/∂x| of each row, [B], in nats; of a bound, what takes its place. */
  readonly logDeterminant: Tensor;
}

export interface Fitted {
  readonly z: Tensor;
  readonly assigned: readonly Assignment[];
}

/**
 * An invertible map of rows: log p(x) = log p(z) + log-determinant (Dinh et al. 2015). A flow is a list of them over a
 * base density.
 */
export interface Transform {
  /** Declared parameters. Those that a batch initialises lie under a key `fitted`, with a flag `initialised`. */
  readonly parameters: object;
  /** `bound`: log p(z) + log-determinant is at most log p(x), in expectation over the draws, e.g. a dequantisation. */
  readonly kind: 'exact' | 'bound';
  readonly forward: (p: never, x: Tensor, given: Given) => Transformed;
  readonly inverse: (p: never, z: Tensor, given: Given) => Tensor;
  /** The values that this batch gives to the parameters under `fitted`, and what becomes of the batch with them. */
  readonly fit?: (p: never, x: Tensor, given: Given) => Fitted;
}

type Typed<Specs extends object> = Omit<Transform, 'forward' | 'inverse' | 'fit' | 'parameters'> & {
  readonly parameters: Specs;
  readonly forward: (p: TensorsOf<Specs>, x: Tensor, given: Given) => Transformed;
  readonly inverse: (p: TensorsOf<Specs>, z: Tensor, given: Given) => Tensor;
  readonly fit?: (p: TensorsOf<Specs>, x: Tensor, given: Given) => Fitted;
};

/** Checks the types of a transform's parts against its parameters, and forgets them. */
export const defineTransform = <Specs extends object>(definition: Typed<Specs>): Transform => definition;

/** A log-determinant that is the same for every row. */
export const sameForAll = (value: Tensor, x: Tensor): Tensor =>
  broadcastTo(value.rank === 0 ? reshape(value, [1]) : value, [x.shape[0]!]);

/** As `fit`, for any transform: one with nothing to fit maps the batch as ever. */
export const fitTransform = (transform: Transform, p: unknown, x: Tensor, given: Given): Fitted =>
  transform.fit?.(p as never, x, given) ?? { z: transform.forward(p as never, x, given).z, assigned: [] };

/** One after the other; of none, the identity. */
export const sequence = (transforms: readonly Transform[]): Transform =>
  defineTransform({
    parameters: transforms.map(({ parameters }) => parameters),
    kind: transforms.some(({ kind }) => kind === 'bound') ? 'bound' : 'exact',
    forward: (p, x, given) => {
      let z = x;
      let total: Tensor | undefined;
      transforms.forEach(({ forward }, index) => {
        const step = forward(p[index] as never, z, given);
        z = step.z;
        total = total === undefined ? step.logDeterminant : add(total, step.logDeterminant);
      });
      return { z, logDeterminant: total ?? sameForAll(scalar(0), x) };
    },
    inverse: (p, z, given) =>
      transforms.reduceRight((x, { inverse }, index) => inverse(p[index] as never, x, given), z),
    fit: (p, x, given) => {
      let z = x;
      const assigned: Assignment[] = [];
      transforms.forEach((transform, index) => {
        const step = fitTransform(transform, p[index], z, given);
        z = step.z;
        assigned.push(...step.assigned);
      });
      return { z, assigned };
    },
  });

/** Parameters that a batch initialises. */
export const isFitted = (path: string): boolean => path.split('.').includes('fitted');
/** The flags among them, which nothing else moves. */
export const isFlag = (path: string): boolean => path.endsWith('fitted.initialised');
