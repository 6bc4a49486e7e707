import { add, cos, log, mul, sqrt, sub } from './elementwise.js';
import { randomUniform } from './create.js';
import type { Tensor } from './graph.js';
import type { Shape } from './primitives.js';
import { sliceAxis, squeeze } from './shaping.js';

/** Standard normal numbers by key and stream, as `randomUniform` gives uniform ones (Box and Muller 1958). */
export function randomNormal(key: Tensor, shape: Shape, stream: number): Tensor {
  const uniform = randomUniform(key, [2, ...shape], stream);
  const [radius, angle] = [0, 1].map((row) => squeeze(sliceAxis(uniform, { axis: 0, start: row, limit: row + 1 }), 0));
  return mul(sqrt(mul(log(sub(1, radius!)), -2)), cos(mul(angle!, 2 * Math.PI)));
}

/** Draws of one program: each call its own stream of the key. */
export class Draws {
  readonly #key: Tensor;
  #stream: number;

  /** @param key int32 [2], fed anew each step */
  constructor(key: Tensor, firstStream = 0) {
    this.#key = key;
    this.#stream = firstStream;
  }

  uniform(shape: Shape): Tensor {
    return randomUniform(this.#key, shape, this.#stream++);
  }

  normal(shape: Shape): Tensor {
    return randomNormal(this.#key, shape, this.#stream++);
  }

  /** Mean and deviation broadcast to the shape of their sum. */
  gaussian(mean: Tensor, deviation: Tensor): Tensor {
    return add(mean, mul(deviation, this.normal(mean.shape)));
  }
}
