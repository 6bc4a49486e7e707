import type { ImageData } from '../../nn/image-model.js';
import { halved } from '../../nn/divided-size.js';
import { type TensorsOf, normal, parameter } from '../../nn/parameters.js';
import {
  type Tensor,
  add,
  broadcastTo,
  conv,
  expandDims,
  leakyRelu,
  matmul,
  mul,
  reshape,
  resize,
  rmsNorm,
  sliceAxis,
  squeeze,
} from '../../tensor/index.js';
import { discriminatorCondition, withClass } from './condition.js';
import { withDeviation } from './minibatch-deviation.js';
import { modulatedConvolution, modulatedEnlargement } from './modulated-convolution.js';

/**
 * The networks of StyleGAN2 (Karras et al. 2020) for small images. All weights begin with deviation 1 and are scaled when
 * they are used, so that all learn at one rate (Karras et al. 2018, section 4.1).
 */

/** Of the mapping network, whose steps are to be small: its learning rate as a share of the others'. */
const mappingRate = 0.01;

const dense = (from: number, to: number, { rate = 1, ones = false } = {}) => ({
  weight: parameter([from, to], { init: normal(1 / rate) }),
  bias: parameter([to], { init: { kind: ones ? 'ones' : 'zeros' } }),
});
type Dense = TensorsOf<ReturnType<typeof dense>>;

const apply = ({ weight, bias }: Dense, x: Tensor, rate = 1): Tensor =>
  add(mul(matmul(x, weight), rate / Math.sqrt(weight.shape[0]!)), mul(bias, rate));

const kernel = (from: number, to: number, side: number) => ({
  weight: parameter([to, from, side, side], { init: normal(1) }),
  bias: parameter([to]),
});
type Kernel = TensorsOf<ReturnType<typeof kernel>>;

const scaled = (weight: Tensor): Tensor => mul(weight, 1 / Math.sqrt(weight.size / weight.shape[0]!));
/** Of an enlargement [in, out, 4, 4], a quarter of whose numbers make a pixel. */
const scaledUp = (weight: Tensor): Tensor => mul(weight, 1 / Math.sqrt(weight.size / weight.shape[1]! / 4));
const withBias = (x: Tensor, bias: Tensor): Tensor => add(x, reshape(bias, [1, bias.size, 1, 1]));
/** Keeps the size of activations. */
const active = (x: Tensor): Tensor => mul(leakyRelu(x, 0.2), Math.SQRT2);

export interface StyleSizes {
  readonly latents: number;
  readonly style: number;
  readonly mappingLayers: number;
  /** Channels at the finest scale; twice as many at each coarser one. */
  readonly width: number;
  readonly halvings: number;
  readonly classes: number;
}

/** The styles of each image's layers, [B, layers, style]. */
export type Styles = Tensor;

/** @throws ConfigError when the image's sides cannot be halved so often */
export function styleGenerator(sizes: StyleSizes, data: ImageData) {
  const { latents, style, mappingLayers, width, halvings, classes } = sizes;
  const small = halved(data, halvings);
  const scales = Array.from({ length: halvings + 1 }, (_, index) => ({
    channels: width * 2 ** (halvings - index),
    height: small.height * 2 ** index,
    width: small.width * 2 ** index,
  }));
  const styled = (from: number, to: number) => ({
    bias: parameter([to]),
    style: dense(style, from, { ones: true }),
    noise: parameter([1]),
  });
  const layer = (channels: number) => ({ ...kernel(channels, channels, 3), ...styled(channels, channels) });
  const enlargement = (from: number, to: number) => ({
    weight: parameter([from, to, 4, 4], { init: normal(1) }),
    ...styled(from, to),
  });
  const parameters = {
    mapping: Array.from({ length: mappingLayers }, (_, index) =>
      dense(index === 0 ? latents + classes : style, style, { rate: mappingRate }),
    ),
    constant: parameter([scales[0]!.channels, small.height, small.width], { init: normal(1) }),
    scales: scales.map(({ channels }, index) => ({
      // From the coarser scale, where there is one.
      ...(index > 0 && { up: enlargement(scales[index - 1]!.channels, channels) }),
      layer: layer(channels),
      image: { ...kernel(channels, data.channels, 1), style: dense(style, channels, { ones: true }) },
    })),
  };
  type Parameters = TensorsOf<typeof parameters>;
  const layerScales = scales.flatMap((scale, index) => (index === 0 ? [scale] : [scale, scale]));
  return {
    parameters,
    /** Shape of each layer's grain. */
    grains: layerScales.map(({ height, width: columns }) => [1, height, columns] as const),
    /** Noise [B, latents] → styles [B, style]. Its length says nothing. */
    map: ({ mapping }: Parameters, noise: Tensor, labels: Tensor): Tensor =>
      mapping.reduce((h, p) => active(apply(p, h, mappingRate)), withClass(rmsNorm(noise), labels, classes)),
    /** Styles, and the grain of each layer [B, 1, h, w] → images; mostly, but not always, in [−1, 1]. */
    images: (p: Parameters, styles: Styles, grains: readonly Tensor[]): Tensor => {
      const [count] = styles.shape as [number];
      const styleOf = (at: number): Tensor => squeeze(sliceAxis(styles, { axis: 1, start: at, limit: at + 1 }), 1);
      let h = broadcastTo(expandDims(p.constant, 0), [count, ...p.constant.shape]);
      let image: Tensor | undefined;
      let at = 0;
      /** Grain, bias and activation of a layer, whose convolution is given its style. */
      const run = (layer: TensorsOf<ReturnType<typeof styled>>, convolved: (style: Tensor) => Tensor): Tensor => {
        const x = convolved(apply(layer.style, styleOf(at)));
        return active(withBias(add(x, mul(grains[at++]!, layer.noise)), layer.bias));
      };
      p.scales.forEach(({ up, layer, image: toImage }, index) => {
        const sides = [scales[index]!.height, scales[index]!.width];
        if (up) h = run(up, (style) => modulatedEnlargement(h, scaledUp(up.weight), style));
        h = run(layer, (style) => modulatedConvolution(h, scaled(layer.weight), style));
        const colours = modulatedConvolution(h, scaled(toImage.weight), apply(toImage.style, styleOf(at - 1)), false);
        const part = withBias(colours, toImage.bias);
        image = image === undefined ? part : add(resize(image, sides, 'bilinear'), part);
      });
      return image!;
    },
  };
}

/** Images → how real, [B]. */
export function styleDiscriminator(
  { width, halvings, classes }: Pick<StyleSizes, 'width' | 'halvings' | 'classes'>,
  data: ImageData,
) {
  const small = halved(data, halvings);
  const widths = Array.from({ length: halvings }, (_, index) => width * 2 ** (index + 1));
  const top = widths.at(-1)!;
  const told = discriminatorCondition(classes > 0 ? 'projection' : 'none', classes, top);
  const parameters = {
    down: widths.map((to, index) => kernel(index === 0 ? data.channels : widths[index - 1]!, to, 4)),
    last: kernel(top + 1, top, 3),
    hidden: dense(top * small.height * small.width, top),
    out: dense(top, 1),
    ...told.parameters,
  };
  type Parameters = TensorsOf<typeof parameters>;
  const convolved = ({ weight, bias }: Kernel, x: Tensor, options: { stride?: number; padding: number }): Tensor =>
    active(withBias(conv(x, scaled(weight), options), bias));
  return {
    parameters,
    outputs: (p: Parameters, images: Tensor, labels: Tensor): Tensor => {
      const grid = p.down.reduce((h, layer) => convolved(layer, h, { stride: 2, padding: 1 }), images);
      const last = convolved(p.last, withDeviation(grid), { padding: 1 });
      const h = active(apply(p.hidden, reshape(last, [images.shape[0]!, -1])));
      return told.output(p, squeeze(apply(p.out, h), 1), h, labels);
    },
  };
}
