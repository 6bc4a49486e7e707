import { sizeOf } from '../../tensor/define.js';
import type { LoweringContext, Lowerings } from './lowering.js';

/**
 * Counter-based random numbers: every element's number is a hash of (key, stream, its position), so that equal keys give
 * equal numbers, in any order and on any device. The mixing step is the 32-bit finaliser "lowbias32" (Wellons 2018).
 */
const multipliers = [0x7feb352d, 0x846ca68b] as const;
const shifts = [16, 15, 16] as const;

/** lowbias32 of a number. */
export function mix(value: number): number {
  let x = value >>> 0;
  x = Math.imul(x ^ (x >>> shifts[0]), multipliers[0]);
  x = Math.imul(x ^ (x >>> shifts[1]), multipliers[1]);
  return (x ^ (x >>> shifts[2])) >>> 0;
}

/** lowbias32 of a uint32 value of the graph. */
function emitMix(name: string, { emitter }: LoweringContext): string {
  const constant = (value: number): string => emitter.scalar('uint32', value);
  const fold = (x: string, shift: number): string =>
    emitter.node('BitwiseXor', [x, emitter.node('BitShift', [x, constant(shift)], { direction: 'RIGHT' })]);
  const first = emitter.node('Mul', [fold(name, shifts[0]), constant(multipliers[0])]);
  const second = emitter.node('Mul', [fold(first, shifts[1]), constant(multipliers[1])]);
  return fold(second, shifts[2]);
}

/** How positions are laid out: the number at row r, column c is mix(rowKey(r) ^ mix(c)). */
const columnsOf = (size: number): number => Math.min(size, 4096);

export const random: Lowerings<'randomUniform'> = {
  randomUniform: ({ inputs: [key], attributes: { shape, stream } }, context) => {
    const { emitter, value } = context;
    const size = sizeOf(shape);
    const columns = columnsOf(size);
    const rows = Math.ceil(size / columns);
    const words = emitter.cast(value(key!), 'uint32');
    const word = (index: number): string =>
      emitter.node('Gather', [words, emitter.scalar('int64', index)], { axis: 0 });
    const xor = (a: string, b: string): string => emitter.node('BitwiseXor', [a, b]);
    // (seed, step, stream) → one number per row → one per element; only the last step is of full size.
    const seeded = emitMix(xor(word(0), emitter.scalar('uint32', mix(stream + 1))), context);
    const stepped = emitMix(emitter.node('Add', [seeded, word(1)]), context);
    const rowNumbers = Uint32Array.from({ length: rows }, (_, row) => mix(row + 0x9e3779b9));
    const columnNumbers = Uint32Array.from({ length: columns }, (_, column) => mix(column + 0x85ebca6b));
    const rowKeys = emitMix(xor(stepped, emitter.initializer('uint32', [rows, 1], rowNumbers)), context);
    const bits = emitMix(xor(rowKeys, emitter.initializer('uint32', [1, columns], columnNumbers)), context);
    // The upper 24 bits are exact in a float32.
    const high = emitter.node('BitShift', [bits, emitter.scalar('uint32', 8)], { direction: 'RIGHT' });
    const uniform = emitter.node('Mul', [emitter.cast(high, 'float32'), emitter.scalar('float32', 2 ** -24)]);
    if (rows * columns === size) return emitter.reshape(uniform, shape);
    const flat = emitter.reshape(uniform, [rows * columns]);
    return emitter.reshape(emitter.node('Slice', [flat, emitter.int64([0]), emitter.int64([size])]), shape);
  },
};
