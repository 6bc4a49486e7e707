import { FormatError } from '../../errors.js';
import { hasAdapter } from '../../formats/folder.js';
import { loadModel, saveModel } from '../../formats/model-folder.js';
import type { Invocation } from '../command.js';
import { answerWithModel, findModel } from '../session.js';
import { modelAsAncestor } from '../stages/examples.js';
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
  const loaded = await loadModel(folder);
  const { kind, config, values, tokenizer, template, lineage } = loaded;
  const merged = await saveModel({
    folder: modelFolderOf(flags.out),
    kind,
    config,
    values,
    tokenizer,
    ...(template && { template }),
    lineage: {
      stage: 'merge',
      ...(lineage && { name: lineage.name }),
      ancestors: [modelAsAncestor(loaded, 'adapter')],
    },
  });
  answerWithModel(invocation, flags.out, merged, `It says what ${folder} says.`);
}
