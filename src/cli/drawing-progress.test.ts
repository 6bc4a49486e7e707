import { describe, expect, it } from 'vitest';
import { showingProgress } from './drawing-progress.js';

describe('progress of drawing', () => {
  const shown = async (isTTY: boolean, secondsAStep: number): Promise<string> => {
    let [text, clock] = ['', 0];
    const output = { write: (part: string) => (text += part), isTTY };
    const result = await showingProgress(
      (progress) => {
        for (const share of [0.25, 0.5, 0.75, 1]) {
          clock += 1000 * secondsAStep;
          progress(share);
        }
        return Promise.resolve('drawn');
      },
      { output, now: () => clock },
    );
    expect(result).toBe('drawn');
    return text;
  };

  it('says how long it will take, where it takes long and somebody looks', async () => {
    const text = await shown(true, 2);
    expect(text).toContain('25%  6 s left');
    expect(text).toContain('50%  4 s left');
    // Nothing of it stays.
    expect(text.endsWith('\r\u001B[2K')).toBe(true);
    expect(await shown(true, 0.1)).toBe('');
    expect(await shown(false, 2)).toBe('');
  });
});
