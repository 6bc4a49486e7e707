import { useEffect, useState } from 'preact/hooks';
import { Button, Dialog, Empty, Field, PageHead, Progress, Tabs } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { send } from '../../lib/api.js';
import { attempt } from '../../lib/notices.js';
import { labeler } from '../../lib/preferences.js';
import { go, link, place } from '../../lib/router.js';
import { watch } from '../../lib/runs.js';
import { DataPanel } from './data.js';
import { Desk } from './desk.js';
import { TrainPanel } from './train.js';
import { type SetProgress, refreshSets, sets } from './state.js';

/** `#/label`, `#/label/<set>/<tab>` */
export function LabelPage() {
  const { path } = place.value;
  useEffect(() => {
    watch([]);
    void refreshSets();
  }, []);
  const set = sets.value?.find(({ id }) => id === path[1]);
  if (sets.value === undefined) return <p class="muted">{words.value.app.loading}</p>;
  return set ? <SetPage key={set.id} set={set} tab={path[2]} /> : <SetList />;
}

function SetList() {
  const t = words.value.label;
  const [isCreating, setCreating] = useState(false);
  return (
    <div class="page">
      <PageHead title={t.title} lead={t.lead}>
        <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
          {t.newSet}
        </Button>
      </PageHead>
      {sets.value!.length === 0 && (
        <Empty icon="label" title={t.empty} text={t.emptyText}>
          <Button kind="primary" icon="plus" onClick={() => setCreating(true)}>
            {t.newSet}
          </Button>
        </Empty>
      )}
      <ul class="set-list">
        {sets.value!.map((set) => (
          <li key={set.id}>
            <a class="card stack" href={link(['label', set.id])}>
              <h2>{set.name}</h2>
              <Progress share={set.items === 0 ? 0 : set.done / set.items} label={t.progress(set.done, set.items)} />
              <div class="row wrap between muted small number">
                <span>{t.progress(set.done, set.items)}</span>
                <span>{t.rankings(set.rankings)}</span>
              </div>
            </a>
          </li>
        ))}
      </ul>
      {isCreating && <NewSet onClose={() => setCreating(false)} />}
    </div>
  );
}

function NewSet({ onClose }: { readonly onClose: () => void }) {
  const t = words.value.label;
  const create = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    const made = await attempt(() =>
      send<SetProgress>('/api/labels', {
        name: form.get('name'),
        guidelines: form.get('guidelines'),
        overlap: Number(form.get('overlap')),
        heldOut: Number(form.get('heldOut')),
      }),
    );
    if (made === undefined) return;
    await refreshSets();
    onClose();
    go(['label', made.id, 'data']);
  };
  return (
    <Dialog title={t.newSet} onClose={onClose}>
      <form class="stack" onSubmit={create}>
        <Field label={t.setName}>
          <input class="input" name="name" required maxLength={120} />
        </Field>
        <Field label={t.guidelines} hint={t.guidelinesHint}>
          <textarea class="area" name="guidelines" rows={5} />
        </Field>
        <div class="fields two">
          <Field label={t.overlap} hint={t.overlapHint}>
            <input class="input number" name="overlap" type="number" min={1} max={20} defaultValue="1" required />
          </Field>
          <Field label={t.heldOut} hint={t.heldOutHint}>
            <input
              class="input number"
              name="heldOut"
              type="number"
              min={0}
              max={1}
              step={0.05}
              defaultValue="0.1"
              required
            />
          </Field>
        </div>
        <div class="row">
          <button class="button primary" type="submit">
            {t.create}
          </button>
        </div>
      </form>
    </Dialog>
  );
}

const tabNames = ['rank', 'data', 'train'] as const;
type TabName = (typeof tabNames)[number];

function SetPage({ set, tab }: { readonly set: SetProgress; readonly tab: string | undefined }) {
  const t = words.value.label;
  const selected = tabNames.find((name) => name === tab) ?? (set.items === 0 ? 'data' : 'rank');
  const tabs: [TabName, string][] = [
    ['rank', t.rank],
    ['data', t.data],
    ['train', t.train],
  ];
  return (
    <div class="page">
      <PageHead title={set.name} back={{ href: link(['label']), text: t.back }} lead={<SetFacts set={set} />} />
      <Tabs label={set.name} tabs={tabs} selected={selected} onSelect={(name) => go(['label', set.id, name])} />
      {selected === 'rank' && (labeler.value === '' ? <WhoAreYou /> : <Desk set={set} />)}
      {selected === 'data' && <DataPanel set={set} />}
      {selected === 'train' && <TrainPanel set={set} />}
    </div>
  );
}

function SetFacts({ set }: { readonly set: SetProgress }) {
  const t = words.value.label;
  const agreement = set.agreement === undefined ? undefined : set.agreement.toFixed(2);
  return (
    <span class="row wrap small number">
      <span>{t.progress(set.done, set.items)}</span>·<span>{t.rankings(set.rankings)}</span>·
      <span>{t.demonstrations(set.demonstrations)}</span>
      {agreement !== undefined && (
        <>
          ·
          <span title={t.agreementHint}>
            {t.agreement} α = {agreement}
          </span>
        </>
      )}
    </span>
  );
}

function WhoAreYou() {
  const t = words.value.label;
  const begin = (event: SubmitEvent): void => {
    event.preventDefault();
    labeler.value = (new FormData(event.currentTarget as HTMLFormElement).get('name') as string).trim();
  };
  return (
    <form class="card stack who" onSubmit={begin}>
      <h2>{t.needName}</h2>
      <p class="muted">{t.needNameText}</p>
      <div class="row">
        <input class="input" name="name" aria-label={words.value.app.you} required maxLength={80} />
        <button class="button primary" type="submit">
          {t.begin}
        </button>
      </div>
    </form>
  );
}
