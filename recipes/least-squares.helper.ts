/** y ≈ a u + b v over all points, by least squares: the two coefficients. */
export function fitTwo(points: readonly { readonly u: number; readonly v: number; readonly y: number }[]): {
  a: number;
  b: number;
} {
  const sum = (of: (point: (typeof points)[number]) => number): number =>
    points.reduce((total, point) => total + of(point), 0);
  const [uu, uv, vv] = [sum(({ u }) => u * u), sum(({ u, v }) => u * v), sum(({ v }) => v * v)];
  const [uy, vy] = [sum(({ u, y }) => u * y), sum(({ v, y }) => v * y)];
  const determinant = uu * vv - uv * uv;
  if (Math.abs(determinant) < 1e-12 * Math.max(1, uu * vv)) return { a: uu > 0 ? uy / uu : 0, b: 0 };
  return { a: (uy * vv - vy * uv) / determinant, b: (vy * uu - uy * uv) / determinant };
}
