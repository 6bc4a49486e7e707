import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, Empty } from '../../components/basics.js';
import { Markdown } from '../../components/markdown.js';
import { words } from '../../i18n/index.js';
import { get, send } from '../../lib/api.js';
import { attempt, notify } from '../../lib/notices.js';
import { labeler } from '../../lib/preferences.js';
import { Demonstration } from './demonstration.js';
import { Ranker } from './ranker.js';
import { type LabelItem, type SetProgress, type Verdict, setPath, take } from './state.js';

/** One item after the other, as the queue gives them. */
export function Desk({ set }: { readonly set: SetProgress }) {
  const t = words.value.label;
  const [item, setItem] = useState<LabelItem | null>();
  const [earlier, setEarlier] = useState<Verdict>();
  const me = { labeler: labeler.value };

  const next = async (): Promise<void> => {
    const given = await attempt(() => send<LabelItem | null>(setPath(set.id, '/next'), me));
    if (given === undefined) return;
    setEarlier(undefined);
    setItem(given);
  };
  const refresh = async (): Promise<void> => {
    const progress = await attempt(() => get<SetProgress>(setPath(set.id)));
    if (progress !== undefined) take(progress);
  };
  // A key that is pressed twice must not judge twice, nor the next item by what was meant for the last.
  const isBusy = useRef(false);
  const judged = useRef<number | undefined>(undefined);
  const judge = async ({ id }: LabelItem, verdict: Verdict): Promise<void> => {
    if (isBusy.current || judged.current === id) return;
    isBusy.current = true;
    const kept = await attempt(() => send(setPath(set.id, `/items/${id}`), { ...me, verdict }));
    if (kept !== undefined) {
      judged.current = id;
      await Promise.all([next(), refresh()]);
    }
    isBusy.current = false;
  };
  const undo = async (): Promise<void> => {
    const undone = await attempt(() =>
      send<{ item: LabelItem; verdict: Verdict } | null>(setPath(set.id, '/undo'), me),
    );
    if (undone === null) notify('error', t.nothingToUndo);
    if (!undone) return;
    judged.current = undefined;
    setEarlier(undone.verdict);
    setItem(undone.item);
    notify('done', t.undone);
    await refresh();
  };
  useEffect(() => void next(), [set.id, labeler.value]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof HTMLElement && /^(TEXTAREA|INPUT|SELECT)$/.test(event.target.tagName);
      if (isTyping || event.altKey || event.ctrlKey || event.metaKey) return;
      const key = event.key.toLowerCase();
      if (key === 'u') void undo();
      if (!item) return;
      if (key === 's') void judge(item, { kind: 'skip' });
      if (key === 'c') void judge(item, { kind: 'unsure' });
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });

  if (item === undefined) return <p class="muted">{words.value.app.loading}</p>;
  const tools = (
    <>
      {item && (
        <>
          <Button kind="plain" onClick={() => void judge(item, { kind: 'skip' })}>
            {t.skip} <kbd>S</kbd>
          </Button>
          <Button kind="plain" onClick={() => void judge(item, { kind: 'unsure' })}>
            {t.unsure} <kbd>C</kbd>
          </Button>
        </>
      )}
      <Button kind="plain" icon="undo" onClick={() => void undo()}>
        {t.undo} <kbd>U</kbd>
      </Button>
    </>
  );
  if (item === null) {
    return (
      <Empty icon="check" title={t.deskEmpty} text={t.deskEmptyText}>
        <div class="row">{tools}</div>
      </Empty>
    );
  }
  return (
    <div class="desk">
      <div class="stack wide">
        <section class="card stack">
          <h2>{t.prompt}</h2>
          {item.messages.map(({ role, content }, index) => (
            <div key={index} class={`turn ${role}`}>
              <span class="muted tiny">{t.speakers[role]}</span>
              <div>{content}</div>
            </div>
          ))}
        </section>
        {item.kind === 'demonstration' ? (
          <Demonstration key={item.id} earlier={earlier} onJudge={(verdict) => judge(item, verdict)} tools={tools} />
        ) : (
          <Ranker
            key={`${item.id} ${earlier?.kind}`}
            item={item}
            earlier={earlier}
            onJudge={(verdict) => judge(item, verdict)}
            tools={tools}
          />
        )}
      </div>
      <aside class="card guidelines">
        <h2>{t.guidelines}</h2>
        {set.guidelines.trim() === '' ? (
          <p class="muted small">{t.noGuidelines}</p>
        ) : (
          <Markdown text={set.guidelines} />
        )}
      </aside>
    </div>
  );
}
