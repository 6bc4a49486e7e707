import type { Compared } from './measure.js';

/** Models of several families, measured in the same way on the same data. */
export interface Comparison {
  readonly data: { readonly name: string; readonly id: string };
  /** Of training each; absent where they were given. */
  readonly seconds?: number;
  /** Pixels, judge and number of samples that every figure is of. */
  readonly judge: string;
  readonly samples: number;
  readonly machine: string;
  readonly models: readonly Compared[];
}
