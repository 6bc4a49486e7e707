import { escape } from '../../evaluation/markup.js';
import { significant } from './chart.js';
import { drawing, linePath, moved, text } from './svg.js';
import { ticksAround } from './ticks.js';

/** Figures over a number that is raised step by step, with their intervals: learning curves. */

export interface CurvePoint {
  readonly x: number;
  readonly y: number;
  /** Ends of an interval around it. */
  readonly low?: number;
  readonly high?: number;
}

export interface Curve {
  readonly label: string;
  readonly points: readonly CurvePoint[];
}

export interface CurveChart {
  readonly title: string;
  /** What the numbers below are. */
  readonly below: string;
  readonly curves: readonly Curve[];
}

const [width, height] = [560, 260];
const [left, right, top, bottom] = [52, 150, 40, 44];
const colours = ['#4a78c8', '#c0562b', '#3f8f5b', '#8a5ab5', '#8c7a3c', '#6b6b70'];

/** Charts one below the other, as a drawing of its own. Steps stand at equal distances: 0, 1, 2, 4, 8 can, and doublings do. */
export const curveDrawing = (charts: readonly CurveChart[]): string =>
  drawing({
    width,
    height: height * charts.length,
    label: charts.map(({ title }) => title).join('; '),
    content: charts.map((chart, index) => moved(0, index * height, curveChart(chart))),
  });

function curveChart({ title, below, curves }: CurveChart): string {
  const points = curves.flatMap(({ points: own }) => own);
  const steps = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const ends = points.flatMap(({ y, low = y, high = y }) => [low, high]);
  const scale = ticksAround(Math.min(...ends), Math.max(...ends));
  const [lowest, highest] = [scale[0]!, scale.at(-1)!];
  const placeX = (x: number): number =>
    left + ((width - left - right) * steps.indexOf(x)) / Math.max(1, steps.length - 1);
  const placeY = (y: number): number => height - bottom - ((height - top - bottom) * (y - lowest)) / (highest - lowest);
  const grid = scale.map(
    (y) =>
      `<line x1="${left}" x2="${width - right}" y1="${placeY(y)}" y2="${placeY(y)}" stroke="#e3e3e6"/>` +
      text(left - 6, placeY(y) + 4, significant(y), { anchor: 'end', size: 11, look: 'quiet' }),
  );
  const numbers = steps.map((x) => text(placeX(x), height - bottom + 16, String(x), { size: 11, look: 'quiet' }));
  const lines = curves.map(({ label, points: own }, index) => {
    const colour = colours[index % colours.length]!;
    const path = linePath(own.map(({ x, y }) => [placeX(x), placeY(y)]));
    // Aside from each other where they would cover each other.
    const aside = 3 * (index - (curves.length - 1) / 2);
    const marks = own.map(({ x, y, low = y, high = y }) => {
      const at = placeX(x) + aside;
      const tip = `<title>${escape(label)}, ${x}: ${significant(y)} (${significant(low)} to ${significant(high)})</title>`;
      return (
        `<line x1="${at}" x2="${at}" y1="${placeY(low)}" y2="${placeY(high)}" stroke="${colour}"/>` +
        `<circle cx="${at}" cy="${placeY(y)}" r="3" fill="${colour}">${tip}</circle>`
      );
    });
    const y = top + 14 + 18 * index;
    const key =
      `<line x1="${width - right + 12}" x2="${width - right + 30}" y1="${y - 4}" y2="${y - 4}" stroke="${colour}" stroke-width="2"/>` +
      text(width - right + 35, y, label, { anchor: 'start', size: 11 });
    return `<path d="${path}" transform="translate(${aside} 0)" fill="none" stroke="${colour}" stroke-width="1.5"/>${marks.join('')}${key}`;
  });
  return (
    text(left, 22, title, { anchor: 'start', weight: 'bold', size: 13 }) +
    grid.join('') +
    numbers.join('') +
    text((left + width - right) / 2, height - 8, below, { size: 11, look: 'quiet' }) +
    lines.join('')
  );
}

/** The same for a terminal: a bar a point. */
export function curveBars({ title, below, curves }: CurveChart, room = 30): string {
  const most = Math.max(...curves.flatMap(({ points }) => points.map(({ y }) => y)), 1e-12);
  const lines = curves.flatMap(({ label, points }) => [
    `  ${label}`,
    ...points.map(({ x, y, low, high }) => {
      const bar = '█'.repeat(Math.max(0, Math.round((room * y) / most)));
      const interval = low === undefined || high === undefined ? '' : `  (${significant(low)} to ${significant(high)})`;
      return `  ${String(x).padStart(6)}  ${bar.padEnd(room)}  ${significant(y)}${interval}`;
    }),
  ]);
  return [`${title} over ${below}`, ...lines].join('\n');
}
