import { signal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { Button, Check, Empty } from '../../components/basics.js';
import { Chart, type ChartView, colourOf } from '../../components/chart.js';
import { words } from '../../i18n/index.js';
import { remembered } from '../../lib/preferences.js';
import { report } from '../../lib/notices.js';
import { details, logs, lookCloser } from '../../lib/runs.js';

const smoothing = remembered('smoothing', 0.9);
const logX = remembered('logX', false);
const logY = remembered('logY', false);
const follow = remembered('follow', true);
const range = signal<ChartView['range']>(undefined);

/** Shown first, and how the others follow. */
const first = ['loss', 'validationLoss', 'heldOutPairAccuracy', 'pairAccuracy', 'gradientNorm', 'learningRate'];
/** Shown elsewhere, or of no interest over steps. */
const never = ['seconds', 'iteration'];
/** Charts that are open at once. */
const OPEN = 8;

/** Every figure that the runs log, a chart for each. */
export function Curves({ ids, hidden, only }: { readonly ids: readonly string[]; readonly hidden?: readonly string[]; readonly only?: readonly string[] }) {
  const t = words.value.runs;
  const [isAll, setAll] = useState(false);
  const which = ids.join('\n');
  // Other runs have other steps.
  useEffect(() => () => zoom(ids, undefined), [which]);
  useEffect(() => {
    const abort = new AbortController();
    // Once the hand rests.
    const timer = setTimeout(() => {
      lookCloser(ids, range.value, abort.signal).catch((error: unknown) => {
        if (!abort.signal.aborted) report(error);
      });
    }, 150);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [which, range.value]);
  const keys = keysOf(ids).filter((key) => (only ? only.some((each) => isFigure(key, each)) : !never.includes(key)));
  const shown = keys.filter((key) => !hidden?.some((each) => isFigure(key, each)));
  const ordered = only
    ? shown.sort((a, b) => only.findIndex((each) => isFigure(a, each)) - only.findIndex((each) => isFigure(b, each)))
    : shown.sort((a, b) => rank(a) - rank(b));
  if (ordered.length === 0) return <Empty icon="runs" title={t.noCurves} text={t.noCurvesText} />;
  const view: ChartView = {
    smoothing: smoothing.value,
    logX: logX.value,
    logY: logY.value,
    follow: follow.value,
    range: range.value,
  };
  const open = isAll || only ? ordered : ordered.slice(0, OPEN);
  return (
    <div class="stack">
      <ViewControls />
      {ids.length > 1 && (
        <ul class="chips">
          {ids.map((id, index) => (
            <li key={id} class="row small">
              <span class="dot" style={{ color: `var(${colourOf(index)})` }} />
              {id}
            </li>
          ))}
        </ul>
      )}
      <div class="charts">
        {open.map((key) => {
          const curves = ids.flatMap((id, index) => {
            const log = logs.value.get(id);
            const series = log && (details.value.get(id)?.curves.get(key) ?? log.curves.get(key));
            return series ? [{ name: id, series, colour: colourOf(index) }] : [];
          });
          const version = ids.reduce((sum, id) => sum + (logs.value.get(id)?.version ?? 0), 0);
          return (
            <div key={key} class="card">
              <Chart
                title={titleOf(key)}
                curves={curves}
                version={version}
                view={view}
                onZoom={(wanted) => zoom(ids, wanted)}
              />
            </div>
          );
        })}
      </div>
      {open.length < ordered.length && (
        <div>
          <Button onClick={() => setAll(true)}>{t.more(ordered.length - open.length)}</Button>
        </div>
      )}
    </div>
  );
}

/** Shows the steps of a range, as far as there are such, or all; it is followed where it ends at the newest point. */
function zoom(ids: readonly string[], wanted: ChartView['range']): void {
  if (wanted === undefined) {
    range.value = undefined;
    return;
  }
  const newest = Math.max(
    ...ids.flatMap((id) => [...(logs.peek().get(id)?.curves.values() ?? [])].map(({ lastStep }) => lastStep ?? 0)),
  );
  const width = wanted[1] - wanted[0];
  const end = Math.min(wanted[1], newest);
  range.value = [Math.max(0, end - width), end];
  follow.value = end >= newest - 0.02 * width;
}

function ViewControls() {
  const t = words.value.runs;
  return (
    <div class="row wrap view-controls">
      <label class="check">
        {t.smoothing}
        <input
          type="range"
          min="0"
          max="0.999"
          step="0.001"
          value={Math.sqrt(smoothing.value)}
          aria-valuetext={smoothing.value.toFixed(3)}
          onInput={(event) => (smoothing.value = Math.min(0.999, event.currentTarget.valueAsNumber ** 2))}
        />
        <span class="number muted">{smoothing.value.toFixed(2)}</span>
      </label>
      <Check checked={logX.value} onChange={(checked) => (logX.value = checked)}>
        {t.logX}
      </Check>
      <Check checked={logY.value} onChange={(checked) => (logY.value = checked)}>
        {t.logY}
      </Check>
      <Check checked={follow.value} onChange={(checked) => (follow.value = checked)} hint={t.followHint}>
        {t.follow}
      </Check>
      {range.value && (
        <Button small onClick={() => (range.value = undefined)}>
          {t.wholeRange}
        </Button>
      )}
      <span class="muted tiny">{range.value ? t.panHint : t.zoomHint}</span>
    </div>
  );
}

const keysOf = (ids: readonly string[]): string[] => [
  ...new Set(ids.flatMap((id) => [...(logs.value.get(id)?.curves.keys() ?? [])])),
];

/** A figure goes by its own name, or by that behind a phase's: `policy.entropy` is `entropy` too. */
export const isFigure = (key: string, name: string): boolean => key === name || key.endsWith(`.${name}`);

const rank = (key: string): number => {
  const at = first.findIndex((name) => isFigure(key, name));
  return at < 0 ? first.length : at;
};

/** In words where there are some; a phase's name stays before it. */
function titleOf(key: string): string {
  const { figures, phases } = words.value;
  const [last = key, ...before] = key.split('.').reverse();
  const title = figures[key] ?? figures[last] ?? last.replaceAll(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  if (before.length === 0 || figures[key] !== undefined) return title;
  const phase = before.reverse().map((name) => phases[name] ?? name);
  // KL stays what it is.
  return `${phase.join(' ')} · ${title.replace(/^[A-Z](?=[a-z])/, (letter) => letter.toLowerCase())}`;
}
