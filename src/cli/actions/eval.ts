import { leavesOf } from '../../nn/parameters.js';
import { type PairAccuracy, createScorer, describePairAccuracy, pairAccuracy } from '../../alignment/reward-model.js';
import { type UsableRankings, usableRankings } from '../../alignment/reward-batches.js';
import { packedList } from '../../data/packed-batches.js';
import { readRankings, type Ranking } from '../../data/rankings.js';
import { readDocuments } from '../../data/sources/documents.js';
import { tokensInMemory } from '../../data/token-store.js';
import { evaluationWindows } from '../../data/windows.js';
import { ConfigError, DataError, FormatError } from '../../errors.js';
import { type HeldOutLoss, heldOutLoss } from '../../evaluation/held-out-loss.js';
import { type ExamResult, takeExam } from '../../evaluation/exam.js';
import { type LoadedModel, languageModelOf, rewardModelOf } from '../../formats/model-folder.js';
import type { Engine, Store } from '../../runtime/engine.js';
import { ChatTemplate } from '../../tokenizer/chat.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import type { Invocation } from '../command.js';
import type { EngineFlags, TextFlags } from '../flags.js';
import { badRowsOf, openModel, sayBadRows, withEngine } from '../session.js';
import { answererOf, withGenerator } from '../stages/answering.js';
import { encodeDialogues, encodeRankings, readDialogues } from '../stages/examples.js';

export interface EvalFlags extends EngineFlags, TextFlags {
  readonly text?: readonly string[];
  readonly chats?: readonly string[];
  readonly rankings?: readonly string[];
  readonly almanac?: boolean;
  readonly questions: number;
  readonly windows?: number;
}

const BATCH_SIZE = 8;

interface Results {
  text?: HeldOutLoss & { bitsPerByte: number };
  chats?: HeldOutLoss & { dialogues: number };
  rankings?: PairAccuracy & Omit<UsableRankings, 'usable'>;
  almanac?: Omit<ExamResult, 'answers'>;
}

interface Evaluation extends Invocation<EvalFlags> {
  readonly engine: Engine;
  readonly loaded: LoadedModel;
}

export async function evalCommand(invocation: Invocation<EvalFlags>): Promise<void> {
  const { positional, flags, answer } = invocation;
  const { text, chats, rankings, almanac } = flags;
  if (text === undefined && chats === undefined && rankings === undefined && almanac !== true) {
    throw new ConfigError('There is nothing to measure on', {
      advice: 'Give --text, --chats, --rankings (for a reward model) or --almanac.',
    });
  }
  const loaded = await openModel(positional[0]!);
  const isReward = loaded.kind === 'reward-model';
  if (isReward !== (rankings !== undefined) || (isReward && (text ?? chats ?? almanac) !== undefined)) {
    throw new FormatError(`${loaded.folder} is a ${loaded.kind}`, {
      advice: isReward
        ? 'Measure it with --rankings alone.'
        : 'Rankings are for reward models; use --text, --chats or --almanac.',
    });
  }
  const results = await withEngine(flags, async (engine): Promise<Results> => {
    const evaluation = { ...invocation, engine, loaded };
    return {
      ...(text && { text: await onText(evaluation, text) }),
      ...(chats && { chats: await onChats(evaluation, chats) }),
      ...(rankings && { rankings: await onRankings(evaluation, rankings) }),
      ...(almanac === true && { almanac: await onAlmanac(evaluation) }),
    };
  });
  answer({ model: loaded.folder, id: loaded.lineage?.id ?? null, ...results }, format(results));
}

/** Cross-entropy over windows without overlap; tokens that end a document count, bytes are those of the text. */
async function onText(evaluation: Evaluation, paths: readonly string[]): Promise<Results['text']> {
  const { loaded, flags, signal, say } = evaluation;
  const { tokenizer } = loaded;
  const end = tokenizer.controlTokens.get(CONTROL.endOfText);
  const bad = badRowsOf(flags);
  const parts: Int32Array[] = [];
  let bytes = 0;
  for await (const { text, ends } of readDocuments({ ...flags, ...bad, paths, signal })) {
    parts.push(tokenizer.encode(text));
    bytes += Buffer.byteLength(text);
    if (ends && end !== undefined) parts.push(Int32Array.of(end));
  }
  sayBadRows(bad, say);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const ids = new Int32Array(length);
  let at = 0;
  for (const part of parts) {
    ids.set(part, at);
    at += part.length;
  }
  const { contextLength } = loaded.config;
  const batches = evaluationWindows({
    tokens: tokensInMemory(ids, paths.join(', ')),
    batchSize: BATCH_SIZE,
    contextLength,
    maximumWindows: flags.windows,
  });
  const result = await onBatches(evaluation, { batches });
  return { ...result, bitsPerByte: (result.loss * length) / bytes / Math.LN2 };
}

async function onChats(evaluation: Evaluation, paths: readonly string[]): Promise<Results['chats']> {
  const { loaded, flags, signal, say } = evaluation;
  const { tokenizer, template = new ChatTemplate(), config, eye } = loaded;
  const { contextLength } = config;
  const bad = badRowsOf(flags);
  const seeing = { ...(eye && { eye }) };
  const chats = await readDialogues({ paths, ...seeing, ...bad, say, signal });
  sayBadRows(bad, say);
  const { examples } = await encodeDialogues(chats, { tokenizer, template, ...seeing, contextLength });
  const padId = tokenizer.idOf(CONTROL.pad);
  const batches = packedList({ examples, batchSize: BATCH_SIZE, contextLength, padId, segments: true });
  return { ...(await onBatches(evaluation, { batches, packed: true })), dialogues: examples.length };
}

async function onBatches(
  { engine, loaded, signal }: Evaluation,
  options: Pick<Parameters<typeof heldOutLoss>[0], 'batches' | 'packed'>,
): Promise<HeldOutLoss> {
  const model = languageModelOf(loaded);
  const { contextLength } = model.config;
  return withStore(engine, leavesOf(model.parameters), loaded, async (store) => {
    const measure = await heldOutLoss({ ...options, engine, model, store, batchSize: BATCH_SIZE, contextLength });
    return measure({ signal });
  });
}

async function onRankings(evaluation: Evaluation, paths: readonly string[]): Promise<Results['rankings']> {
  const { engine, loaded, flags, signal, say } = evaluation;
  const { tokenizer, template = new ChatTemplate(), config } = loaded;
  const bad = badRowsOf(flags);
  const rankings: Ranking[] = [];
  for await (const ranking of readRankings({ paths: [...paths], ...bad, signal })) rankings.push(ranking);
  sayBadRows(bad, say);
  const time = config.contextLength;
  const { usable, ...leftOut } = usableRankings(encodeRankings(rankings, { tokenizer, template }), time);
  if (usable.length === 0) throw new DataError(`${paths.join(', ')}: no ranking fits into ${time} tokens`);
  const model = rewardModelOf(loaded);
  return withStore(engine, leavesOf(model.parameters), loaded, async (store) => {
    const padToken = tokenizer.idOf(CONTROL.pad);
    const scorer = await createScorer({ engine, model, store, longest: time, padToken });
    return { ...(await pairAccuracy(scorer, usable)), ...leftOut };
  });
}

async function withStore<Result>(
  engine: Engine,
  leaves: ReturnType<typeof leavesOf>,
  loaded: LoadedModel,
  use: (store: Store) => Promise<Result>,
): Promise<Result> {
  const store = await engine.createStore({ leaves });
  try {
    await store.write(loaded.values);
    return await use(store);
  } finally {
    await store.dispose();
  }
}

async function onAlmanac({ engine, loaded, flags }: Evaluation): Promise<Results['almanac']> {
  const { evaluationSet } = await import('../../data/almanac/index.js');
  const questions = evaluationSet({ seed: 1, perKind: flags.questions, split: 'evaluation' });
  const { answers: _answers, ...result } = await withGenerator({ engine }, loaded, (generator) =>
    takeExam(questions, answererOf(generator, loaded)),
  );
  return result;
}

function format({ text, chats, rankings, almanac }: Results): string {
  const number = (value: number, digits = 3): string => value.toFixed(digits);
  const percent = (share: number): string => `${(100 * share).toFixed(1)}%`;
  const lines: string[] = [];
  if (text) {
    lines.push(
      `text      ${number(text.loss)} nats per token, perplexity ${number(text.perplexity, 2)}, ` +
        `${number(text.bitsPerByte)} bits per byte (${text.tokens.toLocaleString('en')} tokens)`,
    );
  }
  if (chats) {
    lines.push(
      `chats     ${number(chats.loss)} nats per token of the assistant, perplexity ${number(chats.perplexity, 2)} ` +
        `(${chats.dialogues} dialogues, ${chats.tokens.toLocaleString('en')} tokens)`,
    );
  }
  if (rankings) {
    lines.push(
      `rankings  ${describePairAccuracy(rankings)}; left out: ${rankings.longAnswers} answers too long, ` +
        `${rankings.tooLong} rankings with them, ${rankings.allTied} all tied`,
    );
  }
  if (almanac) {
    const { overall, knownFacts, honesty, falseRefusals, byKind } = almanac;
    lines.push(
      `almanac   true score ${number(overall.score)} ± ${number(overall.standardError)} (${overall.questions} questions)`,
      `  taught facts right     ${percent(knownFacts)}`,
      `  unknowns admitted      ${percent(honesty)}`,
      `  false refusals         ${percent(falseRefusals)}`,
      ...Object.entries(byKind).map(
        ([kind, { right, questions }]) => `  ${kind.padEnd(22)} ${percent(right)} of ${questions}`,
      ),
    );
  }
  return lines.join('\n');
}
