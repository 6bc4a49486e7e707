import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../tensor/evaluate.test-helper.js';
import { float32, gradients, mul, sum, trace } from '../tensor/index.js';
import { lstm, lstmSpec } from './recurrent.js';

interface Golden extends Record<'x' | 'weight' | 'input' | 'state' | 'bias' | 'out', number[]> {
  gradients: Record<'x' | 'input' | 'state' | 'bias', number[]>;
}
const golden = JSON.parse(readFileSync(new URL('./golden/recurrent.json', import.meta.url), 'utf8')) as Golden;

const [batch, time, inputs, units] = [2, 4, 3, 2];
const specs = {
  p: lstmSpec(inputs, units, 2),
  x: float32(2, batch, time, inputs),
  weight: float32(2, batch, time, units),
};
const given = (list: readonly number[]): Float32Array => Float32Array.from(list);
const named = {
  'p.input': given(golden.input),
  'p.state': given(golden.state),
  'p.bias': given(golden.bias),
  x: given(golden.x),
  weight: given(golden.weight),
};
const close = (found: ArrayLike<number>, expected: readonly number[]): void =>
  expected.forEach((value, at) => expect(found[at]).toBeCloseTo(value, 5));

describe('long short-term memories', () => {
  it('are those of PyTorch, side by side, and so are their gradients', () => {
    const graph = trace(({ p, x, weight }) => {
      const out = lstm(p, x);
      const [input, state, bias, ofX] = gradients(sum(mul(out, weight)), [p.input, p.state, p.bias, x]);
      return { out, input, state, bias, ofX };
    }, specs);
    const found = evaluate(graph, named);
    close(found['out']!, golden.out);
    for (const name of ['input', 'state', 'bias'] as const) close(found[name]!, golden.gradients[name]);
    close(found['ofX']!, golden.gradients.x);
  });

  it('keep what they know where there is no token', () => {
    const graph = trace(({ p, x, is }) => ({ out: lstm(p, x, is) }), { ...specs, is: float32(2, batch, time, 1) });
    // The second of four tokens is none: the others read as three would.
    const is = given(Array.from({ length: 2 * batch * time }, (_, at) => (at % time === 1 ? 0 : 1)));
    const { weight: _weight, ...values } = named;
    const out = Array.from(evaluate(graph, { ...values, is })['out']!);
    const short = trace(({ p, x }) => ({ out: lstm(p, x) }), { p: specs.p, x: float32(2, batch, time - 1, inputs) });
    const kept = values.x.filter((_, at) => Math.floor(at / inputs) % time !== 1);
    const alone = Array.from(evaluate(short, { ...values, x: kept })['out']!);
    close(
      out.filter((_, at) => Math.floor(at / units) % time !== 1),
      alone,
    );
    for (let row = 0; row < 2 * batch; row++) {
      const at = row * time * units;
      close(out.slice(at + units, at + 2 * units), out.slice(at, at + units));
    }
  });
});
