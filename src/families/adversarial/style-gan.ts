import { z } from 'zod';
import { assignmentLoss } from '../../nn/assignment.js';
import { centred } from '../../nn/distributions.js';
import { type ImageLoss, type ImageModel, type ImageTensors, defineImageModel } from '../../nn/image-model.js';
import { type TensorsOf, parameter } from '../../nn/parameters.js';
import {
  Draws,
  type Tensor,
  add,
  broadcastTo,
  clip,
  expandDims,
  floor,
  iota,
  less,
  mean,
  mul,
  reshape,
  sign,
  sliceAxis,
  stopGradient,
  sub,
  where,
  cast,
} from '../../tensor/index.js';
import { augment } from './augmentation.js';
import { gameHealth, gameLosses, isPartOf, latentsSetting, ratesSetting, toPixels } from './game.js';
import { objectives } from './objectives.js';
import { pathLengths, realPenalty } from './penalties.js';
import { styleDiscriminator, styleGenerator } from './style-networks.js';

/**
 * StyleGAN2 for small images (Karras et al. 2020), with adaptive augmentation (Karras et al. 2020, ADA). What is drawn
 * is the average of its weights over time if `training.average` is set, as it should be.
 */

export const styleGanSchema = z.strictObject({
  latents: latentsSetting,
  style: z.int().positive().default(64).describe('numbers of a style'),
  mappingLayers: z.int().positive().default(4).describe('dense layers from noise to a style'),
  width: z.int().positive().default(16).describe('channels at the finest scale; twice as many at each coarser one'),
  halvings: z.int().positive().default(2).describe('scales besides the coarsest, each of twice its sides'),
  conditional: z.boolean().default(false).describe('draw images of a class that is asked for'),
  mixing: z.number().min(0).max(1).default(0.9).describe('share of training images with the styles of two noises'),
  realPenalty: z
    .number()
    .min(0)
    .default(1)
    .describe("weight γ of the discriminator's squared slope at real images (R1)"),
  realPenaltyEvery: z.int().positive().default(16).describe('steps between these penalties, which are so much heavier'),
  pathLength: z
    .number()
    .min(0)
    .default(2)
    .describe('weight of the deviation from an even slope of images by styles; 0: none'),
  pathLengthEvery: z.int().positive().default(8).describe('steps between these penalties, which are so much heavier'),
  meanDecay: z.number().min(0).lt(1).default(0.995).describe('share that a step keeps of the mean style'),
  augmentation: z
    .strictObject({
      target: z
        .number()
        .min(0)
        .max(1)
        .default(0.6)
        .describe(
          'augment more while the share of real images that are taken for real, less that of others, is above this; 0: never augment',
        ),
      images: z
        .int()
        .positive()
        .default(100_000)
        .describe('images over which the probability of augmenting may rise from 0 to 1'),
    })
    .prefault({}),
  rates: ratesSetting(2, 2),
});

/** Steps between moves of the probability of augmenting. */
const augmentationEvery = 4;
/** Share that the mean of path lengths keeps each time. */
const pathLengthDecay = 0.99;
/** Path lengths are of a part of the batch, as they are dear. */
const pathLengthShare = 2;

export const definition = defineImageModel({
  name: 'style-gan',
  title: 'StyleGAN2 with adaptive augmentation',
  source: 'Karras et al. 2020, arXiv:1912.04958 and arXiv:2006.06676',
  schema: styleGanSchema,
  pixels: 'bytes',
  tiny: { side: 4, config: { latents: 3, style: 4, mappingLayers: 2, width: 2 } },
  build: (config, data): ImageModel => {
    const { latents, mixing, augmentation, rates } = config;
    const classes = config.conditional ? data.classes : 0;
    const generator = styleGenerator({ ...config, classes }, data);
    const discriminator = styleDiscriminator({ ...config, classes }, data);
    const layers = generator.grains.length;
    const parameters = {
      generator: generator.parameters,
      discriminator: discriminator.parameters,
      state: {
        meanStyle: parameter([config.style]),
        pathLength: parameter([1]),
        augmentation: parameter([1]),
      },
    };
    type Parameters = TensorsOf<typeof parameters>;

    const perLayer = (style: Tensor): Tensor =>
      broadcastTo(expandDims(style, 1), [style.shape[0]!, layers, config.style]);
    /** Two styles [B, style] → styles whose layers before `crossover` ([B] or [1]) are of the first. */
    const crossed = (first: Tensor, second: Tensor, crossover: Tensor): Tensor => {
      const isCoarse = less(cast(iota([1, layers, 1], 1), 'float32'), reshape(crossover, [-1, 1, 1]));
      return where(isCoarse, perLayer(first), perLayer(second));
    };
    const drawnGrains = (count: number, draws: Draws): Tensor[] =>
      generator.grains.map((shape) => draws.normal([count, ...shape]));
    const drawnStyle = (p: Parameters, labels: Tensor, draws: Draws): Tensor =>
      generator.map(p.generator, draws.normal([labels.size, latents]), labels);
    const make = (p: Parameters, { labels }: { readonly labels: Tensor }, draws: Draws): Tensor => {
      const [first, second] = [drawnStyle(p, labels, draws), drawnStyle(p, labels, draws)];
      const isMixed = less(draws.uniform([labels.size]), mixing);
      const place = add(floor(mul(draws.uniform([labels.size]), layers - 1)), 1);
      const styles = crossed(first, second, where(isMixed, place, layers));
      return generator.images(p.generator, styles, drawnGrains(labels.size, draws));
    };
    const augments = augmentation.target > 0;
    const judge = (p: Parameters, images: Tensor, labels: Tensor, draws: Draws): Tensor =>
      discriminator.outputs(
        p.discriminator,
        augments ? augment(images, stopGradient(p.state.augmentation), draws) : images,
        labels,
      );

    const optimizer = { beta1: 0, beta2: 0.99 };
    const state = (name: keyof typeof parameters.state) => ({
      assigns: true,
      trainable: (path: string) => path === `state.${name}`,
    });
    const lengths = (p: Parameters, labels: Tensor, draws: Draws): Tensor => {
      const few = sliceAxis(labels, { axis: 0, limit: Math.ceil(labels.size / pathLengthShare) });
      const grains = drawnGrains(few.size, draws);
      return pathLengths(
        (styles) => generator.images(p.generator, styles, grains),
        perLayer(drawnStyle(p, few, draws)),
        draws,
      );
    };

    const realPenaltyLoss: ImageLoss = {
      name: 'real penalty',
      falls: false,
      every: config.realPenaltyEvery,
      trainable: isPartOf('discriminator'),
      optimizer: { ...optimizer, rate: rates.discriminator },
      loss: (p: Parameters, { images, labels, key }: ImageTensors) => {
        const draws = new Draws(key);
        const penalty = realPenalty((x) => judge(p, x, labels, draws), centred(images, data.levels));
        return { loss: mul(penalty, config.realPenalty * config.realPenaltyEvery), metrics: { penalty } };
      },
    };
    const pathLengthLosses: ImageLoss[] = [
      {
        name: 'path length',
        falls: false,
        every: config.pathLengthEvery,
        trainable: isPartOf('generator'),
        optimizer: { ...optimizer, rate: rates.generator },
        loss: (p: Parameters, { labels, key }: ImageTensors) => {
          const found = lengths(p, labels, new Draws(key));
          const away = sub(found, stopGradient(p.state.pathLength));
          const penalty = mean(mul(away, away));
          return { loss: mul(penalty, config.pathLength * config.pathLengthEvery), metrics: { length: mean(found) } };
        },
      },
      {
        ...state('pathLength'),
        name: 'mean path length',
        every: config.pathLengthEvery,
        loss: (p: Parameters, { labels, key }: ImageTensors) => {
          const now = mean(lengths(p, labels, new Draws(key)));
          const value = add(mul(p.state.pathLength, pathLengthDecay), mul(now, 1 - pathLengthDecay));
          return { loss: assignmentLoss([{ parameter: p.state.pathLength, value }]) };
        },
      },
    ];
    const meanStyleLoss: ImageLoss = {
      ...state('meanStyle'),
      name: 'mean style',
      loss: (p: Parameters, { labels, key }: ImageTensors) => {
        const now = mean(drawnStyle(p, labels, new Draws(key)), { axes: 0 });
        const value = add(mul(p.state.meanStyle, config.meanDecay), mul(now, 1 - config.meanDecay));
        return { loss: assignmentLoss([{ parameter: p.state.meanStyle, value }]) };
      },
    };
    const augmentationLoss: ImageLoss = {
      ...state('augmentation'),
      name: 'augmentation',
      every: augmentationEvery,
      loss: (p: Parameters, { images, labels, key }: ImageTensors) => {
        const outputs = judge(p, centred(images, data.levels), labels, new Draws(key));
        const overfitting = mean(sign(outputs));
        const step = (augmentationEvery * labels.size) / augmentation.images;
        const moved = add(p.state.augmentation, mul(sign(sub(overfitting, augmentation.target)), step));
        const value = clip(moved, 0, 1);
        return {
          loss: assignmentLoss([{ parameter: p.state.augmentation, value }]),
          metrics: { overfitting, probability: mean(value) },
        };
      },
    };

    const objective = objectives['non-saturating'];
    return {
      parameters,
      conditional: classes > 0,
      losses: [
        ...gameLosses<Parameters>({ data, objective, make, judge, optimizer, rates }),
        ...(config.realPenalty > 0 ? [realPenaltyLoss] : []),
        ...(config.pathLength > 0 ? pathLengthLosses : []),
        meanStyleLoss,
        ...(augments ? [augmentationLoss] : []),
      ],
      ...gameHealth({ objective }),
      generative: {
        noise: {
          z: [latents],
          fine: [latents],
          ...Object.fromEntries(generator.grains.map((shape, layer) => [`grain${layer}`, shape])),
        },
        controls: {
          truncation: { default: 1, about: 'below 1 styles nearer to the mean one, 0: the mean image' },
          crossover: { default: layers, about: `layers, of ${layers}, that the first of two noises styles` },
          grain: { default: 1, about: 'strength of the noise of single pixels; 0: none' },
        },
        // On so few pixels the later layers hardly say more than how grainy cloth is.
        mixing: { coarse: 'z', fine: 'fine', control: 'crossover', at: Math.max(1, Math.floor(layers / 3)) },
        sample: (p: Parameters, { noise, labels, controls }) => {
          const truncated = (name: string): Tensor => {
            const style = generator.map(p.generator, noise[name]!, labels);
            return add(p.state.meanStyle, mul(controls['truncation']!, sub(style, p.state.meanStyle)));
          };
          const styles = crossed(truncated('z'), truncated('fine'), reshape(controls['crossover']!, [1]));
          const grains = generator.grains.map((_, layer) => mul(noise[`grain${layer}`]!, controls['grain']!));
          return toPixels(generator.images(p.generator, styles, grains), data.levels);
        },
      },
    };
  },
});
