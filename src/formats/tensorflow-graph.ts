import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { FormatError } from '../errors.js';
import { type ParameterSpec, parameter } from '../nn/parameters.js';
import { widenFloat16 } from '../runtime/float16.js';
import { type Tensor, add, constant, conv, mean, mul, relu, relu6, reshape } from '../tensor/index.js';
import { sizeOf } from '../tensor/define.js';

/** Reads a TensorFlow.js graph model (its JSON of nodes, and its weights) and rebuilds it from our own operations. */

const nodeSchema = z.object({
  name: z.string(),
  op: z.string(),
  input: z.array(z.string()).default([]),
  attr: z
    .object({
      padding: z.object({ s: z.string() }),
      strides: z.object({ list: z.object({ i: z.array(z.coerce.number()) }) }),
      fused_ops: z.object({ list: z.object({ s: z.array(z.string()).default([]) }) }),
    })
    .partial()
    .default({}),
});
type Node = z.output<typeof nodeSchema>;

const weightSchema = z.object({
  name: z.string(),
  shape: z.array(z.int().min(0)),
  dtype: z.enum(['float32', 'int32']),
  quantization: z.object({ dtype: z.literal('float16') }).optional(),
});

const modelSchema = z.object({
  modelTopology: z.object({ node: z.array(nodeSchema) }),
  weightsManifest: z.array(z.object({ paths: z.array(z.string()), weights: z.array(weightSchema) })),
});

interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array | Int32Array;
}

export interface TensorflowGraph {
  /** Declared parameters, by the names of their nodes: kernels as [out, in / groups, height, width]. */
  readonly parameters: Readonly<Record<string, ParameterSpec>>;
  readonly values: Readonly<Record<string, Float32Array>>;
  /** SHA-256 of the weights file, in short. */
  readonly hash: string;
  /** images [B, C, H, W] → what the node gives, its channels second. */
  readonly run: (parameters: Readonly<Record<string, Tensor>>, images: Tensor) => Tensor;
}

/**
 * @param output the node that is wanted; only what leads to it is read
 * @throws FormatError naming the file, and the node or operation that is not known here
 */
export async function readTensorflowGraph(folder: string, output: string): Promise<TensorflowGraph> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new FormatError(`${folder} cannot be read`, { cause });
  });
  const file = names.find((name) => /\.json(\.gz)?$/.test(name));
  if (file === undefined) throw new FormatError(`${folder} holds no .json of a TensorFlow.js graph model`);
  const path = join(folder, file);
  const bytes = await readFile(path);
  const text = (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8');
  const parsed = modelSchema.safeParse(JSON.parse(text));
  if (!parsed.success) throw new FormatError(`${path}: not a TensorFlow.js graph model (${parsed.error.message})`);
  const { modelTopology, weightsManifest } = parsed.data;
  const { weights, hash } = await readWeights(folder, weightsManifest);
  const nodes = neededFor(output, new Map(modelTopology.node.map((node) => [node.name, node])), path);
  return build(nodes, weights, { output, hash, path });
}

async function readWeights(folder: string, manifest: z.output<typeof modelSchema>['weightsManifest']) {
  const weights = new Map<string, Weight>();
  const hash = createHash('sha256');
  for (const group of manifest) {
    const bytes = Buffer.concat(await Promise.all(group.paths.map((path) => readFile(join(folder, path)))));
    hash.update(bytes);
    let at = 0;
    for (const { name, shape, dtype, quantization } of group.weights) {
      const count = sizeOf(shape);
      const width = quantization === undefined ? 4 : 2;
      const data = bytes.subarray(at, (at += count * width));
      if (data.length < count * width) {
        throw new FormatError(`${join(folder, group.paths.join(', '))} ends within '${name}'`, {
          advice: 'The file is cut short; fetch it again.',
        });
      }
      // A copy, so that the numbers are aligned.
      const { buffer } = Uint8Array.from(data);
      const values =
        quantization !== undefined
          ? widenFloat16(new Uint16Array(buffer))
          : dtype === 'int32'
            ? new Int32Array(buffer)
            : new Float32Array(buffer);
      weights.set(name, { shape, values });
    }
  }
  return { weights, hash: hash.digest('hex').slice(0, 16) };
}

/** The nodes that lead to one, each after those it reads. */
function neededFor(output: string, nodes: ReadonlyMap<string, Node>, path: string): Node[] {
  const ordered = new Map<string, Node>();
  const visit = (name: string): void => {
    if (ordered.has(name)) return;
    const node = nodes.get(name);
    if (node === undefined) throw new FormatError(`${path}: there is no node '${name}'`);
    node.input.forEach(visit);
    ordered.set(name, node);
  };
  visit(output);
  return [...ordered.values()];
}

function build(
  nodes: readonly Node[],
  weights: ReadonlyMap<string, Weight>,
  { output, hash, path }: { output: string; hash: string; path: string },
): TensorflowGraph {
  const parameters: Record<string, ParameterSpec> = {};
  const values: Record<string, Float32Array> = {};
  for (const { op, input } of nodes) {
    const isDepthwise = op === 'FusedDepthwiseConv2dNative';
    if (op !== '_FusedConv2D' && !isDepthwise) continue;
    const [, kernel, bias] = input.map((name) => weights.get(name));
    if (kernel === undefined || bias === undefined) throw new FormatError(`${path}: a convolution without weights`);
    const moved = channelsFirst(kernel, isDepthwise);
    parameters[input[1]!] = parameter(moved.shape);
    values[input[1]!] = moved.values;
    parameters[input[2]!] = parameter(bias.shape);
    values[input[2]!] = bias.values as Float32Array;
  }
  const run = (given: Readonly<Record<string, Tensor>>, images: Tensor): Tensor => {
    const made = new Map<string, Tensor>();
    for (const node of nodes) {
      const weight = weights.get(node.name);
      if (weight === undefined) made.set(node.name, node.op === 'Placeholder' ? images : apply(node, made, path));
      else made.set(node.name, given[node.name] ?? constant(weight.values, weight.shape));
    }
    return made.get(output)!;
  };
  return { parameters, values, hash, run };
}

function apply(node: Node, made: ReadonlyMap<string, Tensor>, path: string): Tensor {
  const [x, y, z] = node.input.map((name) => made.get(name)!) as [Tensor, Tensor, Tensor];
  switch (node.op) {
    case 'Add':
      return add(x, y);
    case 'Mul':
      return mul(x, y);
    case 'Relu6':
      return relu6(x);
    case 'Mean':
      // Over both sides of the image, which is the only mean that such networks take.
      return mean(x, { axes: [2, 3], keepDims: true });
    case '_FusedConv2D':
    case 'FusedDepthwiseConv2dNative':
      return convolved(node, [x, y, z]);
    default:
      throw new FormatError(`${path}: node '${node.name}' is a ${node.op}, which is not known here`);
  }
}

function convolved({ op, attr }: Node, [x, kernel, bias]: [Tensor, Tensor, Tensor]): Tensor {
  const stride = attr.strides?.list.i[1] ?? 1;
  const isSame = decoded(attr.padding?.s ?? '') === 'SAME';
  // TensorFlow's SAME: the odd pixel of padding comes after the image, and with a stride less of it is needed.
  const padding = [2, 3].map((axis): [number, number] => {
    const length = x.shape[axis]!;
    const total = Math.max(0, (Math.ceil(length / stride) - 1) * stride + kernel.shape[axis]! - length);
    return isSame ? [Math.floor(total / 2), Math.ceil(total / 2)] : [0, 0];
  });
  const groups = op === 'FusedDepthwiseConv2dNative' ? x.shape[1]! : 1;
  const result = add(conv(x, kernel, { stride, padding, groups }), reshape(bias, [1, bias.size, 1, 1]));
  const then = attr.fused_ops?.list.s.map(decoded) ?? [];
  return then.includes('Relu') ? relu(result) : result;
}

const decoded = (base64: string): string => Buffer.from(base64, 'base64').toString('utf8');

/** [height, width, in, out], or of a depthwise kernel [height, width, channels, 1], to [out, in / groups, height, width]. */
function channelsFirst({ shape, values }: Weight, isDepthwise: boolean): { shape: number[]; values: Float32Array } {
  const [height, width, third, fourth] = shape as [number, number, number, number];
  const [to, from] = isDepthwise ? [third, fourth] : [fourth, third];
  const result = new Float32Array(values.length);
  let at = 0;
  for (let o = 0; o < to; o++) {
    for (let i = 0; i < from; i++) {
      for (let place = 0; place < height * width; place++) {
        result[at++] = values[(place * third + (isDepthwise ? o : i)) * fourth + (isDepthwise ? i : o)]!;
      }
    }
  }
  return { shape: [to, from, height, width], values: result };
}
