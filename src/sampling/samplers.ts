import { ConfigError } from '../errors.js';
import { philox } from '../tensor/random.js';
import { largest } from './largest.js';
import type { SamplingSettings } from './options.js';

/** Pure functions from logits to a token. Logits are natural, [V]; probabilities are of float64. */

/** Tokens that may be drawn, with their probabilities, which sum to 1. */
export interface Distribution {
  readonly ids: Int32Array;
  readonly probabilities: Float64Array;
}

export interface TokenLogProb {
  readonly id: number;
  readonly logProb: number;
}

/** What was said so far: the penalties look at it. */
export interface History {
  readonly prompt: ArrayLike<number>;
  readonly generated: ArrayLike<number>;
}

type Penalties = Pick<SamplingSettings, 'repetitionPenalty' | 'frequencyPenalty' | 'presencePenalty' | 'logitBias'>;

/**
 * Logits with penalties and biases; the input is left as it is.
 *
 * Repetition (Keskar et al. 2019, CTRL): a logit above 0 of a token seen in the prompt or the answer is divided by the
 * penalty, one below 0 multiplied. Frequency and presence (as in OpenAI's API): a token generated n > 0 times loses
 * n · frequency + presence.
 *
 * @throws ConfigError when a biased id is outside the vocabulary
 */
export function penalise(logits: Float32Array, penalties: Penalties, history: History): Float32Array {
  const { repetitionPenalty, frequencyPenalty, presencePenalty } = penalties;
  const result = logits.slice();
  if (repetitionPenalty !== 1) {
    const seen = new Set<number>();
    for (const ids of [history.prompt, history.generated]) for (let i = 0; i < ids.length; i++) seen.add(ids[i]!);
    for (const id of seen) {
      const logit = result[id]!;
      result[id] = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty;
    }
  }
  if (frequencyPenalty !== 0 || presencePenalty !== 0) {
    const counts = new Map<number, number>();
    for (let i = 0; i < history.generated.length; i++) {
      const id = history.generated[i]!;
      counts.set(id, (counts.get(id) ?? 0) + 1);
    }
    for (const [id, count] of counts) result[id] = result[id]! - count * frequencyPenalty - presencePenalty;
  }
  for (const [key, bias] of Object.entries(penalties.logitBias)) {
    const id = Number(key);
    if (id >= logits.length) {
      throw new ConfigError(`sampling.logitBias: the vocabulary has ${logits.length} tokens, and no id ${id}`);
    }
    result[id] = result[id]! + bias;
  }
  return result;
}

/** log Σ exp(logits / temperature). */
export function logSumExp(logits: Float32Array, temperature = 1): number {
  let greatest = -Infinity;
  for (const logit of logits) if (logit > greatest) greatest = logit;
  let sum = 0;
  for (const logit of logits) sum += Math.exp((logit - greatest) / temperature);
  return greatest / temperature + Math.log(sum);
}

/**
 * log softmax(logits / temperature) at one token. A temperature of 0, which has no such distribution, counts as 1.
 */
export const logProbOf = (logits: Float32Array, id: number, temperature = 1): number => {
  const scale = temperature === 0 ? 1 : temperature;
  return logits[id]! / scale - logSumExp(logits, scale);
};

/** The most probable tokens and their log-probabilities, most probable first. */
export function topLogProbs(logits: Float32Array, count: number): TokenLogProb[] {
  const normaliser = logSumExp(logits);
  return Array.from(largest(logits, count), (id) => ({ id, logProb: logits[id]! - normaliser }));
}

/**
 * The distribution that sampling draws from: logits / temperature, then the K most probable, then of these the fewest
 * that hold the share P (Holtzman et al. 2020), then those with at least min-P of the greatest probability (Nguyen et
 * al. 2024). Ties go to the lower id; the most probable token always stays.
 */
export function distribution(
  logits: Float32Array,
  {
    temperature,
    topK,
    topP,
    minP,
  }: Pick<SamplingSettings, 'temperature'> & Partial<Pick<SamplingSettings, 'topK' | 'topP' | 'minP'>>,
): Distribution {
  if (temperature === 0) return { ids: largest(logits, 1), probabilities: Float64Array.of(1) };
  const size = logits.length;
  const limit = topK ? Math.min(topK, size) : size;
  const filtered = limit < size || (topP ?? 1) < 1 || (minP ?? 0) > 0;
  if (!filtered) return softmaxOf(logits, Int32Array.from(logits.keys()), temperature);
  const nucleus = nucleusOf(logits, { temperature, limit, topP: topP ?? 1 });
  return withoutUnlikely(nucleus, minP ?? 0);
}

/** softmax over some tokens alone; the first of `ids` need not be the greatest. */
function softmaxOf(logits: Float32Array, ids: Int32Array, temperature: number): Distribution {
  let greatest = -Infinity;
  for (const id of ids) greatest = Math.max(greatest, logits[id]!);
  const weights = Float64Array.from(ids, (id) => Math.exp((logits[id]! - greatest) / temperature));
  return { ids, probabilities: normalised(weights) };
}

function normalised(weights: Float64Array): Float64Array {
  let total = 0;
  for (const weight of weights) total += weight;
  return weights.map((weight) => weight / total);
}

/** Top-k and top-p, most probable first, looking at no more candidates than it takes. */
function nucleusOf(
  logits: Float32Array,
  { temperature, limit, topP }: { temperature: number; limit: number; topP: number },
): Distribution {
  if (topP === 1) return softmaxOf(logits, largest(logits, limit), temperature);
  // Probabilities are relative to what top-k left: for all of the vocabulary, one pass gives their sum.
  const isAll = limit === logits.length;
  const normaliser = isAll ? logSumExp(logits, temperature) : 0;
  for (let count = isAll ? Math.min(64, limit) : limit; ; count = Math.min(8 * count, limit)) {
    const ids = largest(logits, count);
    const probabilities = isAll
      ? Float64Array.from(ids, (id) => Math.exp(logits[id]! / temperature - normaliser))
      : softmaxOf(logits, ids, temperature).probabilities;
    let mass = 0;
    let kept = 0;
    while (kept < count && mass < topP) mass += probabilities[kept++]!;
    if (mass >= topP || count === limit) {
      return { ids: ids.slice(0, kept), probabilities: normalised(probabilities.slice(0, kept)) };
    }
  }
}

/** Expects the most probable token first. */
function withoutUnlikely({ ids, probabilities }: Distribution, minP: number): Distribution {
  const threshold = minP * probabilities[0]!;
  let kept = 1;
  while (kept < ids.length && probabilities[kept]! >= threshold) kept++;
  return kept === ids.length
    ? { ids, probabilities }
    : { ids: ids.slice(0, kept), probabilities: normalised(probabilities.slice(0, kept)) };
}

/** The token at which the cumulated probability reaches `uniform`, a number in [0, 1). */
export function draw({ ids, probabilities }: Distribution, uniform: number): number {
  let mass = 0;
  let last = ids[0]!;
  for (let index = 0; index < ids.length; index++) {
    const probability = probabilities[index]!;
    if (probability === 0) continue;
    mass += probability;
    last = ids[index]!;
    if (mass > uniform) return last;
  }
  return last;
}

/** Names one row of a computation apart from every other, whatever batch it is in. */
export interface RowIdentity {
  readonly seed: number;
  readonly row: number;
  /** Which of several answers to one prompt. */
  readonly sample: number;
}

/** The uniform number in [0, 1), of 24 bits, with which a row draws its token at a step: a pure function of the four. */
export function uniformAt({ seed, row, sample }: RowIdentity, step: number): number {
  const words = Uint32Array.of(step, row, sample, 0x73616d70);
  philox(words, [seed >>> 0, Math.floor(seed / 2 ** 32)]);
  return (words[0]! >>> 8) / 2 ** 24;
}
