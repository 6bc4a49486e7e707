import { escape } from '../../evaluation/markup.js';

/** Pieces of a drawing, as SVG text. */

/** How a letter of a label may stand: x_i with a small i below, x^T with a small T above; one letter each. */
const scripts = (text: string): string =>
  escape(text)
    .replaceAll(/_(\w)/g, '<tspan dy="3" font-size="70%">$1</tspan><tspan dy="-3">\u200b</tspan>')
    .replaceAll(/\^(\w)/g, '<tspan dy="-4" font-size="70%">$1</tspan><tspan dy="4">\u200b</tspan>');

export interface TextOptions {
  readonly anchor?: 'start' | 'middle' | 'end';
  readonly size?: number;
  readonly weight?: 'normal' | 'bold';
  /** A class of the style sheet. Default: plain. */
  readonly look?: 'plain' | 'quiet';
  /** Whether _ and ^ stand for themselves, as in names. Default false. */
  readonly literal?: boolean;
}

export const text = (x: number, y: number, words: string, options: TextOptions = {}): string => {
  const { anchor = 'middle', size = 12, weight = 'normal', look = 'plain', literal = false } = options;
  return `<text class="${look}" x="${x}" y="${y}" text-anchor="${anchor}" font-size="${size}" font-weight="${weight}">${literal ? escape(words) : scripts(words)}</text>`;
};

export interface BoxOptions {
  readonly width?: number;
  readonly height?: number;
  /** `value`: what is computed; `network`: what computes it; `noise`: what is drawn. */
  readonly kind?: 'value' | 'network' | 'noise';
}

/** A labelled box around its middle. */
export const box = (x: number, y: number, words: string, options: BoxOptions = {}): string => {
  const { width = 44, height = 30, kind = 'value' } = options;
  const radius = kind === 'network' ? 8 : kind === 'noise' ? height / 2 : 2;
  return (
    `<rect class="${kind}" x="${x - width / 2}" y="${y - height / 2}" width="${width}" height="${height}" rx="${radius}"/>` +
    text(x, y + 4, words)
  );
};

export interface ArrowOptions {
  readonly dashed?: boolean;
  /** How far the middle bends upwards. Default 0: straight. */
  readonly bend?: number;
  readonly both?: boolean;
}

export const arrow = (
  [x1, y1]: readonly [number, number],
  [x2, y2]: readonly [number, number],
  { dashed = false, bend = 0, both = false }: ArrowOptions = {},
): string => {
  const middle = `${(x1 + x2) / 2} ${(y1 + y2) / 2 - 2 * bend}`;
  return `<path class="arrow" d="M ${x1} ${y1} Q ${middle} ${x2} ${y2}" marker-end="url(#head)"${both ? ' marker-start="url(#head)"' : ''}${dashed ? ' stroke-dasharray="4 3"' : ''}/>`;
};

/** Once in every drawing that has arrows. */
export const definitions =
  '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse">' +
  '<path class="head" d="M 0 0 L 8 4 L 0 8 z"/></marker></defs>';

/** The variables of the style sheet, on dark pages. */
export const darkPalette =
  '--paper: #17181b; --ink: #ececf0; --quiet: #9c9ca4; --value: #25304a; --network: #46371f; --noise: #2b2c31; --line: #9db0dd; --bar: #6f97dd; --floor: #ff7a6b;';

/** Colours by the class names above: by variables where a page has them, so that dark pages stay readable. */
const style = `
text { font-family: system-ui, 'DejaVu Sans', 'Liberation Sans', sans-serif; fill: var(--ink, #1c1c1e); }
text.quiet { fill: var(--quiet, #6b6b70); }
rect.value { fill: var(--value, #e8eefc); stroke: var(--line, #4a5a80); }
rect.network { fill: var(--network, #fdeed8); stroke: var(--line, #4a5a80); }
rect.noise { fill: var(--noise, #eeeef0); stroke: var(--line, #4a5a80); stroke-dasharray: 3 2; }
path.arrow { fill: none; stroke: var(--line, #4a5a80); stroke-width: 1.4; }
path.head { fill: var(--line, #4a5a80); }
rect.bar, circle.bar { fill: var(--bar, #4a78c8); }
rect.bound { fill: url(#hatch); stroke: var(--bar, #4a78c8); }
line.floor { stroke: var(--floor, #c0392b); stroke-width: 1.5; stroke-dasharray: 4 2; }
line.stem { stroke: var(--bar, #4a78c8); stroke-width: 1.5; }
line.axis { stroke: var(--quiet, #6b6b70); stroke-width: 1; }
`;

/** Content elsewhere. */
export const moved = (x: number, y: number, content: string): string =>
  `<g transform="translate(${x} ${y})">${content}</g>`;

/** The lines from point to point. */
export const linePath = (points: readonly (readonly [x: number | string, y: number | string])[]): string =>
  points.map(([x, y], index) => `${index === 0 ? 'M' : 'L'} ${x} ${y}`).join(' ');

/** A square picture of `side`, its pixels as sharp as they are. */
export const image = (png: Uint8Array, x: number, side: number): string =>
  `<image x="${x}" y="0" width="${side}" height="${side}" style="image-rendering: pixelated" href="data:image/png;base64,${Buffer.from(png).toString('base64')}"/>`;

export interface DrawingOptions {
  readonly width: number;
  readonly height: number;
  /** What it shows, for those who do not see it. */
  readonly label: string;
  readonly content: readonly string[];
  /** Dark where the page around it is. Default false. */
  readonly dark?: boolean;
}

/** A whole drawing as SVG that stands for itself: colours and pictures are in it. */
export const drawing = ({ width, height, label, content, dark = false }: DrawingOptions): string =>
  [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escape(label)}">`,
    `<style>${style}${dark ? `@media (prefers-color-scheme: dark) { svg { ${darkPalette} } }` : ''}</style>`,
    `<rect width="${width}" height="${height}" fill="var(--paper, #ffffff)"/>`,
    ...content,
    '</svg>\n',
  ].join('\n');
