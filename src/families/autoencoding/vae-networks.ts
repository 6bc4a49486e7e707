import { z } from 'zod';
import type { ImageData } from '../../nn/image-model.js';
import {
  convolutionSpec,
  convolve,
  convolveTransposed,
  linear,
  linearSpec,
  scaledNormal,
  transposedConvolutionSpec,
} from '../../nn/layers.js';
import { type TensorsOf, normal } from '../../nn/parameters.js';
import { type Tensor, relu, reshape } from '../../tensor/index.js';
import { quarterOf } from '../../nn/quarter.js';

/** The two networks of an auto-encoder: image → numbers, and numbers → image. Fully connected, or convolutions. */

const widths = { mlp: 400, convolutional: 32 };

/** The size of the networks, for the settings of every model that is made of them. */
export const widthSetting = z
  .int()
  .positive()
  .nullable()
  .default(null)
  .describe(
    `units of a hidden layer, or channels of the first convolution; null: ${widths.mlp} units, ${widths.convolutional} channels`,
  );

export interface NetworkConfig {
  readonly network: keyof typeof widths;
  readonly width: z.output<typeof widthSetting>;
  readonly layers: number;
}

/** What the two networks are, without what they mean. */
export interface Networks<Specs> {
  readonly parameters: Specs;
  /** images [B, C, H, W], centred → [B, outputs] */
  readonly encode: (p: TensorsOf<Specs>, images: Tensor) => Tensor;
  /** [B, inputs] → [B, perPixel, C, H, W] */
  readonly decode: (p: TensorsOf<Specs>, code: Tensor) => Tensor;
}

export interface NetworkSizes {
  /** Numbers that the encoder gives. */
  readonly outputs: number;
  /** Numbers that the decoder takes. */
  readonly inputs: number;
  /** Numbers that the decoder gives for every pixel and channel. */
  readonly perPixel: number;
}

const dense = (from: number, to: number, gain = Math.SQRT2) => linearSpec(from, to, { init: scaledNormal(from, gain) });

function mlp(
  { width: chosen, layers }: NetworkConfig,
  { channels, height, width: columns }: ImageData,
  sizes: NetworkSizes,
) {
  const width = chosen ?? widths.mlp;
  const pixels = channels * height * columns;
  const stack = (from: number, to: number) => ({
    hidden: Array.from({ length: layers }, (_, index) => dense(index === 0 ? from : width, width)),
    out: linearSpec(layers === 0 ? from : width, to, { init: normal(0.01) }),
  });
  const parameters = { encoder: stack(pixels, sizes.outputs), decoder: stack(sizes.inputs, sizes.perPixel * pixels) };
  type Stack = TensorsOf<ReturnType<typeof stack>>;
  const run = (p: Stack, x: Tensor): Tensor =>
    linear(
      p.out,
      p.hidden.reduce((h, layer) => relu(linear(layer, h)), x),
    );
  return {
    parameters,
    encode: (p: TensorsOf<typeof parameters>, images: Tensor) =>
      run(p.encoder, reshape(images, [images.shape[0]!, pixels])),
    decode: (p: TensorsOf<typeof parameters>, code: Tensor) =>
      reshape(run(p.decoder, code), [code.shape[0]!, sizes.perPixel, channels, height, columns]),
  };
}

/** Two halvings by convolutions of stride 2, and back by transposed ones. */
function convolutional({ width: chosen }: NetworkConfig, data: ImageData, sizes: NetworkSizes) {
  const { channels, height, width: columns } = data;
  const width = chosen ?? widths.convolutional;
  const small = quarterOf(data);
  const middle = 2 * width * small.height * small.width;
  const options = { kernel: 4, gain: Math.SQRT2 } as const;
  const parameters = {
    encoder: {
      first: convolutionSpec(channels, width, options),
      second: convolutionSpec(width, 2 * width, options),
      hidden: dense(middle, 8 * width),
      out: linearSpec(8 * width, sizes.outputs, { init: normal(0.01) }),
    },
    decoder: {
      hidden: dense(sizes.inputs, 8 * width),
      spread: dense(8 * width, middle),
      second: transposedConvolutionSpec(2 * width, width, options),
      first: transposedConvolutionSpec(width, sizes.perPixel * channels, { kernel: 4, init: normal(0.02) }),
    },
  };
  type Parameters = TensorsOf<typeof parameters>;
  const halve = { stride: 2, padding: 1 };
  return {
    parameters,
    encode: ({ encoder }: Parameters, images: Tensor) => {
      const h = relu(convolve(encoder.second, relu(convolve(encoder.first, images, halve)), halve));
      const flat = reshape(h, [images.shape[0]!, middle]);
      return linear(encoder.out, relu(linear(encoder.hidden, flat)));
    },
    decode: ({ decoder }: Parameters, code: Tensor) => {
      const spread = relu(linear(decoder.spread, relu(linear(decoder.hidden, code))));
      const grid = reshape(spread, [code.shape[0]!, 2 * width, small.height, small.width]);
      const image = convolveTransposed(decoder.first, relu(convolveTransposed(decoder.second, grid)));
      return reshape(image, [code.shape[0]!, sizes.perPixel, channels, height, columns]);
    },
  };
}

/** @throws ConfigError when convolutions cannot halve the images' sides twice */
export function networks(config: NetworkConfig, data: ImageData, sizes: NetworkSizes): Networks<object> {
  const built = config.network === 'mlp' ? mlp(config, data, sizes) : convolutional(config, data, sizes);
  return built as unknown as Networks<object>;
}
