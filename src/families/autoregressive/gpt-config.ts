import { z } from 'zod';
import { ConfigError } from '../../errors.js';

/** Every key of a GPT, with what it means. The texts are also the command line's help. */
export const gptConfigSchema = z.object({
  vocabularySize: z.int().positive().describe('number of tokens in the vocabulary'),
  contextLength: z.int().positive().default(128).describe('longest sequence the model sees, in tokens'),
  layers: z.int().positive().default(4).describe('number of transformer blocks'),
  heads: z.int().positive().default(4).describe('attention heads per block'),
  keyValueHeads: z
    .int()
    .positive()
    .optional()
    .describe('key and value heads, dividing heads; fewer means grouped queries (default: heads)'),
  width: z.int().positive().default(128).describe('width of the residual stream'),
  hiddenWidth: z
    .int()
    .positive()
    .optional()
    .describe(
      'width inside the feed-forward layer (default: 4 x width; for SwiGLU 8/3 x width, rounded up to a multiple of 32)',
    ),
  normalisation: z
    .enum(['layer', 'rms'])
    .default('layer')
    .describe('layer normalisation, or root-mean-square normalisation'),
  normPosition: z
    .enum(['pre', 'post'])
    .default('pre')
    .describe('normalise before each sub-layer (GPT-2) or after the residual sum (GPT-1)'),
  normEpsilon: z.number().positive().default(1e-5).describe('added to the variance before the root'),
  activation: z
    .enum(['gelu', 'gelu-exact', 'relu', 'squared-relu', 'silu', 'swiglu'])
    .default('gelu')
    .describe('non-linearity of the feed-forward layer'),
  positions: z.enum(['learned', 'rotary']).default('learned').describe('how the model knows where a token stands'),
  rotaryBase: z.number().positive().default(10_000).describe('base of the rotary frequencies'),
  bias: z.boolean().default(true).describe('biases in the linear layers and norms'),
  tiedHead: z.boolean().default(true).describe('the output layer shares the token embedding'),
  bandedWindow: z
    .int()
    .nonnegative()
    .default(0)
    .describe(
      "every second block sees only so many latest positions (GPT-3's alternating banded attention); 0: all dense",
    ),
  dropout: z.number().min(0).max(0.99).default(0).describe('probability of zeroing an activation while training'),
  initialisation: z.number().positive().default(0.02).describe('standard deviation of the initial weights'),
});

export type GptOptions = z.input<typeof gptConfigSchema>;
export type GptConfig = Required<z.output<typeof gptConfigSchema>>;

/** Checks a configuration and fills in its defaults. @throws ConfigError naming the key */
export function gptConfig(options: GptOptions): GptConfig {
  const parsed = gptConfigSchema.safeParse(options);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new ConfigError(`model.${issue!.path.join('.')}: ${issue!.message}`);
  }
  const config = parsed.data;
  const { width, heads, activation } = config;
  const keyValueHeads = config.keyValueHeads ?? heads;
  if (width % heads !== 0) throw new ConfigError(`model.width: ${width} does not divide into ${heads} heads`);
  if (heads % keyValueHeads !== 0)
    throw new ConfigError(`model.keyValueHeads: ${keyValueHeads} does not divide ${heads} heads`);
  if (config.positions === 'rotary' && (width / heads) % 2 !== 0) {
    throw new ConfigError(`model.positions: rotary positions need an even head width, not ${width / heads}`);
  }
  const standard = activation === 'swiglu' ? Math.ceil((8 * width) / 3 / 32) * 32 : 4 * width;
  return { ...config, keyValueHeads, hiddenWidth: config.hiddenWidth ?? standard };
}

const gpt2 = (layers: number, heads: number, width: number): GptOptions => ({
  vocabularySize: 50_257,
  contextLength: 1024,
  layers,
  heads,
  width,
});
/** GPT-3 (Brown et al. 2020, table 2.1): GPT-2's shape, context 2048, dense and banded blocks in turn. */
const gpt3 = (layers: number, heads: number, width: number): GptOptions => ({
  ...gpt2(layers, heads, width),
  contextLength: 2048,
  bandedWindow: 256,
});

/** The papers' models by name. */
export const gptPresets = {
  /** Radford et al. 2018: post-norm, 40,478 tokens (40,000 merges). */
  gpt1: { vocabularySize: 40_478, contextLength: 512, layers: 12, heads: 12, width: 768, normPosition: 'post' },
  gpt2: gpt2(12, 12, 768),
  'gpt2-medium': gpt2(24, 16, 1024),
  'gpt2-large': gpt2(36, 20, 1280),
  'gpt2-xl': gpt2(48, 25, 1600),
  'gpt3-small': gpt3(12, 12, 768),
  'gpt3-medium': gpt3(24, 16, 1024),
  'gpt3-large': gpt3(24, 16, 1536),
  'gpt3-xl': gpt3(24, 16, 2048),
  'gpt3-2.7b': gpt3(32, 32, 2560),
  'gpt3-6.7b': gpt3(32, 32, 4096),
  'gpt3-13b': gpt3(40, 40, 5120),
  'gpt3-175b': gpt3(96, 96, 12_288),
  /** Today's shape at a laptop's size. */
  modern: {
    vocabularySize: 4096,
    contextLength: 256,
    layers: 6,
    heads: 6,
    keyValueHeads: 2,
    width: 192,
    normalisation: 'rms',
    activation: 'swiglu',
    positions: 'rotary',
    bias: false,
  },
} as const satisfies Record<string, GptOptions>;

export type GptPreset = keyof typeof gptPresets;
