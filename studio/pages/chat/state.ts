import { computed, effect, signal } from '@preact/signals';
import { send as post } from '../../lib/api.js';
import { type ChatMessage, answer } from '../../lib/completions.js';
import { languageModels } from '../../lib/models.js';
import { attempt } from '../../lib/notices.js';
import { observe } from '../../lib/observe.js';
import { labeler, remembered } from '../../lib/preferences.js';
import { type Made, type Turn, addChild, newTurn, parentOf, pathOf, restore } from './tree.js';

/** One model's side of the conversation. */
export interface Column {
  readonly id: number;
  readonly model: string;
  readonly root: Turn;
}

export interface Settings {
  readonly system: string;
  readonly temperature: number;
  readonly topP: number;
  readonly maxTokens: number;
  /** Empty for another one each time. */
  readonly seed: string;
  readonly showsTokens: boolean;
}

export const settings = remembered<Settings>('chat.settings', {
  system: '',
  temperature: 0.7,
  topP: 1,
  maxTokens: 256,
  seed: '',
  showsTokens: false,
});

const saved = remembered<readonly { model: string; root: Turn }[]>('chat.columns', []);
let columnCount = 0;
const newColumn = (model: string, root = newTurn('user', '')): Column => ({ id: ++columnCount, model, root });

/** One model that nothing was said to is not worth keeping: there may be a better one by now. */
const isKept = (all: readonly { root: Turn }[]): boolean =>
  all.length > 1 || all.some(({ root }) => root.children.length > 0);

export const columns = signal<readonly Column[]>(
  (isKept(saved.peek()) ? saved.peek() : []).map(({ model, root }) => newColumn(model, restore(root))),
);
/** Counts up when a turn changes: turns are changed in place while they are written. */
export const revision = signal(0);
export const MOST_COLUMNS = 4;

/** Answers that are being written. */
const writing = new Map<number, AbortController>();
export const isWriting = computed(() => {
  observe(revision);
  return writing.size > 0;
});

let isDue = false;
function changed(): void {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    revision.value++;
  });
}

// Kept for a reload, a while after the last change.
let timer: ReturnType<typeof setTimeout> | undefined;
effect(() => {
  observe(revision);
  const kept = columns.value.map(({ model, root }) => ({ model, root }));
  clearTimeout(timer);
  timer = setTimeout(() => {
    try {
      saved.value = kept;
    } catch {
      // More than the browser keeps, such as many images: then it is gone with the page.
    }
  }, 500);
});

const modelOf = (id: string) => languageModels.value.find((model) => model.id === id);

export function setModel(column: Column, model: string): void {
  columns.value = columns.value.map((each) => (each === column ? { ...each, model } : each));
}

export function addColumn(model: string): void {
  // It begins with what was asked of the others.
  const root = newTurn('user', '');
  columns.value = [...columns.value, newColumn(model, root)];
}

export function removeColumn(column: Column): void {
  columns.value = columns.value.filter((each) => each !== column);
}

/** Begins anew, with the same models or with others. */
export function clear(names = columns.value.map(({ model }) => model)): void {
  stop();
  columns.value = names.map((name) => newColumn(name));
  revision.value++;
}

/** Asks every model. */
export function ask(text: string, images: readonly string[]): void {
  for (const column of columns.value) {
    const end = pathOf(column.root).at(-1) ?? column.root;
    void write(column, addChild(end, newTurn('user', text, { images })));
  }
  changed();
}

/** A message said otherwise: in every column, at the same place of the conversation. */
export function edit(depth: number, text: string): void {
  for (const column of columns.value) {
    const path = pathOf(column.root);
    const before = depth === 0 ? column.root : path[depth - 1];
    const turn = path[depth];
    if (before === undefined || turn === undefined) continue;
    void write(column, addChild(before, newTurn('user', text, { images: turn.images })));
  }
  changed();
}

export function regenerate(column: Column, turn: Turn): void {
  const question = parentOf(column.root, turn);
  if (question !== undefined) void write(column, question);
}

/** Shows another version of what follows a turn. */
export function show(parent: Turn, version: number): void {
  parent.shown = version;
  changed();
}

export function stop(): void {
  for (const controller of writing.values()) controller.abort();
}

/** The messages up to a question. */
export function messagesTo(column: Column, question: Turn): ChatMessage[] {
  const path = pathOf(column.root);
  const { system } = settings.value;
  return [
    ...(system.trim() === '' ? [] : [{ role: 'system' as const, content: system }]),
    ...path
      .slice(0, path.indexOf(question) + 1)
      .map(({ role, text, images }) => ({ role, content: text, ...(images.length > 0 && { images }) })),
  ];
}

/** Milliseconds that a rate is told from. */
const LEAST_TIME = 100;

async function write(column: Column, question: Turn): Promise<void> {
  const { temperature, topP, maxTokens, seed, showsTokens } = settings.value;
  const messages = messagesTo(column, question);
  const made: Made = {
    model: column.model,
    seed: seed === '' ? Math.floor(Math.random() * 2 ** 31) : Number(seed),
    temperature,
    state: 'writing',
    tokens: [],
    thumb: 0,
  };
  const turn = addChild(question, newTurn('assistant', '', { made }));
  const controller = new AbortController();
  writing.set(turn.id, controller);
  changed();
  let [began, events] = [0, 0];
  try {
    const model = modelOf(column.model) ?? { id: column.model, chats: true };
    const options = { temperature, topP, maxTokens, seed: made.seed, tokens: showsTokens };
    for await (const part of answer(model, messages, options, controller.signal)) {
      turn.text += part.text;
      made.tokens.push(...part.tokens);
      if (part.finish !== undefined) made.finish = part.finish;
      if (part.text !== '') {
        const now = performance.now();
        if (events++ === 0) began = now;
        // Pieces that were waiting for the page come all at once: that is no rate.
        else if (now - began > LEAST_TIME) made.tokensPerSecond = ((events - 1) * 1000) / (now - began);
      }
      changed();
    }
    made.state = 'done';
  } catch (error) {
    if (controller.signal.aborted) {
      made.state = 'done';
      made.finish = 'abort';
    } else {
      made.state = 'failed';
      made.error = error instanceof Error ? error.message : String(error);
    }
  } finally {
    writing.delete(turn.id);
    changed();
  }
}

/** Keeps a thumb, with the other answers to the same question and theirs: above one below is a row to learn from. */
export async function giveThumb(column: Column, turn: Turn, thumb: -1 | 1): Promise<boolean> {
  const question = parentOf(column.root, turn)!;
  const { made } = turn;
  if (made === undefined) return false;
  made.thumb = made.thumb === thumb ? 0 : thumb;
  changed();
  const siblings = question.children.filter((each) => each.made !== undefined && each.text !== '');
  const kept = await attempt(() =>
    post('/api/thumbs', {
      labeler: labeler.value,
      messages: messagesTo(column, question).map(({ role, content }) => ({ role, content })),
      answers: siblings.map(({ text, made: how }) => ({
        text,
        model: how!.model,
        seed: how!.seed,
        temperature: how!.temperature,
      })),
      thumbs: siblings.map(({ made: how }) => how!.thumb),
    }),
  );
  return kept !== undefined;
}
