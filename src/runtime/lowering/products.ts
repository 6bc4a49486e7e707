import type { Lowerings } from './lowering.js';
import { product } from './fusions.js';

export const products: Lowerings<'matmul'> = { matmul: (node, context) => product(node, undefined, context) };
