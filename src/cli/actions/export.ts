import { exportGguf } from '../../formats/gguf-export.js';
import type { Invocation } from '../command.js';
import { openModel } from '../session.js';

export interface ExportFlags {
  readonly out: string;
  readonly type: 'f32' | 'f16';
}

export async function exportCommand({ positional, flags, answer, signal }: Invocation<ExportFlags>): Promise<void> {
  const model = await openModel(positional[0]!, 'language-model');
  const type = flags.type === 'f16' ? 'F16' : 'F32';
  const file = await exportGguf(model, { path: flags.out, type, signal });
  answer(
    { ...file, type: flags.type },
    `${file.path}: ${file.architecture}, ${file.tensors} tensors, ${(file.bytes / 2 ** 20).toFixed(1)} MiB`,
  );
}
