import type { DType, Shape, TensorSpec } from '../../tensor/primitives.js';
import { type OnnxMessage, encode } from './schema.js';

/** The element types that a graph may use inside, beyond those of the tensor language. */
export type ElementType = DType | 'int64' | 'uint32' | 'uint8' | 'float64';

const elementCodes: Record<ElementType, number> = {
  float32: 1,
  uint8: 2,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  bfloat16: 16,
};

/** A float attribute; a plain number is an integer one. */
export const float = (value: number): FloatAttribute => ({ float: value });
export interface FloatAttribute {
  readonly float: number;
}
export type Attribute = number | string | readonly number[] | FloatAttribute;

const attributeTypes = { float: 1, int: 2, string: 3, ints: 7 };

function attributeProto(name: string, value: Attribute): OnnxMessage<'AttributeProto'> {
  if (typeof value === 'number') return { name, type: attributeTypes.int, i: BigInt(value) };
  if (typeof value === 'string') return { name, type: attributeTypes.string, s: new TextEncoder().encode(value) };
  if ('float' in value) return { name, type: attributeTypes.float, f: value.float };
  return { name, type: attributeTypes.ints, ints: value.map(BigInt) };
}

const microsoft = 'com.microsoft';
/** Operators of ONNX Runtime's own set. */
const contributed = new Set(['FusedMatMul', 'FastGelu', 'Gelu', 'QuickGelu', 'GroupQueryAttention', 'FusedConv']);

type Data = Float32Array | Int32Array | Uint8Array | Uint16Array | BigInt64Array | Uint32Array;

/** Collects the nodes and constants of one ONNX graph. Names are numbered in order: equal programs give equal bytes. */
export class Emitter {
  readonly #nodes: OnnxMessage<'NodeProto'>[] = [];
  readonly #initializers: OnnxMessage<'TensorProto'>[] = [];
  readonly #inputs: OnnxMessage<'ValueInfoProto'>[] = [];
  readonly #outputs: OnnxMessage<'ValueInfoProto'>[] = [];
  readonly #shared = new Map<string, string>();
  readonly #made = new Set<string>();
  readonly #renamed = new Map<string, string>();
  #next = 0;
  /** Stands in the names of the nodes added from now on, and so in the runtime's error messages. */
  label = '';

  /** Adds a node and returns the names of its outputs. */
  nodes(opType: string, inputs: readonly string[], attributes: Record<string, Attribute>, outputs: number): string[] {
    const number = this.#next++;
    const names = Array.from({ length: outputs }, (_, index) => (index === 0 ? `v${number}` : `v${number}.${index}`));
    for (const name of names) this.#made.add(name);
    this.#nodes.push({
      opType,
      input: inputs,
      output: names,
      name: `${this.label}#${number}`,
      ...(contributed.has(opType) && { domain: microsoft }),
      attribute: Object.entries(attributes).map(([name, value]) => attributeProto(name, value)),
    });
    return names;
  }

  /** A number that no other caller is given. */
  unique(): number {
    return this.#next++;
  }

  /** Adds a node of one output and returns its name. */
  node(opType: string, inputs: readonly string[], attributes: Record<string, Attribute> = {}): string {
    return this.nodes(opType, inputs, attributes, 1)[0]!;
  }

  /** A tensor known now; small equal ones are kept once. */
  initializer(type: ElementType, shape: Shape, data: Data): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const key = bytes.length <= 256 ? `${type}[${shape.join()}]${bytes.join()}` : undefined;
    const known = key === undefined ? undefined : this.#shared.get(key);
    if (known !== undefined) return known;
    const name = `c${this.#initializers.length}`;
    this.#initializers.push({ name, dims: shape.map(BigInt), dataType: elementCodes[type], rawData: bytes });
    if (key !== undefined) this.#shared.set(key, name);
    return name;
  }

  /** A one-dimensional int64 constant: shapes, axes, starts. */
  int64(values: readonly number[]): string {
    return this.initializer('int64', [values.length], BigInt64Array.from(values, BigInt));
  }

  /** A constant of one element, of rank 0. */
  scalar(type: ElementType, value: number): string {
    if (type === 'int64') return this.initializer(type, [], BigInt64Array.of(BigInt(value)));
    if (type === 'int32') return this.initializer(type, [], Int32Array.of(value));
    if (type === 'uint32') return this.initializer(type, [], Uint32Array.of(value));
    if (type === 'bool' || type === 'uint8') return this.initializer(type, [], Uint8Array.of(value));
    if (type === 'float32') return this.initializer(type, [], Float32Array.of(value));
    return this.cast(this.initializer('float32', [], Float32Array.of(value)), type);
  }

  cast(name: string, to: ElementType): string {
    return this.node('Cast', [name], { to: elementCodes[to] });
  }

  reshape(name: string, shape: Shape): string {
    return this.node('Reshape', [name, this.int64(shape)], shape.includes(0) ? { allowzero: 1 } : {});
  }

  transpose(name: string, permutation: readonly number[]): string {
    return this.node('Transpose', [name], { perm: permutation });
  }

  /** Declares a graph input and returns its name. */
  input(spec: TensorSpec): string {
    const name = `i${this.#inputs.length}`;
    this.#inputs.push(valueInfo(name, spec));
    return name;
  }

  /** Declares a value to be a graph output; returns the output's name. */
  output(value: string, spec: TensorSpec): string {
    const name = `o${this.#outputs.length}`;
    this.#outputs.push(valueInfo(name, spec));
    // A node's own result takes the output's name, so that the node writes where the caller wants it.
    if (this.#made.has(value) && !this.#renamed.has(value)) this.#renamed.set(value, name);
    else this.#nodes.push({ opType: 'Identity', input: [value], output: [name], name: `output#${name}` });
    return name;
  }

  /**
   * The bytes of the whole model.
   *
   * @param options.inPlace begin the outputs with `doneOutput`, an empty sequence: see `runInPlace`
   */
  model(options: { inPlace?: boolean } = {}): Uint8Array<ArrayBuffer> {
    const rename = (name: string): string => this.#renamed.get(name) ?? name;
    const nodes = this.#nodes.map((node) => ({
      ...node,
      input: node.input?.map(rename),
      output: node.output?.map(rename),
    }));
    return encode('ModelProto', {
      irVersion: 10n,
      producerName: 'descent',
      opsetImport: [
        { domain: '', version: 21n },
        { domain: microsoft, version: 1n },
      ],
      graph: {
        name: 'program',
        node: options.inPlace ? [doneNode, ...nodes] : nodes,
        initializer: this.#initializers,
        input: this.#inputs,
        output: options.inPlace ? [doneInfo, ...this.#outputs] : this.#outputs,
      },
    });
  }
}

/** The first output of a program that runs in place. */
export const doneOutput = 'done';
const doneNode: OnnxMessage<'NodeProto'> = {
  opType: 'SequenceEmpty',
  input: [],
  output: [doneOutput],
  name: doneOutput,
};
const doneInfo: OnnxMessage<'ValueInfoProto'> = {
  name: doneOutput,
  type: { sequenceType: { elemType: { tensorType: { elemType: elementCodes.float32 } } } },
};

const valueInfo = (name: string, { dtype, shape }: TensorSpec): OnnxMessage<'ValueInfoProto'> => ({
  name,
  type: { tensorType: { elemType: elementCodes[dtype], shape: { dim: shape.map((n) => ({ dimValue: BigInt(n) })) } } },
});

/** A model for tensors of any shape. */
function shapelessModel(
  name: string,
  node: readonly OnnxMessage<'NodeProto'>[],
  inputs: readonly ElementType[],
): Uint8Array<ArrayBuffer> {
  const info = (port: string, type: ElementType): OnnxMessage<'ValueInfoProto'> => ({
    name: port,
    type: { tensorType: { elemType: elementCodes[type] } },
  });
  return encode('ModelProto', {
    irVersion: 10n,
    opsetImport: [{ domain: '', version: 21n }],
    graph: {
      name,
      node,
      input: inputs.map((type, index) => info(`i${index}`, type)),
      output: [info('o0', 'float32')],
    },
  });
}

/** Hands a float32 tensor through. */
export const identityModel = (): Uint8Array<ArrayBuffer> =>
  shapelessModel('identity', [{ opType: 'Identity', input: ['i0'], output: ['o0'], name: 'identity' }], ['float32']);

/** Rows of two float32 tensors end to end, in the order of the int32 indices. */
export const rowsModel = (): Uint8Array<ArrayBuffer> =>
  shapelessModel(
    'rows',
    [
      { opType: 'Concat', input: ['i0', 'i1'], output: ['v0'], name: 'concat', attribute: [attributeProto('axis', 0)] },
      { opType: 'Gather', input: ['v0', 'i2'], output: ['o0'], name: 'gather' },
    ],
    ['float32', 'float32', 'int32'],
  );
