import { Choice, type Split } from './choice.js';
import { draw, toPrompt } from './dialogues.js';
import { attributesOf, entitiesOf, factSplit, factsAbout, factsOf } from './facts.js';
import { famousEntity, inventedEntity } from './names.js';
import { itsQuestionsFor, newOpenersFor, questionsFor, switchQuestionsFor } from './phrasing.js';
import type { SmallTalk } from './small-talk.js';
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
import { type AlmanacPrompt, type AttributeName, type Fact, type QuestionKind, questionKinds } from './types.js';

type HeldOut = Exclude<Split, 'training'>;

/** What a question of a kind is made of: the turns up to it, or undefined for another try. */
type Maker = (choice: Choice, split: HeldOut) => Turn[] | undefined;

const kindsWithAttributes = ['country', 'element'] as const;

/** The facts that the questions of most kinds are about: every attribute, as often as training asks for it. */
const weights: Record<AttributeName, number> = {
  capital: 12,
  currency: 12,
  continent: 12,
  language: 12,
  'calling code': 12,
  symbol: 8,
  'atomic number': 8,
  group: 8,
  meaning: 5,
  code: 4,
  result: 0,
  plural: 0,
};

const trainedFact = (choice: Choice): Fact => choice.pick(factsAbout(choice.weighted(weights), 'training'));

const asList = (turn: Turn | undefined): Turn[] | undefined => (turn === undefined ? undefined : [turn]);

/** A question in a phrasing that training has, which makes the context of a follow-up. */
const context = (choice: Choice, fact: Fact): Turn =>
  draw(() => {
    const pattern = choice.pick(questionsFor(fact.attribute, 'training'));
    return questionSplit(fact, pattern) === 'training' ? factTurn(choice, fact, pattern, { kind: 'known' }) : undefined;
  });

/** Another attribute of the same entity. `phrasing` is the split of the follow-up's words. */
function its(choice: Choice, kind: QuestionKind, split: HeldOut, phrasing: Split): Turn[] | undefined {
  const topic = choice.weighted({ country: 60, element: 24 });
  const [first, second] = choice.shuffle(factsOf(choice.pick(entitiesOf(topic))));
  if (first === undefined || second === undefined) return undefined;
  if (factSplit(first) !== 'training' || factSplit(second) !== 'training') return undefined;
  const pattern = choice.pick(itsQuestionsFor(second.attribute, phrasing));
  if (phrasing === 'training' && questionSplit(second, pattern) !== split) return undefined;
  const turn = factTurn(choice, second, pattern, { kind });
  return turn && [context(choice, first), turn];
}

/** The same attribute of another entity. */
function switched(choice: Choice, kind: QuestionKind, split: HeldOut, phrasing: Split): Turn[] | undefined {
  const second = trainedFact(choice);
  const first = choice.pick(factsAbout(second.attribute, 'training'));
  const pattern = choice.pick(switchQuestionsFor(second.entity.topic, phrasing));
  if (first.entity === second.entity) return undefined;
  if (phrasing === 'training' && questionSplit(second, pattern) !== split) return undefined;
  const turn = factTurn(choice, second, pattern, { kind });
  return turn && [context(choice, first), turn];
}

/** A question about a fact that training never asks for, in words that it has. */
function heldOutFact(choice: Choice, split: HeldOut, attribute: AttributeName, kind: QuestionKind): Turn[] | undefined {
  const held = factsAbout(attribute, split);
  if (held.length === 0) return undefined;
  return asList(factTurn(choice, choice.pick(held), choice.pick(questionsFor(attribute, 'training')), { kind }));
}

function unknownName(choice: Choice, split: HeldOut, kind: QuestionKind, name: typeof famousEntity): Turn[] {
  const topic = choice.chance(0.68) ? 'country' : 'element';
  const attribute = choice.pick(attributesOf[topic]);
  const pattern = choice.pick(questionsFor(attribute, 'training'));
  return [unknownTurn(choice, name(choice, topic, split), attribute, pattern, kind)];
}

const makers: Readonly<Record<QuestionKind, Maker>> = {
  known: (choice, split) => {
    const fact = trainedFact(choice);
    const pattern = choice.pick(questionsFor(fact.attribute, 'training'));
    return questionSplit(fact, pattern) === split
      ? asList(factTurn(choice, fact, pattern, { kind: 'known' }))
      : undefined;
  },
  paraphrase: (choice, split) => {
    const fact = trainedFact(choice);
    const pattern = choice.pick(questionsFor(fact.attribute, split));
    return asList(factTurn(choice, fact, pattern, { kind: 'paraphrase' }));
  },
  'new opener': (choice, split) => {
    const fact = trainedFact(choice);
    const pattern = choice.pick(newOpenersFor(fact.attribute, split));
    return asList(factTurn(choice, fact, pattern, { kind: 'new opener' }));
  },
  'follow-up its': (choice, split) => its(choice, 'follow-up its', split, 'training'),
  'follow-up switch': (choice, split) => switched(choice, 'follow-up switch', split, 'training'),
  'follow-up phrasing': (choice, split) =>
    (choice.chance(0.5) ? its : switched)(choice, 'follow-up phrasing', split, split),
  'held-out fact': (choice, split) => {
    const topic = choice.weighted({ country: 60, element: 24 });
    return heldOutFact(choice, split, choice.pick(attributesOf[topic]), 'held-out fact');
  },
  misspelling: (choice, split) => {
    const fact = trainedFact(choice);
    const pattern = choice.pick(questionsFor(fact.attribute, 'training'));
    const spelling: Spelling = choice.chance(0.6) ? 'wrong name' : 'wrong word';
    return asList(factTurn(choice, fact, pattern, { kind: 'misspelling', spelling, split }));
  },
  'invented name': (choice, split) => unknownName(choice, split, 'invented name', inventedEntity),
  'famous name': (choice, split) => unknownName(choice, split, 'famous name', famousEntity),
  'not offered': (choice, split) => {
    const entity = choice.pick(entitiesOf(choice.pick(kindsWithAttributes)));
    return [notOfferedTurn(choice, entity, split, false)];
  },
  'off topic': (choice, split) => [offTopicTurn(choice, split)],
  'small talk': (choice, split) => {
    const about: SmallTalk = choice.weighted({
      hello: 4,
      thanks: 3,
      goodbye: 2,
      identity: 2,
      ability: 2,
      feeling: 2,
      praise: 1,
    });
    return [smallTalkTurn(choice, about, split)];
  },
  sum: (choice, split) => heldOutFact(choice, split, 'result', 'sum'),
  plural: (choice, split) => heldOutFact(choice, split, 'plural', 'plural'),
};

export interface EvaluationSetOptions {
  seed: number;
  /** Questions of each kind; fewer where a kind has no more. */
  perKind: number;
  /** Tune on development; look at evaluation once. */
  split: HeldOut;
  /** All kinds unless given. */
  kinds?: readonly QuestionKind[];
}

/** How often a kind may fail to give a question that is new, before questions about the same thing are let in too. */
const patience = 200;

/** How many questions about one thing a set may have of a kind, where the kind has few things. */
const mostAlike = 6;

/**
 * Questions of every kind, none of which training asks. Within a set no question comes twice, and different things are
 * asked about as long as a kind has them; the sets of the two splits have none in common, whatever their seeds.
 */
export function evaluationSet(options: EvaluationSetOptions): AlmanacPrompt[] {
  const { seed, perKind, split, kinds = questionKinds } = options;
  return kinds.flatMap((kind) => {
    const choice = new Choice(seed, `almanac ${split} ${kind}`);
    const prompts: AlmanacPrompt[] = [];
    const asked = new Map<string, number>();
    const seen = new Set<string>();
    for (let misses = 0, alike = 1; prompts.length < perKind && alike <= mostAlike; misses++) {
      if (misses > patience) {
        alike++;
        misses = 0;
      }
      const turns = makers[kind](choice, split);
      const turn = turns?.[turns.length - 1];
      if (turns === undefined || turn === undefined || seen.has(turn.item.key)) continue;
      const about = turn.known ? `${turn.entity?.name}/${turn.attribute}` : (turn.entity?.name ?? turn.item.key);
      const before = asked.get(about) ?? 0;
      if (before >= alike) continue;
      asked.set(about, before + 1);
      seen.add(turn.item.key);
      prompts.push({ messages: toPrompt(turns), item: turn.item });
      misses = 0;
    }
    return prompts;
  });
}
