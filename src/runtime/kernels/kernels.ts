import { kernelsBase64 } from './binary.js';

/** The functions of optimizer.as. Pointers are byte offsets into the memory, counts are multiples of 4. */
export interface Kernels {
  adam(
    parameters: number, gradients: number, firstMoment: number, secondMoment: number, count: number,
    gradientScale: number, l2: number, keep: number, rate: number,
    beta1: number, beta2: number, rootScale: number, epsilon: number,
  ): void; // prettier-ignore
  sgd(
    parameters: number, gradients: number, momentum: number, count: number,
    gradientScale: number, l2: number, rate: number, momentumFactor: number,
  ): void; // prettier-ignore
  sumOfSquares(values: number, count: number): number;
  scale(values: number, count: number, factor: number): void;
  accumulate(target: number, source: number, count: number, factor: number): void;
  average(target: number, source: number, count: number, decay: number): void;
}

export const kernelBinary = (): Uint8Array<ArrayBuffer> => Uint8Array.from(Buffer.from(kernelsBase64, 'base64'));

let compiled: WebAssembly.Module | undefined;

/** The kernels over one memory. */
export function kernelsOver(memory: WebAssembly.Memory): Kernels {
  compiled ??= new WebAssembly.Module(kernelBinary());
  return new WebAssembly.Instance(compiled, { env: { memory } }).exports as unknown as Kernels;
}
