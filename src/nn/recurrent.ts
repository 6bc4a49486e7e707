import {
  type Tensor,
  add,
  matmul,
  mul,
  reshape,
  sigmoid,
  sliceAxis,
  split,
  squeeze,
  stack,
  sub,
  tanh,
} from '../tensor/index.js';
import { type ParameterSpec, type TensorsOf, parameter } from './parameters.js';

/** Recurrent layers. A program has one copy of a cell for each step. */

export interface LstmSpec {
  /** [directions, inputs, 4 · units] */
  readonly input: ParameterSpec;
  /** [directions, units, 4 · units] */
  readonly state: ParameterSpec;
  /** [directions, 1, 4 · units] */
  readonly bias: ParameterSpec;
}

/** Weights uniform in ±1/√units, as PyTorch's. */
export function lstmSpec(inputs: number, units: number, directions: number): LstmSpec {
  const init = { kind: 'uniform', limit: 1 / Math.sqrt(units) } as const;
  return {
    input: parameter([directions, inputs, 4 * units], { init }),
    state: parameter([directions, units, 4 * units], { init }),
    bias: parameter([directions, 1, 4 * units], { init, decay: false }),
  };
}

/**
 * A long short-term memory (Hochreiter and Schmidhuber 1997, with forget gates), several of one shape side by side: gates
 * in the order input, forget, content, output.
 *
 * @param x [directions, B, T, inputs], each direction in the order in which it reads
 * @param given float32 [directions, B, T, 1]: 0 where there is no token, which leaves the memory as it was
 * @returns [directions, B, T, units]
 */
export function lstm(p: TensorsOf<LstmSpec>, x: Tensor, given?: Tensor): Tensor {
  const [directions, batch, time, inputs] = x.shape as [number, number, number, number];
  const at = (y: Tensor, step: number): Tensor => squeeze(sliceAxis(y, { axis: 2, start: step, limit: step + 1 }), 2);
  // What the gates take from the inputs: one product for all steps.
  const products = add(matmul(reshape(x, [directions, batch * time, inputs]), p.input), p.bias);
  const fromInputs = reshape(products, [directions, batch, time, p.bias.shape[2]!]);
  const outputs: Tensor[] = [];
  let hidden: Tensor | undefined;
  let cells: Tensor | undefined;
  for (let step = 0; step < time; step++) {
    const taken = at(fromInputs, step);
    const gates: Tensor = hidden === undefined ? taken : add(taken, matmul(hidden, p.state));
    const [input, forget, content, output] = split(gates, 4, -1) as [Tensor, Tensor, Tensor, Tensor];
    const written = mul(sigmoid(input), tanh(content));
    const nextCells: Tensor = cells === undefined ? written : add(mul(sigmoid(forget), cells), written);
    const nextHidden = mul(sigmoid(output), tanh(nextCells));
    if (given === undefined) [hidden, cells] = [nextHidden, nextCells];
    else {
      const is = at(given, step);
      const keep = (next: Tensor, before: Tensor | undefined): Tensor =>
        before === undefined ? mul(next, is) : add(before, mul(is, sub(next, before)));
      [hidden, cells] = [keep(nextHidden, hidden), keep(nextCells, cells)];
    }
    outputs.push(hidden);
  }
  return stack(outputs, 2);
}
