import { z } from 'zod';
import { perRow } from '../../nn/distributions.js';
import type { DenoisedTensors, ImageTensors, NoisyTensors } from '../../nn/image-model.js';
import { type EmbeddingSpec, type LinearSpec, Dropout, linear, linearSpec, scaledNormal } from '../../nn/layers.js';
import type { TensorsOf } from '../../nn/parameters.js';
import { Draws, type Tensor, add, mul, ones, sigmoid, sliceAxis, square, sub } from '../../tensor/index.js';
import { type Condition, classSpec, classVector, drawTold } from './conditions.js';
import {
  type Prediction,
  asRows,
  cleanOf,
  noiseLevel,
  preconditioning,
  targetOf,
  weightOf,
  weightings,
} from './preconditioning.js';
import { type UNetConfig, type UNetParameters, uNet } from './u-net.js';

/** A U-Net that learns to take noise away from images or codes: what all diffusion models of this family are made of. */

export const diffusionSettings = {
  weighting: z
    .enum(weightings)
    .default('uniform')
    .describe('of amounts of noise in the loss: all alike, or by min-SNR, which asks less where there is little noise'),
  signalLimit: z.number().positive().default(5).describe('the most that min-SNR lets a ratio of signal to noise weigh'),
  withheld: z
    .number()
    .min(0)
    .max(1)
    .default(0.1)
    .describe('share of training images whose class or caption is withheld, so that drawing can be guided'),
};

export interface DiffusionOptions {
  /** Of what is denoised: channels, height, width. */
  readonly shape: readonly [number, number, number];
  readonly network: UNetConfig;
  readonly prediction: Prediction;
  /** Of the clean data, for the prediction of Karras et al. Default 1. */
  readonly deviation?: number;
  readonly settings: { readonly [Key in keyof typeof diffusionSettings]: z.output<(typeof diffusionSettings)[Key]> };
  /** 0: the class is not told. */
  readonly classes: number;
  /** What else is told. */
  readonly condition?: Condition;
  /** Channels of an image that is given. Default 0. */
  readonly givenChannels?: number;
  /** The network also says how large the variance of a step is. */
  readonly learnsVariance?: boolean;
}

export interface DiffusionParameters {
  readonly network: UNetParameters;
  readonly classes?: TensorsOf<EmbeddingSpec>;
  readonly condition?: { readonly own: never; readonly vector?: TensorsOf<LinearSpec> };
}

/** What is told beside the noisy image. */
type Told = Partial<Pick<NoisyTensors, 'labels' | 'told' | 'tokens'>> & {
  /** Channels beside the noisy image. */
  readonly image?: Tensor;
  /** As in `ToldTensors`. */
  readonly point?: Tensor;
};

/** A clean image with noise, and what the network makes of it. */
export interface Denoising extends DenoisedTensors {
  readonly x: Tensor;
  /** Squared error of what the network was asked for, weighted; the mean over numbers, [B]. */
  readonly error: Tensor;
}

/** The draws of a step but dropout's, which are the first streams of the same key. */
export const drawsOf = (key: Tensor): Draws => new Draws(key, 4096);

export interface Diffusion {
  readonly parameters: object;
  readonly denoise: (
    p: DiffusionParameters,
    noisy: Pick<NoisyTensors, 'x' | 'sigma' | 'told'> & Told,
  ) => DenoisedTensors;
  /** Adds noise and takes it away again. `image`, where one is given, is a clean one. */
  readonly learn: (
    p: DiffusionParameters,
    given: Pick<ImageTensors, 'labels'> &
      Omit<Told, 'told'> & {
        readonly clean: Tensor;
        /** [B] */
        readonly sigma: Tensor;
        readonly draws: Draws;
        /** For dropout; absent where the network is only measured. */
        readonly key?: Tensor;
      },
  ) => Denoising;
}

/** @throws ConfigError for settings that a U-Net of this shape cannot have */
export function diffusion(options: DiffusionOptions): Diffusion {
  const { shape, prediction, deviation = 1, settings, classes, condition, givenChannels = 0 } = options;
  const { learnsVariance = false } = options;
  const [channels, height, width] = shape;
  const net = uNet(options.network, {
    inputs: channels + givenChannels,
    outputs: learnsVariance ? 2 * channels : channels,
    height,
    width,
    ...(condition?.sequence !== undefined && { sequence: condition.sequence }),
  });
  const parameters = {
    network: net.parameters,
    ...(classes > 0 && { classes: classSpec(classes, net.embedding) }),
    ...(condition && {
      condition: {
        own: condition.parameters,
        ...(condition.vector !== undefined && {
          vector: linearSpec(condition.vector, net.embedding, { init: scaledNormal(condition.vector) }),
        }),
      },
    }),
  };
  const isTold = classes > 0 || condition !== undefined;

  /** What the network is given of what is told. */
  const conditionsOf = (p: DiffusionParameters, { labels, image, told, ...rest }: Told & { told: Tensor }) => {
    const found = p.condition && condition!.of(p.condition.own, { ...rest, told });
    const vectors = [
      ...(p.classes && labels ? [classVector(p.classes, labels, told)] : []),
      ...(p.condition?.vector && found?.vector ? [linear(p.condition.vector, found.vector)] : []),
    ];
    return {
      ...(vectors.length > 0 && { vector: vectors.reduce((a, b) => add(a, b)) }),
      ...(found?.sequence && { sequence: found.sequence }),
      ...(image && { spatial: image }),
    };
  };

  const through = (
    p: DiffusionParameters,
    { x, sigma, told = ones(sigma.shape), ...rest }: Pick<NoisyTensors, 'x' | 'sigma'> & Told,
    dropout?: Dropout,
  ) => {
    const c = preconditioning(prediction, asRows(sigma, x.rank), deviation);
    const output = net.run(p.network, mul(c.in, x), {
      level: noiseLevel(sigma),
      ...conditionsOf(p, { ...rest, told }),
      ...(dropout && { dropout }),
    });
    const part = (index: number): Tensor =>
      sliceAxis(output, { axis: 1, start: index * channels, limit: (index + 1) * channels });
    const said = learnsVariance ? part(0) : output;
    return {
      c,
      said,
      clean: cleanOf(c, x, said),
      ...(learnsVariance && { spread: sigmoid(part(1)) }),
    };
  };

  return {
    parameters,
    denoise: (p, noisy) => {
      const { clean, spread } = through(p, noisy);
      return { clean, ...(spread && { spread }) };
    },
    learn: (p, { clean, sigma, draws, key, ...rest }) => {
      const batch = clean.shape[0]!;
      const x = add(clean, mul(asRows(sigma, clean.rank), draws.normal(clean.shape)));
      const isTraining = key !== undefined;
      const told = isTraining && isTold ? drawTold(draws, batch, settings.withheld) : ones([batch]);
      const noisy = { x, sigma, told, ...rest };
      const { c, said, ...denoised } = through(p, noisy, key && new Dropout(options.network.dropout, key));
      const squared = perRow(square(sub(said, targetOf(c, x, clean))));
      const error = mul(squared, batch / clean.size);
      const weight = weightOf(settings.weighting, asRows(sigma, clean.rank), c, settings.signalLimit);
      return { ...denoised, x, error: weight ? mul(error, perRow(weight)) : error };
    },
  };
}
