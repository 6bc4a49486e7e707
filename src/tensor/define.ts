import { ShapeError } from '../errors.js';
import { type Rule, type Tensor, apply } from './graph.js';
import type { DType, PrimitiveName, Primitives, Shape, TensorSpec } from './primitives.js';

/** `float32[2, 3]` */
export const describe = (spec: TensorSpec): string => `${spec.dtype}[${spec.shape.join(', ')}]`;

/** The tensor language and the layers made of it; a test among them is a user like any other. */
const INSIDE = /[/\\]src[/\\](tensor|nn)[/\\](?!.*\.test\.)/;

/** The first frame of the current stack outside the tensor language and the layers: the line the user wrote. */
function userLine(): string {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 100;
  const frames = (new Error().stack ?? '').split('\n').slice(1);
  Error.stackTraceLimit = limit;
  const frame = frames.find((line) => !INSIDE.test(line) && /:\d+:\d+\)?$/.test(line));
  return frame === undefined ? '' : ` (${frame.trim()})`;
}

/** Throws a ShapeError that names the operation, what it was given, and the line that asked for it. */
export function mismatch(op: string, inputs: readonly TensorSpec[], why: string, advice?: string): never {
  throw new ShapeError(`${op}(${inputs.map(describe).join(', ')}): ${why}${userLine()}`, { advice });
}

/** Registers a primitive's rules and returns the function that applies it. */
export function primitive<Name extends PrimitiveName>(
  rule: Rule<Name>,
): (inputs: readonly Tensor[], attributes: Primitives[Name]) => Tensor {
  return (inputs, attributes) => apply(rule, inputs, attributes)[0]!;
}

/** The shape that numpy's broadcasting gives, or undefined where the shapes do not fit. */
export function broadcastShapes(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) return undefined;
    shape.push(left === 1 ? right : left);
  }
  return shape;
}

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((length, axis) => length === b[axis]);

export const sizeOf = (shape: Shape): number => shape.reduce((product, length) => product * length, 1);

/** Makes axis -1 the last one, and so on; throws when out of range. */
export function normaliseAxis(op: string, input: TensorSpec, axis: number): number {
  const rank = input.shape.length;
  const positive = axis < 0 ? axis + rank : axis;
  if (!Number.isInteger(axis) || positive < 0 || positive >= rank) mismatch(op, [input], `there is no axis ${axis}`);
  return positive;
}

/** Sorted, non-negative, without repeats; all axes when undefined. */
export function normaliseAxes(op: string, input: TensorSpec, axes: number | readonly number[] | undefined): number[] {
  if (axes === undefined) return input.shape.map((_, axis) => axis);
  const list = (typeof axes === 'number' ? [axes] : axes).map((axis) => normaliseAxis(op, input, axis));
  return [...new Set(list)].sort((a, b) => a - b);
}

export const isFloatType = (dtype: DType): boolean => dtype !== 'int32' && dtype !== 'bool';
