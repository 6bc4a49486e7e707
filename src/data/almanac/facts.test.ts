import { describe, expect, it } from 'vitest';
import { acceptedAnswers, answerOf } from './answers.js';
import { attributesOf, entities, entitiesOf, factSplit, facts, factsAbout, factsOf } from './facts.js';
import { normalise } from './grading.js';
import type { AttributeName, Fact } from './types.js';

const find = (name: string, attribute: AttributeName): Fact =>
  facts.find((fact) => fact.entity.name === name && fact.attribute === attribute)!;

describe('the facts of the almanac', () => {
  it('are about 1,650 beside the sums and plurals, or fewer, each once', () => {
    const learned = facts.filter(({ entity }) => entity.topic !== 'sum' && entity.topic !== 'plural');
    expect(learned.length).toBeGreaterThan(1300);
    expect(learned.length).toBeLessThan(1650);
    expect(new Set(facts.map(({ key }) => key)).size).toBe(facts.length);
    expect(new Set(facts.map(answerOf)).size).toBe(facts.length);
    expect(new Set(entities.map(({ topic, name }) => `${topic}/${name}`)).size).toBe(entities.length);
  });

  it('have every attribute of every country and element', () => {
    for (const topic of ['country', 'element'] as const) {
      for (const entity of entitiesOf(topic)) {
        expect(factsOf(entity).map(({ attribute }) => attribute)).toEqual(attributesOf[topic]);
      }
    }
  });

  it('are plain text without marks, brackets, numbers of other facts or empty values', () => {
    const odd = facts
      .flatMap((fact) => [fact.entity.name, fact.value, ...fact.alternatives])
      .filter((value) => !/^[A-Za-z0-9+' .,-]+$/.test(value) || value.trim() !== value);
    expect(odd).toEqual([]);
  });

  it.each([
    ['Peru', 'capital', 'The capital of Peru is Lima.'],
    ['Peru', 'currency', 'The currency of Peru is the Peruvian sol.'],
    ['New Zealand', 'currency', 'The currency of New Zealand is the New Zealand dollar.'],
    ['Benin', 'currency', 'The currency of Benin is the West African CFA franc.'],
    ['the Netherlands', 'continent', 'The Netherlands is in Europe.'],
    ['the United States', 'capital', 'The capital of the United States is Washington.'],
    ['Cambodia', 'language', 'People in Cambodia speak Khmer.'],
    ['Brazil', 'capital', 'The capital of Brazil is Brasilia.'],
    ['Japan', 'calling code', 'The calling code of Japan is +81.'],
    ['gold', 'symbol', 'The symbol of gold is Au.'],
    ['uranium', 'group', 'Uranium is an actinoid.'],
    ['gallium', 'group', 'Gallium is a post-transition metal.'],
    ['404', 'meaning', 'HTTP 404 means Not Found.'],
    ['Not Found', 'code', 'The status code for Not Found is 404.'],
    ['7 plus 5', 'result', '7 plus 5 is 12.'],
    ['city', 'plural', 'The plural of city is cities.'],
    ['mouse', 'plural', 'The plural of mouse is mice.'],
    ['monkey', 'plural', 'The plural of monkey is monkeys.'],
    ['box', 'plural', 'The plural of box is boxes.'],
  ] as const)('say of %s, %s: %s', (name, attribute, sentence) => {
    expect(answerOf(find(name, attribute))).toBe(sentence);
  });

  it('take the genitive of a plural with a bare apostrophe', () => {
    expect(entities.find(({ name }) => name === 'the Netherlands')?.possessive).toBe("the Netherlands'");
    expect(entities.find(({ name }) => name === 'Honduras')?.possessive).toBe("Honduras's");
  });

  it('accept other right values, other names and the bare value', () => {
    const accepted = acceptedAnswers(find('South Africa', 'capital')).map(normalise);
    expect(accepted).toContain('the capital of south africa is cape town');
    expect(accepted).toContain('pretoria');
    expect(acceptedAnswers(find('the Netherlands', 'capital'))).toContain('The capital of Holland is Amsterdam.');
  });

  it('are held out in part, sums with their mirror images, and never a plural that follows no rule', () => {
    for (const attribute of Object.values(attributesOf).flat()) {
      expect(factsAbout(attribute, 'training').length).toBeGreaterThan(50);
    }
    const held = facts.filter((fact) => factSplit(fact) !== 'training');
    expect(held.filter(({ entity }) => entity.topic === 'country').length).toBeGreaterThan(50);
    for (const fact of held.filter(({ entity }) => / (plus|times) /.test(entity.name))) {
      const [left, word, right] = fact.entity.name.split(' ');
      expect(factSplit(find(`${right} ${word} ${left}`, 'result'))).toBe(factSplit(fact));
    }
    expect(factSplit(find('mouse', 'plural'))).toBe('training');
  });
});
