import type { PrimitiveName } from '../../tensor/primitives.js';
import { attention } from './attention.js';
import { convolutions } from './convolution.js';
import { elementwise } from './elementwise.js';
import { indexing } from './indexing.js';
import type { Lowerings } from './lowering.js';
import { normalisation } from './normalisation.js';
import { products } from './products.js';
import { random } from './random.js';
import { reductions } from './reductions.js';
import { shape } from './shape.js';

/** How each primitive is expressed in ONNX. */
export const lowerings: Lowerings<PrimitiveName> = {
  ...elementwise,
  ...shape,
  ...indexing,
  ...reductions,
  ...products,
  ...convolutions,
  ...normalisation,
  ...attention,
  ...random,
};
