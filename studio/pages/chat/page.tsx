import { useEffect, useRef, useState } from 'preact/hooks';
import { Button, Empty, PageHead, Select } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { chatModels, languageModels, models } from '../../lib/models.js';
import { notify } from '../../lib/notices.js';
import { observe } from '../../lib/observe.js';
import { place } from '../../lib/router.js';
import { watch } from '../../lib/runs.js';
import { ArenaBar, Standings, isArena, isRevealed, nextRound } from './arena.js';
import { Composer } from './composer.js';
import { exportJson, exportMarkdown, exportRows } from './export.js';
import { Message } from './message.js';
import { SamplingPanel } from './options.js';
import { type Column, MOST_COLUMNS, addColumn, clear, columns, removeColumn, revision, setModel } from './state.js';
import { pathOf } from './tree.js';

/** The model that an empty chat was given, because nobody had chosen one. */
let offered: string | undefined;

/** Whether nobody has chosen a model or said anything: then a better model that was just finished takes the place. */
const isUntouched = (): boolean => {
  const [first, ...others] = columns.value;
  return first === undefined || (others.length === 0 && first.model === offered && first.root.children.length === 0);
};

export function ChatPage() {
  const t = words.value.chat;
  const [showsOptions, setShowsOptions] = useState(false);
  const wanted = place.value.query.getAll('model').join('\n');
  const available = languageModels.value;
  const best = available[0]?.id;
  useEffect(() => watch([]), []);
  useEffect(() => {
    const asked = wanted.split('\n').filter((id) => available.some((model) => model.id === id));
    if (asked.length > 0) clear(asked);
    else if (best !== undefined && isUntouched()) clear([(offered = best)]);
  }, [wanted, best]);

  if (models.value === undefined) return <p class="muted">{words.value.app.loading}</p>;
  if (available.length === 0) {
    return (
      <div class="page">
        <PageHead title={t.title} />
        <Empty icon="chat" title={t.empty} text={t.emptyText} />
      </div>
    );
  }
  const toggleArena = (): void => {
    if (isArena.value) {
      isArena.value = false;
      clear([columns.value[0]!.model]);
    } else if (nextRound()) isArena.value = true;
    else notify('error', t.arenaNeeds);
  };
  const isBlind = isArena.value && !isRevealed.value;
  return (
    <div class="page chat-page">
      <PageHead title={t.title}>
        <Button icon="arena" aria-pressed={isArena.value} title={t.arenaHint} onClick={toggleArena}>
          {t.arena}
        </Button>
        <Button icon="settings" aria-pressed={showsOptions} onClick={() => setShowsOptions(!showsOptions)}>
          {t.settings}
        </Button>
        <ExportMenu />
        <Button icon="plus" onClick={() => (isArena.value ? nextRound() : clear())}>
          {t.clear}
        </Button>
      </PageHead>
      <div class={`chat ${showsOptions || isArena.value ? 'with-side' : ''}`}>
        <div class="chat-main">
          <div class="chat-columns" style={{ '--columns': columns.value.length }}>
            {columns.value.map((column, index) => (
              <ChatColumn key={column.id} column={column} letter={isBlind ? 'AB'[index] : undefined} />
            ))}
          </div>
          {isArena.value && <ArenaBar />}
          <Composer disabled={isArena.value && isRevealed.value} />
        </div>
        {(showsOptions || isArena.value) && (
          <aside class="stack chat-side">
            {showsOptions && <SamplingPanel />}
            {isArena.value && <Standings />}
          </aside>
        )}
      </div>
    </div>
  );
}

function ChatColumn({ column, letter }: { readonly column: Column; readonly letter: string | undefined }) {
  const t = words.value.chat;
  observe(revision);
  const path = pathOf(column.root);
  const list = useRef<HTMLDivElement>(null);
  const sticks = useRef(true);
  // It follows what is written, unless one has scrolled back.
  useEffect(() => {
    const shown = list.current!;
    if (sticks.current) shown.scrollTop = shown.scrollHeight;
  });
  const others = chatModels.value.filter(({ id }) => !columns.value.some((each) => each.model === id));
  const canAdd = columns.value.length < MOST_COLUMNS && column === columns.value.at(-1) && !isArena.value;
  return (
    <section class="chat-column card flush" aria-label={letter === undefined ? column.model : t.nameless(letter)}>
      <header class="row">
        {letter !== undefined || isArena.value ? (
          <h2 class="grow breakable">{letter === undefined ? column.model : t.nameless(letter)}</h2>
        ) : (
          <div class="grow">
            <Select
              label={t.model}
              value={column.model}
              options={languageModels.value.map(({ id }) => id)}
              onChange={(model) => setModel(column, model)}
            />
          </div>
        )}
        {columns.value.length > 1 && !isArena.value && (
          <Button small kind="plain" icon="close" name={t.remove} onClick={() => removeColumn(column)} />
        )}
        {canAdd && (
          <Button
            small
            kind="plain"
            icon="columns"
            name={t.add}
            onClick={() => addColumn((others[0] ?? languageModels.value[0]!).id)}
          />
        )}
      </header>
      <div
        class="messages"
        ref={list}
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, clientHeight, scrollHeight } }) => {
          sticks.current = scrollTop + clientHeight > scrollHeight - 40;
        }}
      >
        {path.length === 0 && (
          <div class="hello muted">
            <h2>{t.hello}</h2>
            <p class="small">{t.helloText}</p>
          </div>
        )}
        {path.map((turn, depth) => (
          <Message
            key={turn.id}
            column={column}
            turn={turn}
            parent={path[depth - 1] ?? column.root}
            depth={depth}
            blind={letter !== undefined}
          />
        ))}
      </div>
    </section>
  );
}

function ExportMenu() {
  const t = words.value.chat;
  const choices = { markdown: exportMarkdown, json: exportJson, row: exportRows };
  return (
    <Select<keyof typeof choices | ''>
      narrow
      label={t.export}
      value=""
      options={[
        ['', t.export],
        ['markdown', t.exportMarkdown],
        ['json', t.exportJson],
        ['row', t.exportRow],
      ]}
      onChange={(choice) => {
        if (choice !== '') choices[choice](columns.value);
      }}
    />
  );
}
