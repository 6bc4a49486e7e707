import { effect } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Series } from '../../src/serving/studio/series.js';
import { figure } from '../lib/format.js';
import { observe } from '../lib/observe.js';
import { theme } from '../lib/preferences.js';

/** Curves over steps: what was logged, faint, and the smoothed course over it. */

export interface Curve {
  readonly name: string;
  readonly series: Series;
  /** Of its run, the same in every chart. */
  readonly colour: string;
}

export interface ChartView {
  /** Between 0 and 1; 0 for none. */
  readonly smoothing: number;
  readonly logX: boolean;
  readonly logY: boolean;
  /** Whether the right edge stays at the newest point. */
  readonly follow: boolean;
  /** Steps that are shown; undefined for all. */
  readonly range: readonly [from: number, to: number] | undefined;
}

interface ChartProps {
  readonly title: string;
  readonly curves: readonly Curve[];
  /** Changes whenever a curve does: curves grow in place. */
  readonly version: number;
  readonly view: ChartView;
  readonly onZoom: (range: readonly [number, number] | undefined) => void;
}

const HEIGHT = 190;
/** All charts of a page show their values at the same step. */
const together = uPlot.sync('steps');

export function Chart({ title, curves, version, view, onZoom }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef({ view, onZoom, curves });
  latest.current = { view, onZoom, curves };
  const [shown, setShown] = useState<readonly (number | null | undefined)[]>();
  const names = curves.map(({ name }) => name).join('\n');

  // Made anew only when something changes that it cannot change itself.
  useEffect(() => {
    let made: uPlot | undefined;
    const stop = effect(() => {
      observe(theme);
      made?.destroy();
      made = new uPlot(
        optionsOf(place.current!, latest, (values) => setShown(values)),
        dataOf(latest.current.curves, latest.current.view),
        place.current!,
      );
      plot.current = made;
    });
    const observer = new ResizeObserver(([entry]) => {
      const width = Math.floor(entry!.contentRect.width);
      if (width > 0) made?.setSize({ width, height: HEIGHT });
    });
    observer.observe(place.current!);
    return () => {
      observer.disconnect();
      stop();
      made?.destroy();
      plot.current = undefined;
    };
  }, [names, view.logX, view.logY]);

  useEffect(() => {
    const frame = requestAnimationFrame(() => plot.current?.setData(dataOf(curves, view)));
    return () => cancelAnimationFrame(frame);
  }, [version, view.smoothing, view.range, view.follow]);

  return (
    <figure class="chart">
      <figcaption>
        <h3>{title}</h3>
        <ul class="number">
          {curves.map(({ name, series, colour }, index) => (
            <li key={name} style={{ color: `var(${colour})` }} title={name}>
              {figureOr(shown?.[index] ?? series.lastValue)}
            </li>
          ))}
        </ul>
      </figcaption>
      <div ref={place} role="img" aria-label={`${title}: ${curves.map(summaryOf).join('; ')}`} />
    </figure>
  );
}

/** The colour of the n-th run of a page: a variable of the style. */
export const colourOf = (index: number): string => `--curve-${(index % 8) + 1}`;

/** A colour of six digits with an opacity. */
const translucent = (hex: string, opacity: number): string =>
  `${hex}${Math.round(255 * opacity)
    .toString(16)
    .padStart(2, '0')}`;

const figureOr = (value: number | null | undefined): string =>
  value === null || value === undefined ? '' : figure(value);

const summaryOf = ({ name, series }: Curve): string =>
  `${name}, step ${series.lastStep ?? 0}: ${figureOr(series.lastValue)}`;

/** Fewer points than these are shown as they are: a mean of them would lag behind. */
const FEW = 40;

/** The least and the greatest values of each curve, and then the smoothed ones of each: these lie above all others. */
function dataOf(curves: readonly Curve[], { smoothing }: ChartView): uPlot.AlignedData {
  if (curves.length === 0) return [[]];
  const smoothed = (series: Series): number[] =>
    series.smoothed(series.isWhole && series.steps.length < FEW ? 0 : smoothing);
  if (curves.length === 1) {
    // Nothing to be brought to the same steps.
    const { series } = curves[0]!;
    return [[...series.steps], [...series.low], [...series.high], smoothed(series)];
  }
  const raw = curves.map(({ series: { steps, low, high } }) => [[...steps], [...low], [...high]]);
  const smooth = curves.map(({ series }) => [[...series.steps], smoothed(series)]);
  return uPlot.join([...raw, ...smooth] as uPlot.AlignedData[]);
}

/** The column of a curve's smoothed values. */
const smoothColumn = (index: number, curves: number): number => 2 * curves + index + 1;

// The enumeration that they are of is there for the compiler alone.
/* eslint-disable @typescript-eslint/no-unsafe-enum-assignment */
const LINEAR: uPlot.Scale.Distr = 1;
const LOGARITHMIC: uPlot.Scale.Distr = 3;
const ARCSINH: uPlot.Scale.Distr = 4;
/* eslint-enable @typescript-eslint/no-unsafe-enum-assignment */

interface Latest {
  readonly current: Pick<ChartProps, 'view' | 'onZoom' | 'curves'>;
}

function optionsOf(
  place: HTMLElement,
  latest: Latest,
  show: (values: readonly (number | null | undefined)[] | undefined) => void,
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  const { view, curves } = latest.current;
  const axis: uPlot.Axis = {
    stroke: read('--muted'),
    font: `11px ${read('--font')}`,
    grid: { stroke: read('--line'), width: 1 },
    ticks: { show: false },
  };
  const strokes = curves.map(({ colour }) => read(colour));
  const faint = strokes.flatMap((stroke): uPlot.Series[] => {
    const line = { stroke: translucent(stroke, 0.25), width: 1, points: { show: false }, spanGaps: true };
    return [line, line];
  });
  const smooth = strokes.map((stroke) => ({ stroke, width: 1.75, spanGaps: true, points: { show: showsPoints } }));
  return {
    width: Math.max(100, place.clientWidth),
    height: HEIGHT,
    legend: { show: false },
    cursor: { sync: { key: together.key }, points: { size: 6 }, drag: { x: true, y: false, setScale: false } },
    scales: {
      x: {
        time: false,
        distr: view.logX ? LOGARITHMIC : LINEAR,
        range: (_, low, high) => rangeOf(latest.current.view, low, high),
      },
      y: {
        // The inverse hyperbolic sine is a logarithm that knows 0 and below.
        distr: view.logY ? (hasOnlyPositive(curves) ? LOGARITHMIC : ARCSINH) : LINEAR,
        ...(!view.logY && { range: paddedRange }),
      },
    },
    axes: [
      { ...axis, size: 26, values: (_, ticks) => ticks.map(shortStep) },
      {
        ...axis,
        size: 54,
        values: (_, ticks) => ticks.map((tick: number | null) => (tick === null ? '' : figure(tick))),
      },
    ],
    series: [{}, ...faint, ...smooth],
    bands: strokes.map((stroke, index) => ({
      series: [2 * index + 2, 2 * index + 1] as [number, number],
      fill: translucent(stroke, 0.12),
    })),
    hooks: {
      setSelect: [
        (plot) => {
          if (plot.select.width < 4) return;
          const ends = [plot.select.left, plot.select.left + plot.select.width].map((at) => plot.posToVal(at, 'x'));
          latest.current.onZoom(ends as [number, number]);
          plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        },
      ],
      setCursor: [
        (plot) => {
          const at = plot.cursor.idx;
          const isAway = at === null || at === undefined || (plot.cursor.left ?? -1) < 0;
          const { curves: now } = latest.current;
          show(isAway ? undefined : now.map((_, index) => plot.data[smoothColumn(index, now.length)]?.[at]));
        },
      ],
      ready: [
        (plot) => {
          plot.over.addEventListener('dblclick', () => latest.current.onZoom(undefined));
          plot.over.addEventListener('wheel', (event) => pan(plot, event, latest), { passive: false });
        },
      ],
    },
  };
}

/** Moves what is looked at closely by the wheel, sideways: up and down belong to the page. */
function pan(plot: uPlot, event: WheelEvent, { current: { view, onZoom } }: Latest): void {
  const moved = event.deltaX !== 0 ? event.deltaX : event.shiftKey ? event.deltaY : 0;
  const { min, max } = plot.scales['x']!;
  if (view.range === undefined || moved === 0 || min === undefined || max === undefined) return;
  event.preventDefault();
  const by = (moved / plot.over.clientWidth) * (max - min);
  onZoom([min + by, max + by]);
}

/** A few points are shown as such. */
const showsPoints = (plot: uPlot, index: number): boolean =>
  (plot.data[index] as readonly unknown[]).filter((value) => value !== null && value !== undefined).length < 16;

/** Where one looks closer and follows, the window moves with the newest point. */
function rangeOf({ range, follow, logX }: ChartView, low: number | null, high: number | null): uPlot.Range.MinMax {
  const [first, last] = [low ?? 0, high ?? 1];
  const [from, to] = range ?? [first, last];
  const [start, end] = range !== undefined && follow ? [last - (to - from), last] : [from, to];
  const least = logX ? Math.max(start, 1) : start;
  return [least, end > least ? end : least + 1];
}

/** A little air above and below; a constant lies in the middle. */
function paddedRange(_: uPlot, low: number | null, high: number | null): uPlot.Range.MinMax {
  if (low === null || high === null) return [0, 1];
  // What differs in the last digits alone is a constant.
  const isConstant = high - low <= 1e-6 * Math.abs(high);
  const air = isConstant ? Math.abs(high) * 0.1 || 1 : 0.06 * (high - low);
  return [low - air, high + air];
}

const hasOnlyPositive = (curves: readonly Curve[]): boolean =>
  curves.every(({ series }) => series.low.every((value) => value > 0));

/** 950, 12k, 1.5M */
function shortStep(step: number | null): string {
  if (step === null) return '';
  if (step >= 1e6) return `${Number((step / 1e6).toPrecision(3))}M`;
  return step >= 1e4 ? `${Number((step / 1e3).toPrecision(3))}k` : String(Math.round(step));
}
