import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Hono } from 'hono';
import { z } from 'zod';
import type { Env } from '../../context.js';
import { jsonLines } from '../../../data/json.js';
import { ConfigError } from '../../../errors.js';
import { writeFileAtomically } from '../../../runtime/atomic-file.js';
import { counterRandom, shuffle } from '../../../tensor/random.js';
import type { Message } from '../../../tokenizer/chat.js';
import type { StudioContext } from '../context.js';
import { Arena } from '../labels/arena.js';
import { openDatabase } from '../labels/database.js';
import { exportLabels } from '../labels/export.js';
import { LabelStore } from '../labels/store.js';
import type { CandidateAnswer } from '../labels/types.js';
import { bodyOf, param } from './body.js';

const message = z.object({ role: z.enum(['system', 'user', 'assistant']), content: z.string() });
const dialogue = z.array(message).min(1);
const answer = z.object({ text: z.string(), model: z.string(), seed: z.int(), temperature: z.number() });
const labeler = z.string().min(1).max(80);

const setSchema = z.strictObject({
  name: z.string().min(1).max(120),
  guidelines: z.string().max(20_000).optional(),
  overlap: z.int().min(1).max(20).optional(),
  heldOut: z.number().min(0).max(1).optional(),
});
const itemsSchema = z.strictObject({
  kind: z.enum(['waiting', 'demonstration']),
  prompts: z.array(dialogue).min(1).max(10_000),
});
const fillSchema = z.strictObject({
  /** Each answers as often; the answers are shuffled. */
  models: z.array(z.string()).min(1).max(9),
  /** Answers in all. */
  count: z.int().min(2).max(9),
  temperature: z.number().min(0).max(5).default(1),
  maxTokens: z.int().positive().max(4096).default(64),
  seed: z.int().nonnegative().default(0),
});
const verdictSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('ranking'), ranks: z.array(z.int().nonnegative()) }),
  z.strictObject({ kind: z.literal('demonstration'), text: z.string() }),
  z.strictObject({ kind: z.literal('skip') }),
  z.strictObject({ kind: z.literal('unsure'), reason: z.string().optional() }),
]);
const thumbsSchema = z.strictObject({
  labeler,
  messages: dialogue,
  answers: z.array(answer).min(1),
  thumbs: z.array(z.int().min(-1).max(1)),
});
const voteSchema = z.strictObject({
  labeler,
  messages: dialogue,
  answers: z.tuple([answer, answer]),
  winner: z.enum(['first', 'second', 'tie', 'neither']),
});

/** Which files a set is exported as. */
const exported = ['rankings', 'demonstrations', 'prompts', 'heldOut'] as const;

/** The labelers' desk and the arena. */
export function labelRoutes(context: StudioContext, folder: string): Hono<Env> {
  // Opened when it is first needed: a Studio that nobody labels in leaves no file.
  let opened: { readonly store: LabelStore; readonly arena: Arena } | undefined;
  const desk = () => {
    if (opened === undefined) {
      const database = openDatabase(join(folder, 'labels.db'));
      opened = { store: new LabelStore(database), arena: new Arena(database) };
    }
    return opened;
  };
  const exportOf = (id: string) => exportLabels(desk().store.items(id), desk().store.judgements(id));
  const app = new Hono<Env>();

  app.get('/labels', (c) => c.json(desk().store.sets()));
  app.post('/labels', async (c) => c.json(desk().store.createSet(await bodyOf(c, setSchema))));
  app.get('/labels/:set', (c) => c.json(desk().store.progress(param(c, 'set'))));
  app.patch('/labels/:set', async (c) => {
    const change = await bodyOf(c, setSchema.partial().omit({ heldOut: true }));
    return c.json(desk().store.updateSet(param(c, 'set'), change));
  });
  app.post('/labels/:set/items', async (c) => {
    const { kind, prompts } = await bodyOf(c, itemsSchema);
    const ids = desk().store.addItems(
      param(c, 'set'),
      prompts.map((messages) => ({ kind, messages })),
    );
    return c.json({ added: ids.length });
  });

  app.post('/labels/:set/fill', async (c) => {
    const options = await bodyOf(c, fillSchema);
    const { store } = desk();
    const set = param(c, 'set');
    const [item] = store.waiting(set, 1);
    if (item !== undefined) {
      store.giveAnswers(item.id, await answersTo(context, { ...options, ...item, signal: c.req.raw.signal }));
    }
    return c.json(store.progress(set));
  });

  app.post('/labels/:set/next', async (c) => {
    const body = await bodyOf(c, z.strictObject({ labeler }));
    return c.json(desk().store.next(param(c, 'set'), body.labeler) ?? null);
  });
  app.post('/labels/:set/items/:item', async (c) => {
    const body = await bodyOf(c, z.strictObject({ labeler, verdict: verdictSchema }));
    const item = Number(param(c, 'item'));
    return c.json(desk().store.judge(item, body.labeler, body.verdict));
  });
  app.post('/labels/:set/undo', async (c) => {
    const body = await bodyOf(c, z.strictObject({ labeler }));
    return c.json(desk().store.undo(param(c, 'set'), body.labeler) ?? null);
  });

  app.get('/labels/:set/export/:file', (c) => {
    const name = exported.find((each) => `${each}.jsonl` === param(c, 'file'));
    if (name === undefined) throw new ConfigError(`There are: ${exported.join(', ')}`);
    const set = param(c, 'set');
    return c.body(jsonLines(exportOf(set)[name]), 200, {
      'content-type': 'application/jsonl; charset=utf-8',
      'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(`${set}-${name}.jsonl`)}`,
    });
  });
  /** Writes the files for training, and says where they are. */
  app.post('/labels/:set/export', async (c) => {
    const set = param(c, 'set');
    const all = exportOf(set);
    const target = join(folder, 'sets', set);
    await mkdir(target, { recursive: true });
    const files = await Promise.all(
      exported.map(async (name) => {
        const path = join(target, `${name}.jsonl`);
        await writeFileAtomically(path, jsonLines(all[name]));
        return [name, { path, rows: all[name].length }] as const;
      }),
    );
    return c.json(Object.fromEntries(files));
  });
  /** A set of the held-out prompts of this one, for a blind comparison of models. */
  app.post('/labels/:set/comparison', async (c) => {
    const { name } = await bodyOf(c, z.strictObject({ name: z.string().min(1) }));
    const { store } = desk();
    const source = store.set(param(c, 'set'));
    const { heldOut } = exportOf(source.id);
    if (heldOut.length === 0) {
      throw new ConfigError(`${source.name} holds no prompts out`, {
        advice: 'Add more prompts, or make a set that holds out a larger share.',
      });
    }
    const made = store.createSet({ name, guidelines: source.guidelines, overlap: source.overlap, heldOut: 1 });
    store.addItems(
      made.id,
      heldOut.map(({ messages }) => ({ kind: 'waiting', messages })),
    );
    return c.json(store.progress(made.id));
  });

  app.post('/thumbs', async (c) => {
    const { labeler: name, ...given } = await bodyOf(c, thumbsSchema);
    const { store } = desk();
    const set = store.sets().find(({ id }) => id === 'chat') ?? store.createSet({ name: 'Chat', heldOut: 0 });
    return c.json(store.thumb(set.id, name, given));
  });
  app.get('/arena', (c) => c.json(desk().arena.standings()));
  app.post('/arena', async (c) => c.json(desk().arena.vote(await bodyOf(c, voteSchema))));
  return app;
}

/** Answers of several models to a prompt, in an order that does not tell which is whose, but is the same again. */
async function answersTo(
  context: StudioContext,
  {
    id,
    messages,
    models,
    count,
    seed,
    temperature,
    maxTokens,
    signal,
  }: z.output<typeof fillSchema> & {
    readonly id: number;
    readonly messages: readonly Message[];
    readonly signal: AbortSignal;
  },
): Promise<CandidateAnswer[]> {
  const answers: CandidateAnswer[] = [];
  for (const [index, model] of models.entries()) {
    const own = Math.floor((count * (index + 1)) / models.length) - Math.floor((count * index) / models.length);
    if (own === 0) continue;
    const first = seed + id * 16;
    const texts = await context.answer({ model, messages, count: own, seed: first, temperature, maxTokens, signal });
    texts.forEach((text, offset) => answers.push({ text, model, seed: first + offset, temperature }));
  }
  return shuffle(counterRandom(seed, 'order of answers', id), answers);
}
