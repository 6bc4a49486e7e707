import { join, relative, resolve } from 'node:path';
import { z } from 'zod';
import { FormatError } from '../errors.js';
import { adaptedLayers, isAdapterPath } from '../nn/lora.js';
import { type ParameterSpec, parameterLeaves } from '../nn/parameters.js';
import { SafetensorsFile, type TensorToWrite } from '../runtime/safetensors.js';
import { ADAPTER_CONFIG_FILE, ADAPTER_WEIGHTS_FILE, readConfig } from './folder.js';

/**
 * Adapters as PEFT lays them out: adapter_config.json names the model they belong to, adapter_model.safetensors holds
 * their matrices, transposed and under PEFT's names, and the layers that were trained whole.
 */

export interface AdapterToSave {
  /** Declared parameters with adapters. */
  readonly specs: unknown;
  /** Of the adapters, and of what was trained whole beside them. */
  readonly values: Readonly<Record<string, Float32Array>>;
  readonly rank: number;
  /** The model that it adapts. */
  readonly base: { readonly folder: string; readonly id?: string };
}

const configSchema = z.object({
  peft_type: z.literal('LORA'),
  base_model_name_or_path: z.string(),
  r: z.int().positive(),
  lora_alpha: z.number().positive(),
  /** Ours: what the base and the adapter are together, and which model the base was. */
  descent: z.object({ kind: z.string(), base: z.string().optional() }),
});

const prefix = 'base_model.model.';
/** Our matrices by PEFT's names; PEFT's are the transposed ones. */
const names = { '.lora.down': '.lora_A.weight', '.lora.up': '.lora_B.weight' } as const;

function peftName(path: string): string {
  const [ours, theirs] = Object.entries(names).find(([end]) => path.endsWith(end)) ?? ['', ''];
  return prefix + path.slice(0, path.length - ours.length) + theirs;
}

function transposed(values: Float32Array, [rows, columns]: readonly number[]): Float32Array {
  const result = new Float32Array(values.length);
  for (let row = 0; row < rows!; row++) {
    for (let column = 0; column < columns!; column++) result[column * rows! + row] = values[row * columns! + column]!;
  }
  return result;
}

/** What adapter_config.json says. */
export function adapterConfig({ rank, base, values }: AdapterToSave, kind: string, folder: string): object {
  const layers = adaptedLayers(Object.keys(values));
  const whole = Object.keys(values).filter((path) => !isAdapterPath(path));
  const lastPart = (path: string): string => path.slice(path.lastIndexOf('.') + 1);
  const modules = whole.map((path) => path.slice(0, path.lastIndexOf('.')));
  return {
    peft_type: 'LORA',
    task_type: kind === 'language-model' ? 'CAUSAL_LM' : 'SEQ_CLS',
    base_model_name_or_path: relative(resolve(folder), resolve(base.folder)),
    r: rank,
    lora_alpha: rank,
    lora_dropout: 0,
    bias: 'none',
    fan_in_fan_out: false,
    target_modules: [...new Set(layers.map(lastPart))],
    modules_to_save: modules.length > 0 ? [...new Set(modules)] : null,
    inference_mode: true,
    descent: { kind, ...(base.id !== undefined && { base: base.id }) },
  };
}

/** The tensors of adapter_model.safetensors. */
export const adapterTensors = ({ specs, values }: AdapterToSave): TensorToWrite[] =>
  parameterLeaves(specs).flatMap(({ path, spec }): TensorToWrite[] => {
    const data = values[path];
    if (data === undefined) return [];
    const isMatrix = isAdapterPath(path);
    return [
      {
        name: peftName(path),
        type: 'F32',
        shape: isMatrix ? [...spec.shape].reverse() : spec.shape,
        data: isMatrix ? transposed(data, spec.shape) : data,
      },
    ];
  });

export interface SavedAdapter {
  /** The folder of the model that it adapts. */
  readonly base: string;
  /** That model's id. */
  readonly baseId?: string;
  readonly kind: string;
  readonly rank: number;
  /** α / rank: the factor of A B. */
  readonly scale: number;
}

/** @throws FormatError when the file is missing, or is of another kind of adapter */
export async function readAdapterConfig(folder: string): Promise<SavedAdapter> {
  const parsed = configSchema.safeParse(await readConfig(folder, ADAPTER_CONFIG_FILE));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new FormatError(`${join(folder, ADAPTER_CONFIG_FILE)}: ${issue!.path.join('.')}: ${issue!.message}`, {
      advice: 'Only LoRA adapters of models made here can be opened so far.',
    });
  }
  const { base_model_name_or_path: base, r: rank, lora_alpha: alpha, descent } = parsed.data;
  return {
    base: resolve(folder, base),
    ...(descent.base !== undefined && { baseId: descent.base }),
    kind: descent.kind,
    rank,
    scale: alpha / rank,
  };
}

/**
 * The adapter's own values, by our paths.
 *
 * @param specs declared parameters with adapters
 * @throws FormatError for a tensor that belongs to no layer, or is of another shape
 */
export async function readAdapter(folder: string, specs: unknown): Promise<Record<string, Float32Array>> {
  const path = join(folder, ADAPTER_WEIGHTS_FILE);
  const known = new Map(
    parameterLeaves(specs).map(({ path: own, spec }): [string, [string, ParameterSpec]] => [
      peftName(own),
      [own, spec],
    ]),
  );
  const file = await SafetensorsFile.open(path);
  try {
    const values: Record<string, Float32Array> = {};
    for (const [name, { shape }] of file.tensors) {
      const [own, spec] = known.get(name) ?? [];
      const isMatrix = own !== undefined && isAdapterPath(own);
      const expected = isMatrix ? [...spec!.shape].reverse() : spec?.shape;
      if (own === undefined || expected!.join() !== shape.join()) {
        throw new FormatError(`${path}: '${name}' [${shape.join(', ')}] fits no layer of the model that it adapts`, {
          advice: 'Is the model beneath it the one that it was trained on, and are its adapters linear layers of that?',
        });
      }
      const data = await file.readFloat32(name);
      values[own] = isMatrix ? transposed(data, shape) : data;
    }
    return values;
  } finally {
    await file.close();
  }
}
