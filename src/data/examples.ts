import { DataError } from '../errors.js';
import type { Message, Pixels } from '../tokenizer/chat.js';
import { formatPlace, placeOf, type Place } from './bad-rows.js';
import type { Chat } from './chats.js';

/**
 * A token sequence, and for each of its tokens whether it counts as a target (1) or is only read (0); with it the images
 * that some of its tokens keep places for.
 */
export type Example = Readonly<{ ids: Int32Array; loss: Uint8Array; images?: readonly Pixels[] }>;

export interface EncodeChatsOptions {
  readonly chats: Iterable<Chat> | AsyncIterable<Chat>;
  /** The chat template: dialogue to tokens. */
  readonly encode: (messages: readonly Message[]) => Example;
  readonly contextLength: number;
  /**
   * A dialogue of more than contextLength + 1 tokens: `shorten` drops its oldest exchanges (never the system message)
   * until it fits, and leaves it out where even the last one does not; `leave out`; or `refuse` it with an error.
   * Default `shorten`.
   */
  readonly tooLong?: 'shorten' | 'leave out' | 'refuse';
  readonly signal?: AbortSignal;
}

export interface EncodedChats {
  readonly examples: Example[];
  /** Dialogues that lost their oldest turns. */
  readonly shortened: number;
  /** Dialogues that did not fit at all. */
  readonly leftOut: readonly Place[];
  /** Tokens in all examples, and how many of them are targets. */
  readonly tokens: number;
  readonly targets: number;
}

/**
 * Encodes dialogues as training examples that fit into the context.
 *
 * @throws DataError when no dialogue is left, or at a long one when these are refused
 */
export async function encodeChats(options: EncodeChatsOptions): Promise<EncodedChats> {
  const { encode, contextLength, tooLong = 'shorten' } = options;
  const limit = contextLength + 1;
  const examples: Example[] = [];
  const leftOut: Place[] = [];
  let shortened = 0;
  let tokens = 0;
  let targets = 0;
  for await (const chat of options.chats) {
    options.signal?.throwIfAborted();
    let messages = chat.messages;
    let example = encode(messages);
    if (example.ids.length > limit) {
      if (tooLong === 'refuse') throw tooLongError(chat, example.ids.length, contextLength);
      while (tooLong === 'shorten' && example.ids.length > limit) {
        const shorter = dropOldestExchange(messages);
        if (shorter === undefined) break;
        messages = shorter;
        example = encode(messages);
      }
      if (example.ids.length > limit) {
        leftOut.push(placeOf(chat));
        continue;
      }
      shortened++;
    }
    examples.push(example);
    tokens += example.ids.length;
    targets += example.loss.reduce((sum, counts) => sum + counts, 0);
  }
  if (examples.length === 0) {
    const first = leftOut[0];
    throw new DataError(
      first === undefined
        ? 'There are no dialogues in this data'
        : `None of the ${leftOut.length} dialogues fits into a context of ${contextLength} (the first: ${formatPlace(first)})`,
      { advice: first === undefined ? 'Check the paths and the bad rows.' : 'Train with a longer context.' },
    );
  }
  return { examples, shortened, leftOut, tokens, targets };
}

/** The dialogue without its first question and answer, or undefined when no whole exchange would be left. */
function dropOldestExchange(messages: readonly Message[]): readonly Message[] | undefined {
  const first = messages[0]?.role === 'system' ? 1 : 0;
  const rest = messages.slice(first + 2);
  return rest.length < 2 ? undefined : [...messages.slice(0, first), ...rest];
}

function tooLongError(place: Place, length: number, contextLength: number): DataError {
  return new DataError(
    `${formatPlace(place)}: a dialogue of ${length} tokens does not fit into a context of ${contextLength}`,
    { advice: 'Train with a longer context, or let long dialogues be shortened by whole turns.' },
  );
}
