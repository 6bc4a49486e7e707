import type { JudgedExample } from '../../alignment/preference/kto.js';
import type { RankedExample } from '../../alignment/reward-batches.js';
import type { BadRows } from '../../data/bad-rows.js';
import { type Chat, readChats } from '../../data/chats.js';
import { type OnResize, chatsWithPixels } from '../../data/message-images.js';
import { type EncodedChats, type Example, encodeChats } from '../../data/examples.js';
import { DataError } from '../../errors.js';
import type { Ancestor } from '../../formats/lineage.js';
import { type ModelEye, imagesAs, sightOf } from '../../formats/model-eye.js';
import type { LoadedModel } from '../../formats/model-folder.js';
import { type ChatTemplate, type Message, encodeChat } from '../../tokenizer/chat.js';
import type { Tokenizer } from '../../tokenizer/tokenizer.js';

/** From dialogues and rankings to what the stages train on. */

export interface Encoding {
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate;
  /** Of a model that sees. */
  readonly eye?: ModelEye;
}

/** Dialogues as examples that fit into the context; long ones lose their oldest exchanges. */
export const encodeDialogues = (
  chats: readonly Chat[],
  { tokenizer, template, eye, contextLength }: Encoding & { contextLength: number },
): Promise<EncodedChats> =>
  encodeChats({
    chats,
    encode: (messages) => encodeChat(tokenizer, template, messages, imagesAs(eye)),
    contextLength,
  });

/**
 * Reads dialogues; for a model that sees with their images, and says where these were of another size.
 *
 * @throws BadRowError for a row that is no dialogue or an image that cannot be read, unless there is a list of bad rows
 */
export async function readDialogues(options: {
  readonly paths: readonly string[];
  readonly eye?: ModelEye;
  readonly badRows?: BadRows;
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}): Promise<Chat[]> {
  const { paths, eye, badRows, say, signal } = options;
  const bad = { ...(badRows && { badRows }) };
  const rows = readChats({ paths: [...paths], ...bad, signal });
  const resized: string[] = [];
  const onResize: OnResize = ({ name, from }) => resized.push(`${name}, ${from.width} x ${from.height}`);
  const seen = eye ? chatsWithPixels(rows, { sight: sightOf(eye), onResize, ...bad }) : rows;
  const chats: Chat[] = [];
  for await (const chat of seen) chats.push(chat);
  if (eye && resized.length > 0) {
    const { width, height } = eye.data;
    say(
      `${resized.length} images were brought to ${width} x ${height}, which the model sees (the first: ${resized[0]!})`,
    );
  }
  return chats;
}

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

/** A ranking that says where its prompt ends. */
export type JudgeableExample = RankedExample & { readonly promptLength: number };

/** Ranked answers as tokens, each behind its prompt. */
export const encodeRankings = (
  rankings: readonly {
    readonly messages: readonly Message[];
    readonly answers: readonly { readonly text: string; readonly rank: number }[];
  }[],
  { tokenizer, template }: Encoding,
): JudgeableExample[] =>
  rankings.map(({ messages, answers }) => ({
    promptLength: encodeChat(tokenizer, template, messages, { addGenerationPrompt: true }).ids.length,
    sequences: answers.map(
      ({ text }) => encodeChat(tokenizer, template, [...messages, { role: 'assistant', content: text }]).ids,
    ),
    ranks: answers.map(({ rank }) => rank),
  }));

/** Answers with votes as tokens. */
export const encodeVotes = (
  votes: readonly { readonly messages: readonly Message[]; readonly answer: string; readonly liked: boolean }[],
  encoding: Encoding,
): JudgedExample[] =>
  encodeRankings(
    votes.map(({ messages, answer }) => ({ messages, answers: [{ text: answer, rank: 0 }] })),
    encoding,
  ).map(({ sequences, promptLength }, index) => ({
    prompt: sequences[0]!.subarray(0, promptLength),
    answers: [sequences[0]!.subarray(promptLength)],
    up: [Number(votes[index]!.liked)],
    down: [Number(!votes[index]!.liked)],
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
