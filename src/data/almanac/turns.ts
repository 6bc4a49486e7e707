import { acceptedAnswers, answerOf, notOfferedAnswer, offTopicAnswer, unknownNameAnswer } from './answers.js';
import { notOfferedFollowUp, notOfferedPattern, offTopicRequest } from './beyond.js';
import { type Choice, type Split, splitOf } from './choice.js';
import { factSplit } from './facts.js';
import { misspellWord, misspelt } from './misspelling.js';
import { type Pattern, phrase } from './phrasing.js';
import { type SmallTalk, smallTalk, smallTalkReplies } from './small-talk.js';
import type { AlmanacItem, AttributeName, Entity, Fact, QuestionKind } from './types.js';

/** One thing a user says, how to judge the reply, and what the talk is about afterwards. */
export interface Turn {
  text: string;
  item: AlmanacItem;
  /** What "its" and "And Peru?" refer to from here on. */
  entity?: Entity;
  attribute?: AttributeName;
  /** Whether the almanac has the entity. */
  known: boolean;
  /** What a bluff would be about, where no fact exists: "the population of Peru". */
  subject?: string;
}

/** The share of questions about known facts, in a phrasing that training has, that training never puts together. */
const heldOutQuestions = 0.1;

/** Whether training, development or evaluation may ask for this fact in this phrasing. */
export function questionSplit(fact: Fact, pattern: Pattern): Split {
  const split = factSplit(fact);
  return split === 'training' ? splitOf(`question/${fact.key}/${pattern.id}`, heldOutQuestions) : split;
}

/** As typed in a hurry: no capitals, no full stop. Some of the questions of every split. */
function casual(choice: Choice, text: string): string {
  if (!choice.chance(0.16)) return text;
  const bare = text.replace(/ ?[.?!]$/, '');
  return choice.pick([text.toLowerCase(), bare, bare.toLowerCase()]);
}

/** A name that a question has in the entity's place: mostly its own. */
function surface(choice: Choice, entity: Entity): Entity {
  const share = entity.topic === 'sum' ? 0.6 : 0.2;
  if (entity.aliases.length === 0 || !choice.chance(share)) return entity;
  const name = choice.pick(entity.aliases);
  return { ...entity, name, possessive: /^the .*[a-z]s$/.test(name) ? `${name}'` : `${name}'s` };
}

/** The words in which a question may be spoilt. */
export type Spelling = 'right' | 'wrong name' | 'wrong word';

interface Asking {
  kind: QuestionKind;
  spelling?: Spelling;
  /** The split whose misspellings are used. */
  split?: Split;
}

/** A question about a fact; undefined where it cannot be misspelt as asked. */
export function factTurn(choice: Choice, fact: Fact, pattern: Pattern, asking: Asking): Turn | undefined {
  const { kind, spelling = 'right', split = 'training' } = asking;
  const shown = spelling === 'wrong name' ? misspelt(choice, fact.entity, split) : surface(choice, fact.entity);
  if (shown === undefined) return undefined;
  const asked = phrase(pattern, shown);
  const text = spelling === 'wrong word' ? misspellWord(choice, asked, split) : asked;
  if (text === undefined) return undefined;
  return {
    text: casual(choice, text),
    item: {
      kind,
      expects: 'answer',
      reference: answerOf(fact),
      accepted: acceptedAnswers(fact),
      key: `${fact.key}/${pattern.id}${spelling === 'right' ? '' : `/${text}`}`,
    },
    entity: fact.entity,
    attribute: fact.attribute,
    known: true,
  };
}

/** A question about something that the almanac has not. */
export function unknownTurn(
  choice: Choice,
  entity: Entity,
  attribute: AttributeName,
  pattern: Pattern,
  kind: QuestionKind,
): Turn {
  const reference = unknownNameAnswer(entity.topic);
  return {
    text: casual(choice, phrase(pattern, entity)),
    item: {
      kind,
      expects: 'refusal',
      reference,
      accepted: [reference],
      key: `${entity.topic}/${entity.name}/${attribute}/${pattern.id}`,
    },
    entity,
    attribute,
    known: false,
  };
}

/** A question for an attribute that the almanac has not, of an entity that it has. */
export function notOfferedTurn(choice: Choice, entity: Entity, split: Split, followUp: boolean): Turn {
  const topic = entity.topic === 'element' ? 'element' : 'country';
  const pattern = followUp ? notOfferedFollowUp(choice, topic, split) : notOfferedPattern(choice, topic, split);
  const reference = notOfferedAnswer(topic);
  return {
    text: casual(choice, phrase(pattern, entity)),
    item: {
      kind: 'not offered',
      expects: 'refusal',
      reference,
      accepted: [reference],
      key: `${topic}/${entity.name}/${pattern.id}`,
    },
    entity,
    known: true,
    subject: phrase({ id: '', text: (pattern.noun ?? '').replace(/^(?:its|the) ([^{]*)$/, 'the $1 of {e}') }, entity),
  };
}

/** A request for what no almanac has. */
export function offTopicTurn(choice: Choice, split: Split): Turn {
  const text = offTopicRequest(choice, split);
  return {
    text: casual(choice, text),
    item: {
      kind: 'off topic',
      expects: 'refusal',
      reference: offTopicAnswer,
      accepted: [offTopicAnswer],
      key: `off topic/${text}`,
    },
    known: false,
  };
}

/** A greeting, thanks, or a question about the assistant itself. */
export function smallTalkTurn(choice: Choice, about: SmallTalk, split: Split): Turn {
  const text = smallTalk(choice, about, split);
  const reference = smallTalkReplies[about];
  return {
    text: casual(choice, text),
    item: { kind: 'small talk', expects: 'small talk', reference, accepted: [reference], key: `small talk/${text}` },
    known: false,
  };
}
