import {
  type Tensor,
  add,
  clip,
  constant,
  exp,
  matmul,
  mul,
  neg,
  relu,
  reshape,
  sigmoid,
  slice,
  softplus,
  sub,
  zeros,
} from '../../tensor/index.js';
import { counterRandom, integer } from '../../tensor/random.js';
import { perRow } from '../distributions.js';
import { linear, linearSpec, scaledNormal } from '../layers.js';
import { type ParameterSpec, type TensorsOf, normal, parameter } from '../parameters.js';
import { type Elementwise, affine } from './elementwise.js';
import { type Given, type Transform, defineTransform } from './transform.js';

/** Networks in which number i of the output sees the numbers before i alone, and the transforms they make. */

export interface MadeOptions {
  /** Numbers of a row. */
  readonly size: number;
  /** Numbers given for each. */
  readonly perElement: number;
  readonly width: number;
  /** Hidden layers. */
  readonly depth: number;
  /** Numbers of `given.vector`, which hidden units and outputs see: no hidden unit leads to the first. Default 0. */
  readonly vector?: number;
  readonly seed: number;
}

interface MadeSpecs {
  readonly hidden: readonly { readonly weight: ParameterSpec; readonly bias: ParameterSpec }[];
  readonly out: { readonly weight: ParameterSpec; readonly bias: ParameterSpec };
  readonly vector?: {
    readonly hidden: ReturnType<typeof linearSpec>;
    readonly out: ReturnType<typeof linearSpec>;
  };
}

export interface Made {
  readonly parameters: MadeSpecs;
  /** x [B, size] → [B, perElement, size]; at first zeros. */
  readonly apply: (p: TensorsOf<MadeSpecs>, x: Tensor, given: Given) => Tensor;
}

/**
 * A fully connected network with masked weights (Germain et al. 2015, MADE): a hidden unit of degree d sees the numbers
 * up to d (counted from 1), and output i the units of degrees below i.
 */
function made({ size, perElement, width, depth, vector = 0, seed }: MadeOptions): Made {
  const random = counterRandom(seed, 'degrees of a masked network', width);
  // Units of one degree lie together, so that masks are triangles of blocks.
  const degreesOfLayer = (): Int32Array =>
    Int32Array.from({ length: width }, () => 1 + integer(random, Math.max(1, size - 1))).sort();
  const inputs = Int32Array.from({ length: size }, (_, i) => i + 1);
  const degrees = [inputs, ...Array.from({ length: depth }, degreesOfLayer)];
  const outputs = Int32Array.from({ length: perElement * size }, (_, i) => (i % size) + 1);
  const mask = (from: Int32Array, to: Int32Array, sees: (from: number, to: number) => boolean): Tensor =>
    constant(
      Float32Array.from({ length: from.length * to.length }, (_, at) =>
        Number(sees(from[Math.floor(at / to.length)]!, to[at % to.length]!)),
      ),
      [from.length, to.length],
    );
  const last = degrees.at(-1)!;
  const parameters = {
    hidden: Array.from({ length: depth }, (_, layer) => {
      const from = degrees[layer]!.length;
      // Half of the weights are masked away.
      return {
        weight: parameter([from, width], { init: scaledNormal(from / 2, Math.SQRT2) }),
        bias: parameter([width]),
      };
    }),
    out: { weight: parameter([last.length, outputs.length]), bias: parameter([outputs.length]) },
    ...(vector > 0 && {
      vector: {
        hidden: linearSpec(vector, width, { bias: false, init: normal(0.05) }),
        out: linearSpec(vector, outputs.length, { bias: false, init: { kind: 'zeros' } }),
      },
    }),
  };
  return {
    parameters,
    apply: (p, x, given) => {
      const told = p.vector && linear(p.vector.hidden, given.vector!);
      const h = p.hidden.reduce((below, layer, index) => {
        const weight = mul(
          layer.weight,
          mask(degrees[index]!, degrees[index + 1]!, (from, to) => from <= to),
        );
        const sum = add(matmul(below, weight), layer.bias);
        return relu(index === 0 && told !== undefined ? add(sum, told) : sum);
      }, x);
      const weight = mul(
        p.out.weight,
        mask(last, outputs, (from, to) => from < to),
      );
      const out = add(matmul(h, weight), p.out.bias);
      const all = p.vector ? add(out, linear(p.vector.out, given.vector!)) : out;
      return reshape(all, [x.shape[0]!, perElement, size]);
    },
  };
}

export interface AutoregressiveOptions extends Omit<MadeOptions, 'perElement'> {
  /** Default: affine. */
  readonly elementwise?: Elementwise;
}

/** Where an inverse that goes astray on its way is held; what it arrives at lies well within. */
const astray = 1e3;

/** A masked autoregressive transform, and one pass of its inverse. */
export interface Autoregressive extends Transform {
  /**
   * One pass of the inverse over all numbers at once, from a guess: number i comes out right when those before it were,
   * so as many passes as there are numbers reach the inverse from anywhere, and then stay there.
   */
  readonly improve: (p: never, z: Tensor, guess: Tensor, given: Given) => Tensor;
}

/**
 * Number i is moved as the numbers before it say: density in one pass, inverse in as many as there are numbers
 * (Papamakarios et al. 2017, MAF).
 */
export function maskedAutoregressive({ elementwise = affine(), ...options }: AutoregressiveOptions): Autoregressive {
  const network = made({ ...options, perElement: elementwise.perElement });
  type P = TensorsOf<MadeSpecs>;
  const improve = (p: P, z: Tensor, guess: Tensor, given: Given): Tensor =>
    clip(elementwise.inverse(z, network.apply(p, guess, given)), -astray, astray);
  const transform = defineTransform<MadeSpecs>({
    parameters: network.parameters,
    kind: 'exact',
    forward: (p, x, given) => {
      const { z, logSlope } = elementwise.forward(x, network.apply(p, x, given));
      return { z, logDeterminant: perRow(logSlope) };
    },
    inverse: (p, z, given) => {
      let guess = zeros(z.shape);
      for (let pass = 0; pass < options.size; pass++) guess = improve(p, z, guess, given);
      return guess;
    },
  });
  return { ...transform, improve };
}

/**
 * z = σ ⊙ x + (1 − σ) ⊙ m, with σ and m of number i made of the numbers before it and of what is given (Kingma et al. 2016,
 * IAF, equations 13 and 14): fast to draw from, which is what a posterior is for. `inverse` takes as many passes as
 * there are numbers.
 */
export function inverseAutoregressive(options: Omit<AutoregressiveOptions, 'elementwise'>): Transform {
  return maskedAutoregressive({ ...options, elementwise: gated });
}

/** σ begins near 1 (the gate's offset of the paper), so that the first steps change little. */
const openGate = 2;

/** The gate of IAF: where nothing is chosen yet it scales by σ(2), which is not quite the identity. */
const gated: Elementwise = {
  perElement: 2,
  forward: (x, raw) => {
    const { gate, logGate, target } = gateOf(raw);
    return { z: add(mul(gate, x), mul(sub(1, gate), target)), logSlope: logGate };
  },
  inverse: (z, raw) => {
    const { gate, logGate, target } = gateOf(raw);
    return mul(sub(z, mul(sub(1, gate), target)), exp(neg(logGate)));
  },
};

const gateOf = (raw: Tensor): { readonly gate: Tensor; readonly logGate: Tensor; readonly target: Tensor } => {
  const part = (index: number): Tensor =>
    reshape(slice(raw, [null, [index, index + 1]]), [raw.shape[0]!, raw.shape[2]!]);
  const logit = add(part(0), openGate);
  // The log of a sigmoid that has become 0 would be infinite.
  return { gate: sigmoid(logit), logGate: neg(softplus(neg(logit))), target: part(1) };
};
