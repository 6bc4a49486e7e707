import {
  type Tensor,
  add,
  concat,
  constant,
  gather,
  reshape,
  reverse,
  scalar,
  sliceAxis,
  transpose,
} from '../../tensor/index.js';
import { counterRandom, shuffle } from '../../tensor/random.js';
import { perRow } from '../distributions.js';
import { dividedSize } from '../divided-size.js';
import type { MakeConditioner } from './conditioners.js';
import { chosenBy } from './coupling.js';
import { affine } from './elementwise.js';
import { type Transform, type Transformed, defineTransform, fitTransform, sameForAll } from './transform.js';

/** Transforms that only put numbers in other places, and masks. */

const moved = (z: Tensor): Transformed => ({ z, logDeterminant: sameForAll(scalar(0), z) });

/** A transform without parameters and with determinant 1. */
const rearrangement = (forward: (x: Tensor) => Tensor, inverse: (z: Tensor) => Tensor): Transform => ({
  parameters: {},
  kind: 'exact',
  forward: (_, x) => moved(forward(x)),
  inverse: (_, z) => inverse(z),
});

/** [B, C, H, W] → [B, factor² C, H / factor, W / factor]: each block of pixels becomes channels (Dinh et al. 2017). */
export const spaceToChannels = (x: Tensor, factor: number): Tensor => {
  const [batch, channels, height, width] = x.shape as [number, number, number, number];
  const [rows, columns] = [height / factor, width / factor];
  const blocks = transpose(reshape(x, [batch, channels, rows, factor, columns, factor]), [0, 1, 3, 5, 2, 4]);
  return reshape(blocks, [batch, channels * factor * factor, rows, columns]);
};

/** And back. */
export const channelsToSpace = (z: Tensor, factor: number): Tensor => {
  const [batch, channels, rows, columns] = z.shape as [number, number, number, number];
  const kept = channels / (factor * factor);
  const blocks = transpose(reshape(z, [batch, kept, factor, factor, rows, columns]), [0, 1, 4, 2, 5, 3]);
  return reshape(blocks, [batch, kept, rows * factor, columns * factor]);
};

/** The shape [C, H, W] after it. @throws ConfigError where the blocks do not divide the image */
export function squeezedShape(
  [channels, height, width]: readonly [number, number, number],
  factor = 2,
): readonly [channels: number, height: number, width: number] {
  const inner = dividedSize({ height, width }, factor, { what: 'blocks', or: 'Take fewer scales' });
  return [channels * factor * factor, inner.height, inner.width];
}

export const squeezeSpace = (factor = 2): Transform =>
  rearrangement(
    (x) => spaceToChannels(x, factor),
    (z) => channelsToSpace(z, factor),
  );

/** [B, …shape] → [B, n] */
export const flatten = (shape: readonly number[]): Transform =>
  rearrangement(
    (x) => reshape(x, [x.shape[0]!, -1]),
    (z) => reshape(z, [z.shape[0]!, ...shape]),
  );

/** The channels in the other order. */
export const reversal = (): Transform =>
  rearrangement(
    (x) => reverse(x, 1),
    (z) => reverse(z, 1),
  );

/** The channels in a fixed random order. */
export function permutation(channels: number, seed: number): Transform {
  const order = shuffle(
    counterRandom(seed, 'permutation of a flow', channels),
    Int32Array.from({ length: channels }, (_, i) => i),
  );
  const back = new Int32Array(channels);
  order.forEach((from, to) => (back[from] = to));
  return rearrangement(
    (x) => gather(x, constant(order), 1),
    (z) => gather(z, constant(back), 1),
  );
}

/** 1 where row + column + `offset` is even: [1, 1, H, W]. */
export const checkerboard = (height: number, width: number, offset: 0 | 1 = 0): Tensor =>
  constant(
    Float32Array.from({ length: height * width }, (_, at) => (Math.floor(at / width) + (at % width) + offset + 1) % 2),
    [1, 1, height, width],
  );

/** 1 for one half of the channels: [1, C, 1, 1]. */
export const channelMask = (channels: number, half: 0 | 1 = 0): Tensor =>
  constant(
    Float32Array.from({ length: channels }, (_, channel) => Number(channel < channels / 2 === (half === 0))),
    [1, channels, 1, 1],
  );

export interface SplitOptions {
  /** What the channels that go on pass through; it gives [B, n]. */
  readonly rest: Transform;
  readonly network: MakeConditioner;
}

/**
 * Half of the channels of [B, C, H, W] leave the flow as normal numbers whose mean and deviation the other half
 * predicts; the other half goes on (Dinh et al. 2017, section 3.6; Glow's learned prior). The result is one row of
 * numbers: first what goes on, then what has left.
 */
export function split(shape: readonly [number, number, number], { rest, network: make }: SplitOptions): Transform {
  const [channels, height, width] = shape;
  const kept = Math.floor(channels / 2);
  const leaving = [channels - kept, height, width] as const;
  const elementwise = affine(3);
  const network = make(kept, elementwise.perElement * (channels - kept));
  const halves = (x: Tensor): readonly [Tensor, Tensor] => [
    sliceAxis(x, { axis: 1, limit: kept }),
    sliceAxis(x, { axis: 1, start: kept }),
  ];
  const row = (x: Tensor): Tensor => reshape(x, [x.shape[0]!, -1]);
  return defineTransform({
    parameters: { network: network.parameters, rest: rest.parameters },
    kind: rest.kind,
    forward: (p, x, given) => {
      const [goesOn, leaves] = halves(x);
      const out = elementwise.forward(leaves, chosenBy(network, elementwise, p.network, goesOn, given));
      const inner = rest.forward(p.rest as never, goesOn, given);
      return {
        z: concat([inner.z, row(out.z)], 1),
        logDeterminant: add(inner.logDeterminant, perRow(out.logSlope)),
      };
    },
    inverse: (p, z, given) => {
      const count = kept * height * width;
      const goesOn = rest.inverse(p.rest as never, sliceAxis(z, { axis: 1, limit: count }), given);
      const out = reshape(sliceAxis(z, { axis: 1, start: count }), [z.shape[0]!, ...leaving]);
      return concat([goesOn, elementwise.inverse(out, chosenBy(network, elementwise, p.network, goesOn, given))], 1);
    },
    fit: (p, x, given) => {
      const [goesOn, leaves] = halves(x);
      const out = elementwise.forward(leaves, chosenBy(network, elementwise, p.network, goesOn, given));
      const inner = fitTransform(rest, p.rest, goesOn, given);
      return { z: concat([inner.z, row(out.z)], 1), assigned: inner.assigned };
    },
  });
}
