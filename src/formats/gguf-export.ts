import { FormatError } from '../errors.js';
import { type GgufTensorType, writeGguf } from './gguf.js';
import { architectureMetadata, architectureTensors, ggufArchitecture } from './gguf-architecture.js';
import { tokenizerMetadata } from './gguf-tokenizer.js';
import type { LoadedModel } from './model-folder.js';

/** llama.cpp's ids of what most of a file's tensors are. */
const fileTypes: Readonly<Record<GgufTensorType, number>> = { F32: 0, F16: 1 };

export interface GgufFile {
  readonly path: string;
  /** What llama.cpp takes the model for. */
  readonly architecture: string;
  readonly tensors: number;
  readonly bytes: number;
}

/**
 * Writes a language model, its tokenizer and chat template as one GGUF file, in which llama.cpp computes what we do.
 *
 * @throws ConfigError naming the setting that llama.cpp has no equal of; FormatError for a tokenizer, or a kind of model,
 *   that it has not
 */
export async function exportGguf(
  model: LoadedModel,
  { path, type = 'F32', signal }: { path: string; type?: GgufTensorType; signal?: AbortSignal },
): Promise<GgufFile> {
  const { folder, kind, config, values, tokenizer, template, eye, lineage } = model;
  if (kind !== 'language-model') throw new FormatError(`${folder} is a ${kind}; llama.cpp runs language models`);
  if (eye) throw new FormatError(`${folder} sees images, with an eye that llama.cpp has not`);
  const architecture = ggufArchitecture(config);
  const tensors = [...architectureTensors(architecture, config, values, type)];
  const metadata = {
    ...architectureMetadata(architecture, config),
    'general.type': 'model',
    'general.file_type': fileTypes[type],
    ...(lineage && { 'general.name': lineage.name }),
    ...tokenizerMetadata(tokenizer, { size: config.vocabularySize, template }),
  };
  const bytes = await writeGguf({ path, metadata, tensors, ...(signal && { signal }) });
  return { path, architecture: architecture.name, tensors: tensors.length, bytes };
}
