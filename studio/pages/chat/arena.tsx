import { signal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { Standing } from '../../../src/serving/studio/labels/standings.js';
import { Button } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { get, send } from '../../lib/api.js';
import { chatModels } from '../../lib/models.js';
import { attempt, notify, report } from '../../lib/notices.js';
import { observe } from '../../lib/observe.js';
import { labeler } from '../../lib/preferences.js';
import { clear, columns, isWriting, messagesTo, revision } from './state.js';
import { type Turn, pathOf } from './tree.js';

/** Blind comparison: two models of chance, a choice, and then their names. */

export const isArena = signal(false);
/** Whether the names are shown: after the vote. */
export const isRevealed = signal(false);
const standings = signal<readonly Standing[]>([]);

type Winner = 'first' | 'second' | 'tie' | 'neither';

/** @returns false where there are no two models */
export function nextRound(): boolean {
  const names = chatModels.value.map(({ id }) => id);
  if (names.length < 2) return false;
  const first = names.splice(Math.floor(Math.random() * names.length), 1)[0]!;
  const second = names[Math.floor(Math.random() * names.length)]!;
  isRevealed.value = false;
  clear([first, second]);
  return true;
}

export function ArenaBar() {
  const t = words.value.chat;
  observe(revision);
  const ends = columns.value.map(({ root }) => pathOf(root).at(-1));
  const canVote = !isWriting.value && ends.length === 2 && ends.every((turn) => turn?.made?.state === 'done');
  const choices: [Winner, string][] = [
    ['first', t.first],
    ['tie', t.tie],
    ['neither', t.neither],
    ['second', t.second],
  ];
  useEffect(() => {
    const vote = (event: KeyboardEvent): void => {
      const isTyping = event.target instanceof HTMLElement && /^(TEXTAREA|INPUT|SELECT)$/.test(event.target.tagName);
      const choice = choices[Number(event.key) - 1];
      if (!isTyping && choice && canVote && !isRevealed.value) void castVote(choice[0], ends as Turn[]);
    };
    addEventListener('keydown', vote);
    return () => removeEventListener('keydown', vote);
  });
  if (isRevealed.value) {
    return (
      <div class="row wrap arena-bar">
        <Button kind="primary" icon="arena" onClick={nextRound}>
          {t.round}
        </Button>
      </div>
    );
  }
  return (
    <div class="row wrap arena-bar">
      {choices.map(([winner, text], index) => (
        <Button key={winner} disabled={!canVote} onClick={() => void castVote(winner, ends as Turn[])}>
          {text} <kbd>{index + 1}</kbd>
        </Button>
      ))}
    </div>
  );
}

async function castVote(winner: Winner, ends: readonly Turn[]): Promise<void> {
  if (labeler.value === '') {
    notify('error', words.value.chat.needName);
    return;
  }
  const column = columns.value[0]!;
  const question = pathOf(column.root).at(-2)!;
  const vote = {
    labeler: labeler.value,
    messages: messagesTo(column, question).map(({ role, content }) => ({ role, content })),
    answers: ends.map(({ text, made }) => ({
      text,
      model: made!.model,
      seed: made!.seed,
      temperature: made!.temperature,
    })),
    winner,
  };
  const table = await attempt(() => send<Standing[]>('/api/arena', vote));
  if (table === undefined) return;
  standings.value = table;
  isRevealed.value = true;
}

export function Standings() {
  const t = words.value.chat;
  useEffect(() => {
    get<Standing[]>('/api/arena')
      .then((table) => (standings.value = table))
      .catch(report);
  }, []);
  return (
    <section class="card stack">
      <h2>{t.standings}</h2>
      {standings.value.length === 0 ? (
        <p class="muted small">{t.noVotes}</p>
      ) : (
        <StandingsTable table={standings.value} />
      )}
    </section>
  );
}

export function StandingsTable({ table }: { readonly table: readonly Standing[] }) {
  const t = words.value.chat;
  return (
    <table>
      <thead>
        <tr>
          <th>{t.model}</th>
          <th>{t.rating}</th>
          <th>{t.record}</th>
        </tr>
      </thead>
      <tbody>
        {table.map(({ model, rating, wins, losses, ties }) => (
          <tr key={model}>
            <td class="breakable">{model}</td>
            <td class="number">{rating.toFixed(0)}</td>
            <td class="number muted">
              {wins} · {losses} · {ties}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}
