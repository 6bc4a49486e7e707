import { describe, expect, it } from 'vitest';
import { RuntimeError } from '../errors.js';
import { FlatStore } from './flat-store.js';

const leaves = [
  { path: 'a', shape: [3, 5] },
  { path: 'b', shape: [40], decay: false },
  { path: 'c', shape: [] },
  { path: 'd', shape: [16] },
];

describe('FlatStore', () => {
  it('keeps leaves and buffers apart, each leaf beginning at a multiple of 16 floats', () => {
    const store = new FlatStore(leaves, ['parameters', 'gradients']);
    leaves.forEach((_, leaf) => {
      store.view('parameters', leaf).fill(leaf + 1);
      store.view('gradients', leaf).fill(-leaf - 1);
    });
    leaves.forEach((_, leaf) => {
      expect(store.view('parameters', leaf).every((value) => value === leaf + 1)).toBe(true);
      expect(store.view('gradients', leaf).every((value) => value === -leaf - 1)).toBe(true);
      expect((store.view('parameters', leaf).byteOffset - 1024) % 64).toBe(0);
    });
    expect(store.placements.map(({ size }) => size)).toEqual([15, 40, 1, 16]);
  });

  it('joins neighbours of one kind into segments', () => {
    const store = new FlatStore(leaves, ['parameters']);
    expect(store.segments([0, 1, 2, 3]).map(({ segment }) => segment.count)).toEqual([16 + 48 + 16 + 16]);
    expect(store.segments([0, 1, 2, 3], ({ decay }) => decay).map(({ segment }) => segment.count)).toEqual([
      16, 48, 32,
    ]);
    expect(store.segments([3, 0]).map(({ segment }) => segment.count)).toEqual([16, 16]);
  });

  it('spreads over banks when one is full', () => {
    const store = new FlatStore(leaves, ['parameters'], 1024 + 2 * 4 * 64);
    expect(store.placements.map(({ bank }) => bank)).toEqual([0, 0, 1, 1]);
    leaves.forEach((_, leaf) => store.view('parameters', leaf).fill(leaf));
    expect(leaves.map((_, leaf) => store.view('parameters', leaf)[0])).toEqual([0, 1, 2, 3]);
    expect(store.segments([0, 1, 2, 3])).toHaveLength(2);
  });

  it('keeps its contents when a buffer is added', () => {
    const store = new FlatStore([{ path: 'a', shape: [20_000] }], ['parameters']);
    store.view('parameters', 0).fill(3);
    store.addBuffer('scratch');
    store.view('scratch', 0).fill(4);
    expect(store.view('parameters', 0).every((value) => value === 3)).toBe(true);
  });

  it('says what does not fit and what is missing', () => {
    expect(() => new FlatStore(leaves, ['parameters'], 1024 + 2 * 4 * 32)).toThrow(/'b' \[40\]/);
    const store = new FlatStore(leaves, ['parameters']);
    expect(() => store.view('average', 0)).toThrow(RuntimeError);
  });
});
