import { arrow, box, text } from './svg.js';

/** How each family works, as a small drawing of 300 x 120. */

export const diagramSize = { width: 300, height: 120 };

/** Pixels in a row, each drawn from what the network makes of those before it. */
const autoregressive = (): string => {
  const places = [40, 100, 160, 220];
  const pixels = places.map((x, index) => box(x, 94, index === 3 ? '?' : `x_${index + 1}`, { width: 34, height: 26 }));
  return [
    box(130, 34, 'network', { width: 210, kind: 'network' }),
    ...pixels,
    ...places.slice(0, 3).map((x) => arrow([x, 80], [x, 51])),
    arrow([220, 50], [220, 79]),
    text(268, 66, 'p(x_4 | x_1x_2x_3)', { size: 10, look: 'quiet' }),
  ].join('');
};

const autoencoding = (): string =>
  [
    box(30, 60, 'x', { width: 34 }),
    box(94, 60, 'encoder', { width: 62, kind: 'network' }),
    box(152, 60, 'z', { width: 26, height: 26, kind: 'noise' }),
    box(210, 60, 'decoder', { width: 62, kind: 'network' }),
    box(272, 60, 'x̂', { width: 34 }),
    arrow([47, 60], [62, 60]),
    arrow([125, 60], [138, 60]),
    arrow([165, 60], [178, 60]),
    arrow([241, 60], [254, 60]),
    arrow([30, 78], [272, 78], { dashed: true, bend: -24, both: true }),
    text(151, 116, 'reconstruction', { size: 10, look: 'quiet' }),
    text(152, 34, 'q(z | x) near p(z)', { size: 10, look: 'quiet' }),
  ].join('');

const adversarial = (): string =>
  [
    box(28, 34, 'z', { width: 26, height: 26, kind: 'noise' }),
    box(96, 34, 'generator', { width: 74, kind: 'network' }),
    box(166, 34, 'x̂', { width: 34 }),
    box(166, 92, 'x', { width: 34 }),
    box(246, 63, 'discriminator', { width: 92, kind: 'network' }),
    arrow([41, 34], [58, 34]),
    arrow([133, 34], [148, 34]),
    arrow([183, 38], [206, 47]),
    arrow([183, 88], [206, 79]),
    arrow([246, 47], [112, 18], { dashed: true, bend: 14 }),
    text(246, 96, 'real or made?', { size: 10, look: 'quiet' }),
    text(166, 118, 'data', { size: 10, look: 'quiet' }),
  ].join('');

const flow = (): string =>
  [
    box(30, 60, 'x', { width: 34 }),
    ...['f_1', 'f_2', 'f_3'].map((name, index) => box(92 + 58 * index, 60, name, { width: 34, kind: 'network' })),
    box(270, 60, 'z', { width: 30, height: 30, kind: 'noise' }),
    ...[48, 110, 168, 226].map((x, index) =>
      arrow([x, 60], [x + (index === 1 || index === 2 ? 22 : 28), 60], { both: true }),
    ),
    text(150, 28, 'every step can be taken back', { size: 10, look: 'quiet' }),
    text(150, 100, 'log p(x) = log p(z) + Σ log |det ∂f/∂x|', { size: 10, look: 'quiet' }),
  ].join('');

const diffusion = (): string => {
  const places = [32, 110, 188, 266];
  const names = ['x_0', 'x_1', 'x_2', 'x_T'];
  return [
    ...places.map((x, index) => box(x, 60, names[index]!, { width: 36, kind: index === 3 ? 'noise' : 'value' })),
    ...places.slice(0, 3).map((x) => arrow([x + 18, 52], [x + 59, 52], { dashed: true, bend: 9 })),
    ...places.slice(0, 3).map((x) => arrow([x + 59, 68], [x + 20, 68], { bend: -9 })),
    text(150, 24, 'noise is added', { size: 10, look: 'quiet' }),
    text(150, 104, 'a network takes it away, step by step', { size: 10, look: 'quiet' }),
  ].join('');
};

export const diagrams: Readonly<Record<string, { readonly draw: () => string; readonly inWords: string }>> = {
  autoregressive: {
    draw: autoregressive,
    inWords: 'Draws one pixel after the other, each from all before it. The likelihood is exact; drawing is slow.',
  },
  autoencoding: {
    draw: autoencoding,
    inWords:
      'Squeezes an image into a short code and makes it again. Codes near each other are alike; the likelihood is a bound.',
  },
  adversarial: {
    draw: adversarial,
    inWords: 'A generator learns to deceive a discriminator. Fast and sharp; there is no likelihood at all.',
  },
  flow: {
    draw: flow,
    inWords: 'Bends noise into images by steps that can all be taken back. Exact likelihood, exact codes.',
  },
  diffusion: {
    draw: diffusion,
    inWords:
      'Learns to take a little noise away, and begins with nothing but noise. Many steps, many of them optional.',
  },
};
