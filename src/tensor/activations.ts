import { primitive } from './define.js';
import { add, cast, clip, erf, exp, less, minimum, mul, sigmoid, square, sub, tanh, where } from './elementwise.js';
import type { Tensor } from './graph.js';

const applyRelu = primitive<'relu'>({
  name: 'relu',
  shape: ([x]) => [x!],
  // Of the output, so that nothing needs the input: a convolution before it then takes the ReLU in.
  gradient: ({ outputs: [y], gradients: [g] }) => [mul(g!, cast(less(0, y!), g!.dtype))],
});
export const relu = (x: Tensor): Tensor => applyRelu([x], {});

/** x for x > 0, else slope · x. */
export const leakyRelu = (x: Tensor, slope = 0.01): Tensor => mul(x, where(less(0, x), 1, slope));

/** x for x > 0, else α(exp(x) − 1) (Clevert et al. 2015). */
export const elu = (x: Tensor, alpha = 1): Tensor => where(less(0, x), x, mul(sub(exp(minimum(x, 0)), 1), alpha));

/** min(max(x, 0), 6) */
export const relu6 = (x: Tensor): Tensor => clip(x, 0, 6);

/** max(x, 0)² (So et al. 2021). */
export const squaredRelu = (x: Tensor): Tensor => square(relu(x));

const applySilu = primitive<'silu'>({
  name: 'silu',
  shape: ([x]) => [x!],
  // d/dx xσ = σ + xσ(1 − σ) = σ + y(1 − σ)
  gradient: ({ inputs: [x], outputs: [y], gradients: [g] }) => {
    const s = sigmoid(x!);
    return [mul(g!, add(s, mul(y!, sub(1, s))))];
  },
});
/** x·σ(x), also called swish. */
export const silu = (x: Tensor): Tensor => applySilu([x], {});

const applyGeluTanh = primitive<'geluTanh'>({
  name: 'geluTanh',
  shape: ([x]) => [x!],
  gradient: ({ inputs: [x], gradients: [g] }) => {
    const c = Math.sqrt(2 / Math.PI);
    const squared = square(x!);
    const t = tanh(mul(x!, add(mul(squared, 0.044715 * c), c)));
    const half = mul(add(t, 1), 0.5);
    // ½(1 + t) + ½x(1 − t²)u′, with u′ = c(1 + 3·0.044715x²) and ½(1 − t²) = 2h(1 − h)
    const slope = mul(x!, add(mul(squared, 6 * 0.044715 * c), 2 * c));
    return [mul(g!, mul(half, add(mul(slope, sub(1, half)), 1)))];
  },
});

const applyGeluErf = primitive<'geluErf'>({
  name: 'geluErf',
  shape: ([x]) => [x!],
  gradient: ({ inputs: [x], gradients: [g] }) => {
    const cumulative = mul(add(erf(mul(x!, Math.SQRT1_2)), 1), 0.5);
    const density = mul(exp(mul(square(x!), -0.5)), 1 / Math.sqrt(2 * Math.PI));
    return [mul(g!, add(cumulative, mul(x!, density)))];
  },
});

/** Gaussian error linear unit (Hendrycks and Gimpel 2016): GPT's tanh form, or exact with the error function. */
export const gelu = (x: Tensor, form: 'tanh' | 'erf' = 'tanh'): Tensor =>
  form === 'tanh' ? applyGeluTanh([x], {}) : applyGeluErf([x], {});
