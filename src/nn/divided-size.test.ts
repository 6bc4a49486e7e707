import { describe, expect, it } from 'vitest';
import { dividedSize } from './divided-size.js';

describe('blocks of an image', () => {
  it('are as many as fit, or the size is named', () => {
    expect(dividedSize({ height: 8, width: 12 }, 4, { what: 'patches' })).toEqual({ height: 2, width: 3 });
    for (const size of [
      { height: 8, width: 10 },
      { height: 10, width: 8 },
    ]) {
      const refused = expect(() => dividedSize(size, 4, { what: 'patches', or: 'Take other patches' }));
      refused.toThrow(
        expect.objectContaining({
          message: `patches of side 4 do not divide images of ${size.height} x ${size.width}`,
          advice: 'Take other patches, or give images of another size (--size).',
        }),
      );
    }
  });
});
