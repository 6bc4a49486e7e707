import { z } from 'zod';
import { centred } from '../../nn/distributions.js';
import type { ImageData, ImageLoss, ImageModel, ImageTensors, NamedTensors, Shapes } from '../../nn/image-model.js';
import { Draws, type Tensor, add, clip, mul, stopGradient } from '../../tensor/index.js';
import { gameAilments, gameFigures, summed } from './figures.js';
import type { Objective } from './objectives.js';

/**
 * A game of two players that are parts of one tree of parameters, `generator` and `discriminator`: each has a loss, which
 * moves its own part. Made images are drawn inside the losses, from the batch's key.
 */

/** Two learning rates (Heusel et al. 2017), for the settings of every game. */
export const ratesSetting = (generator: number, discriminator: number) =>
  z
    .strictObject({
      generator: z.number().positive().default(generator).describe('share of the learning rate that the generator has'),
      discriminator: z.number().positive().default(discriminator).describe('share that the discriminator has'),
    })
    .prefault({});

export const latentsSetting = z.int().positive().default(64).describe('numbers that an image is made of');

/** What a penalty is computed from. */
export interface Positions {
  /** Centred, [B, C, H, W]; no gradient flows back from them. */
  readonly real: Tensor;
  readonly made: Tensor;
  readonly labels: Tensor;
  readonly draws: Draws;
}

export interface Terms {
  readonly loss: Tensor;
  readonly metrics?: Readonly<Record<string, Tensor>>;
}

export interface Game<Parameters> {
  readonly data: ImageData;
  readonly objective: Objective;
  /** Images in [−1, 1], one for each of the batch, from noise of its own drawing. */
  readonly make: (p: Parameters, batch: Pick<ImageTensors, 'images' | 'labels'>, draws: Draws) => Tensor;
  /** How real images in [−1, 1] are, [B]. May draw, e.g. augmentations. */
  readonly judge: (p: Parameters, images: Tensor, labels: Tensor, draws: Draws) => Tensor;
  /** Added to the discriminator's loss. */
  readonly penalty?: (p: Parameters, positions: Positions) => Terms;
  /** Added to the generator's loss, whose own part has this weight; real and made images belong together. */
  readonly fidelity?: {
    readonly weight: number;
    readonly loss: (p: Parameters, images: { readonly real: Tensor; readonly made: Tensor }) => Terms;
  };
  /** See `ImageLoss.during`. */
  readonly during?: readonly [from: number, until: number];
  readonly optimizer: { readonly beta1: number; readonly beta2: number };
  readonly rates: { readonly generator: number; readonly discriminator: number };
  /** The discriminator's steps for each of the generator's. Default 1. */
  readonly discriminatorSteps?: number;
}

export const isPartOf =
  (part: string) =>
  (path: string): boolean =>
    path.startsWith(`${part}.`);

/** The losses of both players, the discriminator's first. */
export function gameLosses<Parameters>(game: Game<Parameters>): [discriminator: ImageLoss, generator: ImageLoss] {
  const { data, objective, make, judge, penalty, fidelity, optimizer, rates, during } = game;
  const { discriminatorSteps = 1 } = game;
  const shared = { falls: false, ...(during && { during }) } as const;
  return [
    {
      ...shared,
      name: 'discriminator',
      trainable: isPartOf('discriminator'),
      optimizer: { ...optimizer, rate: rates.discriminator },
      loss: (p: Parameters, { images, labels, key }: ImageTensors): Terms => {
        const draws = new Draws(key);
        const made = stopGradient(make(p, { images, labels }, draws));
        const real = centred(images, data.levels);
        const [ofReal, ofMade] = [judge(p, real, labels, draws), judge(p, made, labels, draws)];
        const added = penalty?.(p, { real, made, labels, draws });
        return {
          loss: summed([objective.discriminator(ofReal, ofMade), ...(added ? [added.loss] : [])]),
          metrics: { ...gameFigures(ofReal, ofMade, { real, made }), ...added?.metrics },
        };
      },
    },
    {
      ...shared,
      name: 'generator',
      trainable: isPartOf('generator'),
      every: discriminatorSteps,
      optimizer: { ...optimizer, rate: rates.generator },
      loss: (p: Parameters, { images, labels, key }: ImageTensors): Terms => {
        const draws = new Draws(key);
        const made = make(p, { images, labels }, draws);
        const won = objective.generator(judge(p, made, labels, draws));
        if (fidelity === undefined) return { loss: won };
        const { loss, metrics } = fidelity.loss(p, { real: centred(images, data.levels), made });
        return { loss: add(mul(won, fidelity.weight), loss), metrics: { game: won, ...metrics } };
      },
    },
  ];
}

/** What every game says of itself. */
export const gameHealth = ({ objective }: { readonly objective: Objective }): Pick<ImageModel, 'unhealthy'> => ({
  unhealthy: gameAilments(objective),
});

/** Standard normal noise of a batch, by name. */
export const drawNoise = (shapes: Shapes, count: number, draws: Draws): NamedTensors =>
  Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [name, draws.normal([count, ...shape])]));

/** Images in [−1, 1] → values of pixels. */
export const toPixels = (images: Tensor, levels: number): Tensor => mul(add(clip(images, -1, 1), 1), (levels - 1) / 2);
