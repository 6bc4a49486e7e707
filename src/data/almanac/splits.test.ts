import { beforeAll, describe, expect, it } from 'vitest';
import { notOfferedWords, offTopicRequests } from './beyond.js';
import { Choice, splitOf } from './choice.js';
import { pretrainingDocuments } from './declarative.js';
import { demonstrations, rankingPrompts } from './demonstrations.js';
import { trainingTurns } from './dialogues.js';
import { evaluationSet } from './evaluation-sets.js';
import { entitiesOf, factSplit, facts, isStated } from './facts.js';
import { famousNames, inventedEntity, isKnownName } from './names.js';
import { itsQuestionsFor, newOpenersFor, questionsFor, switchQuestionsFor } from './phrasing.js';
import { type AlmanacPrompt, type QuestionKind, questionKinds } from './types.js';

const lastText = ({ messages }: AlmanacPrompt): string => messages[messages.length - 1]!.content;

/** Kinds of one turn, whose text alone is the question. */
const oneTurn = (kind: QuestionKind): boolean => !kind.startsWith('follow-up');

describe('what is held out of training', () => {
  const trainingKeys = new Set<string>();
  const trainingTexts = new Set<string>();
  let evaluation: AlmanacPrompt[] = [];
  let development: AlmanacPrompt[] = [];

  beforeAll(() => {
    for (let index = 0; index < 8000; index++) {
      for (const turn of trainingTurns(new Choice(5, 'test', index), { unknownRate: 0.35 })) {
        trainingKeys.add(turn.item.key);
        trainingTexts.add(turn.text.toLowerCase());
      }
    }
    for (const prompt of rankingPrompts({ seed: 5, count: 3000 })) {
      trainingKeys.add(prompt.item.key);
      trainingTexts.add(lastText(prompt).toLowerCase());
    }
    const sets = (split: 'evaluation' | 'development') =>
      [1, 2].flatMap((seed) => evaluationSet({ seed, perKind: 200, split }));
    evaluation = sets('evaluation');
    development = sets('development');
  });

  it.each(questionKinds)(
    '%s: no question of a held-out set is asked in training, nor of one set in the other',
    (kind) => {
      const keys = { evaluation: new Set<string>(), development: new Set<string>() };
      for (const [split, set] of [
        ['evaluation', evaluation],
        ['development', development],
      ] as const) {
        const ofKind = set.filter(({ item }) => item.kind === kind);
        expect(ofKind.length, split).toBeGreaterThan(60);
        for (const { item } of ofKind) keys[split].add(item.key);
        expect(ofKind.filter(({ item }) => trainingKeys.has(item.key))).toEqual([]);
        if (oneTurn(kind)) {
          expect(ofKind.filter((prompt) => trainingTexts.has(lastText(prompt).toLowerCase()))).toEqual([]);
        }
      }
      expect([...keys.evaluation].filter((key) => keys.development.has(key))).toEqual([]);
    },
  );

  it('crossings of opener and noun: a fifth, in every attribute, and each half is in training', () => {
    const attributes = [...new Set(facts.map(({ attribute }) => attribute))];
    const texts = (patterns: readonly { text: string }[]) => patterns.map(({ text }) => text);
    for (const attribute of attributes) {
      const [training, held, tuning] = (['training', 'evaluation', 'development'] as const).map((split) =>
        texts(questionsFor(attribute, split)),
      ) as [string[], string[], string[]];
      const share = (held.length + tuning.length) / (training.length + held.length + tuning.length);
      expect(share, attribute).toBeGreaterThan(0.1);
      expect(share, attribute).toBeLessThan(0.3);
      expect(new Set([...training, ...held, ...tuning]).size).toBe(
        new Set(training).size + new Set(held).size + new Set(tuning).size,
      );
      const nouns = new Set(questionsFor(attribute, 'training').map(({ noun }) => noun));
      for (const { noun } of [...questionsFor(attribute, 'evaluation'), ...itsQuestionsFor(attribute, 'training')]) {
        if (noun !== undefined && !noun.startsWith('its ') && noun.includes('{')) expect(nouns).toContain(noun);
      }
      for (const { text } of newOpenersFor(attribute, 'evaluation')) expect(training).not.toContain(text);
    }
    expect(switchQuestionsFor('country', 'evaluation').length).toBeGreaterThan(1);
  });

  it('facts: stated in pretraining, asked by no dialogue', () => {
    const text = pretrainingDocuments({ seed: 1, count: 1500 }).join(' ');
    const asked = new Set([...trainingKeys].map((key) => key.split('/').slice(0, 3).join('/')));
    const held = facts.filter((fact) => factSplit(fact) !== 'training');
    expect(held.filter(({ key }) => asked.has(key))).toEqual([]);
    const learned = held.filter(({ entity }) => entity.topic === 'country' || entity.topic === 'element');
    expect(learned.length).toBeGreaterThan(80);
    expect(learned.every(isStated)).toBe(true);
    expect(learned.filter(({ value }) => !text.includes(value))).toEqual([]);
  });

  it('sums and plurals: held-out ones are in no text at all', () => {
    const text = pretrainingDocuments({ seed: 1, count: 4000 }).join(' ').toLowerCase();
    const asked = [...trainingTexts].join('\n');
    const held = facts.filter((fact) => !isStated(fact));
    const drawn = facts.filter(({ entity }) => entity.topic === 'sum' || entity.topic === 'plural');
    expect(held.length / drawn.length).toBeGreaterThan(0.2);
    const said = held.filter(({ entity: { topic, name, aliases } }) => {
      const names = topic === 'sum' ? [name, ...aliases] : [`plural of ${name}`, `one ${name}`];
      return names.some((each) => {
        const sought = new RegExp(`(?<![\\d])${each.replace(/[+*]/g, '\\$&')}(?![\\da-z])`);
        return sought.test(text) || sought.test(asked);
      });
    });
    expect(said.map(({ key }) => key)).toEqual([]);
  });

  it('names, words and requests: lists and generators have nothing in common', () => {
    const splits = ['training', 'development', 'evaluation'] as const;
    for (const topic of ['country', 'element'] as const) {
      const names = splits.flatMap((split) => famousNames(topic, split).map((name) => name.toLowerCase()));
      expect(new Set(names).size).toBe(names.length);
      const real = new Set(entitiesOf(topic).map(({ name }) => name.toLowerCase()));
      expect(names.filter((name) => real.has(name))).toEqual([]);
      const words = splits.flatMap((split) => [...new Set(notOfferedWords(topic, split))]);
      expect(new Set(words).size).toBe(words.length);
      for (const split of splits) {
        const invented = Array.from(
          { length: 150 },
          (_, index) => inventedEntity(new Choice(1, `names ${split}`, index), topic, split).name,
        );
        expect(invented.filter((name) => splitOf(`name/${name.toLowerCase()}`, 0.3) !== split)).toEqual([]);
        expect(invented.filter(isKnownName)).toEqual([]);
      }
    }
    const requests = splits.flatMap((split) => [...new Set(offTopicRequests(split))]);
    expect(new Set(requests).size).toBe(requests.length);
  });

  it('the same seed gives the same text, a slice of the list is the list, another seed gives another', () => {
    const options = { seed: 3, count: 40 };
    expect(demonstrations(options)).toEqual(demonstrations(options));
    expect(demonstrations({ ...options, start: 25, count: 15 })).toEqual(demonstrations(options).slice(25));
    expect(rankingPrompts({ ...options, start: 25, count: 15 })).toEqual(rankingPrompts(options).slice(25));
    expect(pretrainingDocuments({ seed: 3, start: 400, count: 200 })).toEqual(
      pretrainingDocuments({ seed: 3, count: 600 }).slice(400),
    );
    expect(demonstrations({ seed: 4, count: 40 })).not.toEqual(demonstrations(options));
    const set = { seed: 1, perKind: 5, split: 'development' } as const;
    expect(evaluationSet(set)).toEqual(evaluationSet(set));
    expect(evaluationSet({ ...set, kinds: ['sum'] })).toEqual(
      evaluationSet(set).filter(({ item }) => item.kind === 'sum'),
    );
  });
});
