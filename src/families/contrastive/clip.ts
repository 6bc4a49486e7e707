import { z } from 'zod';
import { contrastiveLoss } from '../../nn/contrastive.js';
import { centred } from '../../nn/distributions.js';
import { type ImageModel, type LossTensors, defineImageModel } from '../../nn/image-model.js';
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
} from '../../nn/layers.js';
import { type TensorsOf, parameter } from '../../nn/parameters.js';
import { sameCaptions, textEncoder, textSettings } from '../../nn/text-encoder.js';
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
} from '../../tensor/index.js';

/** Images and captions in one space (Radford et al. 2021): what belongs together is near. */

export const clipSchema = z.strictObject({
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
});

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

export const definition = defineImageModel({
  name: 'clip',
  title: 'contrastive language-image pretraining',
  source: 'Radford et al. 2021, arXiv:2103.00020',
  schema: clipSchema,
  pixels: 'bytes',
  text: true,
  tiny: { config: { channels: [4], imageWidth: 6, textLayers: 1, textWidth: 8, textHeads: 2, embedding: 5 } },
  build: (config, data): ImageModel => {
    const { channels, imageWidth, embedding } = config;
    const text = textEncoder(config, data.text);
    const halved = (length: number): number => channels.reduce((side) => Math.ceil(side / 2), length);
    const flat = channels.at(-1)! * halved(data.height) * halved(data.width);
    const parameters = {
      image: {
        stages: channels.map((to, index) => stageSpec(channels[index - 1] ?? data.channels, to)),
        hidden: linearSpec(flat, imageWidth, { init: scaledNormal(flat, Math.SQRT2) }),
        projection: linearSpec(imageWidth, embedding, { bias: false, init: scaledNormal(imageWidth) }),
      },
      text: {
        ...text.parameters,
        projection: linearSpec(text.width, embedding, { bias: false, init: scaledNormal(text.width) }),
      },
      /** Less the one it starts at. */
      logScale: parameter([]),
    };
    type Parameters = TensorsOf<typeof parameters>;

    const featuresOf = (p: Parameters, images: Tensor): Tensor => {
      const last = p.image.stages.reduce((x, stage) => throughStage(stage, x), centred(images, data.levels));
      return relu(linear(p.image.hidden, reshape(last, [images.shape[0]!, flat])));
    };
    const none = new Dropout(0);
    const ofImages = (p: Parameters, images: Tensor, dropout = none): Tensor =>
      normalise(linear(p.image.projection, dropout.apply(featuresOf(p, images))));
    const ofText = (p: Parameters, tokens: Tensor, dropout = none): Tensor =>
      normalise(linear(p.text.projection, dropout.apply(text.summary(text.sequence(p.text, tokens), tokens))));

    return {
      parameters,
      losses: [
        {
          name: 'clip',
          wholeBatch: true,
          loss: (p: Parameters, { images, tokens, key }): LossTensors => {
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
        },
      ],
      features: { size: imageWidth, of: (p: Parameters, { images }) => featuresOf(p, images) },
      embeddings: {
        size: embedding,
        ofImages: (p: Parameters, { images }) => ofImages(p, images),
        ofText: (p: Parameters, tokens) => ofText(p, tokens),
      },
    };
  },
});
