import { z } from 'zod';
import { ConfigError } from '../../errors.js';
import { type ImageAttentionSpec, type Sequence, attendImage, imageAttentionSpec } from '../../nn/image-attention.js';
import {
  type ConvolutionSpec,
  type LinearSpec,
  type NormSpec,
  Dropout,
  convolutionSpec,
  convolve,
  groupNormSpec,
  groupsOf,
  linear,
  linearSpec,
  normaliseGroups,
  scaledNormal,
} from '../../nn/layers.js';
import type { TensorsOf } from '../../nn/parameters.js';
import { channelsToSpace, spaceToChannels } from '../../nn/transforms/shapes.js';
import {
  type Tensor,
  add,
  avgPool,
  concat,
  constant,
  cos,
  expandDims,
  groupNorm,
  mul,
  reshape,
  resize,
  silu,
  sin,
  sliceAxis,
} from '../../tensor/index.js';

/**
 * The network of a diffusion model (Ho et al. 2020; Dhariwal & Nichol 2021): residual blocks at falling and again at
 * rising resolution, those of one resolution joined. It is told how noisy its input is and, where there are conditions,
 * a vector (by scale and shift), a sequence (by attention) and an image (as further channels of the input).
 */

export const uNetSettings = {
  patch: z
    .int()
    .positive()
    .default(1)
    .describe(
      'side of the blocks of pixels that become channels before the first layer: 2 makes it several times faster',
    ),
  channels: z
    .array(z.int().positive())
    .min(1)
    .default([32, 64, 128])
    .describe('channels at each resolution, the finest first; each next one has half the side'),
  blocks: z
    .int()
    .positive()
    .default(1)
    .describe('residual blocks of each resolution, on the way down and on the way up'),
  attention: z
    .array(z.int().min(0))
    .default([2])
    .describe('resolutions with attention, by their number from 0; the middle has it if the last one does'),
  headWidth: z.int().positive().default(32).describe('numbers of one attention head'),
  groups: z.int().positive().default(8).describe('most groups of a normalisation'),
  dropout: z.number().min(0).max(0.9).default(0).describe('probability of zeroing an activation while training'),
};

export type UNetConfig = { readonly [Key in keyof typeof uNetSettings]: z.output<(typeof uNetSettings)[Key]> };

/** What a network is for. */
export interface UNetSizes {
  /** Channels of its input, those of a spatial condition included. */
  readonly inputs: number;
  readonly outputs: number;
  readonly height: number;
  readonly width: number;
  /** Numbers of a place of a sequence to look at; absent: there is none. */
  readonly sequence?: number;
}

interface BlockSpec {
  readonly firstNorm: Required<NormSpec>;
  readonly first: ConvolutionSpec;
  /** Embedding → scale and shift of each channel between the two convolutions. */
  readonly modulation: LinearSpec;
  readonly second: ConvolutionSpec;
  /** Where the number of channels changes. */
  readonly skip?: ConvolutionSpec;
}

interface LayerSpec {
  readonly block: BlockSpec;
  readonly attention?: ImageAttentionSpec;
  readonly crossAttention?: ImageAttentionSpec;
}

interface UNetSpec {
  readonly embedding: { readonly first: LinearSpec; readonly second: LinearSpec };
  readonly in: ConvolutionSpec;
  readonly down: readonly (readonly LayerSpec[])[];
  readonly middle: { readonly first: LayerSpec; readonly second: LayerSpec };
  /** By resolution, the finest first. */
  readonly up: readonly (readonly LayerSpec[])[];
  readonly norm: Required<NormSpec>;
  readonly out: ConvolutionSpec;
}

export type UNetParameters = TensorsOf<UNetSpec>;

export interface UNetGiven {
  /** How noisy each row is, [B]; see `noiseLevel`. */
  readonly level: Tensor;
  /** Added to its embedding, [B, `embedding`]. */
  readonly vector?: Tensor;
  readonly sequence?: Sequence;
  /** Further channels of the input, [B, …, H, W]. */
  readonly spatial?: Tensor;
  readonly dropout?: Dropout;
}

export interface UNet {
  readonly parameters: UNetSpec;
  /** Numbers of the embedding of the noise level, to which a vector condition is added. */
  readonly embedding: number;
  /** x [B, inputs, H, W] → [B, outputs, H, W]; zeros before training. */
  readonly run: (p: UNetParameters, x: Tensor, given: UNetGiven) => Tensor;
}

/** Sines and cosines of a number between about −2 and 2 with frequencies from 1 to 500: [B] → [B, size]. */
export function levelFeatures(level: Tensor, size: number): Tensor {
  const half = size / 2;
  const frequencies = Array.from({ length: half }, (_, index) => 500 ** (index / Math.max(1, half - 1)));
  const angles = mul(expandDims(level, 1), constant(frequencies, [1, half]));
  return concat([sin(angles), cos(angles)], 1);
}

const zeros = { kind: 'zeros' } as const;

/** @throws ConfigError when the sides cannot be halved so often, or a resolution with attention does not exist */
export function uNet(config: UNetConfig, sizes: UNetSizes): UNet {
  const { patch, channels, blocks, attention, headWidth, groups } = config;
  const { height, width, sequence } = sizes;
  const depth = channels.length;
  const factor = patch * 2 ** (depth - 1);
  if (height % factor > 0 || width % factor > 0) {
    throw new ConfigError(
      `model.channels: ${height} x ${width} cannot be halved ${depth - 1} times` +
        (patch > 1 ? ` after blocks of ${patch}` : ''),
      {
        advice: `Name fewer resolutions, or give images whose sides divide by ${factor} (--size).`,
      },
    );
  }
  const unknown = attention.find((level) => level >= depth);
  if (unknown !== undefined)
    throw new ConfigError(`model.attention: there is no resolution ${unknown}, only 0 to ${depth - 1}`);

  const [finest, coarsest] = [channels[0]!, channels[depth - 1]!];
  const features = Math.max(2, finest - (finest % 2));
  const embedding = 4 * finest;
  const convolution = (from: number, to: number) => convolutionSpec(from, to, { gain: 1 });
  const layer = (from: number, to: number, level: number): LayerSpec => ({
    block: {
      firstNorm: groupNormSpec(from),
      first: convolution(from, to),
      modulation: linearSpec(embedding, 2 * to, { init: scaledNormal(embedding, 0.1) }),
      second: convolutionSpec(to, to, { init: zeros }),
      ...(from !== to && { skip: convolutionSpec(from, to, { kernel: 1, bias: false }) }),
    },
    ...(attention.includes(level) && {
      attention: imageAttentionSpec(to),
      ...(sequence !== undefined && { crossAttention: imageAttentionSpec(to, sequence) }),
    }),
  });
  const before = (level: number): number => channels[Math.max(0, level - 1)]!;
  const after = (level: number): number => channels[Math.min(depth - 1, level + 1)]!;
  const parameters: UNetSpec = {
    embedding: {
      first: linearSpec(features, embedding, { init: scaledNormal(features) }),
      second: linearSpec(embedding, embedding, { init: scaledNormal(embedding) }),
    },
    in: convolution(sizes.inputs * patch ** 2, finest),
    down: channels.map((to, level) =>
      Array.from({ length: blocks }, (_, index) => layer(index === 0 ? before(level) : to, to, level)),
    ),
    middle: { first: layer(coarsest, coarsest, depth - 1), second: layer(coarsest, coarsest, depth) },
    up: channels.map((to, level) =>
      Array.from({ length: blocks }, (_, index) => layer((index === 0 ? after(level) : to) + to, to, level)),
    ),
    norm: groupNormSpec(finest),
    out: convolutionSpec(finest, sizes.outputs * patch ** 2, { init: zeros }),
  };

  const residual = (p: TensorsOf<BlockSpec>, x: Tensor, embedded: Tensor, dropout: Dropout): Tensor => {
    const h = convolve(p.first, silu(normaliseGroups(p.firstNorm, x, groups)));
    const to = h.shape[1]!;
    const modulation = linear(p.modulation, embedded);
    const part = (start: number): Tensor =>
      reshape(sliceAxis(modulation, { axis: 1, start, limit: start + to }), [x.shape[0]!, to, 1, 1]);
    const modulated = add(mul(groupNorm(h, groupsOf(to, groups)), add(part(0), 1)), part(to));
    const changed = convolve(p.second, dropout.apply(silu(modulated)));
    return add(p.skip ? convolve(p.skip, x) : x, changed);
  };

  const run: UNet['run'] = (p, x, given) => {
    const { dropout = new Dropout(0) } = given;
    const level = levelFeatures(given.level, features);
    const known = linear(p.embedding.second, silu(linear(p.embedding.first, level)));
    const embedded = silu(given.vector ? add(known, given.vector) : known);
    const through = (layers: TensorsOf<LayerSpec>, input: Tensor): Tensor => {
      const h = residual(layers.block, input, embedded, dropout);
      const heads = groupsOf(h.shape[1]!, Math.max(1, Math.floor(h.shape[1]! / headWidth)));
      const looked = layers.attention ? attendImage(layers.attention, h, { heads, groups }) : h;
      return layers.crossAttention && given.sequence
        ? attendImage(layers.crossAttention, looked, { heads, groups, sequence: given.sequence })
        : looked;
    };
    const seen = given.spatial ? concat([x, given.spatial], 1) : x;
    let h = convolve(p.in, patch > 1 ? spaceToChannels(seen, patch) : seen);
    const kept = p.down.map((layers, index) => {
      if (index > 0) h = avgPool(h, 2);
      return layers.map((one) => (h = through(one, h)));
    });
    h = through(p.middle.second, through(p.middle.first, h));
    for (let index = depth - 1; index >= 0; index--) {
      p.up[index]!.forEach((one, block) => {
        h = through(one, concat([h, kept[index]![blocks - 1 - block]!], 1));
      });
      if (index > 0) h = resize(h, [2 * h.shape[2]!, 2 * h.shape[3]!]);
    }
    const output = convolve(p.out, silu(normaliseGroups(p.norm, h, groups)));
    return patch > 1 ? channelsToSpace(output, patch) : output;
  };
  return { parameters, embedding, run };
}
