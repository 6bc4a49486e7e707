import { z } from 'zod';
import { perRow } from '../../nn/distributions.js';
import type { PointDenoiser } from '../../nn/image-model.js';
import { type LinearSpec, linear, linearSpec, scaledNormal } from '../../nn/layers.js';
import { type ParameterSpec, type TensorsOf, normal, parameter } from '../../nn/parameters.js';
import { type Transformer, transformer } from '../../nn/transformer.js';
import {
  type Draws,
  type Tensor,
  add,
  broadcastTo,
  concat,
  expandDims,
  mean,
  mul,
  pad,
  square,
  squeeze,
  sliceAxis,
  sub,
} from '../../tensor/index.js';
import { drawTold } from './conditions.js';
import { asRows, cleanOf, noiseLevel, preconditioning } from './preconditioning.js';
import { noiseSchedule, respaced } from './schedules.js';
import { atSteps, drawSteps } from './steps.js';
import { levelFeatures } from './u-net.js';

/**
 * From a caption to the point of an image that it may describe (Ramesh et al. 2022, section 2.2): a transformer over the
 * caption's tokens, its point, the amount of noise and the noisy point, whose last token says what the point was without
 * noise. It sees everything at once, where the paper's is causal.
 */

export const priorSettings = {
  layers: z.int().positive().default(2).describe('blocks of the transformer'),
  width: z.int().positive().default(128).describe('numbers of a token'),
  heads: z.int().positive().default(4).describe('attention heads'),
  steps: z.int().positive().default(1000).describe('amounts of noise that it learns to take away'),
  drawingSteps: z.int().positive().default(20).describe('steps that a point is drawn in'),
  guidance: z.number().min(0).default(1).describe('how much more of the caption than it finds'),
};

type PriorConfig = { readonly [Key in keyof typeof priorSettings]: z.output<(typeof priorSettings)[Key]> };

interface PriorSpec {
  readonly tokens: LinearSpec;
  readonly caption: LinearSpec;
  readonly level: LinearSpec;
  readonly noisy: LinearSpec;
  /** The token that answers. */
  readonly answer: ParameterSpec;
  readonly encoder: Pick<Transformer, 'blocks' | 'finalNorm'>;
  readonly out: LinearSpec;
}
export type PriorParameters = TensorsOf<PriorSpec>;

/** What is known of a caption. */
export interface KnownCaption {
  /** [B, length, numbers], and its mask [B, 1, 1, length]. */
  readonly sequence: Tensor;
  readonly mask: Tensor;
  /** [B, size], each of length 1. */
  readonly point: Tensor;
}

export interface PointPrior extends Pick<PointDenoiser, 'shape' | 'sigmas' | 'steps' | 'sampler' | 'guidance'> {
  readonly parameters: PriorSpec;
  /** x [B, size] with noise of deviation sigma [B] → without. */
  readonly denoise: (p: PriorParameters, given: { x: Tensor; sigma: Tensor; caption: KnownCaption }) => Tensor;
  /** Squared error at a random step of each row, the mean over numbers. */
  readonly loss: (
    p: PriorParameters,
    given: { clean: Tensor; draws: Draws; captionOf: (told: Tensor) => KnownCaption; withheld: number },
  ) => Tensor;
}

/** Numbers that say how much noise there is. Points are of deviation 1. */
const levelSize = 32;

/** @param sizes numbers of a point, and of each token of the sequence that a caption is read as */
export function pointPrior(config: PriorConfig, sizes: { size: number; sequence: number }): PointPrior {
  const { layers, width, heads } = config;
  const { size, sequence } = sizes;
  const stack = transformer({
    ...{ layers, width, heads, hiddenWidth: 4 * width, keyValueHeads: heads },
    ...{ normalisation: 'layer', normPosition: 'pre', normEpsilon: 1e-5, activation: 'gelu', bias: true },
    initialisation: 1 / Math.sqrt(width),
  });
  const dense = (from: number, to = width) => linearSpec(from, to, { init: scaledNormal(from) });
  const sigmas = noiseSchedule('cosine', config.steps);
  const denoise: PointPrior['denoise'] = (p, { x, sigma, caption }) => {
    const batch = x.shape[0]!;
    const c = preconditioning('image', asRows(sigma, 2));
    const single = (token: Tensor): Tensor => expandDims(token, 1);
    const known = [
      single(linear(p.caption, mul(caption.point, Math.sqrt(size)))),
      single(linear(p.level, levelFeatures(noiseLevel(sigma), levelSize))),
      single(linear(p.noisy, mul(c.in, x))),
      broadcastTo(p.answer, [batch, 1, width]),
    ];
    const tokens = concat([linear(p.tokens, caption.sequence), ...known], 1);
    const mask = pad(caption.mask, [
      [0, 0],
      [0, 0],
      [0, 0],
      [0, known.length],
    ]);
    const read = stack.encode(p.encoder, tokens, mask);
    const answer = squeeze(sliceAxis(read, { axis: 1, start: tokens.shape[1]! - 1 }), 1);
    return cleanOf(c, x, linear(p.out, answer));
  };
  return {
    parameters: {
      tokens: dense(sequence),
      caption: dense(size),
      level: dense(levelSize),
      noisy: dense(size),
      answer: parameter([1, 1, width], { init: normal(0.5), decay: false }),
      encoder: { blocks: stack.blocks, ...(stack.finalNorm && { finalNorm: stack.finalNorm }) },
      out: dense(width, size),
    },
    shape: [size],
    sigmas: (steps) => respaced(sigmas, steps),
    steps: Math.min(config.drawingSteps, config.steps),
    sampler: 'ddim',
    guidance: config.guidance,
    denoise,
    loss: (p, { clean, draws, captionOf, withheld }) => {
      const batch = clean.shape[0]!;
      const sigma = atSteps(sigmas, drawSteps(draws, batch, sigmas.length));
      const x = add(clean, mul(asRows(sigma, 2), draws.normal(clean.shape)));
      const told = drawTold(draws, batch, withheld);
      const error = perRow(square(sub(denoise(p, { x, sigma, caption: captionOf(told) }), clean)));
      return mul(mean(error), 1 / size);
    },
  };
}
