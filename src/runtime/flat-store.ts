import { sizeOf } from '../tensor/define.js';
import { RuntimeError } from '../errors.js';
import { type Kernels, kernelsOver } from './kernels/kernels.js';
import type { LeafSpec, StoreBuffer } from './protocol.js';

const floatBytes = 4;
/** Leaves begin at multiples of a cache line. */
const lineFloats = 16;
const pageBytes = 65_536;
/** Below this lie the kernels' own few bytes. */
const reservedBytes = 1024;
/** A WebAssembly memory has 32-bit addresses. */
const largestBank = 2 ** 32 - pageBytes;

/** Where a leaf lies: in which bank, and how many floats after the start of each buffer. */
export interface Placement {
  readonly bank: number;
  readonly offset: number;
  readonly size: number;
}

interface Bank {
  readonly memory: WebAssembly.Memory;
  readonly kernels: Kernels;
  /** Floats per buffer. */
  readonly floats: number;
}

const aligned = (floats: number): number => Math.ceil(floats / lineFloats) * lineFloats;

/** A stretch of neighbouring leaves of one bank. */
export interface Segment {
  readonly kernels: Kernels;
  readonly count: number;
  /** The byte address of the stretch in a buffer. */
  readonly address: (buffer: StoreBuffer) => number;
}

/**
 * Parameters and what goes with them (gradients, moments, average), each flat in WebAssembly memory: the runtime reads
 * and writes views of it, and the optimizer is one pass over it. A memory ends at 4 GiB, so there may be several banks;
 * a bank holds all buffers of its leaves.
 */
export class FlatStore {
  readonly leaves: readonly LeafSpec[];
  readonly placements: readonly Placement[];
  readonly #banks: readonly Bank[];
  readonly #buffers: StoreBuffer[];

  constructor(leaves: readonly LeafSpec[], buffers: readonly StoreBuffer[], bankBytes = largestBank) {
    this.leaves = leaves;
    this.#buffers = [...buffers];
    // The scratch buffer may be added later.
    const most = Math.floor((Math.min(bankBytes, largestBank) - reservedBytes) / floatBytes / (buffers.length + 1));
    const capacity = Math.floor(most / lineFloats) * lineFloats;
    const floats: number[] = [];
    this.placements = leaves.map(({ path, shape }) => {
      const size = sizeOf(shape);
      if (aligned(size) > capacity) {
        throw new RuntimeError(
          `'${path}' [${shape.join(', ')}] does not fit into one memory bank of ${capacity} floats`,
          {
            advice: bankBytes < largestBank ? 'raise bankBytes' : 'split the parameter in two',
          },
        );
      }
      let bank = floats.length - 1;
      if (bank < 0 || floats[bank]! + aligned(size) > capacity) bank = floats.push(0) - 1;
      const offset = floats[bank]!;
      floats[bank] = offset + aligned(size);
      return { bank, offset, size };
    });
    this.#banks = floats.map((count) => {
      const bytes = reservedBytes + count * floatBytes * buffers.length;
      const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / pageBytes) });
      return { memory, kernels: kernelsOver(memory), floats: count };
    });
  }

  has(buffer: StoreBuffer): boolean {
    return this.#buffers.includes(buffer);
  }

  /** Makes room for one more buffer; views taken before are no longer valid. */
  addBuffer(buffer: StoreBuffer): void {
    if (this.has(buffer)) return;
    this.#buffers.push(buffer);
    for (const { memory, floats } of this.#banks) {
      const wanted = Math.ceil((reservedBytes + floats * floatBytes * this.#buffers.length) / pageBytes);
      memory.grow(Math.max(0, wanted - memory.buffer.byteLength / pageBytes));
    }
  }

  /** A leaf's floats, in place. */
  view(buffer: StoreBuffer, leaf: number): Float32Array<ArrayBuffer> {
    const { bank, offset, size } = this.placements[leaf]!;
    const { memory } = this.#banks[bank]!;
    return new Float32Array(memory.buffer, this.#address(buffer, bank, offset), size);
  }

  /** The leaves as stretches that are as long as their order allows; leaves of different `kind` are kept apart. */
  segments(
    leaves: readonly number[],
    kind: (leaf: LeafSpec) => unknown = () => 0,
  ): { segment: Segment; leaf: LeafSpec }[] {
    const found: { segment: Segment; leaf: LeafSpec }[] = [];
    const sorted = [...leaves].sort((a, b) => a - b);
    for (let index = 0; index < sorted.length;) {
      const first = sorted[index]!;
      const { bank, offset } = this.placements[first]!;
      const leaf = this.leaves[first]!;
      let end = index + 1;
      while (
        end < sorted.length &&
        sorted[end] === first + end - index &&
        this.placements[sorted[end]!]!.bank === bank &&
        kind(this.leaves[sorted[end]!]!) === kind(leaf)
      ) {
        end++;
      }
      const last = this.placements[sorted[end - 1]!]!;
      const address = (buffer: StoreBuffer): number => this.#address(buffer, bank, offset);
      found.push({
        leaf,
        segment: { kernels: this.#banks[bank]!.kernels, count: last.offset + aligned(last.size) - offset, address },
      });
      index = end;
    }
    return found;
  }

  #address(buffer: StoreBuffer, bank: number, offset: number): number {
    const place = this.#buffers.indexOf(buffer);
    if (place < 0) {
      throw new RuntimeError(`the store has no buffer '${buffer}', only ${this.#buffers.join(', ')}`, {
        advice: buffer === 'average' ? 'create it with average: true' : 'create it with trainable: true',
      });
    }
    return reservedBytes + (place * this.#banks[bank]!.floats + offset) * floatBytes;
  }
}
