import { resolve } from 'node:path';
import { FormatError } from '../../errors.js';
import { hasAdapter } from '../../formats/folder.js';
import { loadModel, saveModel } from '../../formats/model-folder.js';
import type { Invocation } from '../command.js';
import { answerWithModel, findModel } from '../session.js';
import { modelFolderOf } from '../stages/stage.js';

export interface MergeFlags {
  readonly out: string;
}

export async function mergeCommand(invocation: Invocation<MergeFlags>): Promise<void> {
  const { positional, flags } = invocation;
  const folder = findModel(positional[0]!);
  if (!hasAdapter(folder)) {
    throw new FormatError(`${folder} is no adapter: there is nothing to merge`, {
      advice: 'Stages write one with --lora <rank>.',
    });
  }
  const { kind, config, values, tokenizer, template, eye, lineage } = await loadModel(folder);
  const merged = await saveModel({
    folder: modelFolderOf(flags.out),
    kind,
    config,
    values,
    tokenizer,
    ...(template && { template }),
    ...(eye && { eye }),
    // The very same model, and so of the same family.
    lineage: {
      ...lineage,
      stage: `${lineage?.stage ?? 'adapter'}, merged`,
      ancestors: (lineage?.ancestors ?? []).map((ancestor) =>
        ancestor.path === undefined ? ancestor : { ...ancestor, path: resolve(folder, ancestor.path) },
      ),
    },
  });
  answerWithModel(invocation, flags.out, merged, `It says what ${folder} says.`);
}
