import type { DType, PrimitiveName, Primitives, Shape, TensorSpec } from './primitives.js';

/** The rules of one primitive: what comes out, and how a gradient goes back. */
export interface Rule<Name extends PrimitiveName = PrimitiveName> {
  readonly name: Name;
  /** Throws a ShapeError when the inputs do not fit. */
  shape(inputs: readonly Tensor[], attributes: Primitives[Name]): TensorSpec[];
  /** Gradients of the inputs, given those of the outputs (undefined where none arrives). Absent: not differentiable. */
  gradient?(call: {
    readonly inputs: readonly Tensor[];
    readonly outputs: readonly Tensor[];
    readonly attributes: Primitives[Name];
    /** One per output. */
    readonly gradients: readonly (Tensor | undefined)[];
    /** Whether input i needs a gradient at all; rules may skip work for those that do not. */
    readonly needed: readonly boolean[];
  }): readonly (Tensor | undefined)[];
}

/** One application of a primitive in a traced graph. */
export interface Node<Name extends PrimitiveName = PrimitiveName> {
  readonly id: number;
  readonly op: Name;
  readonly rule: Rule<Name>;
  readonly inputs: readonly Tensor[];
  readonly attributes: Primitives[Name];
  readonly outputs: readonly Tensor[];
}

/** A value in a traced graph: it has a shape and a dtype, and no data until the program runs. */
export class Tensor implements TensorSpec {
  readonly node: Node;
  readonly index: number;
  readonly shape: Shape;
  readonly dtype: DType;

  constructor(node: Node, index: number, spec: TensorSpec) {
    this.node = node;
    this.index = index;
    this.shape = spec.shape;
    this.dtype = spec.dtype;
  }

  /** Number of axes. */
  get rank(): number {
    return this.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((product, length) => product * length, 1);
  }
}

let nextId = 0;

/** Adds one application of a primitive to the graph. Node ids grow, so sorting by id is a topological order. */
export function apply<Name extends PrimitiveName>(
  rule: Rule<Name>,
  inputs: readonly Tensor[],
  attributes: Primitives[Name],
): Tensor[] {
  const specs = rule.shape(inputs, attributes);
  const outputs: Tensor[] = [];
  const node: Node<Name> = { id: nextId++, op: rule.name, rule, inputs, attributes, outputs };
  specs.forEach((spec, index) => outputs.push(new Tensor(node, index, spec)));
  return outputs;
}
