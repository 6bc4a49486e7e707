import type { Message } from '../../../tokenizer/chat.js';
import type { Judgement, LabelItem } from './types.js';

interface Prompt {
  readonly messages: readonly Message[];
}

/** A set as the files that training commands read; who said what, when, and of which model stays beside it. */
export interface LabelExport {
  /** For `descent reward` and `descent dpo`: a row for each judgement. */
  readonly rankings: readonly object[];
  /** For `descent sft`. */
  readonly demonstrations: readonly object[];
  /** For `descent ppo`: every prompt that is not held out. */
  readonly prompts: readonly Prompt[];
  /** Prompts that nothing is trained on. */
  readonly heldOut: readonly Prompt[];
}

/** Judgements of held-out prompts measure, and train nothing: a set that is held out whole compares models. */
export function exportLabels(items: readonly LabelItem[], judgements: readonly Judgement[]): LabelExport {
  const byId = new Map(items.map((item) => [item.id, item]));
  const rankings: object[] = [];
  const demonstrations: object[] = [];
  for (const { itemId, labeler, verdict, at } of judgements) {
    const item = byId.get(itemId);
    if (item === undefined || item.heldOut) continue;
    const { messages, answers } = item;
    if (verdict.kind === 'demonstration') {
      demonstrations.push({ messages: [...messages, { role: 'assistant', content: verdict.text }], labeler, at });
    }
    // A thumb up stands above one down; what has neither says nothing.
    const places =
      verdict.kind === 'ranking'
        ? verdict.ranks.map((rank): number | undefined => rank + 1)
        : verdict.kind === 'thumbs'
          ? verdict.thumbs.map((thumb) => (thumb === 0 ? undefined : thumb > 0 ? 1 : 2))
          : [];
    const ranked = answers.flatMap((answer, index) => {
      const rank = places[index];
      return rank === undefined ? [] : [{ ...answer, rank }];
    });
    const isTelling = new Set(ranked.map(({ rank }) => rank)).size > 1;
    if (isTelling && new Set(ranked.map(({ text }) => text)).size > 1) {
      rankings.push({ messages, answers: ranked, labeler, at });
    }
  }
  const unique = (list: readonly LabelItem[]): Prompt[] =>
    [...new Set(list.map(({ messages }) => JSON.stringify(messages)))].map((messages) => ({
      messages: JSON.parse(messages) as Message[],
    }));
  return {
    rankings,
    demonstrations,
    prompts: unique(items.filter(({ heldOut }) => !heldOut)),
    heldOut: unique(items.filter(({ heldOut }) => heldOut)),
  };
}
