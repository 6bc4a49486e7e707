import pc from 'picocolors';
import { BadRows } from '../../data/bad-rows.js';
import { readChats } from '../../data/chats.js';
import { type DataKind, formatSummary, inspectData } from '../../data/inspect.js';
import { ChatTemplate, encodeChat } from '../../tokenizer/chat.js';
import { CONTROL_TOKENS, IMAGE_TOKEN } from '../../tokenizer/control-tokens.js';
import { inspectTokens } from '../../tokenizer/inspect.js';
import type { TokenizerFolder } from '../../tokenizer/tokenizer-folder.js';
import type { Invocation } from '../command.js';
import type { TextFlags } from '../flags.js';
import { openTokenizer } from '../open-tokenizer.js';

export interface DataInspectFlags extends TextFlags {
  readonly tokenizer?: string;
  readonly kind?: DataKind;
  readonly show: number;
}

export async function inspectDataCommand(invocation: Invocation<DataInspectFlags>): Promise<void> {
  const { positional: paths, flags, answer, signal } = invocation;
  const opened = flags.tokenizer === undefined ? undefined : await openTokenizer(flags.tokenizer);
  const summary = await inspectData({ ...flags, paths, signal, tokenizer: opened?.tokenizer });
  const { kind, unit, lengths, counts, samples, badRows } = summary;
  const shown = opened && kind === 'chats' && flags.show > 0 ? await chatsAsTokens(paths, opened, flags.show) : [];
  answer(
    {
      kind,
      unit,
      rows: lengths.length,
      total: lengths.reduce((sum, length) => sum + length, 0),
      counts,
      samples,
      badRows: badRows.listed.map(({ place, field, why }) => ({ ...place, field, why })),
      badRowCount: badRows.count,
    },
    [formatSummary(summary), ...shown].join('\n'),
  );
}

/** In place of an image whose place alone is shown. */
const unseen = { channels: 1, height: 1, width: 1, pixels: new Uint8Array(1) };

/** The first dialogues as a model sees them in fine-tuning; an image is one token, where it may be more. */
async function chatsAsTokens(paths: readonly string[], opened: TokenizerFolder, count: number): Promise<string[]> {
  const { template = new ChatTemplate() } = opened;
  const added = opened.template ? [IMAGE_TOKEN] : [...CONTROL_TOKENS, IMAGE_TOKEN];
  const tokenizer = opened.tokenizer.withControlTokens(added);
  const colour = pc.isColorSupported;
  const lines = ['', `as tokens; ${colour ? 'on green' : 'in brackets'}: in the loss of supervised fine-tuning`];
  let number = 0;
  for await (const { messages } of readChats({ paths: [...paths], badRows: new BadRows() })) {
    if (number++ === count) break;
    const shown = messages.map(({ images, ...message }) => ({
      ...message,
      ...(images && { images: images.map(({ at }) => ({ at, pixels: unseen })) }),
    }));
    const { ids, loss } = encodeChat(tokenizer, template, shown, { imageTokens: 1 });
    const share = loss.reduce((sum, counted) => sum + counted, 0);
    lines.push('', `--- ${number}: ${share} of ${ids.length} tokens`, inspectTokens(tokenizer, ids, { loss, colour }));
  }
  return lines;
}
