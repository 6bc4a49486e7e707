import type { Gpt, GptParameters } from '../families/autoregressive/gpt.js';
import type { Engine, Program, Store } from '../runtime/engine.js';
import {
  type Tensor,
  div,
  expandDims,
  float32,
  int32,
  logSoftmax,
  mul,
  sqrt,
  sum,
  takeAlongAxis,
  topK,
} from '../tensor/index.js';
import { bucket } from './decoding-batch.js';
import { padded } from './padded.js';
import type { TokenLogProb } from './samplers.js';

/** A token of a text that was read. */
export interface ReadToken {
  readonly id: number;
  /** log p given those before it, in nats; absent for the first. */
  readonly modelLogProb?: number;
  /** The most probable tokens in its place. */
  readonly alternatives?: readonly TokenLogProb[];
}

/** Most alternatives that are told for a token that is read. */
export const MOST_READ_ALTERNATIVES = 5;

export interface TextReaderOptions {
  readonly engine: Engine;
  readonly model: Gpt;
  readonly parameters: Store;
}

/** Reads a text without going on from it: how probable it was, and what it is about as a vector. */
export class TextReader {
  readonly #options: TextReaderOptions;
  readonly #programs = new Map<string, Promise<Program>>();

  constructor(options: TextReaderOptions) {
    this.#options = options;
  }

  /** The log-probability of each token but the first. @param tokens not more than the context holds */
  async score(tokens: Int32Array, alternatives = 0): Promise<ReadToken[]> {
    const { model, parameters } = this.#options;
    const width = this.#width(tokens.length);
    const shown = Math.min(MOST_READ_ALTERNATIVES, model.config.vocabularySize);
    const program = await this.#program('score', width, (p, input, { targets }) => {
      const logProbs = logSoftmax(model.logits(p, input));
      const { values, indices } = topK(logProbs, shown);
      return { logProbs: takeAlongAxis(logProbs, expandDims(targets!, 2), 2), values, indices };
    });
    const [inputs, targets] = [padded(tokens, width), padded(tokens.subarray(1), width)];
    const { logProbs, values, indices } = (await program.run({ parameters, tokens: inputs, targets })) as {
      logProbs: Float32Array;
      values: Float32Array;
      indices: Int32Array;
    };
    return Array.from(tokens, (id, place) => {
      if (place === 0) return { id };
      const at = (place - 1) * shown;
      const others = Array.from({ length: Math.min(alternatives, shown) }, (_, rank) => ({
        id: indices[at + rank]!,
        logProb: values[at + rank]!,
      }));
      return { id, modelLogProb: logProbs[place - 1]!, ...(alternatives > 0 && { alternatives: others }) };
    });
  }

  /** The mean of the last block's hidden states over the tokens, of length 1: [width]. */
  async embed(tokens: Int32Array): Promise<Float32Array> {
    const { model, parameters } = this.#options;
    const width = this.#width(tokens.length);
    const program = await this.#program('embed', width, (p, input, { weights }) => {
      const mean = sum(mul(model.hidden(p, input), expandDims(weights!, 2)), { axes: [0, 1] });
      return { embedding: div(mean, sqrt(sum(mul(mean, mean)))) };
    });
    const weights = new Float32Array(width).fill(1 / tokens.length, 0, tokens.length);
    const { embedding } = (await program.run({ parameters, tokens: padded(tokens, width), weights })) as {
      embedding: Float32Array;
    };
    return embedding;
  }

  /** Few widths, so that few programs serve all texts. */
  #width(tokens: number): number {
    return Math.min(bucket(tokens, 16), this.#options.model.config.contextLength);
  }

  #program(
    name: 'score' | 'embed',
    width: number,
    read: (p: GptParameters, tokens: Tensor, rest: { targets?: Tensor; weights?: Tensor }) => object,
  ): Promise<Program> {
    const key = `${name} ${width}`;
    let program = this.#programs.get(key);
    if (program === undefined) {
      const { engine, model } = this.#options;
      const rest = name === 'score' ? { targets: int32(1, width) } : { weights: float32(1, width) };
      program = engine.compile(
        ({ parameters, tokens, ...given }: { parameters: GptParameters; tokens: Tensor }) =>
          read(parameters, tokens, given),
        { parameters: model.parameters, tokens: int32(1, width), ...rest } as never,
        { name: key },
      );
      this.#programs.set(key, program);
    }
    return program;
  }
}
