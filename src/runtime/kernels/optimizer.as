// Passes over flat float32 memory, four numbers at a time. Pointers are byte offsets, counts are multiples of four.
// AssemblyScript; compiled by `npm run kernels` into binary.ts.

@inline
function at(pointer: usize, index: usize): v128 {
  return v128.load(pointer + (index << 2));
}

@inline
function put(pointer: usize, index: usize, value: v128): void {
  v128.store(pointer + (index << 2), value);
}

/**
 * Adam: m and v are moving averages of the gradient and its square;
 * p = p * keep - rate * m / (sqrt(v) * rootScale + epsilon). The gradient is scaled first, then gets l2 * p.
 */
export function adam(
  p: usize, g: usize, m: usize, v: usize, count: usize,
  gradientScale: f32, l2: f32, keep: f32, rate: f32, beta1: f32, beta2: f32, rootScale: f32, epsilon: f32,
): void {
  const scales = f32x4.splat(gradientScale);
  const l2s = f32x4.splat(l2);
  const keeps = f32x4.splat(keep);
  const rates = f32x4.splat(rate);
  const beta1s = f32x4.splat(beta1);
  const beta2s = f32x4.splat(beta2);
  const rest1s = f32x4.splat(1 - beta1);
  const rest2s = f32x4.splat(1 - beta2);
  const rootScales = f32x4.splat(rootScale);
  const epsilons = f32x4.splat(epsilon);
  for (let i: usize = 0; i < count; i += 4) {
    const parameter = at(p, i);
    const gradient = f32x4.add(f32x4.mul(at(g, i), scales), f32x4.mul(parameter, l2s));
    const first = f32x4.add(f32x4.mul(at(m, i), beta1s), f32x4.mul(gradient, rest1s));
    const second = f32x4.add(f32x4.mul(at(v, i), beta2s), f32x4.mul(f32x4.mul(gradient, gradient), rest2s));
    put(m, i, first);
    put(v, i, second);
    const spread = f32x4.add(f32x4.mul(f32x4.sqrt(second), rootScales), epsilons);
    put(p, i, f32x4.sub(f32x4.mul(parameter, keeps), f32x4.div(f32x4.mul(first, rates), spread)));
  }
}

/** Gradient descent with momentum: m = momentum * m + g; p = p - rate * m. */
export function sgd(
  p: usize, g: usize, m: usize, count: usize, gradientScale: f32, l2: f32, rate: f32, momentum: f32,
): void {
  const scales = f32x4.splat(gradientScale);
  const l2s = f32x4.splat(l2);
  const rates = f32x4.splat(rate);
  const momenta = f32x4.splat(momentum);
  for (let i: usize = 0; i < count; i += 4) {
    const parameter = at(p, i);
    const gradient = f32x4.add(f32x4.mul(at(g, i), scales), f32x4.mul(parameter, l2s));
    const velocity = f32x4.add(f32x4.mul(at(m, i), momenta), gradient);
    put(m, i, velocity);
    put(p, i, f32x4.sub(parameter, f32x4.mul(velocity, rates)));
  }
}

/** Accumulated in float64: not finite exactly when an element is not finite. */
export function sumOfSquares(x: usize, count: usize): f64 {
  let low = f64x2.splat(0);
  let high = f64x2.splat(0);
  for (let i: usize = 0; i < count; i += 4) {
    const value = at(x, i);
    const first = f64x2.promote_low_f32x4(value);
    const second = f64x2.promote_low_f32x4(i8x16.shuffle(value, value, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
    low = f64x2.add(low, f64x2.mul(first, first));
    high = f64x2.add(high, f64x2.mul(second, second));
  }
  const sum = f64x2.add(low, high);
  return f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1);
}

/** x = factor * x */
export function scale(x: usize, count: usize, factor: f32): void {
  const factors = f32x4.splat(factor);
  for (let i: usize = 0; i < count; i += 4) put(x, i, f32x4.mul(at(x, i), factors));
}

/** y = y + factor * x */
export function accumulate(y: usize, x: usize, count: usize, factor: f32): void {
  const factors = f32x4.splat(factor);
  for (let i: usize = 0; i < count; i += 4) put(y, i, f32x4.add(at(y, i), f32x4.mul(at(x, i), factors)));
}

/** Moving average: y = y + (1 - decay) * (x - y) */
export function average(y: usize, x: usize, count: usize, decay: f32): void {
  const rests = f32x4.splat(1 - decay);
  for (let i: usize = 0; i < count; i += 4) {
    const old = at(y, i);
    put(y, i, f32x4.add(old, f32x4.mul(f32x4.sub(at(x, i), old), rests)));
  }
}
