import { ConfigError } from '../../errors.js';
import { type Tensor, add, concat, mul, reshape, sliceAxis, sub } from '../../tensor/index.js';
import { perRow } from '../distributions.js';
import type { Conditioner, MakeConditioner } from './conditioners.js';
import { type Elementwise, affine } from './elementwise.js';
import { type Given, type Transform, defineTransform } from './transform.js';

export interface CouplingOptions {
  readonly network: MakeConditioner;
  /** How each number is moved. Default: affine. */
  readonly elementwise?: Elementwise;
}

/** The network's channels as the numbers that choose: [B, perElement · n, …] → [B, perElement, n, …]. */
export const chosenBy = (
  network: Conditioner,
  elementwise: Elementwise,
  p: unknown,
  x: Tensor,
  given: Given,
): Tensor => {
  const output = network.apply(p as never, x, given);
  const { perElement } = elementwise;
  return reshape(output, [output.shape[0]!, perElement, output.shape[1]! / perElement, ...output.shape.slice(2)]);
};

/**
 * The first half of the channels of [B, C, …] decides how the second half is moved, number by number (Dinh et al. 2015;
 * with `rationalQuadraticSpline` Durkan et al. 2019).
 *
 * @throws ConfigError for a single channel
 */
export function coupling(channels: number, { network: make, elementwise = affine() }: CouplingOptions): Transform {
  if (channels < 2) {
    throw new ConfigError('a coupling of one channel has nothing that could tell how to move it', {
      advice: 'Squeeze blocks of at least 2 x 2 pixels into channels first.',
    });
  }
  const kept = Math.floor(channels / 2);
  const network = make(kept, elementwise.perElement * (channels - kept));
  const halves = (x: Tensor): readonly [Tensor, Tensor] => [
    sliceAxis(x, { axis: 1, limit: kept }),
    sliceAxis(x, { axis: 1, start: kept }),
  ];
  return defineTransform({
    parameters: network.parameters,
    kind: 'exact',
    forward: (p, x, given) => {
      const [still, moved] = halves(x);
      const { z, logSlope } = elementwise.forward(moved, chosenBy(network, elementwise, p, still, given));
      return { z: concat([still, z], 1), logDeterminant: perRow(logSlope) };
    },
    inverse: (p, z, given) => {
      const [still, moved] = halves(z);
      return concat([still, elementwise.inverse(moved, chosenBy(network, elementwise, p, still, given))], 1);
    },
  });
}

/**
 * The same with a mask in place of halves: where it is 1 numbers stay and are seen, where it is 0 they are moved (Dinh
 * et al. 2017, RealNVP, section 3.4).
 *
 * @param mask [1, 1 or C, H, W] of 0 and 1, made when traced
 */
export function maskedCoupling(
  channels: number,
  mask: () => Tensor,
  { network: make, elementwise = affine() }: CouplingOptions,
): Transform {
  const network = make(channels, elementwise.perElement * channels);
  return defineTransform({
    parameters: network.parameters,
    kind: 'exact',
    forward: (p, x, given) => {
      const stays = mask();
      const moves = sub(1, stays);
      const still = mul(x, stays);
      const { z, logSlope } = elementwise.forward(x, chosenBy(network, elementwise, p, still, given));
      return { z: add(still, mul(z, moves)), logDeterminant: perRow(mul(logSlope, moves)) };
    },
    inverse: (p, z, given) => {
      const stays = mask();
      const still = mul(z, stays);
      const x = elementwise.inverse(z, chosenBy(network, elementwise, p, still, given));
      return add(still, mul(x, sub(1, stays)));
    },
  });
}

/**
 * Every number moved as `given` alone says, e.g. the features of a small image (Lugmayr et al. 2020, SRFlow's affine
 * injector). The network sees nothing of x.
 */
export function injection(channels: number, { network: make, elementwise = affine(6) }: CouplingOptions): Transform {
  const network = make(0, elementwise.perElement * channels);
  const seen = (x: Tensor): Tensor => sliceAxis(x, { axis: 1, limit: 0 });
  return defineTransform({
    parameters: network.parameters,
    kind: 'exact',
    forward: (p, x, given) => {
      const { z, logSlope } = elementwise.forward(x, chosenBy(network, elementwise, p, seen(x), given));
      return { z, logDeterminant: perRow(logSlope) };
    },
    inverse: (p, z, given) => elementwise.inverse(z, chosenBy(network, elementwise, p, seen(z), given)),
  });
}
