import type { Gpt, GptSpec } from '../families/autoregressive/gpt.js';
import { linear, linearSpec, type LinearSpec } from '../nn/layers.js';
import { type TensorsOf, normal } from '../nn/parameters.js';
import { type Tensor, gather, reshape, squeeze } from '../tensor/index.js';
import { type RowTensors, rowForward } from './answer-rows.js';

/**
 * A GPT that says one number instead of a token: its unembedding is replaced by a scalar head. The reward model reads it
 * at the last token of an answer, the value model at every token.
 */
export interface ScalarModel {
  readonly body: Gpt;
  readonly parameters: ScalarSpec;
  /**
   * The number at chosen places, or at all.
   *
   * @param rows `tokens` int32 [N, T] and how they are to be read; see `layOutAnswers`
   * @param places int32 [M], indices into the N·T tokens in row-major order
   * @returns [M], or [N · T]
   */
  at(parameters: ScalarParameters, rows: RowTensors, places?: Tensor): Tensor;
}

export interface ScalarSpec {
  readonly body: GptSpec;
  readonly scalar: LinearSpec;
}

export type ScalarParameters = TensorsOf<ScalarSpec>;

/**
 * @param options.zeroHead start the head at 0 (the value model's start where none is given) instead of
 *   N(0, 1/(width + 1)) (Ziegler et al. 2019)
 */
export function scalarModel(body: Gpt, options: { zeroHead?: boolean } = {}): ScalarModel {
  const { width } = body.config;
  const init = options.zeroHead ? ({ kind: 'zeros' } as const) : normal(1 / Math.sqrt(width + 1));
  const { head: _unembedding, ...spec } = body.parameters;
  return {
    body,
    parameters: { body: spec, scalar: linearSpec(width, 1, { init }) },
    at: (parameters, rows, places) => {
      const hidden = reshape(body.hidden(parameters.body, rows.tokens, rowForward(rows)), [-1, width]);
      return squeeze(linear(parameters.scalar, places ? gather(hidden, places) : hidden), -1);
    },
  };
}

/** A language model's parameters under the paths of a scalar model's body; the unembedding stays behind. */
export function bodyFrom(values: Readonly<Record<string, Float32Array>>): Record<string, Float32Array> {
  const entries = Object.entries(values).filter(([path]) => !path.startsWith('head.'));
  return Object.fromEntries(entries.map(([path, value]) => [`body.${path}`, value]));
}
