import { type PairAccuracy, createScorer, describePairAccuracy, pairAccuracy } from '../../alignment/reward-model.js';
import { type UsableRankings, usableRankings } from '../../alignment/reward-batches.js';
import { packedList } from '../../data/packed-batches.js';
import { readRankings, type Ranking } from '../../data/rankings.js';
import { readDocuments } from '../../data/sources/documents.js';
import { tokenizerHash } from '../../data/token-store.js';
import { ConfigError, DataError, FormatError } from '../../errors.js';
import { type HeldOutLoss, heldOutLoss } from '../../evaluation/held-out-loss.js';
import { type ExamResult, takeExam } from '../../evaluation/exam.js';
import { type LoadedModel, languageModelOf, rewardModelOf } from '../../formats/model-folder.js';
import type { Engine } from '../../runtime/engine.js';
import { ChatTemplate } from '../../tokenizer/chat.js';
import { slidingWindows, startOf, unitsOf } from '../../prompting/encoding.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import { withStore } from '../../training/with-store.js';
import type { Invocation } from '../command.js';
import type { TextFlags } from '../flags.js';
import { badRowsOf, openModel, sayBadRows, withEngine } from '../session.js';
import { answererOf, withGenerator, withSubject } from '../stages/answering.js';
import { encodeDialogues, encodeRankings, readDialogues } from '../stages/examples.js';
import { type TaskFlags, evaluateOnTasks, listTasks } from './eval-tasks.js';

export interface EvalFlags extends TaskFlags, TextFlags {
  readonly text?: readonly string[];
  readonly chats?: readonly string[];
  readonly rankings?: readonly string[];
  readonly almanac?: boolean;
  readonly questions: number;
  readonly windows?: number;
  readonly stride?: number;
}

const BATCH_SIZE = 8;

/** How well a text is told, in every unit; only those over words, characters and bytes compare between tokenizers. */
interface TextFigures extends HeldOutLoss {
  readonly perplexityPerWord: number;
  readonly bitsPerCharacter: number;
  readonly bitsPerByte: number;
  readonly windows: number;
  readonly stride: number;
  readonly tokenizer: { readonly id: string; readonly vocabulary: number };
}

interface Results {
  text?: TextFigures;
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
  const { text, chats, rankings, almanac, task } = flags;
  const others = (text ?? chats ?? rankings ?? almanac) !== undefined;
  if (task?.includes('list') === true) {
    listTasks(invocation);
    return;
  }
  if (positional.length === 0) throw new ConfigError('There is no model to measure', { advice: 'See --help.' });
  if (task !== undefined) {
    if (!others) return evaluateOnTasks(invocation, task);
    throw new ConfigError('--task stands alone', {
      advice: 'Measure on text, dialogues and the rest in a second call.',
    });
  }
  if (!others) {
    throw new ConfigError('There is nothing to measure on', {
      advice: 'Give --text, --chats, --rankings (for a reward model), --almanac or --task.',
    });
  }
  if (positional.length > 1) {
    throw new ConfigError(`'${positional[1]!}' is one word too many`, { advice: 'Several models are for --task.' });
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

/** Cross-entropy over windows that slide over all texts in a row; tokens that end a document count, bytes are the text's. */
async function onText(evaluation: Evaluation, paths: readonly string[]): Promise<TextFigures> {
  const { engine, loaded, flags, signal, say } = evaluation;
  const { tokenizer } = loaded;
  const end = startOf(tokenizer);
  const bad = badRowsOf(flags);
  const parts: (readonly number[] | Int32Array)[] = [end];
  const units = { words: 0, characters: 0, bytes: 0 };
  for await (const { text, ends } of readDocuments({ ...flags, ...bad, paths, signal })) {
    parts.push(tokenizer.encode(text), ends ? end : []);
    const { words, characters, bytes } = unitsOf(text);
    units.words += words;
    units.characters += characters;
    units.bytes += bytes;
  }
  sayBadRows(bad, say);
  const ids = new Int32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    ids.set(part, at);
    at += part.length;
  }
  const { contextLength } = loaded.config;
  const stride = Math.min(flags.stride ?? contextLength, contextLength - 1);
  const all = slidingWindows(ids, { contextLength, stride });
  if (all.length === 0)
    throw new DataError(`${paths.join(', ')}: there is no token to predict`, {
      advice: 'Give a text of more than one token.',
    });
  const used = Math.min(all.length, flags.windows ?? all.length);
  const windows = Array.from({ length: used }, (_, index) => [all[Math.floor((index * all.length) / used)]!]);
  const scored = await withSubject({ engine }, loaded, ({ scorer }) => scorer.score(windows, { signal }));
  const tokens = scored.reduce((sum, [window]) => sum + window!.logProbs.length, 0);
  const loss = -scored.reduce((sum, [window]) => sum + window!.logProb, 0) / tokens;
  // Of all tokens, as if those that were not measured were told as well as the others.
  const nats = loss * (ids.length - 1);
  return {
    loss,
    perplexity: Math.exp(loss),
    tokens,
    perplexityPerWord: Math.exp(nats / units.words),
    bitsPerCharacter: nats / units.characters / Math.LN2,
    bitsPerByte: nats / units.bytes / Math.LN2,
    windows: used,
    stride,
    tokenizer: { id: tokenizerHash(tokenizer).slice(0, 16), vocabulary: tokenizer.vocabSize },
  };
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
  return withStore(engine, { specs: model.parameters, values: loaded.values }, async (store) => {
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
  if (usable.length === 0)
    throw new DataError(`${paths.join(', ')}: no ranking fits into ${time} tokens`, {
      advice: 'The context of this model is too short for them.',
    });
  const model = rewardModelOf(loaded);
  return withStore(engine, { specs: model.parameters, values: loaded.values }, async (store) => {
    const padToken = tokenizer.idOf(CONTROL.pad);
    const scorer = await createScorer({ engine, model, store, longest: time, padToken });
    return { ...(await pairAccuracy(scorer, usable, { signal })), ...leftOut };
  });
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
    const { tokenizer, windows, stride } = text;
    lines.push(
      `text      ${number(text.loss)} nats per token, perplexity ${number(text.perplexity, 2)}, ` +
        `${number(text.bitsPerByte)} bits per byte (${text.tokens.toLocaleString('en')} tokens)`,
      `  per word               perplexity ${number(text.perplexityPerWord, 2)}, words between white space`,
      `  per character          ${number(text.bitsPerCharacter)} bits`,
      `  tokenizer              ${tokenizer.id}, ${tokenizer.vocabulary.toLocaleString('en')} tokens`,
      `  windows                ${windows.toLocaleString('en')}, each ${stride} tokens on`,
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
