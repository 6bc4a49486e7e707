import { z } from 'zod';
import { assignmentLoss } from '../../nn/assignment.js';
import {
  type MomentsSource,
  batchMoments,
  runningMoments,
  runningMomentsSpec,
  updatedMoments,
} from '../../nn/batch-norm.js';
import type { ImageData, ImageLoss, ImageModel, ImageTensors } from '../../nn/image-model.js';
import type { TensorsOf } from '../../nn/parameters.js';
import { Draws, type Tensor } from '../../tensor/index.js';
import { type Condition, classesTold, conditionSetting } from './condition.js';
import {
  type Game,
  type Positions,
  type Terms,
  drawNoise,
  gameHealth,
  gameLosses,
  isPartOf,
  latentsSetting,
  ratesSetting,
  toPixels,
} from './game.js';
import { convolutionalDiscriminator, convolutionalGenerator } from './networks.js';
import { spectrallyNormalised, spectralVectors, updatedVectors } from './spectral-norm.js';

/** DCGAN and what came of it: one pair of networks, and several games that they play. */

/** Settings that all of them have. */
export const convolutionalSettings = (generator: number, discriminator: number) => ({
  latents: latentsSetting,
  width: z.int().positive().default(32).describe('channels at the finest scale; twice as many at each coarser one'),
  halvings: z.int().positive().default(2).describe('times that the sides of the image are halved, by strides of 2'),
  condition: conditionSetting,
  rates: ratesSetting(generator, discriminator),
});

export interface ConvolutionalConfig {
  readonly latents: number;
  readonly width: number;
  readonly halvings: number;
  readonly condition: Condition;
  readonly rates: { readonly generator: number; readonly discriminator: number };
}

interface Rules extends Pick<Game<never>, 'objective' | 'optimizer' | 'discriminatorSteps'> {
  readonly normalised: { readonly generator: boolean; readonly discriminator: boolean };
  /** The discriminator's weights are divided by their spectral norm. */
  readonly spectral?: boolean;
  /** Slope of the discriminator's activations below 0. */
  readonly slope?: number;
  /** See `Game.penalty`; the discriminator is given as a function of images and labels. */
  readonly penalty?: (positions: Positions, judge: (images: Tensor, labels: Tensor) => Tensor) => Terms;
}

/** Steps between updates of the running moments, and the share of them that each keeps. */
const moments = { every: 4, decay: 0.9 };

export function convolutionalGame(config: ConvolutionalConfig, data: ImageData, rules: Rules): ImageModel {
  const { latents, condition, rates } = config;
  const { normalised, spectral = false, slope, penalty, objective, optimizer, discriminatorSteps } = rules;
  const classes = classesTold(condition, data);
  const generator = convolutionalGenerator({ ...config, classes, normalised: normalised.generator }, data);
  const discriminator = convolutionalDiscriminator(
    { ...config, classes, normalised: normalised.discriminator, ...(slope !== undefined && { slope }) },
    data,
  );
  const parameters = {
    generator: generator.parameters,
    discriminator: discriminator.parameters,
    ...(normalised.generator && { moments: runningMomentsSpec(generator.normalised) }),
    ...(spectral && { vectors: spectralVectors(discriminator.parameters) }),
  };
  type Parameters = TensorsOf<typeof parameters>;
  const noise = { z: [latents] };
  /**
   * Each batch that it sees is normalised by itself: real and made ones apart, and the part of each lane, as that of each
   * replica is elsewhere (ghost batches: Hoffer et al. 2017, arXiv:1705.08741).
   */
  const judge = (p: Parameters, images: Tensor, labels: Tensor): Tensor =>
    discriminator.outputs(
      p.vectors ? spectrallyNormalised(p.discriminator, p.vectors) : p.discriminator,
      images,
      labels,
      batchMoments,
    );
  const input = (labels: Tensor, draws: Draws) => ({ noise: drawNoise(noise, labels.size, draws)['z']!, labels });

  const momentsLoss: ImageLoss = {
    name: 'moments',
    assigns: true,
    // The mean of its parts' moments, since its parts are normalised apart.
    wholeBatch: false,
    every: moments.every,
    trainable: isPartOf('moments'),
    loss: (p: Parameters, { labels, key }: ImageTensors) => {
      const given = input(labels, new Draws(key));
      const pass = (source: MomentsSource): unknown => generator.images(p.generator, given, source);
      return { loss: assignmentLoss(updatedMoments(p.moments!, pass, moments.decay)) };
    },
  };
  const vectorsLoss: ImageLoss = {
    name: 'power iteration',
    assigns: true,
    trainable: isPartOf('vectors'),
    loss: (p: Parameters) => ({ loss: assignmentLoss(updatedVectors(p.discriminator, p.vectors!)) }),
  };
  return {
    parameters,
    conditional: classes > 0,
    losses: [
      ...gameLosses<Parameters>({
        data,
        objective,
        optimizer,
        rates,
        ...(discriminatorSteps !== undefined && { discriminatorSteps }),
        make: (p, { labels }, draws) => generator.images(p.generator, input(labels, draws), batchMoments),
        judge,
        ...(penalty && {
          penalty: (p: Parameters, positions) => penalty(positions, (images, labels) => judge(p, images, labels)),
        }),
      }),
      ...(normalised.generator ? [momentsLoss] : []),
      ...(spectral ? [vectorsLoss] : []),
    ],
    ...gameHealth(rules),
    generative: {
      noise,
      // The running moments, so that an image does not depend on those drawn beside it.
      sample: (p: Parameters, { noise: { z }, labels }) => {
        const source = p.moments ? runningMoments(p.moments) : batchMoments;
        return toPixels(generator.images(p.generator, { noise: z!, labels }, source), data.levels);
      },
    },
  };
}
