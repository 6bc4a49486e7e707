import { useRef, useState } from 'preact/hooks';
import { Button, Field, Progress, Select } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { download, get, send } from '../../lib/api.js';
import { chatModels } from '../../lib/models.js';
import { attempt, notify } from '../../lib/notices.js';
import { StandingsTable } from '../chat/arena.js';
import { readPrompts } from './prompts.js';
import { type SetProgress, setPath, take } from './state.js';

/** Where a set's prompts and answers come from, how it stands, and where it goes. */
export function DataPanel({ set }: { readonly set: SetProgress }) {
  return (
    <div class="columns">
      <div class="stack">
        <AddPrompts set={set} />
        <SampleAnswers set={set} />
      </div>
      <div class="stack">
        <Standing set={set} />
        <Guidelines set={set} />
        <Export set={set} />
      </div>
    </div>
  );
}

const refresh = async ({ id }: SetProgress): Promise<void> => take(await get<SetProgress>(setPath(id)));

function AddPrompts({ set }: { readonly set: SetProgress }) {
  const t = words.value.label;
  const [text, setText] = useState('');
  const [kind, setKind] = useState<'waiting' | 'demonstration'>('waiting');
  const add = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const { prompts, bad } = readPrompts(text);
    if (bad !== undefined) {
      notify('error', t.badLine(bad));
      return;
    }
    if (prompts.length === 0) return;
    const done = await attempt(() => send<{ added: number }>(setPath(set.id, '/items'), { kind, prompts }));
    if (done === undefined) return;
    setText('');
    notify('done', t.added(done.added));
    await attempt(() => refresh(set));
  };
  return (
    <form class="card stack" onSubmit={add}>
      <h2>{t.addPrompts}</h2>
      <Field label={t.prompts} hint={t.promptsHint}>
        <textarea class="area" rows={6} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </Field>
      <div class="row wrap">
        <Select
          narrow
          label={t.addPrompts}
          value={kind}
          options={[
            ['waiting', t.forRanking],
            ['demonstration', t.forWriting],
          ]}
          onChange={setKind}
        />
        <button class="button primary" type="submit" disabled={text.trim() === ''}>
          {t.add}
        </button>
      </div>
    </form>
  );
}

function SampleAnswers({ set }: { readonly set: SetProgress }) {
  const t = words.value.label;
  const names = chatModels.value.map(({ id }) => id);
  const [models, setModels] = useState<readonly string[]>([]);
  const [count, setCount] = useState(4);
  const [temperature, setTemperature] = useState(1);
  const [maxTokens, setMaxTokens] = useState(64);
  const [total, setTotal] = useState<number>();
  const stopped = useRef<AbortController | undefined>(undefined);
  const chosen = models.length > 0 ? models : names.slice(0, 1);
  const sample = async (): Promise<void> => {
    const controller = new AbortController();
    stopped.current = controller;
    setTotal(set.waiting);
    const body = { models: chosen, count: Math.max(count, chosen.length), temperature, maxTokens };
    for (let left = set.waiting; left > 0 && !controller.signal.aborted;) {
      const now = await attempt(() => send<SetProgress>(setPath(set.id, '/fill'), body, { signal: controller.signal }));
      if (now === undefined) break;
      take(now);
      left = now.waiting;
    }
    setTotal(undefined);
  };
  return (
    <section class="card stack">
      <h2>{t.sample}</h2>
      <p class="muted small">{set.waiting === 0 ? t.noWaiting : t.sampleText(set.waiting)}</p>
      {total !== undefined && <Progress share={1 - set.waiting / total} label={t.sampling(set.waiting)} />}
      <fieldset class="stack" disabled={total !== undefined}>
        <div class="field">
          <span class="label">{t.sampleModels}</span>
          <div class="chips">
            {names.map((name) => (
              <Button
                key={name}
                small
                aria-pressed={chosen.includes(name)}
                onClick={() =>
                  setModels(chosen.includes(name) ? chosen.filter((each) => each !== name) : [...chosen, name])
                }
              >
                {name}
              </Button>
            ))}
            {names.length === 0 && <span class="muted small">{words.value.chat.empty}</span>}
          </div>
        </div>
        <div class="fields three">
          <Field label={t.sampleCount}>
            <Select
              value={String(count)}
              options={['2', '3', '4', '5', '6', '7', '8', '9']}
              onChange={(text) => setCount(Number(text))}
            />
          </Field>
          <Field label={words.value.chat.temperature}>
            <input
              class="input number"
              type="number"
              min={0}
              max={5}
              step={0.1}
              value={temperature}
              onChange={(event) => setTemperature(event.currentTarget.valueAsNumber)}
            />
          </Field>
          <Field label={words.value.chat.maxTokens}>
            <input
              class="input number"
              type="number"
              min={1}
              value={maxTokens}
              onChange={(event) => setMaxTokens(event.currentTarget.valueAsNumber)}
            />
          </Field>
        </div>
      </fieldset>
      <div class="row">
        {total === undefined ? (
          <Button kind="primary" disabled={set.waiting === 0 || chosen.length === 0} onClick={() => void sample()}>
            {t.sample}
          </Button>
        ) : (
          <Button icon="stop" onClick={() => stopped.current?.abort()}>
            {words.value.chat.stop}
          </Button>
        )}
      </div>
    </section>
  );
}

function Standing({ set }: { readonly set: SetProgress }) {
  const t = words.value.label;
  return (
    <section class="card stack">
      <h2>{set.name}</h2>
      <Progress share={set.items === 0 ? 0 : set.done / set.items} label={t.progress(set.done, set.items)} />
      <dl class="facts number">
        <dt>{t.items(set.items)}</dt>
        <dd>{t.progress(set.done, set.items)}</dd>
        <dt>{t.overlap}</dt>
        <dd>{set.overlap}</dd>
        <dt title={t.agreementHint}>{t.agreement}</dt>
        <dd>
          {set.agreement === undefined ? (
            <span class="muted">{t.agreementNone}</span>
          ) : (
            `α = ${set.agreement.toFixed(3)} (${t.items(set.sharedItems)})`
          )}
        </dd>
        {set.labelers.map(({ name, judgements }) => (
          <>
            <dt key={name}>{name}</dt>
            <dd>{judgements}</dd>
          </>
        ))}
      </dl>
      {set.models.length > 0 && (
        <>
          <h3>{t.models}</h3>
          <StandingsTable table={set.models} />
        </>
      )}
    </section>
  );
}

function Guidelines({ set }: { readonly set: SetProgress }) {
  const t = words.value.label;
  const [text, setText] = useState(set.guidelines);
  const save = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    await attempt(() => send(setPath(set.id), { guidelines: text }, { method: 'PATCH' }));
    await attempt(() => refresh(set));
  };
  return (
    <form class="card stack" onSubmit={save}>
      <Field label={t.guidelines} hint={t.guidelinesHint}>
        <textarea class="area" rows={5} value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </Field>
      <div>
        <button class="button" type="submit" disabled={text === set.guidelines}>
          {words.value.images.save}
        </button>
      </div>
    </form>
  );
}

function Export({ set }: { readonly set: SetProgress }) {
  const t = words.value.label;
  const files = {
    rankings: t.exportRankings,
    demonstrations: t.exportDemonstrations,
    prompts: t.exportPrompts,
    heldOut: t.exportHeldOut,
  };
  return (
    <section class="card stack">
      <h2>{t.export}</h2>
      <p class="muted small">{t.exportHint}</p>
      <div class="chips">
        {Object.entries(files).map(([name, text]) => (
          <Button
            key={name}
            small
            icon="download"
            onClick={() =>
              void attempt(() => download(setPath(set.id, `/export/${name}.jsonl`), {}, `${set.id}-${name}.jsonl`))
            }
          >
            {text}
          </Button>
        ))}
      </div>
    </section>
  );
}
