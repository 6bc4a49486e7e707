import { useEffect, useState } from 'preact/hooks';
import type { FormSummary } from '../../../src/serving/studio/wire.js';
import { Button, Field, Select } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { get, send } from '../../lib/api.js';
import { chatModels, models, rewardModels } from '../../lib/models.js';
import { attempt, notify, report } from '../../lib/notices.js';
import { go } from '../../lib/router.js';
import { type SetProgress, refreshSets, setPath } from './state.js';

type Exported = Readonly<Record<'rankings' | 'demonstrations' | 'prompts' | 'heldOut', { path: string; rows: number }>>;

/** From judgements to a better model: each button fills in the form of a command with the set's files. */
export function TrainPanel({ set }: { readonly set: SetProgress }) {
  const t = words.value.label;
  const names = chatModels.value.map(({ id }) => id);
  const rewards = rewardModels.value.map(({ id }) => id);
  const [base, setBase] = useState<string>();
  const [reward, setReward] = useState<string>();
  const [newer, setNewer] = useState<string>();
  const [commands, setCommands] = useState<readonly string[]>([]);
  useEffect(() => {
    get<FormSummary[]>('/api/forms')
      .then((forms) => setCommands(forms.map(({ command }) => command)))
      .catch(report);
  }, []);
  const pathOf = (id: string): string => models.value?.find((each) => each.id === id)?.path ?? id;
  const model = base ?? names.at(-1) ?? '';
  const judge = reward ?? rewards[0] ?? '';
  const latest = newer ?? names.find((name) => name !== model) ?? '';

  const open = async (command: string, files: (exported: Exported) => Record<string, string>): Promise<void> => {
    const exported = await attempt(() => send<Exported>(setPath(set.id, '/export')));
    if (exported === undefined) return;
    const flags = Object.fromEntries(Object.entries(files(exported)).map(([flag, value]) => [`flag.${flag}`, value]));
    go(['runs', 'new'], { command, name: `${set.id}-${command}`, argument: [pathOf(model)], ...flags });
  };
  const withRankings = (command: string): void => {
    if (set.rankings < 2) notify('error', t.fewRankings);
    else void open(command, ({ rankings }) => ({ rankings: rankings.path }));
  };
  const compare = async (): Promise<void> => {
    if (latest === '' || latest === model) {
      notify('error', t.needTwo);
      return;
    }
    const name = t.comparison(set.name, `${model} · ${latest}`);
    const made = await attempt(() => send<SetProgress>(setPath(set.id, '/comparison'), { name }));
    if (made === undefined) return;
    const body = { models: [model, latest], count: 2 };
    for (let left = made.waiting; left > 0;) {
      const now = await attempt(() => send<SetProgress>(setPath(made.id, '/fill'), body));
      if (now === undefined) break;
      left = now.waiting;
    }
    await refreshSets();
    go(['label', made.id, 'rank']);
  };
  const choice = (label: string, value: string, options: readonly string[], set_: (value: string) => void) => (
    <Field label={label}>
      {options.length === 0 ? (
        <span class="muted small">{t.noReward}</span>
      ) : (
        <Select value={value} options={options} onChange={set_} />
      )}
    </Field>
  );
  return (
    <div class="train-steps">
      <section class="card stack">
        <h2>{t.rewardTitle}</h2>
        <p class="muted small">{t.rewardText}</p>
        {choice(t.base, model, names, setBase)}
        <div class="row wrap">
          <Button kind="primary" disabled={model === ''} onClick={() => withRankings('reward')}>
            {t.rewardButton}
          </Button>
        </div>
      </section>
      <section class="card stack">
        <h2>{t.policyTitle}</h2>
        <p class="muted small">{t.policyText}</p>
        {choice(t.reward, judge, rewards, setReward)}
        <div class="row wrap">
          <Button
            kind="primary"
            disabled={model === '' || judge === ''}
            onClick={() => void open('ppo', ({ prompts }) => ({ prompts: prompts.path, reward: pathOf(judge) }))}
          >
            {t.ppoButton}
          </Button>
          {commands.includes('dpo') && (
            <Button disabled={model === ''} onClick={() => withRankings('dpo')}>
              {t.dpoButton}
            </Button>
          )}
          <Button
            disabled={model === ''}
            onClick={() => {
              if (set.demonstrations === 0) notify('error', t.fewDemonstrations);
              else void open('sft', ({ demonstrations }) => ({ chats: demonstrations.path }));
            }}
          >
            {t.sftButton}
          </Button>
        </div>
      </section>
      <section class="card stack">
        <h2>{t.compareTitle}</h2>
        <p class="muted small">{t.compareText}</p>
        <div class="fields two">
          {choice(t.old, model, names, setBase)}
          {choice(
            t.new,
            latest,
            names.filter((name) => name !== model),
            setNewer,
          )}
        </div>
        <div>
          <Button kind="primary" disabled={model === ''} onClick={() => void compare()}>
            {t.compareButton}
          </Button>
        </div>
      </section>
    </div>
  );
}
