import type { ImageData } from '../../nn/image-model.js';
import { batchNorm, batchNormSpec, type MomentsSource } from '../../nn/batch-norm.js';
import { halved } from '../../nn/divided-size.js';
import {
  convolutionSpec,
  convolve,
  convolveTransposed,
  linear,
  linearSpec,
  scaledNormal,
  transposedConvolutionSpec,
} from '../../nn/layers.js';
import type { TensorsOf } from '../../nn/parameters.js';
import { type Tensor, leakyRelu, relu, reshape, squeeze, tanh } from '../../tensor/index.js';
import { type Condition, discriminatorCondition, withClass } from './condition.js';

/** Both players as convolutions (Radford et al. 2016, DCGAN): no pooling, kernels of 4 with stride 2. */

export interface NetworkSizes {
  readonly latents: number;
  /** Channels at the finest scale; twice as many at each coarser one. */
  readonly width: number;
  /** Scales between the image and the coarsest. */
  readonly halvings: number;
  /** Of which both are told; 0 for none. */
  readonly classes: number;
}

export interface GeneratorInput {
  /** [B, latents] */
  readonly noise: Tensor;
  /** int32 [B] */
  readonly labels: Tensor;
}

const optional = <Spec>(given: boolean, spec: () => Spec): { norm?: Spec } => (given ? { norm: spec() } : {});

/** Noise → images in [−1, 1]. @throws ConfigError when the image's sides cannot be halved so often */
export function convolutionalGenerator(
  { latents, width, halvings, classes, normalised }: NetworkSizes & { readonly normalised: boolean },
  data: ImageData,
) {
  const small = halved(data, halvings);
  // From the coarsest scale on.
  const widths = Array.from({ length: halvings }, (_, index) => width * 2 ** (halvings - 1 - index));
  const coarsest = widths[0]! * small.height * small.width;
  const options = { kernel: 4, gain: Math.SQRT2 } as const;
  const parameters = {
    spread: {
      ...linearSpec(latents + classes, coarsest, { init: scaledNormal(latents + classes, Math.SQRT2) }),
      ...optional(normalised, () => batchNormSpec(widths[0]!)),
    },
    up: widths.slice(1).map((to, index) => ({
      ...transposedConvolutionSpec(widths[index]!, to, options),
      ...optional(normalised, () => batchNormSpec(to)),
    })),
    out: transposedConvolutionSpec(widths.at(-1)!, data.channels, { kernel: 4 }),
  };
  type Parameters = TensorsOf<typeof parameters>;
  return {
    parameters,
    /** Channels of each batch normalisation. */
    normalised: normalised ? widths : [],
    images: (p: Parameters, { noise, labels }: GeneratorInput, moments: MomentsSource): Tensor => {
      const active = (layer: { readonly norm?: TensorsOf<ReturnType<typeof batchNormSpec>> }, x: Tensor, at: number) =>
        relu(layer.norm === undefined ? x : batchNorm(layer.norm, x, moments(x, at)));
      const spread = linear(p.spread, withClass(noise, labels, classes));
      const grid = reshape(spread, [noise.shape[0]!, widths[0]!, small.height, small.width]);
      const top = p.up.reduce(
        (h, layer, index) => active(layer, convolveTransposed(layer, h), index + 1),
        active(p.spread, grid, 0),
      );
      return tanh(convolveTransposed(p.out, top));
    },
  };
}

/** Images in [−1, 1] → how real, [B]. Batch normalisation leaves out the first layer. */
export function convolutionalDiscriminator(
  {
    width,
    halvings,
    classes,
    condition,
    normalised,
    slope = 0.2,
  }: Omit<NetworkSizes, 'latents'> & {
    readonly condition: Condition;
    readonly normalised: boolean;
    /** Of the activations below 0. */
    readonly slope?: number;
  },
  data: ImageData,
) {
  const small = halved(data, halvings);
  const widths = Array.from({ length: halvings }, (_, index) => width * 2 ** index);
  const features = widths.at(-1)! * small.height * small.width;
  const told = discriminatorCondition(condition, classes, features);
  const parameters = {
    down: widths.map((to, index) => ({
      ...convolutionSpec(index === 0 ? data.channels + told.planes : widths[index - 1]!, to, {
        kernel: 4,
        gain: Math.SQRT2,
      }),
      ...optional(normalised && index > 0, () => batchNormSpec(to)),
    })),
    out: linearSpec(features, 1, { init: scaledNormal(features) }),
    ...told.parameters,
  };
  type Parameters = TensorsOf<typeof parameters>;
  /** What each layer makes of an image, the finest first. */
  const activations = (p: Parameters, images: Tensor, labels: Tensor, moments: MomentsSource): Tensor[] => {
    let h = told.images(images, labels);
    return p.down.map((layer, index) => {
      const next = convolve(layer, h, { stride: 2, padding: 1 });
      h = leakyRelu(layer.norm === undefined ? next : batchNorm(layer.norm, next, moments(next, index)), slope);
      return h;
    });
  };
  return {
    parameters,
    activations,
    outputs: (p: Parameters, images: Tensor, labels: Tensor, moments: MomentsSource): Tensor => {
      const h = reshape(activations(p, images, labels, moments).at(-1)!, [images.shape[0]!, features]);
      return told.output(p, squeeze(linear(p.out, h), 1), h, labels);
    },
  };
}
