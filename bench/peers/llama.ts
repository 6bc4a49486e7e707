import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DescentError } from '../../src/errors.js';
import { physicalCores } from '../../src/runtime/threads.js';

/**
 * llama.cpp through node-llama-cpp, which is no dependency of ours:
 *
 *   npm install --prefix <folder> --ignore-scripts --omit=optional node-llama-cpp@3.22.1 @node-llama-cpp/linux-x64@3.22.1
 *
 * What follows are the parts of it that are used here.
 */
export interface LlamaModel {
  tokenize(text: string, specialTokens: boolean): readonly number[];
  createContext(options: {
    sequences: number;
    contextSize: number;
    batchSize?: number;
    threads: number;
    flashAttention?: boolean;
    experimentalKvCacheKeyType?: 'F32' | 'F16';
    experimentalKvCacheValueType?: 'F32' | 'F16';
  }): Promise<LlamaContext>;
  dispose(): Promise<void>;
}

export interface LlamaContext {
  getSequence(): LlamaSequence;
  dispose(): Promise<void>;
}

/** What is asked of several sequences at a time is computed in one batch. */
export interface LlamaSequence {
  evaluate(
    tokens: readonly number[],
    options: { temperature: number; topK: number; topP: number; minP: number; seed: number },
  ): AsyncIterable<number>;
  controlledEvaluate(
    tokens: readonly [number, { generateNext: { logits: true } }][],
  ): Promise<readonly ({ next: { logits?: ReadonlyMap<number, number> } } | undefined)[]>;
  clearHistory(): Promise<void>;
}

interface Llama {
  loadModel(options: { modelPath: string }): Promise<LlamaModel>;
  dispose(): Promise<void>;
}

/** The variable that names the folder in which it is installed. */
export const LLAMA_FOLDER = 'DESCENT_BENCH_LLAMA';

/** llama.cpp on the CPU, with as many threads as we take. @throws DescentError when it is not in the folder */
export async function openLlama(folder: string): Promise<Llama> {
  const path = join(folder, 'node_modules', 'node-llama-cpp', 'dist', 'index.js');
  if (!existsSync(path)) {
    throw new DescentError(`${LLAMA_FOLDER} is ${folder}, and there is no node-llama-cpp in it`, {
      advice: 'bench/peers/llama.ts says how it is installed.',
    });
  }
  const llama = (await import(pathToFileURL(path).href)) as { getLlama(options: object): Promise<Llama> };
  return llama.getLlama({ gpu: false, build: 'never', logLevel: 'error', maxThreads: physicalCores() });
}
