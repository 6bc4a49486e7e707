import type { ImageData } from './image-model.js';
import {
  type ConvolutionSpec,
  convolutionSpec,
  convolve,
  convolveTransposed,
  transposedConvolutionSpec,
} from './layers.js';
import { type TensorsOf, normal } from './parameters.js';
import { type Tensor, add, relu } from '../tensor/index.js';
import { quarterOf } from './quarter.js';

/**
 * The two networks of an auto-encoder whose code is a grid (van den Oord et al. 2017, section 4.1): an image ↔ a quarter
 * of its side in vectors.
 */

export interface GridNetworkConfig {
  /** Channels of the first convolution; twice as many on the grid. */
  readonly width: number;
  /** Residual blocks of each network. */
  readonly blocks: number;
  /** Numbers of one vector. */
  readonly codeSize: number;
  /** Numbers that the encoder gives for each, e.g. mean and deviation. Default: as many. */
  readonly outputs?: number;
}

interface ResidualSpec {
  readonly first: ConvolutionSpec;
  readonly second: ConvolutionSpec;
}

const residual = (p: TensorsOf<ResidualSpec>, x: Tensor): Tensor =>
  add(x, convolve(p.second, relu(convolve(p.first, relu(x)))));

/** @throws ConfigError when the images' sides do not divide by 4 */
export function gridNetworks({ width, blocks, codeSize, outputs = codeSize }: GridNetworkConfig, data: ImageData) {
  const grid = quarterOf(data);
  const { channels } = data;
  const deep = 2 * width;
  const halving = { kernel: 4, gain: Math.SQRT2 } as const;
  const residuals = (): ResidualSpec[] =>
    Array.from({ length: blocks }, () => ({
      first: convolutionSpec(deep, width, { gain: Math.SQRT2 }),
      second: convolutionSpec(width, deep, { kernel: 1, gain: 1 / Math.sqrt(blocks) }),
    }));
  const parameters = {
    encoder: {
      first: convolutionSpec(channels, width, halving),
      second: convolutionSpec(width, deep, halving),
      residuals: residuals(),
      out: convolutionSpec(deep, outputs, { kernel: 1 }),
    },
    decoder: {
      in: convolutionSpec(codeSize, deep, { gain: 1 }),
      residuals: residuals(),
      second: transposedConvolutionSpec(deep, width, halving),
      first: transposedConvolutionSpec(width, channels, { kernel: 4, init: normal(0.02) }),
    },
  };
  type Parameters = TensorsOf<typeof parameters>;
  const halve = { stride: 2, padding: 1 };
  const through = (layers: readonly TensorsOf<ResidualSpec>[], x: Tensor): Tensor =>
    layers.reduce((h, layer) => residual(layer, h), x);
  return {
    parameters,
    /** Of the vectors of an image. */
    grid,
    /** images [B, C, H, W], centred → [B, outputs, H / 4, W / 4] */
    encode: ({ encoder }: Parameters, images: Tensor): Tensor => {
      const small = convolve(encoder.second, relu(convolve(encoder.first, images, halve)), halve);
      return convolve(encoder.out, relu(through(encoder.residuals, small)));
    },
    /** [B, codeSize, H / 4, W / 4] → [B, C, H, W] */
    decode: ({ decoder }: Parameters, code: Tensor): Tensor => {
      const small = relu(through(decoder.residuals, convolve(decoder.in, code)));
      return convolveTransposed(decoder.first, relu(convolveTransposed(decoder.second, small)));
    },
  };
}
