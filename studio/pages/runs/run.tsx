import { useEffect, useState } from 'preact/hooks';
import { Button, LinkButton, PageHead, Tabs } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { get, send } from '../../lib/api.js';
import { formatCount, formatDuration, formatLoss, wholeNumber } from '../../lib/format.js';
import { attempt, notify, report } from '../../lib/notices.js';
import { link } from '../../lib/router.js';
import { isRunning, logs, runs, watch } from '../../lib/runs.js';
import { Curves } from './curves.js';
import { RunRow } from './list.js';
import { Output } from './output.js';
import { PracticePanel, isPractice } from './practice.js';
import type { RunDetails } from './run-details.js';
import { Samples } from './samples.js';
import { SettingsPanel } from './settings.js';
import { RunProgressBar, StatusBadge } from './status.js';

type TabName = 'curves' | 'practice' | 'samples' | 'settings' | 'output';

/** One run, or several laid over each other. */
export function RunPage({ ids }: { readonly ids: readonly string[] }) {
  const t = words.value.runs;
  const [tab, setTab] = useState<TabName>();
  const [details, setDetails] = useState<readonly RunDetails[]>([]);
  const listed = runs.value?.filter(({ id }) => ids.includes(id));
  // Settings come with the first step.
  const known = listed?.map(({ hasLog, launch }) => `${hasLog} ${launch?.startedAt}`).join('\n');
  useEffect(() => {
    watch(listed?.filter(({ hasLog }) => hasLog).map(({ id }) => id) ?? []);
    Promise.all(ids.map((id) => get<RunDetails>('/api/run', { id })))
      .then(setDetails)
      .catch(report);
  }, [known]);

  const live = details.map((run) => ({ ...run, ...listed?.find(({ id }) => id === run.id) }));
  const [first] = live;
  const isSingle = ids.length === 1;
  const shown = ids.map((id) => ({ id, log: logs.value.get(id) }));
  const practice = shown.some(({ log }) => log !== undefined && isPractice(log));
  const tabs: [TabName, string][] = [
    ['curves', t.curves],
    ...(practice ? [['practice', t.practice] as [TabName, string]] : []),
    ['samples', t.samples],
    ['settings', isSingle ? t.settings : t.differences],
    ...(first?.launch ? [['output', t.output] as [TabName, string]] : []),
  ];
  const selected = tab ?? (first?.launch && !first.hasLog ? 'output' : 'curves');
  return (
    <div class="page">
      <PageHead
        title={isSingle ? ids[0] : t.compare(ids.length)}
        back={{ href: link(['runs']), text: t.title }}
        lead={isSingle && first && <StatusBadge run={first} />}
      >
        {isSingle && first && <Actions run={first} />}
      </PageHead>
      {isSingle && first && <Figures run={{ ...first, progress: shown[0]?.log?.progress ?? first.progress }} />}
      <Warnings ids={ids} />
      {isSingle && <Parts of={ids[0]!} />}
      <Tabs label={t.title} tabs={tabs} selected={selected} onSelect={setTab} />
      {selected === 'curves' && <Curves ids={ids} hidden={practice ? isPractice.keys : []} />}
      {selected === 'practice' && <PracticePanel ids={ids} />}
      {selected === 'samples' && ids.map((id) => <Samples key={id} id={id} named={!isSingle} />)}
      {selected === 'settings' && <SettingsPanel runs={live} />}
      {selected === 'output' && first && <Output id={first.id} isRunning={isRunning(first)} />}
    </div>
  );
}

function Actions({ run }: { readonly run: RunDetails }) {
  const t = words.value.runs;
  const [isStopping, setStopping] = useState(false);
  const running = isRunning(run);
  useEffect(() => setStopping(false), [running]);
  const query = { id: run.id };
  const stop = async (): Promise<void> => {
    setStopping(true);
    if (await attempt(() => send('/api/run/stop', {}, { query }))) notify('done', t.stopping);
    else setStopping(false);
  };
  const resume = async (): Promise<void> => {
    if (await attempt(() => send('/api/run/resume', {}, { query }))) notify('done', t.resumed);
  };
  const isUnfinished =
    !running && run.launch !== undefined && run.launch.exitCode !== 0 && run.state?.status !== 'finished';
  const canDraw = run.config !== null && typeof run.config === 'object' && 'pixels' in run.config;
  return (
    <>
      {running && (
        <Button kind="danger" icon="stop" disabled={isStopping} title={t.stopHint} onClick={stop}>
          {t.stop}
        </Button>
      )}
      {isUnfinished && (
        <Button kind="primary" icon="play" onClick={resume}>
          {t.resume}
        </Button>
      )}
      {(run.hasReport || (run.hasModel && !canDraw)) && (
        <Button icon="runs" onClick={() => void openReport(run.id)}>
          {t.report}
        </Button>
      )}
      {run.launch && (
        <LinkButton icon="copy" href={link(['runs', 'new'], { like: run.id })}>
          {t.again}
        </LinkButton>
      )}
      {run.hasModel && (
        <LinkButton
          kind={running ? undefined : 'primary'}
          icon={canDraw ? 'images' : 'chat'}
          href={link([canDraw ? 'images' : 'chat'], { model: run.id })}
        >
          {canDraw ? t.draw : t.talk}
        </LinkButton>
      )}
    </>
  );
}

/** In a window of its own: the report is a page of its own, whose scripts this page does not allow to itself. */
async function openReport(id: string): Promise<void> {
  // Before waiting, or the browser takes the window for unasked.
  const opened = window.open('about:blank');
  const report = await attempt(() => send<{ readonly address: string }>('/api/run/report', {}, { query: { id } }));
  if (report === undefined) opened?.close();
  else if (opened) opened.location.href = report.address;
}

function Figures({ run }: { readonly run: RunDetails }) {
  const t = words.value.runs;
  const { progress, state } = run;
  if (state === undefined) return null;
  const figures: [string, string][] = [
    [t.step, `${wholeNumber(progress?.step ?? state.step)} / ${wholeNumber(state.steps)}`],
    [t.loss, progress?.loss === undefined ? '–' : formatLoss(progress.loss)],
    [t.rate, progress?.rate === undefined ? '–' : `${formatCount(progress.rate)}/s`],
    progress?.secondsLeft === undefined
      ? [t.time, formatDuration(progress?.seconds ?? state.seconds)]
      : [t.left, formatDuration(progress.secondsLeft)],
    ...(state.best ? [[t.best, `${formatLoss(state.best.value)} (${wholeNumber(state.best.step)})`] as [string, string]] : []),
  ];
  return (
    <div class="card stack">
      <RunProgressBar run={run} />
      <dl class="headline number">
        {figures.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
    </div>
  );
}

/** Runs that a recipe or a quickstart is made of. */
function Parts({ of }: { readonly of: string }) {
  const parts = runs.value?.filter(({ id }) => id.startsWith(`${of}/`)) ?? [];
  if (parts.length === 0) return null;
  return (
    <ul class="run-list">
      {parts.map((run) => (
        <RunRow key={run.id} run={run} />
      ))}
    </ul>
  );
}

function Warnings({ ids }: { readonly ids: readonly string[] }) {
  const warnings = ids.flatMap((id) => logs.value.get(id)?.warnings ?? []);
  if (warnings.length === 0) return null;
  return (
    <ul class="card warnings" aria-label={words.value.runs.warnings}>
      {warnings.slice(-5).map(({ step, text }) => (
        <li key={`${step} ${text}`}>
          <span class="number muted">{wholeNumber(step)}</span> {text}
        </li>
      ))}
    </ul>
  );
}
