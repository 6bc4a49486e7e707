import {
  type Tensor,
  cast,
  concat,
  gather,
  greater,
  mod,
  mul,
  pad,
  sliceAxis,
  floor,
  add,
  zeros,
} from '../../tensor/index.js';
import type { NamedTensors, Shapes } from '../image-model.js';

/**
 * A causal network over a raster is written once, as a function of features [B, C, rows, columns] and of a pass, and
 * runs in three ways: over a whole image in training, and in sampling once a row and once a value, on windows of what
 * it computed before. Names tell the windows of one network apart.
 */
export interface Pass {
  /** Each row's features are those of the row above; the first row's are 0. */
  down(x: Tensor): Tensor;
  /** Each column's features are those of the column to the left; the first column's are 0. */
  right(x: Tensor): Tensor;
  /** The features with `depth` earlier rows before them. */
  rows(name: string, x: Tensor, depth: number): Window;
  /** The features with `depth` earlier columns before them. */
  columns(name: string, x: Tensor, depth: number): Window;
  /** Features that depend on rows above alone, as what depends on this row takes them. */
  hand(name: string, x: Tensor): Tensor;
  /**
   * Runs down the rows: `step` takes a row of x and what the row above carried (`size` channels, 0 above the image),
   * and gives the row's output and what it carries on.
   */
  recur(name: string, x: Tensor, size: number, step: RowStep): Tensor;
}

/** Features, and how many rows or columns of zeros are still to be put before them. */
export interface Window {
  readonly x: Tensor;
  readonly before: number;
}

export type RowStep = (x: Tensor, carried: Tensor) => { readonly output: Tensor; readonly carried: Tensor };

const shift = (x: Tensor, axis: 2 | 3): Tensor => {
  const padded = pad(
    x,
    x.shape.map((_, index) => (index === axis ? [1, 0] : [0, 0])),
  );
  return sliceAxis(padded, { axis, limit: x.shape[axis]! });
};

/** Over whole images. */
export const wholePass: Pass = {
  down: (x) => shift(x, 2),
  right: (x) => shift(x, 3),
  rows: (_, x, before) => ({ x, before }),
  columns: (_, x, before) => ({ x, before }),
  hand: (_, x) => x,
  recur: (_, x, size, step) => {
    const [batch, , height, width] = x.shape as [number, number, number, number];
    let carried = zeros([batch, size, 1, width]);
    const outputs: Tensor[] = [];
    for (let row = 0; row < height; row++) {
      const result = step(sliceAxis(x, { axis: 2, start: row, limit: row + 1 }), carried);
      outputs.push(result.output);
      carried = result.carried;
    }
    return concat(outputs, 2);
  },
};

/** What is kept between the runs of one network. Without tensors at hand it reads zeros, and only learns the shapes. */
export class Memory {
  readonly #given: NamedTensors;
  readonly #kept: Record<string, Tensor> = {};
  readonly #shapes: Record<string, readonly number[]> = {};

  constructor(given: NamedTensors = {}) {
    this.#given = given;
  }

  recall(name: string, shape: readonly number[]): Tensor {
    this.#shapes[name] = shape.slice(1);
    return this.#given[name] ?? zeros(shape);
  }

  keep(name: string, x: Tensor): void {
    this.#shapes[name] = x.shape.slice(1);
    this.#kept[name] = x;
  }

  /** What changed. */
  get kept(): NamedTensors {
    return this.#kept;
  }

  /** Of one image: without the batch axis. */
  get shapes(): Shapes {
    return this.#shapes;
  }
}

/** The last `depth` of an axis. */
const lastOf = (x: Tensor, axis: 2 | 3, depth: number): Tensor => sliceAxis(x, { axis, start: x.shape[axis]! - depth });

/** The features before x of which an earlier run kept `depth`, and x. */
function joined(memory: Memory, name: string, x: Tensor, axis: 2 | 3, depth: number): Window {
  if (depth === 0) return { x, before: 0 };
  const shape = x.shape.map((length, index) => (index === axis ? depth : length));
  const all = concat([memory.recall(name, shape), x], axis);
  memory.keep(name, lastOf(all, axis, depth));
  return { x: all, before: 0 };
}

/**
 * Over the row before the one that is to be drawn, which is complete by then: keeps what the next row needs of it. Runs
 * before the first row too, on anything: it sees zeros then.
 *
 * @param index int32 [1], the values drawn already
 */
export function rowPass(memory: Memory, index: Tensor): Pass {
  const exists = cast(greater(index, 0), 'float32');
  return {
    down: (x) => mul(x, exists),
    right: (x) => shift(x, 3),
    rows: (name, x, depth) => joined(memory, name, x, 2, depth),
    columns: (name, x, before) => {
      // The row to be drawn begins with nothing to its left.
      if (before > 0) memory.keep(name, zeros([...x.shape.slice(0, 3), before]));
      return { x, before };
    },
    hand: (name, x) => {
      const before = memory.recall(name, x.shape);
      memory.keep(name, x);
      return before;
    },
    recur: (name, x, size, step) => {
      const [batch, , , width] = x.shape as [number, number, number, number];
      const { output, carried } = step(x, memory.recall(name, [batch, size, 1, width]));
      memory.keep(name, mul(carried, exists));
      return output;
    },
  };
}

/**
 * Over the pixel before the one that is to be drawn: [B, C, 1, 1]. What depends on rows above was left by the row pass;
 * computing it here again would be of no use, and what comes of it is not used.
 *
 * @param index int32 [1], the values drawn already
 * @param grid columns of the image, and values of each pixel
 */
export function valuePass(
  memory: Memory,
  index: Tensor,
  grid: { readonly width: number; readonly channels: number },
): Pass {
  const { width, channels } = grid;
  const place = mod(index, width * channels);
  const column = channels === 1 ? place : cast(floor(mul(add(cast(place, 'float32'), 0.5), 1 / channels)), 'int32');
  const hasLeft = cast(greater(column, 0), 'float32');
  const ofRow = (name: string, batch: number, size: number): Tensor =>
    gather(memory.recall(name, [batch, size, 1, width]), column, 3);
  return {
    down: (x) => x,
    right: (x) => mul(x, hasLeft),
    rows: (_, x, before) => ({ x, before }),
    columns: (name, x, depth) => joined(memory, name, x, 3, depth),
    hand: (name, x) => ofRow(name, x.shape[0]!, x.shape[1]!),
    recur: (name, x, size, step) => step(x, ofRow(name, x.shape[0]!, size)).output,
  };
}
