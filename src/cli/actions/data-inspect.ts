import pc from 'picocolors';
import { BadRows } from '../../data/bad-rows.js';
import { readChats } from '../../data/chats.js';
import { type DataKind, formatSummary, inspectData } from '../../data/inspect.js';
import { ChatTemplate, encodeChat } from '../../tokenizer/chat.js';
import { CONTROL_TOKENS } from '../../tokenizer/control-tokens.js';
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

/** The first dialogues as a model sees them in fine-tuning. */
async function chatsAsTokens(paths: readonly string[], opened: TokenizerFolder, count: number): Promise<string[]> {
  const { template = new ChatTemplate() } = opened;
  const tokenizer = opened.template ? opened.tokenizer : opened.tokenizer.withControlTokens(CONTROL_TOKENS);
  const colour = pc.isColorSupported;
  const lines = ['', `as tokens; ${colour ? 'on green' : 'in brackets'}: in the loss of supervised fine-tuning`];
  let number = 0;
  for await (const { messages } of readChats({ paths: [...paths], badRows: new BadRows() })) {
    if (number++ === count) break;
    const { ids, loss } = encodeChat(tokenizer, template, messages);
    const share = loss.reduce((sum, counted) => sum + counted, 0);
    lines.push('', `--- ${number}: ${share} of ${ids.length} tokens`, inspectTokens(tokenizer, ids, { loss, colour }));
  }
  return lines;
}
