import { z } from 'zod';
import { centred } from '../../nn/distributions.js';
import { type ImageModel, defineImageModel } from '../../nn/image-model.js';
import { type ImageTextParameters, imageTextEncoders, imageTextSettings } from '../../nn/image-text-encoders.js';
import { type Tensor, stopGradient } from '../../tensor/index.js';
import { heardTokens, pointCondition } from './conditions.js';
import { type DiffusionParameters, drawsOf } from './diffusion.js';
import { karrasDiffusion, karrasSettings } from './karras.js';
import { type MomentsParameters, momentsLoss, momentsSpec, standardised } from './moments.js';
import { ofPixels } from './pixels.js';
import { type KnownCaption, type PriorParameters, pointPrior, priorSettings } from './point-prior.js';

/**
 * Images from text by way of the space of CLIP (Ramesh et al. 2022): encoders that put images and captions into one
 * space, a prior that draws the point of an image for a caption, and a decoder that draws an image for a point.
 */

export const dalle2Schema = z.strictObject({
  ...karrasSettings,
  deviation: z.number().positive().default(0.5).describe('standard deviation of the pixels, which go from −1 to 1'),
  clip: z.strictObject(imageTextSettings).prefault({}).describe('the encoders of images and captions'),
  prior: z.strictObject(priorSettings).prefault({}).describe('what draws points for captions'),
  clipShare: z
    .number()
    .gt(0)
    .lt(1)
    .default(0.25)
    .describe('share of the steps that trains the encoders; prior and decoder are trained in the rest'),
  guidance: z.number().min(0).default(1.5).describe('how much more of the point than it finds, where nobody says'),
  drawingSteps: z.int().positive().default(20).describe('steps to draw an image in where nobody says how many'),
});

interface Parameters {
  readonly clip: ImageTextParameters;
  readonly moments: MomentsParameters;
  readonly prior: PriorParameters;
  readonly decoder: DiffusionParameters;
}

const part =
  (name: keyof Parameters) =>
  (path: string): boolean =>
    path.startsWith(`${name}.`);

export const definition = defineImageModel({
  name: 'dalle2',
  title: 'images from text through the space of CLIP',
  source: 'Ramesh et al. 2022, arXiv:2204.06125',
  schema: dalle2Schema,
  pixels: 'bytes',
  text: true,
  tiny: {
    config: {
      ...{ channels: [4], attention: [], drawingSteps: 3 },
      clip: { channels: [4], imageWidth: 6, textLayers: 1, textWidth: 8, textHeads: 2, embedding: 6 },
      prior: { layers: 1, width: 8, heads: 2, drawingSteps: 2 },
    },
  },
  build: (config, data): ImageModel => {
    const { clip: clipConfig, deviation, clipShare } = config;
    const pixels = ofPixels(data);
    const size = clipConfig.embedding;
    const clip = imageTextEncoders(clipConfig, data);
    const prior = pointPrior(config.prior, { size, sequence: clip.text.width });
    const decoder = karrasDiffusion(config, { ...pixels, deviation, classes: 0, condition: pointCondition(size) });

    /** Points as prior and decoder have them: all of one length they differ little, so each number is standardised. */
    const pointOf = (p: Parameters, images: Tensor): Tensor =>
      stopGradient(standardised(p.moments, clip.ofImages(p.clip, images)));
    const captionOf = (p: Parameters, tokens: Tensor, told: Tensor): KnownCaption => {
      const heard = heardTokens(tokens, told);
      return {
        sequence: stopGradient(clip.text.sequence(p.clip.text, heard)),
        mask: clip.text.mask(heard),
        point: stopGradient(clip.ofText(p.clip, heard)),
      };
    };

    return {
      parameters: {
        clip: clip.parameters,
        moments: momentsSpec(size),
        prior: prior.parameters,
        decoder: decoder.parameters,
      },
      losses: [
        {
          name: 'clip',
          wholeBatch: true,
          during: [0, clipShare],
          trainable: part('clip'),
          loss: (p: Parameters, batch) => clip.loss(p.clip, batch),
        },
        {
          name: 'moments',
          assigns: true,
          // They follow encoders that hardly change any more.
          during: [clipShare / 2, clipShare],
          trainable: part('moments'),
          loss: (p: Parameters, { images }) => ({ loss: momentsLoss(p.moments, clip.ofImages(p.clip, images)) }),
        },
        {
          name: 'prior',
          during: [clipShare, 1],
          trainable: part('prior'),
          loss: (p: Parameters, { images, tokens, key }) => ({
            loss: prior.loss(p.prior, {
              clean: pointOf(p, images),
              draws: drawsOf(key),
              captionOf: (told) => captionOf(p, tokens!, told),
              withheld: config.withheld,
            }),
          }),
        },
        {
          name: 'decoder',
          during: [clipShare, 1],
          trainable: part('decoder'),
          loss: (p: Parameters, { images, labels, key }) => ({
            loss: decoder.loss(p.decoder, {
              clean: centred(images, data.levels),
              point: pointOf(p, images),
              ...{ labels, key },
            }),
          }),
        },
      ],
      embeddings: {
        size,
        ofImages: (p: Parameters, { images }) => clip.ofImages(p.clip, images),
        ofText: (p: Parameters, tokens) => clip.ofText(p.clip, tokens),
      },
      denoiser: {
        ...pixels,
        sigmas: decoder.sigmas,
        steps: config.drawingSteps,
        sampler: 'dpm++',
        conditions: ['text'],
        guidance: config.guidance,
        prior: {
          ...prior,
          conditions: ['text'],
          denoise: (p: Parameters, { x, sigma, tokens, told }) => ({
            clean: prior.denoise(p.prior, { x, sigma, caption: captionOf(p, tokens!, told) }),
          }),
        },
        denoise: (p: Parameters, { image, x, sigma, told }) =>
          decoder.denoise(p.decoder, { x, sigma, told, point: image! }),
      },
    };
  },
});
