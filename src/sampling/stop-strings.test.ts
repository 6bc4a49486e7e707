import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StopStrings } from './stop-strings.js';

const letters = (least: number, most: number) =>
  fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: least, maxLength: most }).map((list) => list.join(''));

/** All text up to the stop string that is complete first. */
function expected(text: string, stops: readonly string[]): { text: string; found: boolean } {
  for (let end = 0; end <= text.length; end++) {
    const ending = stops.filter((stop) => text.slice(0, end).endsWith(stop));
    const longest = Math.max(-1, ...ending.map(({ length }) => length));
    if (longest >= 0) return { text: text.slice(0, end - longest), found: true };
  }
  return { text, found: false };
}

describe('StopStrings', () => {
  it('gives the text before the first stop string, however the text is cut into pieces', () => {
    fc.assert(
      fc.property(
        fc.array(letters(0, 4), { maxLength: 12 }),
        fc.array(letters(1, 4), { maxLength: 3 }),
        (pieces, stops) => {
          // prettier-ignore
          const whole = expected(pieces.join(''), stops);
          const matcher = new StopStrings(stops);
          let shown = '';
          for (const piece of pieces) shown += matcher.push(piece);
          // What was shown never has to be taken back.
          expect(whole.text.startsWith(shown)).toBe(true);
          expect(matcher.found !== undefined).toBe(whole.found);
          expect(shown + matcher.flush()).toBe(whole.text);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('holds back no more than what may begin a stop string', () => {
    const matcher = new StopStrings(['\nUser:']);
    expect(matcher.push('Hello\nUs')).toBe('Hello');
    expect(matcher.push('ing')).toBe('\nUsing');
    expect(matcher.push('\nUser')).toBe('');
    expect(matcher.push(': x')).toBe('');
    expect(matcher.found).toBe('\nUser:');
    expect(matcher.push('more') + matcher.flush()).toBe('');
  });
});
