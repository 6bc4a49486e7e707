import { significant } from './chart.js';
import { linePath, text } from './svg.js';
import { ticksWithin } from './ticks.js';

/** A chart of figures against a number: points that were measured, and lines through or beside them. */

export type Point = readonly [x: number, y: number];

export interface Curve {
  readonly label: string;
  /** A colour; curves of one colour belong together. */
  readonly colour: string;
  readonly points: readonly Point[];
  /** How it is drawn. Default: a line. */
  readonly as?: 'line' | 'dashed' | 'points';
}

export interface CurvesOptions {
  readonly title: string;
  /** Said under the title. */
  readonly about?: string;
  readonly x: string;
  readonly y: string;
  readonly curves: readonly Curve[];
  readonly width: number;
  readonly height: number;
}

const [left, right, top, bottom] = [52, 12, 44, 40];

/** The interval of some numbers, a little wider; never empty. */
function interval(values: readonly number[]): readonly [number, number] {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  const room = Math.max(0.05 * (most - least), 1e-6);
  return [least - room, most + room];
}

/** SVG text; its legend stands inside on the right, at the bottom or at the top, where fewer points are. */
export function curvesChart({ title, about = '', x, y, curves, width, height }: CurvesOptions): string {
  const known = curves.flatMap(({ points }) => points.filter((point) => point.every(Number.isFinite)));
  if (known.length === 0) return text(0, 14, `${title}: nothing was measured`, { anchor: 'start', size: 13 });
  const [fromX, toX] = interval(known.map(([at]) => at));
  const [fromY, toY] = interval(known.map(([, value]) => value));
  const placeX = (value: number): number => left + ((width - left - right) * (value - fromX)) / (toX - fromX);
  const placeY = (value: number): number =>
    height - bottom - ((height - top - bottom) * (value - fromY)) / (toY - fromY);
  const round = (value: number): string => value.toFixed(1);
  const line = (x1: number, y1: number, x2: number, y2: number): string =>
    `<line class="axis" x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}"/>`;
  const axes = [
    line(left, height - bottom, width - right, height - bottom),
    line(left, top, left, height - bottom),
    ...ticksWithin(fromX, toX).map((at) => text(placeX(at), height - bottom + 15, significant(at), { size: 10.5 })),
    ...ticksWithin(fromY, toY).map((at) =>
      text(left - 6, placeY(at) + 4, significant(at), { size: 10.5, anchor: 'end' }),
    ),
    text((left + width - right) / 2, height - 8, x, { size: 11 }),
    text(left + 4, top + 2, y, { size: 11, anchor: 'start', look: 'quiet' }),
  ];
  const drawn = curves.map(({ points, colour, as = 'line', label }) => {
    const places = points.map(([at, value]) => [round(placeX(at)), round(placeY(value))] as const);
    if (as === 'points') {
      return places
        .map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="2.2" fill="${colour}" fill-opacity="0.45"/>`)
        .join('');
    }
    const dashes = as === 'dashed' ? ' stroke-dasharray="5 3"' : '';
    return `<path d="${linePath(places)}" fill="none" stroke="${colour}" stroke-width="1.8"${dashes}><title>${label}</title></path>`;
  });
  const from = width - right - 150;
  const tall = 15 * curves.length + 5;
  const pointsBetween = (upper: number, lower: number): number =>
    known.filter(([at, value]) => placeX(at) > from && placeY(value) > upper && placeY(value) < lower).length;
  const isLow = pointsBetween(height - bottom - tall, height - bottom) <= pointsBetween(top, top + tall);
  const first = isLow ? height - bottom - tall + 10 : top + 10;
  const legend = curves.map(({ label, colour, as = 'line' }, index) => {
    const at = first + 15 * index;
    const dashes = as === 'dashed' ? ' stroke-dasharray="5 3"' : '';
    const mark =
      as === 'points'
        ? `<circle cx="${from + 9}" cy="${at}" r="2.6" fill="${colour}"/>`
        : `<line x1="${from}" x2="${from + 18}" y1="${at}" y2="${at}" stroke="${colour}" stroke-width="1.8"${dashes}/>`;
    return mark + text(from + 24, at + 4, label, { size: 10.5, anchor: 'start' });
  });
  return [
    text(0, 14, title, { anchor: 'start', weight: 'bold', size: 13 }),
    text(0, 30, about, { anchor: 'start', size: 11, look: 'quiet' }),
    ...axes,
    ...drawn,
    ...legend,
  ].join('');
}
