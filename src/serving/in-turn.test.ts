import { setTimeout } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { inTurn } from './in-turn.js';

it('is done one after the other, past one that fails', async () => {
  const turn = inTurn();
  const done: string[] = [];
  const work = (name: string, fails = false) =>
    turn(async () => {
      done.push(`${name} begins`);
      await setTimeout(1);
      done.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    });
  const all = await Promise.allSettled([work('a'), work('b', true), work('c')]);
  expect(done).toEqual(['a', 'b', 'c'].flatMap((name) => [`${name} begins`, `${name} ends`]));
  expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
});
