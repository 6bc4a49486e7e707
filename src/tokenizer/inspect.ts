import { createColors } from 'picocolors';
import type { Tokenizer } from './tokenizer.js';
import { utf8Decoder } from './utf8.js';

export interface InspectOptions {
  /** Loss mask: what is in the loss is on green (or in brackets), the rest is dim. */
  loss?: ArrayLike<number>;
  /** ANSI colours; without them tokens stand between bars. Default true. */
  colour?: boolean;
}

/**
 * Tokens as a person can see them: one coloured stretch each, control tokens in magenta, line breaks shown and made,
 * bytes that are no whole character in hexadecimal.
 */
export function inspectTokens(tokenizer: Tokenizer, ids: ArrayLike<number>, options: InspectOptions = {}): string {
  const { loss, colour = true } = options;
  const paint = createColors(colour);
  const controls = new Set(tokenizer.controlTokens.values());
  const backgrounds = loss ? [paint.bgGreen, paint.bgGreenBright] : [paint.bgBlue, paint.bgCyan, paint.bgYellow];
  const tokens = Array.from(ids, (id, index) => {
    const text = visible(tokenizer.bytesOf(id));
    if (!colour) return loss?.[index] ? `[${text}]` : text;
    if (controls.has(id)) return loss?.[index] ? paint.bold(paint.bgMagenta(text)) : paint.magenta(text);
    if (loss && !loss[index]) return paint.dim(text);
    return backgrounds[index % backgrounds.length]?.(paint.black(text));
  });
  return tokens.join(colour ? '' : '|').replaceAll('⏎', '⏎\n');
}

function visible(bytes: Uint8Array): string {
  try {
    return utf8Decoder({ fatal: true }).decode(bytes).replaceAll('\n', '⏎').replaceAll('\t', '⇥').replaceAll('\r', '␍');
  } catch {
    return `‹${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ')}›`;
  }
}
