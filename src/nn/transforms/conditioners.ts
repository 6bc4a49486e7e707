import { type Tensor, add, concat, relu, reshape } from '../../tensor/index.js';
import { convolutionSpec, convolve, linear, linearSpec, scaledNormal } from '../layers.js';
import { type TensorsOf, normal } from '../parameters.js';
import type { Given } from './transform.js';

/** The network of a coupling: what it sees → numbers that choose how the rest is moved. At first it gives zeros. */
export interface Conditioner {
  readonly parameters: object;
  /** [B, inputs, …] → [B, outputs, …] */
  readonly apply: (p: never, x: Tensor, given: Given) => Tensor;
}

/** Makes one for so many channels in and out. */
export type MakeConditioner = (inputs: number, outputs: number) => Conditioner;

const define = <Specs extends object>(
  parameters: Specs,
  apply: (p: TensorsOf<Specs>, x: Tensor, given: Given) => Tensor,
): Conditioner => ({ parameters, apply });

const zeros = { init: { kind: 'zeros' } } as const;

export interface ConditionerOptions {
  /** Channels, or units, between. */
  readonly width: number;
  /** Blocks of 3x3 and 1x1 with a way around them, between the first and the last convolution; or hidden layers. */
  readonly depth?: number;
  /** Numbers of `given.vector`, or channels of `given.features`, that it looks at too. Default 0: none. */
  readonly vector?: number;
  readonly features?: number;
  /** Side of the first convolution's kernel. Default 3. */
  readonly firstKernel?: number;
  /** Side of the last convolution's kernel. Default 3; 1 is much cheaper where every number is chosen by many. */
  readonly lastKernel?: number;
}

/** 3x3, 1x1, 3x3 with ReLU between (Kingma & Dhariwal 2018, Glow), or with depth, residual blocks (RealNVP). */
export const convolutionalConditioner =
  ({
    width,
    depth = 0,
    vector = 0,
    features = 0,
    firstKernel = 3,
    lastKernel = 3,
  }: ConditionerOptions): MakeConditioner =>
  (inputs, outputs) => {
    const gain = Math.SQRT2;
    const parameters = {
      first: convolutionSpec(inputs + features, width, { kernel: firstKernel, gain }),
      ...(vector > 0 && { vector: linearSpec(vector, width, { bias: false, init: normal(0.05) }) }),
      middle: convolutionSpec(width, width, { kernel: 1, gain }),
      blocks: Array.from({ length: depth }, () => ({
        first: convolutionSpec(width, width, { gain }),
        second: convolutionSpec(width, width, { kernel: 1, init: normal(0.01) }),
      })),
      last: convolutionSpec(width, outputs, { ...zeros, kernel: lastKernel }),
    };
    return define(parameters, (p, x, given) => {
      const seen = features === 0 ? x : inputs === 0 ? given.features! : concat([x, given.features!], 1);
      const first = convolve(p.first, seen);
      const told = p.vector ? add(first, reshape(linear(p.vector, given.vector!), [x.shape[0]!, width, 1, 1])) : first;
      const middle = convolve(p.middle, relu(told));
      const h = p.blocks.reduce(
        (above, block) => add(above, convolve(block.second, relu(convolve(block.first, relu(above))))),
        middle,
      );
      return convolve(p.last, relu(h));
    });
  };

/** Fully connected, for rows of numbers [B, n]. */
export const denseConditioner =
  ({ width, depth = 1, vector = 0 }: ConditionerOptions): MakeConditioner =>
  (inputs, outputs) => {
    const parameters = {
      hidden: Array.from({ length: depth + 1 }, (_, index) => {
        const from = index === 0 ? inputs + vector : width;
        return linearSpec(from, width, { init: scaledNormal(from, Math.SQRT2) });
      }),
      last: linearSpec(width, outputs, zeros),
    };
    return define(parameters, (p, x, given) => {
      const seen = vector > 0 ? concat([x, given.vector!], 1) : x;
      return linear(
        p.last,
        p.hidden.reduce((h, layer) => relu(linear(layer, h)), seen),
      );
    });
  };
