import { findTextModel } from '../../formats/text-models.js';
import type { Invocation } from '../command.js';
import { answerWithModel, withStage } from '../session.js';
import { pretrainText } from '../stages/pretrain-text.js';
import type { TrainTextConfig } from '../stages/text-settings.js';
import { type TrainFlags, prepareCorpus } from './train.js';

export type TrainTextFlags = Omit<TrainFlags, 'from'>;

export async function trainTextCommand(invocation: Invocation<TrainTextFlags, TrainTextConfig>): Promise<void> {
  const { positional, flags, config, signal } = invocation;
  const definition = await findTextModel(positional[0]!);
  const { tokenizer, tokens, text } = await prepareCorpus(invocation, undefined);
  const { tokenizer: _tokenizer, split: _split, ...pretraining } = config;
  const lineage = await withStage(flags, signal, (context) =>
    pretrainText(context, {
      out: flags.out,
      definition,
      config: pretraining,
      tokenizer,
      train: tokens.train,
      ...(tokens.validation && { validation: tokens.validation }),
      ancestors: [text],
    }),
  );
  answerWithModel(invocation, flags.out, lineage, `Put it to a task: npx descent finetune ${flags.out} --task brown`);
}
