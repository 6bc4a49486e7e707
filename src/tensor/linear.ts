import { broadcastShapes, isFloatType, mismatch, primitive } from './define.js';
import type { Tensor } from './graph.js';
import { mul } from './elementwise.js';
import { reshape, sum, sumTo, transpose } from './structure.js';

export interface MatmulOptions {
  transposeA?: boolean;
  transposeB?: boolean;
  /** Scales the product. */
  alpha?: number;
}

const applyMatmul = primitive<'matmul'>({
  name: 'matmul',
  shape: ([a, b], { transposeA, transposeB }) => {
    const inputs = [a!, b!];
    if (a!.rank < 2 || b!.rank < 2) mismatch('matmul', inputs, 'both operands need two axes or more');
    if (!isFloatType(a!.dtype) || a!.dtype !== b!.dtype)
      mismatch('matmul', inputs, 'both operands must be of one float dtype');
    const [m, k] = lastTwo(a!, transposeA);
    const [k2, n] = lastTwo(b!, transposeB);
    if (k !== k2) mismatch('matmul', inputs, `the inner lengths ${k} and ${k2} differ`);
    const batch = broadcastShapes(a!.shape.slice(0, -2), b!.shape.slice(0, -2));
    if (batch === undefined) mismatch('matmul', inputs, 'the batch axes do not broadcast');
    return [{ shape: [...batch, m, n], dtype: a!.dtype }];
  },
  gradient: ({ inputs: [a, b], attributes: { transposeA, transposeB, alpha }, gradients: [g], needed }) => {
    // Y = op(A) op(B): each gradient is one product, its own transposition expressed by the flags.
    const toA = () =>
      transposeA
        ? matmul(b!, g!, { transposeA: transposeB, transposeB: true, alpha })
        : matmul(g!, b!, { transposeB: !transposeB, alpha });
    const toB = () =>
      transposeB
        ? matmul(g!, a!, { transposeA: true, transposeB: transposeA, alpha })
        : matmul(a!, g!, { transposeA: !transposeA, alpha });
    return [needed[0] ? sumTo(toA(), a!.shape) : undefined, needed[1] ? sumTo(toB(), b!.shape) : undefined];
  },
});

const lastTwo = (x: Tensor, flip: boolean): [number, number] =>
  flip ? [x.shape.at(-1)!, x.shape.at(-2)!] : [x.shape.at(-2)!, x.shape.at(-1)!];

/** alpha · A B over the last two axes; leading axes broadcast. Prefer the flags to a transpose of an operand. */
export function matmul(a: Tensor, b: Tensor, options: MatmulOptions = {}): Tensor {
  const { transposeA = false, transposeB = false, alpha = 1 } = options;
  if (b.rank === 2 && a.rank > 2 && !transposeA) {
    // One matrix for all rows: a single two-dimensional product, whose gradients are single products too.
    const product = applyMatmul([reshape(a, [-1, a.shape.at(-1)!]), b], { transposeA, transposeB, alpha });
    return reshape(product, [...a.shape.slice(0, -1), product.shape[1]!]);
  }
  return applyMatmul([a, b], { transposeA, transposeB, alpha });
}

/**
 * Einstein summation of one or two tensors, e.g. `einsum('bqd,bkd->bqk', q, k)`. Every letter is an axis; letters
 * missing from the result are summed over. No repeated letters within an operand, no ellipsis.
 */
export function einsum(equation: string, ...operands: readonly Tensor[]): Tensor {
  const [left = '', right] = equation.replaceAll(' ', '').split('->');
  const bad = (why: string): never => mismatch(`einsum '${equation}'`, operands, why);
  if (right === undefined) return bad("write the result after '->'");
  const terms = left.split(',').map((term) => Array.from(term));
  const result = Array.from(right);
  if (terms.length !== operands.length || terms.length > 2) bad('takes one or two operands, one term each');
  const lengths = new Map<string, number>();
  terms.forEach((term, index) => {
    const { rank, shape } = operands[index]!;
    if (new Set(term).size !== term.length || term.length !== rank) bad(`'${term.join('')}' is not its axes`);
    term.forEach((letter, axis) => {
      if ((lengths.get(letter) ?? shape[axis]!) !== shape[axis]!) bad(`axis '${letter}' has two lengths`);
      lengths.set(letter, shape[axis]!);
    });
  });
  for (const letter of result) if (!lengths.has(letter)) bad(`'${letter}' is in no operand`);
  if (new Set(result).size !== result.length) bad('a letter is twice in the result');

  // Sum away what only one operand has and the result lacks.
  const reduce = (index: number): Named => {
    const term = terms[index]!;
    const elsewhere = [...result, ...(terms[1 - index] ?? [])];
    const axes = [...term.keys()].filter((axis) => !elsewhere.includes(term[axis]!));
    return { x: sum(operands[index]!, { axes }), term: term.filter((letter) => elsewhere.includes(letter)) };
  };
  const a = reduce(0);
  if (terms.length === 1) return arrange(a, result);
  const b = reduce(1);

  const shared = a.term.filter((letter) => b.term.includes(letter));
  const batch = shared.filter((letter) => result.includes(letter));
  const inner = shared.filter((letter) => !result.includes(letter));
  const rows = a.term.filter((letter) => !shared.includes(letter));
  const columns = b.term.filter((letter) => !shared.includes(letter));
  const size = (letters: readonly string[]): number =>
    letters.reduce((product, letter) => product * lengths.get(letter)!, 1);
  const matrix = (operand: Named, first: readonly string[], second: readonly string[]): Tensor =>
    reshape(arrange(operand, [...batch, ...first, ...second]), [size(batch), size(first), size(second)]);
  const [rowsByInner, innerByColumns] = [matrix(a, rows, inner), matrix(b, inner, columns)];
  const product = inner.length === 0 ? mul(rowsByInner, innerByColumns) : matmul(rowsByInner, innerByColumns);
  const term = [...batch, ...rows, ...columns];
  const shape = term.map((letter) => lengths.get(letter)!);
  return arrange({ x: reshape(product, shape), term }, result);
}

/** A tensor with a letter for each axis. */
interface Named {
  readonly x: Tensor;
  readonly term: readonly string[];
}

const arrange = ({ x, term }: Named, to: readonly string[]): Tensor =>
  transpose(
    x,
    to.map((letter) => term.indexOf(letter)),
  );
