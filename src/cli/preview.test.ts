import { describe, expect, it } from 'vitest';
import { halfBlocks, preview, shrink } from './preview.js';

const grey = (width: number, height: number, data: number[]) => ({
  width,
  height,
  channels: 1,
  data: Uint8Array.from(data),
});

describe('the preview of a picture in a terminal', () => {
  it('puts two rows of pixels into one of characters', () => {
    expect(halfBlocks(grey(1, 2, [7, 200]))).toBe('\u001B[38;2;7;7;7m\u001B[48;2;200;200;200m▀\u001B[0m');
    expect(halfBlocks(grey(1, 3, [1, 2, 3])).split('\n')).toHaveLength(2);
    expect(halfBlocks({ width: 1, height: 1, channels: 3, data: Uint8Array.of(1, 2, 3) })).toContain('38;2;1;2;3m');
  });

  it('averages until it fits', () => {
    expect(shrink(grey(4, 2, [0, 2, 8, 8, 4, 6, 8, 8]), 2)).toEqual(grey(2, 1, [3, 8]));
    const small = grey(2, 1, [3, 8]);
    expect(shrink(small, 2)).toBe(small);
  });

  it('is a picture where the terminal shows pictures, and nothing where nobody looks', () => {
    const canvas = grey(1, 1, [5]);
    const environment = { TERM_PROGRAM: 'iTerm.app' };
    expect(preview(canvas, { isTTY: true, environment })).toContain('\u001B]1337;File=inline=1;width=1px:iVBOR');
    expect(preview(canvas, { isTTY: true, environment: {} })).toContain('▀');
    expect(preview(canvas, { environment })).toBeUndefined();
    expect(preview(canvas, { isTTY: true, environment: { NO_COLOR: '1' } })).toBeUndefined();
  });
});
