import { z } from 'zod';
import { FormatError } from '../errors.js';
import { ChatTemplate } from './chat-template.js';
import { CONTROL } from './control-tokens.js';
import { addedTokenJson } from './tokenizer-json.js';
import type { JsonObject } from './tokenizer-json.js';
import type { Tokenizer } from './tokenizer.js';

/** What Descent takes from a tokenizer_config.json. */
export interface TokenizerConfig {
  template?: ChatTemplate;
  bosToken?: string;
  eosToken?: string;
  /** Left out where a file pads with its end-of-text token: a model would learn never to end. */
  padToken?: string;
  /** The longest sequence the model was made for. */
  maxLength?: number;
}

/** The content of a tokenizer_config.json that transformers and its kin read. */
export function tokenizerConfigJson(tokenizer: Tokenizer, config: TokenizerConfig): JsonObject {
  const { controlTokens } = tokenizer;
  const present = (name: string | undefined, fallback?: string) => {
    const token = name ?? fallback;
    return token !== undefined && controlTokens.has(token) ? token : null;
  };
  const decoder = [...controlTokens].map(([name, id]) => {
    const { id: _id, ...token } = addedTokenJson(name, id, true);
    return [String(id), token] as const;
  });
  return {
    tokenizer_class: 'PreTrainedTokenizerFast',
    add_bos_token: false,
    add_eos_token: false,
    added_tokens_decoder: Object.fromEntries(decoder),
    bos_token: present(config.bosToken, CONTROL.endOfText),
    eos_token: present(config.eosToken, CONTROL.endOfText),
    pad_token: present(config.padToken, CONTROL.pad),
    unk_token: null,
    clean_up_tokenization_spaces: false,
    ...(config.maxLength !== undefined && { model_max_length: config.maxLength }),
    ...(config.template && { chat_template: config.template.source }),
  };
}

const token = z
  .union([z.string(), z.looseObject({ content: z.string() })])
  .nullish()
  .transform((value) => (typeof value === 'string' ? value : value?.content));

const schema = z.looseObject({
  bos_token: token,
  eos_token: token,
  pad_token: token,
  unk_token: token,
  model_max_length: z.number().nullish(),
  chat_template: z.union([z.string(), z.array(z.looseObject({ name: z.string(), template: z.string() }))]).nullish(),
});

export interface ReadTokenizerConfigOptions {
  where?: string;
  /** The content of a chat_template.jinja, which newer folders have beside the configuration. */
  templateFile?: string;
}

/** Reads the content of a tokenizer_config.json. Throws FormatError when it is not one. */
export function readTokenizerConfig(json: unknown, options: ReadTokenizerConfigOptions = {}): TokenizerConfig {
  const { where = 'tokenizer_config.json', templateFile } = options;
  const parsed = schema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new FormatError(`${where}: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not valid'}`);
  }
  const { bos_token: bos, eos_token: eos, pad_token: pad, unk_token: unk, chat_template: chat } = parsed.data;
  const source = templateFile ?? (typeof chat === 'string' ? chat : defaultTemplate(chat ?? []));
  const tokens = { bos_token: bos, eos_token: eos, pad_token: pad, unk_token: unk };
  const variables = Object.fromEntries(
    Object.entries(tokens).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const { model_max_length: maxLength } = parsed.data;
  return {
    ...(source !== undefined && { template: new ChatTemplate({ source, variables }) }),
    ...(bos !== undefined && { bosToken: bos }),
    ...(eos !== undefined && { eosToken: eos }),
    ...(pad !== undefined && pad !== eos && { padToken: pad }),
    // transformers writes 1e30 for "no limit".
    ...(maxLength && maxLength < 1e9 && { maxLength }),
  };
}

function defaultTemplate(named: readonly { name: string; template: string }[]): string | undefined {
  return (named.find(({ name }) => name === 'default') ?? named[0])?.template;
}
