import { ConfigError } from '../errors.js';

/** The control tokens of Descent's own chats. Padding has a token of its own, so that it is never end-of-text. */
export const CONTROL = {
  endOfText: '<|endoftext|>',
  pad: '<|pad|>',
  system: '<|system|>',
  user: '<|user|>',
  assistant: '<|assistant|>',
  end: '<|end|>',
} as const;

/** Keeps a place in a chat for what a model that sees makes of a part of an image. No other model has it. */
export const IMAGE_TOKEN = '<|image|>';

export const CONTROL_TOKENS: readonly string[] = Object.values(CONTROL);

/** Throws ConfigError for names that are empty or appear twice. */
export function checkControlTokens(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (name.length === 0) throw new ConfigError('controlTokens: an empty name cannot be a control token.');
    if (seen.has(name)) {
      throw new ConfigError(`controlTokens: ${name} is listed twice.`, { advice: 'List every control token once.' });
    }
    seen.add(name);
  }
}

/** The id of a control token, or ConfigError that lists those there are. */
export function controlTokenId(controlTokens: ReadonlyMap<string, number>, name: string): number {
  const id = controlTokens.get(name);
  if (id !== undefined) return id;
  const known = [...controlTokens.keys()].join(', ') || 'none';
  throw new ConfigError(`The tokenizer has no control token ${name} (it has: ${known}).`, {
    advice: 'Add it with tokenizer.withControlTokens([...]), or train the tokenizer with it.',
  });
}

/** A global RegExp that finds any of the names, the longest first; undefined when there are none. */
export function literalPattern(names: Iterable<string>): RegExp | undefined {
  const sources = [...names].sort((a, b) => b.length - a.length).map((name) => escapeRegExp(name));
  return sources.length === 0 ? undefined : new RegExp(sources.join('|'), 'gu');
}

export function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
