import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { Button } from '../../components/basics.js';
import { Icon } from '../../components/icon.js';
import { words } from '../../i18n/index.js';
import type { LabelItem, Verdict } from './state.js';
import * as tiers from './tiers.js';

interface RankerProps {
  readonly item: LabelItem;
  readonly earlier: Verdict | undefined;
  readonly onJudge: (verdict: Verdict) => Promise<void>;
  readonly tools: ComponentChildren;
}

/** Where a dragged answer would go: into a tier, or into a new one before it. */
type Target = { readonly into: number } | { readonly before: number } | undefined;

/** Ranking by numbers, by dragging, or by the buttons of each answer. Answers that say the same tie, and are shown as one. */
export function Ranker({ item, earlier, onJudge, tools }: RankerProps) {
  const t = words.value.label;
  const { first, of } = tiers.different(item.answers.map(({ text }) => text));
  const [ranking, show] = useState(() =>
    earlier?.kind === 'ranking'
      ? tiers.rankingOf(first.map((answer) => earlier.ranks[answer]!))
      : tiers.unranked(first.length),
  );
  const [ties, showTies] = useState(false);
  // Keys come faster than the page is drawn: what counts is what they have made of it, not what is shown.
  const now = useRef({ ranking, ties });
  const setRanking = (next: tiers.Ranking): void => {
    now.current = { ranking: next, ties: false };
    show(next);
    showTies(false);
  };
  const [dragged, setDragged] = useState<number>();
  const [target, setTarget] = useState<Target>();
  const ranks = tiers.ranksOf(ranking);
  const submit = (): void => {
    const given = tiers.ranksOf(now.current.ranking);
    if (given !== undefined) void onJudge({ kind: 'ranking', ranks: of.map((shown) => given[shown]!) });
  };

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      const on = event.target instanceof HTMLElement ? event.target : undefined;
      if (/^(TEXTAREA|INPUT|SELECT)$/.test(on?.tagName ?? '') || event.ctrlKey || event.metaKey || event.altKey) return;
      const number = Number(event.key);
      if (number >= 1 && number <= first.length) {
        setRanking(tiers.press(now.current.ranking, number - 1, now.current.ties));
      } else if (event.key === '=') {
        now.current = { ...now.current, ties: true };
        showTies(true);
      } else if (event.key === 'Backspace') setRanking(tiers.back(now.current.ranking));
      // A button of the desk that has the focus is pressed by Enter itself; the tab that led here is not meant any more.
      else if (event.key === 'Enter' && !on?.closest('.desk button')) submit();
      else return;
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });

  const drop = (event: DragEvent): void => {
    event.preventDefault();
    if (dragged === undefined || target === undefined) return;
    setRanking(
      'into' in target ? tiers.tieWith(ranking, dragged, target.into) : tiers.insertAt(ranking, dragged, target.before),
    );
    setTarget(undefined);
    setDragged(undefined);
  };
  const over = (where: Target) => (event: DragEvent) => {
    event.preventDefault();
    event.stopPropagation();
    setTarget(where);
  };
  const card = (answer: number, place?: number) => (
    <AnswerCard
      key={answer}
      number={answer + 1}
      text={item.answers[first[answer]!]!.text}
      place={place}
      isFirst={place === 0}
      onMove={(direction) => setRanking(tiers.move(ranking, answer, direction))}
      onTie={() => setRanking(tiers.tieUp(ranking, answer))}
      onRemove={() => setRanking(tiers.remove(ranking, answer))}
      onDrag={(isDragged) => setDragged(isDragged ? answer : undefined)}
    />
  );
  const gap = (before: number) => (
    <li
      key={`gap ${before}`}
      class={`gap ${target !== undefined && 'before' in target && target.before === before ? 'over' : ''}`}
      onDragOver={over({ before })}
      onDrop={drop}
    />
  );
  return (
    <section class="stack" aria-label={t.answers}>
      <p class="muted small">
        {t.rankHint} {ties && <span class="badge accent">=</span>}
      </p>
      {ranking.pool.length > 0 && (
        <div class="stack">
          <h3>{t.pool}</h3>
          <div class="answer-pool">{ranking.pool.map((answer) => card(answer))}</div>
        </div>
      )}
      <h3>{t.ranked}</h3>
      <ol class={`tiers ${dragged === undefined ? '' : 'dragging'}`}>
        {ranking.tiers.length === 0 && (
          <li class={`gap first ${target === undefined ? '' : 'over'}`} onDragOver={over({ before: 0 })} onDrop={drop}>
            {t.dropHere}
          </li>
        )}
        {ranking.tiers.map((tier, place) => [
          gap(place),
          <li
            key={`tier ${tier[0]}`}
            class={`tier ${target !== undefined && 'into' in target && target.into === place ? 'over' : ''}`}
            aria-label={t.place(place + 1)}
            onDragOver={over({ into: place })}
            onDrop={drop}
          >
            <span class="tier-place number">
              {place + 1}
              <small>
                {place === 0 ? t.best : ranks !== undefined && place === ranking.tiers.length - 1 ? t.worst : ''}
              </small>
            </span>
            <div class="tier-answers">{tier.map((answer) => card(answer, place))}</div>
          </li>,
        ])}
        {ranking.tiers.length > 0 && gap(ranking.tiers.length)}
      </ol>
      <div class="row wrap">
        <Button kind="primary" disabled={ranks === undefined} onClick={submit}>
          {t.submit} <kbd>⏎</kbd>
        </Button>
        {tools}
      </div>
    </section>
  );
}

interface AnswerCardProps {
  readonly number: number;
  readonly text: string;
  /** Of a ranked answer. */
  readonly place: number | undefined;
  readonly isFirst: boolean;
  readonly onMove: (direction: -1 | 1) => void;
  readonly onTie: () => void;
  readonly onRemove: () => void;
  readonly onDrag: (isDragged: boolean) => void;
}

function AnswerCard({ number, text, place, isFirst, onMove, onTie, onRemove, onDrag }: AnswerCardProps) {
  const t = words.value.label;
  const named = (name: string): string => `${name}: ${t.answer(number)}`;
  return (
    <article
      class="card answer-card"
      aria-label={t.answer(number)}
      draggable
      onDragStart={(event) => {
        event.dataTransfer!.effectAllowed = 'move';
        event.dataTransfer!.setData('text/plain', String(number));
        onDrag(true);
      }}
      onDragEnd={() => onDrag(false)}
    >
      <span class="grip" aria-hidden="true">
        <Icon name="grip" />
      </span>
      <kbd>{number}</kbd>
      <div class="grow answer-text">{text === '' ? <i class="muted">∅</i> : text}</div>
      <div class="row answer-tools">
        {place !== undefined && (
          <Button small kind="plain" icon="rise" name={named(t.up)} disabled={isFirst} onClick={() => onMove(-1)} />
        )}
        <Button
          small
          kind="plain"
          icon={place === undefined ? 'plus' : 'sink'}
          name={named(place === undefined ? t.ranked : t.down)}
          onClick={() => onMove(1)}
        />
        {place !== undefined && (
          <>
            <Button small kind="plain" icon="tie" name={named(t.tie)} disabled={isFirst} onClick={onTie} />
            <Button small kind="plain" icon="close" name={named(t.unrank)} onClick={onRemove} />
          </>
        )}
      </div>
    </article>
  );
}
