import { escape } from '../../evaluation/markup.js';
import { text } from './svg.js';

/** Horizontal bars, one for each model, of one figure. */

export interface Bar {
  readonly label: string;
  /** Undefined: the model has no such figure. */
  readonly value: number | undefined;
  /** Drawn hatched: the figure is a bound, and the true one may be lower. */
  readonly bound?: boolean;
  /** What the value is a value of, behind the number. */
  readonly note?: string;
  /** What a perfect model would get; drawn as a line. */
  readonly floor?: number;
}

export interface ChartOptions {
  readonly title: string;
  readonly unit: string;
  /** Said under the title, e.g. which way is better. */
  readonly about: string;
  readonly bars: readonly Bar[];
  readonly width: number;
  /** Equal steps are equal factors. Default false. */
  readonly logarithmic?: boolean;
}

const [top, rowHeight, labels, numbers] = [44, 24, 118, 150];

/** Height of a chart of so many bars. */
export const chartHeight = (bars: number): number => top + bars * rowHeight + 8;

/** SVG text, `chartHeight` high. */
export function chart({ title, unit, about, bars, width, logarithmic = false }: ChartOptions): string {
  const known = bars.flatMap(({ value, floor }) =>
    [value, floor].filter((each) => each !== undefined && each > 0),
  ) as number[];
  const most = Math.max(...known, 1e-12);
  const least = logarithmic ? Math.min(...known, most) / 3 : 0;
  const room = width - labels - numbers;
  const place = (value: number): number =>
    logarithmic
      ? (room * Math.log(Math.max(value, least) / least)) / Math.log(most / least)
      : (room * Math.max(0, value)) / most;
  const rows = bars.map(({ label, value, bound = false, note, floor }, index) => {
    const y = top + index * rowHeight;
    const name = text(labels - 8, y + 15, label, { anchor: 'end' });
    if (value === undefined) return name + text(labels, y + 15, 'none', { anchor: 'start', look: 'quiet' });
    const length = Math.max(1, place(value));
    const line =
      floor === undefined
        ? ''
        : `<line class="floor" x1="${labels + place(floor)}" x2="${labels + place(floor)}" y1="${y}" y2="${y + 20}"><title>floor ${significant(floor)}</title></line>`;
    const tip = `<title>${escape(label)}: ${significant(value)} ${escape(unit)}</title>`;
    // A bar says how many times as much; where equal steps are equal factors, only a place can be shown.
    const mark = logarithmic
      ? `<line class="stem" x1="${labels}" x2="${labels + length}" y1="${y + 10}" y2="${y + 10}"/><circle class="bar" cx="${labels + length}" cy="${y + 10}" r="5">${tip}</circle>`
      : `<rect class="${bound ? 'bound' : 'bar'}" x="${labels}" y="${y + 2}" width="${length}" height="16">${tip}</rect>`;
    return (
      name +
      mark +
      line +
      text(
        labels + length + 6,
        y + 15,
        `${bound ? '≤ ' : ''}${significant(value)}${note === undefined ? '' : ` ${note}`}`,
        { anchor: 'start' },
      )
    );
  });
  return (
    text(0, 14, `${title}, ${unit}${logarithmic ? ' (logarithmic)' : ''}`, {
      anchor: 'start',
      weight: 'bold',
      size: 13,
    }) +
    text(0, 31, about, { anchor: 'start', size: 11, look: 'quiet' }) +
    `<line class="axis" x1="${labels}" x2="${labels}" y1="${top}" y2="${top + bars.length * rowHeight}"/>` +
    rows.join('')
  );
}

/** Once in every drawing that has bounds. */
export const hatch =
  '<defs><pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">' +
  '<rect class="bar" width="3" height="6"/></pattern></defs>';

/** Three digits, without needless zeros. */
export const significant = (value: number): string =>
  value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-3)
    ? value.toExponential(1)
    : Number(value.toPrecision(3)).toLocaleString('en', { maximumFractionDigits: 6 });
