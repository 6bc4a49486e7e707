import { ConfigError } from '../errors.js';
import type { GptConfig } from '../families/autoregressive/gpt-config.js';
import type { GgufTensor, GgufTensorType, GgufValue } from './gguf.js';

/** Which of llama.cpp's models computes exactly what a GPT does, and the GPT's weights under the names that it has there. */

const settings = ['positions', 'normalisation', 'activation'] as const;
type Setting = (typeof settings)[number];

export interface GgufArchitecture extends Pick<GptConfig, Setting> {
  /** As llama.cpp calls it. */
  readonly name: string;
  /** Biases of the linear layers: always there, never, or as the model has them. */
  readonly biases: 'always' | 'never' | 'optional';
  /** Which two numbers of a head turn together: neighbours, or, as ours, those a half apart. */
  readonly rotaryPairs?: 'neighbours' | 'halves';
  /** Query, key and value are one matrix. */
  readonly joined?: boolean;
  /** It has an output matrix also where that is the token embedding. */
  readonly ownHead?: boolean;
}

const architectures: readonly GgufArchitecture[] = [
  {
    ...{ positions: 'rotary', normalisation: 'rms', activation: 'squared-relu' },
    ...{ name: 'arcee', biases: 'never', rotaryPairs: 'neighbours' },
  },
  {
    ...{ positions: 'rotary', normalisation: 'rms', activation: 'swiglu' },
    ...{ name: 'llama', biases: 'optional', rotaryPairs: 'neighbours' },
  },
  {
    ...{ positions: 'rotary', normalisation: 'layer', activation: 'squared-relu' },
    ...{ name: 'nemotron', biases: 'always', rotaryPairs: 'halves', ownHead: true },
  },
  {
    ...{ positions: 'rotary', normalisation: 'layer', activation: 'gelu' },
    ...{ name: 'starcoder2', biases: 'always', rotaryPairs: 'halves' },
  },
  {
    ...{ positions: 'learned', normalisation: 'layer', activation: 'gelu' },
    ...{ name: 'gpt2', biases: 'always', joined: true },
  },
];

/** The architecture of a GPT. @throws ConfigError naming the setting that none has */
export function ggufArchitecture(config: GptConfig): GgufArchitecture {
  if (config.normPosition === 'post') throw noEqual('model.normPosition: post', 'It normalises before each sub-layer.');
  if (config.bandedWindow > 0 && config.layers > 1) {
    throw noEqual(`model.bandedWindow: ${config.bandedWindow}`, 'All its blocks see every position.');
  }
  const found = architectures.find((known) => settings.every((key) => known[key] === config[key]));
  if (found === undefined) {
    const say = (of: Pick<GptConfig, Setting>): string => settings.map((key) => of[key]).join(' + ');
    throw noEqual(
      settings.map((key) => `model.${key}: ${config[key]}`).join(' with '),
      `It has ${architectures.map(say).join(', ')}.`,
    );
  }
  if (found.biases === 'never' && config.bias) {
    throw noEqual(`model.bias: true with model.activation: ${config.activation}`, 'It has it without biases.');
  }
  return found;
}

const noEqual = (what: string, advice: string): ConfigError =>
  new ConfigError(`llama.cpp has no model with ${what}`, { advice });

/** What llama.cpp has to know of the model's shape. */
export function architectureMetadata(
  { name, rotaryPairs, normalisation }: GgufArchitecture,
  config: GptConfig,
): Record<string, GgufValue> {
  const epsilon = normalisation === 'rms' ? 'layer_norm_rms_epsilon' : 'layer_norm_epsilon';
  const shape: Record<string, GgufValue> = {
    vocab_size: config.vocabularySize,
    context_length: config.contextLength,
    embedding_length: config.width,
    block_count: config.layers,
    feed_forward_length: config.hiddenWidth,
    'attention.head_count': config.heads,
    'attention.head_count_kv': config.keyValueHeads,
    [`attention.${epsilon}`]: { float32: config.normEpsilon },
    ...(rotaryPairs && {
      'rope.dimension_count': config.width / config.heads,
      'rope.freq_base': { float32: config.rotaryBase },
    }),
  };
  return {
    'general.architecture': name,
    ...Object.fromEntries(Object.entries(shape).map(([key, value]) => [`${name}.${key}`, value])),
  };
}

/** One of ours among the linear layers that become one matrix. */
interface Layer {
  readonly path: string;
  readonly outputs: number;
  /** Outputs are queries or keys, which turn in pairs. */
  readonly turns?: boolean;
}

/**
 * A GPT's weights as llama.cpp wants them: each matrix with a row per output (ours have a column), rows in the order of its
 * rotary pairs, biases of zero where it has biases and the GPT has none.
 *
 * @param type of the matrices; vectors are always of 32 bits
 */
export function* architectureTensors(
  { biases, rotaryPairs, joined, ownHead, normalisation }: GgufArchitecture,
  config: GptConfig,
  values: Readonly<Record<string, Float32Array>>,
  type: GgufTensorType,
): Generator<GgufTensor> {
  const { vocabularySize, contextLength, width, hiddenWidth, heads, keyValueHeads } = config;
  const headWidth = width / heads;
  const keyValueWidth = headWidth * keyValueHeads;

  const table = (to: string, from: string, rows: number): GgufTensor => {
    return { name: `${to}.weight`, type, shape: [rows, width], data: () => values[`${from}.weight`]! };
  };
  const vector = (to: string, data: Float32Array): GgufTensor => {
    return { name: to, type: 'F32', shape: [data.length], data: () => data };
  };
  function* norm(to: string, from: string): Generator<GgufTensor> {
    yield vector(`${to}.weight`, values[`${from}.scale`]!);
    if (normalisation === 'layer') yield vector(`${to}.bias`, values[`${from}.bias`] ?? new Float32Array(width));
  }
  /** Where the outputs stand in ours. */
  const order = ({ outputs, turns = false }: Layer): Int32Array =>
    Int32Array.from({ length: outputs }, (_, output) => {
      if (!turns || rotaryPairs !== 'neighbours') return output;
      const within = output % headWidth;
      return output - within + Math.floor(within / 2) + (within % 2) * (headWidth / 2);
    });
  function* linear(to: string, inputs: number, ...layers: Layer[]): Generator<GgufTensor> {
    const outputs = layers.reduce((sum, layer) => sum + layer.outputs, 0);
    const matrix = (): Float32Array =>
      concatenated(layers.map((layer) => transposed(values[`${layer.path}.weight`]!, inputs, order(layer))));
    yield { name: `${to}.weight`, type, shape: [outputs, inputs], data: matrix };
    if (biases === 'always' || (biases === 'optional' && config.bias)) {
      const bias = (layer: Layer): Float32Array => {
        const own = values[`${layer.path}.bias`];
        return Float32Array.from(order(layer), (output) => own?.[output] ?? 0);
      };
      yield vector(`${to}.bias`, concatenated(layers.map(bias)));
    }
  }

  yield table('token_embd', 'tokens', vocabularySize);
  if (config.positions === 'learned') yield table('position_embd', 'positions', contextLength);
  for (let block = 0; block < config.layers; block++) {
    const [to, from] = [`blk.${block}`, `blocks.${block}`];
    const query: Layer = { path: `${from}.query`, outputs: width, turns: true };
    const key: Layer = { path: `${from}.key`, outputs: keyValueWidth, turns: true };
    const value: Layer = { path: `${from}.value`, outputs: keyValueWidth };
    yield* norm(`${to}.attn_norm`, `${from}.attentionNorm`);
    if (joined) yield* linear(`${to}.attn_qkv`, width, query, key, value);
    else {
      yield* linear(`${to}.attn_q`, width, query);
      yield* linear(`${to}.attn_k`, width, key);
      yield* linear(`${to}.attn_v`, width, value);
    }
    yield* linear(`${to}.attn_output`, width, { path: `${from}.projection`, outputs: width });
    yield* norm(`${to}.ffn_norm`, `${from}.feedForwardNorm`);
    if (config.activation === 'swiglu') {
      yield* linear(`${to}.ffn_gate`, width, { path: `${from}.gate`, outputs: hiddenWidth });
    }
    yield* linear(`${to}.ffn_up`, width, { path: `${from}.up`, outputs: hiddenWidth });
    yield* linear(`${to}.ffn_down`, hiddenWidth, { path: `${from}.down`, outputs: width });
  }
  yield* norm('output_norm', 'finalNorm');
  if (!config.tiedHead) {
    const head = (): Float32Array =>
      transposed(values['head.weight']!, width, order({ path: 'head', outputs: vocabularySize }));
    yield { name: 'output.weight', type, shape: [vocabularySize, width], data: head };
  } else if (ownHead) yield table('output', 'tokens', vocabularySize);
}

/** [inputs, outputs] → [outputs, inputs], the outputs in this order. */
function transposed(matrix: Float32Array, inputs: number, order: Int32Array): Float32Array {
  const result = new Float32Array(matrix.length);
  order.forEach((output, row) => {
    for (let input = 0; input < inputs; input++) result[row * inputs + input] = matrix[input * order.length + output]!;
  });
  return result;
}

function concatenated(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
