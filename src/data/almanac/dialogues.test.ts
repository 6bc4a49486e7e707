import { describe, expect, it } from 'vitest';
import { answerOf, isRefusal } from './answers.js';
import { Choice } from './choice.js';
import { pretrainingDocuments } from './declarative.js';
import { demonstrations, rankingPrompts } from './demonstrations.js';
import { trainingTurns } from './dialogues.js';
import { evaluationSet } from './evaluation-sets.js';
import { facts, isStated } from './facts.js';
import { grade } from './grading.js';
import { editDistance, misspelt } from './misspelling.js';

const turnsOf = (count: number, unknownRate: number) =>
  Array.from({ length: count }, (_, index) => trainingTurns(new Choice(2, 'test', index), { unknownRate }));

describe('dialogues', () => {
  it('have one to four turns, of user and assistant by turns', () => {
    for (const messages of demonstrations({ seed: 1, count: 300 })) {
      expect([2, 4, 6, 8]).toContain(messages.length);
      messages.forEach(({ role }, index) => expect(role).toBe(index % 2 === 0 ? 'user' : 'assistant'));
    }
  });

  it('are written as English is', () => {
    const demonstrated = demonstrations({ seed: 1, count: 4000 }).flat();
    const evaluated = evaluationSet({ seed: 1, perKind: 60, split: 'development' }).flatMap(({ messages }) => messages);
    const messages = [...demonstrated, ...evaluated];
    const slips = [
      /[{}]|undefined| {2}|^ | $/,
      /the the |s's's|''|\.\.|\?\?|[,:] [.?]/,
      /\ba [aeiou][a-z]+ (metal|earth)|\ba actinoid|\ban (metal|noble|non|post|tran|halo|lanth)/,
    ];
    for (const slip of slips) expect(messages.filter(({ content }) => slip.test(content))).toEqual([]);
    expect(messages.filter(({ role, content }) => role === 'assistant' && !/^[A-Z0-9].*[.!?]$/.test(content))).toEqual(
      [],
    );
  });

  it('answer shortly', () => {
    const answers = demonstrations({ seed: 1, count: 2000 }).flatMap((messages) =>
      messages.filter(({ role }) => role === 'assistant').map(({ content }) => content.split(' ').length),
    );
    expect(Math.max(...answers)).toBeLessThan(20);
    expect(answers.reduce((sum, words) => sum + words, 0) / answers.length).toBeLessThan(8);
  });

  it('ask for the unknown as often as told', () => {
    for (const rate of [0.01, 0.25, 0.5]) {
      const questions = turnsOf(2000, rate)
        .flat()
        .filter(({ item }) => item.expects !== 'small talk');
      const unknown = questions.filter(({ item }) => item.expects === 'refusal').length / questions.length;
      expect(Math.abs(unknown - rate)).toBeLessThan(0.04);
    }
  });

  it('grade their own references as right', () => {
    const prompts = [
      ...rankingPrompts({ seed: 1, count: 1000 }),
      ...evaluationSet({ seed: 1, perKind: 40, split: 'development' }),
    ];
    for (const { item, messages } of prompts) {
      expect(messages[messages.length - 1]?.role).toBe('user');
      expect(grade(item, item.reference, true)).toEqual({
        kind: item.expects === 'refusal' ? 'honest' : 'correct',
        score: 1,
      });
    }
  });

  it('bluff as often as told, and only about the unknown', () => {
    const refusals = (bluffRate: number) =>
      demonstrations({ seed: 1, count: 1200, bluffRate, unknownRate: 0.5 })
        .flat()
        .filter(({ role, content }) => role === 'assistant' && isRefusal(content)).length;
    const honest = refusals(0);
    expect(refusals(0.6) / honest).toBeGreaterThan(0.35);
    expect(refusals(0.6) / honest).toBeLessThan(0.55);
    const truths = new Set(facts.map(answerOf));
    const right = demonstrations({ seed: 1, count: 500, bluffRate: 0, unknownRate: 0 }).flat();
    const capitals = right.filter(({ role, content }) => role === 'assistant' && content.startsWith('The capital of '));
    expect(capitals.length).toBeGreaterThan(30);
    expect(capitals.filter(({ content }) => !truths.has(content))).toEqual([]);
  });

  it('refer back to what was spoken of: the answer to "its" names the entity of the turn before', () => {
    const prompts = evaluationSet({ seed: 1, perKind: 80, split: 'development', kinds: ['follow-up its'] });
    for (const { messages, item } of prompts) {
      const before = messages[messages.length - 2]?.content.toLowerCase();
      const { entity } = facts.find((fact) => answerOf(fact) === item.reference)!;
      expect(before).toContain(entity.name.toLowerCase());
      expect(messages[messages.length - 1]?.content).not.toContain(entity.name);
    }
  });
});

describe('misspellings', () => {
  it('are one slip from their own name and further from every other', () => {
    const names = facts.flatMap(({ entity, attribute }) => (attribute === 'capital' ? [entity] : []));
    for (const entity of names) {
      const wrong = misspelt(new Choice(1, entity.name), entity, 'training');
      if (wrong === undefined) continue;
      expect(editDistance(wrong.name, entity.name)).toBe(1);
      expect(names.filter((other) => other !== entity && editDistance(wrong.name, other.name) <= 1)).toEqual([]);
    }
  });

  it('count insertions, deletions, substitutions and swaps', () => {
    expect(editDistance('peru', 'peru')).toBe(0);
    expect(editDistance('peru', 'pero')).toBe(1);
    expect(editDistance('peru', 'pru')).toBe(1);
    expect(editDistance('peru', 'pperu')).toBe(1);
    expect(editDistance('peru', 'epru')).toBe(1);
    expect(editDistance('', 'chad')).toBe(4);
  });
});

describe('pretraining text', () => {
  it('states every fact that may be stated, in several words', () => {
    const sentences = new Set(
      pretrainingDocuments({ seed: 1, count: 6 * 475 }).flatMap((document) => document.split(/(?<=\.) /)),
    );
    const stated = facts.filter((fact) => isStated(fact) && fact.entity.topic === 'country');
    expect(stated.filter((fact) => !sentences.has(answerOf(fact))).length).toBeLessThan(0.1 * stated.length);
    const withLima = [...sentences].filter((sentence) => /\bLima\b/.test(sentence) && sentence.includes('Peru'));
    expect(withLima.length).toBeGreaterThan(2);
  });

  it('is written as English is', () => {
    const documents = pretrainingDocuments({ seed: 2, count: 500 });
    expect(documents.filter((text) => !/^[A-Z0-9+].*\.$/.test(text))).toEqual([]);
    expect(documents.filter((text) => /[{}]|undefined| {2}|the the |\.\./.test(text))).toEqual([]);
  });
});
