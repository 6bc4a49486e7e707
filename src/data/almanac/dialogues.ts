import type { Message } from '../../tokenizer/chat.js';
import type { Choice } from './choice.js';
import { attributesOf, entitiesOf, factSplit, factsAbout, factsOf } from './facts.js';
import { famousEntity, inventedEntity, unknownStatus, unknownSum } from './names.js';
import { itsQuestionsFor, questionsFor, switchQuestionsFor } from './phrasing.js';
import type { Pattern } from './phrasing.js';
import {
  type Spelling,
  type Turn,
  factTurn,
  notOfferedTurn,
  offTopicTurn,
  questionSplit,
  smallTalkTurn,
  unknownTurn,
} from './turns.js';
import type { AttributeName, Entity, Fact, Topic } from './types.js';

/** What people ask about, by how often. */
const topicWeights = { country: 54, element: 22, code: 5, phrase: 4, sum: 9, plural: 6 };

/** What people ask that has no answer, by how often. */
const unknownWeights = { invented: 46, famous: 18, status: 5, sum: 4, 'not offered': 18, 'off topic': 9 };

/** The share of questions that go on from the one before, where there is one. */
const followUpShare = 0.6;

const misspellingWeights: Record<Spelling, number> = { right: 82, 'wrong name': 14, 'wrong word': 4 };

/**
 * No question is added to a dialogue that has this many characters: even with a long one more, it fits the context of 128
 * tokens that a small model has.
 */
const fullAt = 200;

/** A dialogue as a list of turns, to be answered by whoever writes the demonstration. */
export interface DialogueOptions {
  /** The share of questions that have no answer. */
  unknownRate: number;
  /** The share of dialogues that begin or end with a greeting or thanks. */
  smallTalkRate?: number;
  /** How often a dialogue has so many turns; 1 to 4 equally often unless given. */
  lengths?: Readonly<Record<string, number>>;
}

/** Draws until `attempt` gives something; what is refused here are the questions that are held out. */
export function draw<Value>(attempt: () => Value | undefined): Value {
  for (let tries = 0; tries < 1000; tries++) {
    const value = attempt();
    if (value !== undefined) return value;
  }
  throw new RangeError('the almanac has no question of this kind');
}

/** A question about a fact, among those that training may ask. */
function trainingTurn(choice: Choice, fact: Fact, patterns: readonly Pattern[], kind: Turn['item']['kind']) {
  const pattern = choice.pick(patterns);
  if (questionSplit(fact, pattern) !== 'training') return undefined;
  const spelling = choice.weighted(misspellingWeights);
  return factTurn(choice, fact, pattern, { kind: spelling === 'right' ? kind : 'misspelling', spelling });
}

/** A question about something new that has an answer. */
function knownTurn(choice: Choice): Turn {
  return draw(() => {
    const topic = choice.weighted(topicWeights);
    const attribute = choice.pick(attributesOf[topic]);
    const fact = choice.pick(factsAbout(attribute, 'training'));
    return trainingTurn(choice, fact, questionsFor(attribute, 'training'), 'known');
  });
}

/** A question about something new that has none. */
function newUnknownTurn(choice: Choice): Turn {
  const way = choice.weighted(unknownWeights);
  const topic = choice.chance(0.68) ? 'country' : 'element';
  if (way === 'off topic') return offTopicTurn(choice, 'training');
  if (way === 'not offered') return notOfferedTurn(choice, choice.pick(entitiesOf(topic)), 'training', false);
  const entity = unknownOf(
    choice,
    way === 'status' ? choice.pick(['code', 'phrase']) : way === 'sum' ? 'sum' : topic,
    way,
  );
  return askUnknown(choice, entity, choice.pick(attributesOf[entity.topic]), questionsFor);
}

function unknownOf(choice: Choice, topic: Topic, way: string): Entity {
  if (topic === 'code' || topic === 'phrase') return unknownStatus(choice, topic, 'training');
  if (topic === 'sum' || topic === 'plural') return unknownSum(choice, 'training');
  return way === 'famous' ? famousEntity(choice, topic, 'training') : inventedEntity(choice, topic, 'training');
}

function askUnknown(
  choice: Choice,
  entity: Entity,
  attribute: AttributeName,
  patternsFor: (attribute: AttributeName, split: 'training') => readonly Pattern[],
): Turn {
  return unknownTurn(choice, entity, attribute, choice.pick(patternsFor(attribute, 'training')), 'invented name');
}

/** Going on with the entity or with the question of the turn before; undefined where that turn allows neither. */
function followUp(choice: Choice, before: Turn, unknown: boolean): Turn | undefined {
  const { entity, attribute } = before;
  if (entity === undefined) return undefined;
  const { topic } = entity;
  const others = attributesOf[topic].filter((each) => each !== attribute);
  if (others.length > 0 && choice.chance(0.5)) {
    if (unknown && !before.known) return askUnknown(choice, entity, choice.pick(others), itsQuestionsFor);
    if (unknown) return notOfferedTurn(choice, entity, 'training', true);
    if (!before.known) return undefined;
    const fact = choice.pick(factsOf(entity));
    if (fact.attribute === attribute || factSplit(fact) !== 'training') return undefined;
    return trainingTurn(choice, fact, itsQuestionsFor(fact.attribute, 'training'), 'follow-up its');
  }
  if (attribute === undefined) return undefined;
  const patterns = switchQuestionsFor(topic, 'training');
  if (unknown) {
    if (topic === 'plural') return undefined;
    const stranger = unknownOf(choice, topic, choice.chance(0.3) ? 'famous' : 'invented');
    return unknownTurn(choice, stranger, attribute, choice.pick(patterns), 'invented name');
  }
  const fact = choice.pick(factsAbout(attribute, 'training'));
  return fact.entity === entity ? undefined : trainingTurn(choice, fact, patterns, 'follow-up switch');
}

/** The next question of a dialogue. `before` is the last turn that was about something. */
function nextTurn(choice: Choice, before: Turn | undefined, unknownRate: number): Turn {
  const unknown = choice.chance(unknownRate);
  if (before !== undefined && choice.chance(followUpShare)) {
    for (let tries = 0; tries < 8; tries++) {
      const turn = followUp(choice, before, unknown);
      if (turn !== undefined) return turn;
    }
  }
  return unknown ? newUnknownTurn(choice) : knownTurn(choice);
}

/** One to four turns of a training dialogue. */
export function trainingTurns(choice: Choice, options: DialogueOptions): Turn[] {
  const { unknownRate, smallTalkRate = 0.2, lengths } = options;
  const length = lengths === undefined ? 1 + choice.integer(4) : Number(choice.weighted(lengths));
  const turns: Turn[] = [];
  let before: Turn | undefined;
  if (choice.chance(smallTalkRate)) {
    turns.push(smallTalkTurn(choice, choice.weighted({ hello: 6, identity: 2, ability: 2, feeling: 2 }), 'training'));
  }
  const characters = (): number => turns.reduce((sum, { text, item }) => sum + text.length + item.reference.length, 0);
  while (turns.length < length && characters() < fullAt) {
    const last = turns.length > 0 && turns.length === length - 1;
    if (last && choice.chance(smallTalkRate)) {
      turns.push(smallTalkTurn(choice, choice.weighted({ thanks: 5, goodbye: 3, praise: 3, identity: 1 }), 'training'));
    } else {
      before = nextTurn(choice, before, unknownRate);
      turns.push(before);
    }
  }
  return turns;
}

/** A dialogue in which each turn is answered as `reply` says. */
export const toMessages = (turns: readonly Turn[], reply: (turn: Turn) => string): Message[] =>
  turns.flatMap((turn): Message[] => [
    { role: 'user', content: turn.text },
    { role: 'assistant', content: reply(turn) },
  ]);

/** Everything up to and with the last user's message; the turns before it have their best answers. */
export const toPrompt = (turns: readonly Turn[]): Message[] =>
  toMessages(turns, (turn) => turn.item.reference).slice(0, -1);
