import type { Shape, TensorSpec } from './primitives.js';

/** Descriptions of what a traced function is given. */

/** Numbers of a shape; without lengths a scalar. */
export const float32 = (...shape: Shape): TensorSpec => ({ shape, dtype: 'float32' });

/** Whole numbers of a shape, such as tokens, labels and places; a key of random draws is `int32(2)`. */
export const int32 = (...shape: Shape): TensorSpec => ({ shape, dtype: 'int32' });
