import { z } from 'zod';
import {
  type Tensor,
  add,
  argMax,
  cast,
  equal,
  exp,
  iota,
  matmul,
  mean,
  minimum,
  mul,
  normalise,
  relu,
  reshape,
  transpose,
} from '../tensor/index.js';
import { contrastiveLoss } from './contrastive.js';
import { centred } from './distributions.js';
import type { ImageData, ImageTensors, LossTensors, PartFeatures } from './image-model.js';
import {
  type ConvolutionSpec,
  type NormSpec,
  Dropout,
  convolutionSpec,
  convolve,
  groupNormSpec,
  linear,
  linearSpec,
  normaliseGroups,
  scaledNormal,
} from './layers.js';
import { type TensorsOf, parameter } from './parameters.js';
import { type TextEncoder, sameCaptions, textEncoder, textSettings } from './text-encoder.js';

/** An encoder of images and one of captions, whose points lie in one space (Radford et al. 2021). */

export const imageTextSettings = {
  channels: z
    .array(z.int().positive())
    .min(1)
    .default([32, 64, 128])
    .describe("the image encoder's channels at each resolution; each has half the side of the one before"),
  imageWidth: z.int().positive().default(256).describe('numbers of its last hidden layer'),
  ...textSettings,
  embedding: z.int().positive().default(128).describe('numbers of a point in the space of both'),
  dropout: z
    .number()
    .min(0)
    .lt(1)
    .default(0.1)
    .describe('share of what either encoder says that is left out in training'),
};

type ImageTextConfig = { readonly [Key in keyof typeof imageTextSettings]: z.output<(typeof imageTextSettings)[Key]> };

/** The inverse temperature starts at 1 / 0.07 and is kept from growing beyond 100 (section 2.5). */
const [firstScale, largestScale] = [1 / 0.07, 100];

const groups = 8;

interface StageSpec {
  readonly down: ConvolutionSpec;
  readonly downNorm: Required<NormSpec>;
  readonly first: ConvolutionSpec;
  readonly firstNorm: Required<NormSpec>;
  readonly second: ConvolutionSpec;
  readonly secondNorm: Required<NormSpec>;
}

/** Halves the side, then a residual block (He et al. 2016), with group normalisation. */
function stageSpec(from: number, to: number): StageSpec {
  const convolution = (inputs: number) => convolutionSpec(inputs, to, { gain: Math.SQRT2, bias: false });
  return {
    down: convolution(from),
    downNorm: groupNormSpec(to),
    first: convolution(to),
    firstNorm: groupNormSpec(to),
    second: convolution(to),
    secondNorm: groupNormSpec(to),
  };
}

function throughStage(p: TensorsOf<StageSpec>, x: Tensor): Tensor {
  const down = relu(normaliseGroups(p.downNorm, convolve(p.down, x, { stride: 2, padding: 1 }), groups));
  const first = relu(normaliseGroups(p.firstNorm, convolve(p.first, down), groups));
  return relu(add(down, normaliseGroups(p.secondNorm, convolve(p.second, first), groups)));
}

function parametersOf(config: ImageTextConfig, { channels: colours }: ImageData, text: TextEncoder, flat: number) {
  const { channels, imageWidth, embedding } = config;
  return {
    image: {
      stages: channels.map((to, index) => stageSpec(channels[index - 1] ?? colours, to)),
      hidden: linearSpec(flat, imageWidth, { init: scaledNormal(flat, Math.SQRT2) }),
      projection: linearSpec(imageWidth, embedding, { bias: false, init: scaledNormal(imageWidth) }),
    },
    text: {
      ...text.parameters,
      projection: linearSpec(text.width, embedding, { bias: false, init: scaledNormal(text.width) }),
    },
    /** Of the inverse temperature over the one it starts at. */
    logScale: parameter([]),
  };
}

export type ImageTextParameters = TensorsOf<ReturnType<typeof parametersOf>>;

export interface ImageTextEncoders {
  readonly parameters: ReturnType<typeof parametersOf>;
  readonly text: TextEncoder;
  /** What is before the last layer: [B, imageWidth]. */
  readonly features: (p: ImageTextParameters, images: Tensor) => Tensor;
  /** The places of the last convolution. */
  readonly parts: PartFeatures;
  /** [B, embedding], each of length 1. */
  readonly ofImages: (p: ImageTextParameters, images: Tensor, dropout?: Dropout) => Tensor;
  /** int32 [B, length] → [B, embedding], each of length 1. */
  readonly ofText: (p: ImageTextParameters, tokens: Tensor, dropout?: Dropout) => Tensor;
  /** Of a whole batch of pairs. */
  readonly loss: (p: ImageTextParameters, batch: ImageTensors) => LossTensors;
}

/** @throws ConfigError when the images have no captions */
export function imageTextEncoders(config: ImageTextConfig, data: ImageData): ImageTextEncoders {
  const { channels } = config;
  const text = textEncoder(config, data.text);
  const halved = (length: number): number => channels.reduce((side) => Math.ceil(side / 2), length);
  const places = halved(data.height) * halved(data.width);
  const size = channels.at(-1)!;
  const flat = size * places;
  const none = new Dropout(0);
  const parameters = parametersOf(config, data, text, flat);
  type Stages = Pick<ImageTextParameters['image'], 'stages'>;
  const lastOf = ({ stages }: Stages, images: Tensor): Tensor =>
    stages.reduce((x, stage) => throughStage(stage, x), centred(images, data.levels));
  const features: ImageTextEncoders['features'] = (p, images) =>
    relu(linear(p.image.hidden, reshape(lastOf(p.image, images), [images.shape[0]!, flat])));
  const ofImages: ImageTextEncoders['ofImages'] = (p, images, dropout = none) =>
    normalise(linear(p.image.projection, dropout.apply(features(p, images))));
  const ofText: ImageTextEncoders['ofText'] = (p, tokens, dropout = none) =>
    normalise(linear(p.text.projection, dropout.apply(text.summary(text.sequence(p.text, tokens), tokens))));
  return {
    parameters,
    text,
    features,
    parts: {
      count: places,
      size,
      parameters: { image: { stages: parameters.image.stages } },
      of: (p: { image: Stages }, { images }) =>
        transpose(reshape(lastOf(p.image, images), [images.shape[0]!, size, places]), [0, 2, 1]),
    },
    ofImages,
    ofText,
    loss: (p, { images, tokens, key }) => {
      const dropout = new Dropout(config.dropout, key);
      const scale = minimum(mul(exp(p.logScale), firstScale), largestScale);
      const [image, caption] = [ofImages(p, images, dropout), ofText(p, tokens!, dropout)];
      const similarity = mul(matmul(image, caption, { transposeB: true }), scale);
      const own = equal(argMax(similarity), iota([images.shape[0]!]));
      return {
        loss: contrastiveLoss(similarity, sameCaptions(tokens!)),
        metrics: { accuracy: mean(cast(own, 'float32')), scale },
      };
    },
  };
}
