import { signal } from '@preact/signals';
import type { RunView } from '../../../src/serving/studio/wire.js';
import { Empty, LinkButton, PageHead, SearchBox } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { dateTime, formatCount, formatDuration, formatLoss, wholeNumber } from '../../lib/format.js';
import { link } from '../../lib/router.js';
import { runs, watch } from '../../lib/runs.js';
import { useEffect } from 'preact/hooks';
import { RunProgressBar, StatusBadge } from './status.js';

const chosen = signal<ReadonlySet<string>>(new Set());
const filter = signal('');

export function RunList() {
  useEffect(() => watch([]), []);
  const t = words.value.runs;
  const all = runs.value;
  const shown = all?.filter(({ id }) => id.toLowerCase().includes(filter.value.toLowerCase()));
  const compared = [...chosen.value].filter((id) => all?.some((run) => run.id === id && run.hasLog));
  return (
    <div class="page">
      <PageHead title={t.title} lead={t.lead}>
        {compared.length > 0 && (
          <LinkButton href={link(['runs', 'show'], { run: compared })} icon="columns">
            {t.compare(compared.length)}
          </LinkButton>
        )}
        <LinkButton kind="primary" href={link(['runs', 'new'])} icon="plus">
          {t.start}
        </LinkButton>
      </PageHead>
      {all !== undefined && all.length > 0 && (
        <div class="row wrap between">
          <SearchBox label={t.filter} value={filter.value} onInput={(text) => (filter.value = text)} narrow />
          <span class="muted small">{t.compareHint}</span>
        </div>
      )}
      {all === undefined && <p class="muted">{words.value.app.loading}</p>}
      {all?.length === 0 && (
        <Empty icon="runs" title={t.empty} text={t.emptyText}>
          <LinkButton kind="primary" icon="play" href={link(['runs', 'new'], { command: 'quickstart' })}>
            {t.quickstart}
          </LinkButton>
        </Empty>
      )}
      <ul class="run-list">{shown?.map((run) => <RunRow key={run.id} run={run} />)}</ul>
    </div>
  );
}

export function RunRow({ run }: { readonly run: RunView }) {
  const t = words.value.runs;
  const { id, state, progress, launch } = run;
  const toggle = (checked: boolean): void => {
    const next = new Set(chosen.value);
    if (checked) next.add(id);
    else next.delete(id);
    chosen.value = next;
  };
  const when = state?.updated ?? launch?.startedAt;
  const step = progress?.step ?? state?.step;
  return (
    <li class="card run-row">
      <input
        type="checkbox"
        aria-label={t.select(id)}
        disabled={!run.hasLog}
        checked={chosen.value.has(id)}
        onChange={(event) => toggle(event.currentTarget.checked)}
      />
      <div class="run-name">
        <a href={link(['runs', 'show'], { run: id })}>{id}</a>
        <div class="muted tiny number">
          {launch === undefined ? '' : `${launch.words[0]} · `}
          {when && dateTime(when)}
        </div>
      </div>
      <StatusBadge run={run} />
      <div class="run-progress">
        <RunProgressBar run={run} />
        <div class="muted tiny number">
          {step !== undefined && state !== undefined && `${wholeNumber(step)} / ${wholeNumber(state.steps)}`}
          {progress?.secondsLeft !== undefined && ` · ${t.left.toLowerCase()} ${formatDuration(progress.secondsLeft)}`}
        </div>
      </div>
      <dl class="run-figures number">
        <div>
          <dt>{t.loss}</dt>
          <dd>{progress?.loss === undefined ? '–' : formatLoss(progress.loss)}</dd>
        </div>
        <div>
          <dt>{t.rate}</dt>
          <dd>{progress?.rate === undefined ? '–' : `${formatCount(progress.rate)}/s`}</dd>
        </div>
        <div>
          <dt>{t.time}</dt>
          <dd>{state === undefined ? '–' : formatDuration(progress?.seconds ?? state.seconds)}</dd>
        </div>
      </dl>
    </li>
  );
}
