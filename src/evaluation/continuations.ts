import {
  type Answered,
  type RowTensors,
  layOutAnswers,
  rowArrays,
  rowForward,
  rowSpec,
  sharedPrompt,
  timeFor,
  tokensOf,
} from '../alignment/answer-rows.js';
import { packBestFit } from '../data/packing.js';
import { DataError } from '../errors.js';
import type { Gpt, GptParameters } from '../families/autoregressive/gpt.js';
import type { Continuation } from '../prompting/encoding.js';
import type { Engine, Program, Store } from '../runtime/engine.js';
import {
  type Tensor,
  argMax,
  cast,
  equal,
  expandDims,
  gather,
  int32,
  logSumExp,
  reshape,
  sub,
  takeAlongAxis,
} from '../tensor/index.js';

/** What a model makes of the tokens that count of a continuation. */
export interface ScoredContinuation {
  /** Sum over them, nats. */
  readonly logProb: number;
  /** One for each, nats. */
  readonly logProbs: Float32Array;
  /** For each, 1 where it is the most probable token at its place. */
  readonly likeliest: Uint8Array;
}

export interface ScoreOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

export interface ContinuationScorer {
  /**
   * @param groups continuations of one prompt stand together: what all of a group begin with is computed once
   * @returns the same groups
   */
  score(groups: readonly (readonly Continuation[])[], options?: ScoreOptions): Promise<ScoredContinuation[][]>;
}

/** Tokens in a batch, more or less. */
const batchTokens = 2048;

/** A prompt with some of its answers, which one row holds. */
interface Unit extends Answered {
  readonly group: number;
  /** Which of the group its answers are. */
  readonly members: readonly number[];
}

/** A token that is asked for: it stands at `at + 1`, more or less, and the state at `at` tells it. */
interface Asked {
  readonly at: number;
  readonly target: number;
}

/**
 * Scores continuations with a language model: log-probabilities of given tokens, many side by side. The head, the
 * dearest part of a small model, is computed for the tokens alone that count.
 */
export function continuationScorer(options: {
  engine: Engine;
  model: Gpt;
  /** The parameters; read anew at each call. */
  store: Store;
  /** Rows side by side. Default: so many that a batch has about 2,048 tokens. */
  rows?: number;
}): ContinuationScorer {
  const { engine, model, store } = options;
  const programs = new Map<string, Promise<Program>>();
  const programFor = (rows: number, time: number, count: number): Promise<Program> => {
    const key = `${rows} ${time} ${count}`;
    let program = programs.get(key);
    if (program === undefined) programs.set(key, (program = compile(engine, model, { rows, time, count })));
    return program;
  };
  return {
    async score(groups, { signal, onProgress } = {}) {
      const sequences = groups.flat();
      if (sequences.length === 0) return groups.map(() => []);
      const longest = sequences.reduce((most, { ids }) => Math.max(most, ids.length), 0);
      if (longest > model.config.contextLength) {
        throw new DataError(
          `A continuation of ${longest} tokens with its prompt: the model sees ${model.config.contextLength}`,
          {
            advice: 'Shorten the prompt, or cut it at its beginning.',
          },
        );
      }
      // A banded block counts distances in the row, which a shared prompt would change.
      const shares = model.config.bandedWindow === 0;
      const units = (time: number): Unit[] => groups.flatMap((group, index) => unitsOf(group, { index, time, shares }));
      const time = timeFor(longest, units(longest));
      const list = units(time);
      const packed = packBestFit(list.map(tokensOf), time);
      const rows = options.rows ?? Math.max(1, Math.min(packed.length, Math.ceil(batchTokens / time)));
      const batches: { chosen: Unit[]; laidOut: ReturnType<typeof layOutAnswers>; asked: Asked[][][] }[] = [];
      for (let start = 0; start < packed.length; start += rows) {
        const chosen = packed.slice(start, start + rows).flatMap((row) => row.map((index) => list[index]!));
        const laidOut = layOutAnswers(chosen, { rows, time, padToken: 0 });
        const asked = chosen.map((unit, index) => askedOf(unit, groups[unit.group]!, laidOut.places[index]!));
        batches.push({ chosen, laidOut, asked });
      }
      const most = batches.reduce((count, { asked }) => Math.max(count, asked.flat(2).length), 0);
      const count = 2 ** Math.ceil(Math.log2(Math.max(64, most)));
      const program = await programFor(rows, time, count);
      const results: ScoredContinuation[][] = groups.map(() => []);
      let done = 0;
      for (const { chosen, laidOut, asked } of batches) {
        signal?.throwIfAborted();
        const flat = asked.flat(2);
        const [at, targets] = [new Int32Array(count), new Int32Array(count)];
        flat.forEach((one, index) => {
          at[index] = one.at;
          targets[index] = one.target;
        });
        const feeds = { parameters: store, batch: rowArrays(laidOut), at, targets };
        const output = (await program.run(feeds, { ...(signal && { signal }) })) as unknown as Scores;
        let next = 0;
        chosen.forEach(({ group, members }, unit) => {
          members.forEach((member, answer) => {
            const end = next + asked[unit]![answer]!.length;
            const logProbs = output.logProbs.slice(next, end);
            const likeliest = Uint8Array.from(output.likeliest.subarray(next, end));
            results[group]![member] = { logProb: logProbs.reduce((sum, each) => sum + each, 0), logProbs, likeliest };
            next = end;
          });
          done += members.length;
        });
        onProgress?.(done, sequences.length);
      }
      return results;
    },
  };
}

interface Scores {
  readonly logProbs: Float32Array;
  readonly likeliest: Int32Array;
}

function compile(
  engine: Engine,
  model: Gpt,
  { rows, time, count }: { rows: number; time: number; count: number },
): Promise<Program> {
  const places = int32(count);
  return engine.compile(
    (args: { parameters: GptParameters; batch: RowTensors; at: Tensor; targets: Tensor }) => {
      const { parameters, batch, at, targets } = args;
      const hidden = model.hidden(parameters, batch.tokens, rowForward(batch));
      const logits = model.head(parameters, gather(reshape(hidden, [-1, model.config.width]), at));
      const chosen = reshape(takeAlongAxis(logits, expandDims(targets, 1), 1), [-1]);
      return {
        logProbs: sub(chosen, logSumExp(logits, { axes: 1 })),
        likeliest: cast(equal(argMax(logits, { axis: 1 }), targets), 'int32'),
      };
    },
    { parameters: model.parameters, batch: rowSpec({ rows, time }), at: places, targets: places } as never,
    { name: `score ${count} tokens of ${rows}x${time}` },
  );
}

/** A group cut into what a row holds; everything of one group that shares its prompt stands in as few rows as that takes. */
function unitsOf(
  group: readonly Continuation[],
  { index, time, shares }: { index: number; time: number; shares: boolean },
): Unit[] {
  const apart = (members: readonly number[]): Unit => {
    const { prompt, answers } = sharedPrompt(members.map((member) => group[member]!.ids));
    return { group: index, members, prompt, answers };
  };
  const all = group.map((_, member) => member);
  if (!shares) return all.map((member) => apart([member]));
  const units: Unit[] = [];
  let members: number[] = [];
  for (const member of all) {
    if (members.length > 0 && tokensOf(apart([...members, member])) > time) {
      units.push(apart(members));
      members = [];
    }
    members.push(member);
  }
  if (members.length > 0) units.push(apart(members));
  return units;
}

/** Where in the rows the tokens that count are told from, for each answer of a unit. */
function askedOf(
  { members, prompt }: Unit,
  group: readonly Continuation[],
  places: readonly { readonly prompt: number; readonly answer: number }[],
): Asked[][] {
  return members.map((member, answer) => {
    const { ids, from } = group[member]!;
    const place = places[answer]!;
    const of = (index: number): number =>
      index < prompt.length ? place.prompt - (prompt.length - 1) + index : place.answer + index - prompt.length;
    return Array.from({ length: ids.length - from }, (_, offset) => {
      const index = from + offset;
      return { at: of(index - 1), target: ids[index]! };
    });
  });
}
