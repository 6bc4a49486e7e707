import type { RankedExample } from '../../alignment/reward-batches.js';
import type { Chat } from '../../data/chats.js';
import { type EncodedChats, type Example, encodeChats } from '../../data/examples.js';
import { DataError } from '../../errors.js';
import type { Ancestor } from '../../formats/lineage.js';
import type { LoadedModel } from '../../formats/model-folder.js';
import { type ChatTemplate, type Message, encodeChat } from '../../tokenizer/chat.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';

/** From dialogues and rankings to what the stages train on. */

export interface Encoding {
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
}

/** Dialogues as examples that fit into the context; long ones lose their oldest exchanges. */
export const encodeDialogues = (
  chats: readonly Chat[],
  { tokenizer, template, contextLength }: Encoding & { contextLength: number },
): Promise<EncodedChats> =>
  encodeChats({ chats, encode: (messages) => encodeChat(tokenizer, template, messages), contextLength });

/** Held-out dialogues. Where all are too long there is nothing to measure, which is no reason not to train. */
export const encodeHeldOut = (
  chats: readonly Chat[],
  encoding: Encoding & { contextLength: number },
): Promise<readonly Example[]> =>
  encodeDialogues(chats, encoding).then(
    ({ examples }) => examples,
    (error: unknown) => {
      if (error instanceof DataError) return [];
      throw error;
    },
  );

/** Dialogues that were not read from a file. */
export const chatsOf = (dialogues: readonly (readonly Message[])[]): Chat[] =>
  dialogues.map((messages, index) => ({ messages, file: 'chats', line: index + 1 }));

/** Ranked answers as tokens, each behind its prompt. */
export const encodeRankings = (
  rankings: readonly {
    readonly messages: readonly Message[];
    readonly answers: readonly { readonly text: string; readonly rank: number }[];
  }[],
  { tokenizer, template }: Encoding,
): RankedExample[] =>
  rankings.map(({ messages, answers }) => ({
    sequences: answers.map(
      ({ text }) => encodeChat(tokenizer, template, [...messages, { role: 'assistant', content: text }]).ids,
    ),
    ranks: answers.map(({ rank }) => rank),
  }));

/** A model as an ancestor of another. */
export const modelAsAncestor = (
  { folder, lineage }: Pick<LoadedModel, 'folder' | 'lineage'>,
  role = 'parent',
): Ancestor => ({
  role,
  name: lineage?.name ?? folder,
  id: lineage?.id,
  path: folder,
});
