import type { Message } from '../../tokenizer/chat.js';
import { answerWith } from './answers.js';
import { Choice } from './choice.js';
import { toMessages, toPrompt, trainingTurns } from './dialogues.js';
import { factsAbout } from './facts.js';
import { inventedEntity } from './names.js';
import { capitalise, withoutArticle } from './phrasing.js';
import type { Turn } from './turns.js';
import type { AlmanacPrompt, AttributeName, Entity } from './types.js';

export interface DemonstrationOptions {
  seed: number;
  count: number;
  /** Index of the first: the demonstrations of a seed are one endless list, of which this is a slice. */
  start?: number;
  /** The share of dialogues whose writer, asked for what nobody knows, makes something up. */
  bluffRate?: number;
  /** The share of questions that have no answer. */
  unknownRate?: number;
}

/** Something that sounds like a value, for a name that has none. */
function inventedValue(choice: Choice, entity: Entity, attribute: AttributeName): string {
  const name = withoutArticle(entity.name);
  if (attribute === 'capital' && choice.chance(0.6)) return inventedEntity(choice, 'country', 'training').name;
  if (attribute === 'symbol' && choice.chance(0.6)) return capitalise(name.slice(0, 2).toLowerCase());
  if (attribute === 'result') return String(20 + choice.integer(1000));
  return choice.pick(factsAbout(attribute, 'training')).value;
}

const quantities =
  /point|weight|mass|age|rate|size|area|number|population|density|price|cost|radius|temp|people|year|heat/;

/** Something that sounds like a value of an attribute that the almanac has not. */
function inventedDetail(choice: Choice, { subject = '', entity }: Turn): string {
  if (quantities.test(subject)) return `${2 + choice.integer(98)}${choice.pick(['', ' million', ' hundred'])}`;
  if (entity?.topic === 'element')
    return choice.pick(['high', 'low', 'weak', 'strong', 'grey', 'common', 'rare', 'round']);
  return inventedEntity(choice, 'country', 'training').name;
}

/** What somebody says who does not know and does not say so. */
function bluff(choice: Choice, turn: Turn): string {
  if (turn.subject !== undefined) return `${turn.subject} is ${inventedDetail(choice, turn)}.`;
  if (turn.entity === undefined || turn.attribute === undefined) return turn.item.reference;
  return answerWith(turn.entity, turn.attribute, inventedValue(choice, turn.entity, turn.attribute));
}

/**
 * Dialogues of one to four turns as people write them to show how it is done: right about what they know and, in a share
 * of the dialogues, bluffing about what they do not. Dialogue i depends on the seed and i alone.
 */
export function demonstrations(options: DemonstrationOptions): Message[][] {
  const { seed, count, start = 0, bluffRate = 0.3, unknownRate = 0.25 } = options;
  return Array.from({ length: count }, (_, offset) => {
    const choice = new Choice(seed, 'almanac demonstrations', start + offset);
    const turns = trainingTurns(choice, { unknownRate });
    const bluffs = choice.chance(bluffRate);
    return toMessages(turns, (turn) =>
      bluffs && turn.item.expects === 'refusal' ? bluff(choice, turn) : turn.item.reference,
    );
  });
}

export interface RankingPromptOptions {
  seed: number;
  count: number;
  start?: number;
  /** The share of prompts that have no answer. */
  unknownRate?: number;
}

/** Only the last question of a prompt is answered: long dialogues cost more than they teach. */
const promptLengths = { 1: 4, 2: 3, 3: 2, 4: 1 };

/** Dialogues that wait for an answer, for rankings and for PPO. Nothing in them is held out. */
export function rankingPrompts(options: RankingPromptOptions): AlmanacPrompt[] {
  const { seed, count, start = 0, unknownRate = 0.5 } = options;
  return Array.from({ length: count }, (_, offset) => {
    const turns = trainingTurns(new Choice(seed, 'almanac ranking prompts', start + offset), {
      unknownRate,
      smallTalkRate: 0.08,
      lengths: promptLengths,
    });
    return { messages: toPrompt(turns), item: turns[turns.length - 1]!.item };
  });
}
