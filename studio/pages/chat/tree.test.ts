import { describe, expect, it } from 'vitest';
import { addChild, newTurn, parentOf, pathOf, restore } from './tree.js';

describe('a conversation', () => {
  const root = newTurn('user', '');
  const question = addChild(root, newTurn('user', 'one'));
  const first = addChild(question, newTurn('assistant', 'a'));
  const second = addChild(question, newTurn('assistant', 'b'));
  const more = addChild(second, newTurn('user', 'two'));
  const texts = () => pathOf(root).map(({ text }) => text);

  it('shows the version that was made last, and keeps the others with what followed them', () => {
    expect(texts()).toEqual(['one', 'b', 'two']);
    question.shown = 0;
    expect(texts()).toEqual(['one', 'a']);
    addChild(first, newTurn('user', 'three'));
    expect(texts()).toEqual(['one', 'a', 'three']);
    question.shown = 1;
    expect(texts()).toEqual(['one', 'b', 'two']);
  });

  it('knows what a turn follows', () => {
    expect(parentOf(root, more)).toBe(second);
    expect(parentOf(root, question)).toBe(root);
    expect(parentOf(root, newTurn('user', 'stranger'))).toBeUndefined();
  });

  it('comes back from storage with numbers of its own and nothing being written', () => {
    const made = { model: 'm', seed: 1, temperature: 1, state: 'writing' as const, tokens: [], thumb: 0 as const };
    addChild(more, newTurn('assistant', 'half', { made }));
    const again = restore(JSON.parse(JSON.stringify(root)) as typeof root);
    expect(pathOf(again).map(({ text }) => text)).toEqual(['one', 'b', 'two', 'half']);
    expect(pathOf(again).at(-1)?.made?.state).toBe('done');
    const ids = [...pathOf(again), ...pathOf(root)].map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
