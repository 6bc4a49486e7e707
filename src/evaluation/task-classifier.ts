import { type TextClassifier, textClassifier } from '../alignment/fine-tuning/classifier.js';
import type { TaskKind } from '../data/tasks/task.js';
import { ConfigError } from '../errors.js';
import type { TextModel } from '../nn/text-model.js';
import { type FeatureClassifier, featureClassifier } from './feature-classifier.js';

/** A model of text with a task's head: trained on as a whole, or held as it is and read. */
export type TaskClassifier =
  | { readonly by: 'fine-tuning'; readonly parameters: object; readonly model: TextClassifier }
  | { readonly by: 'features'; readonly parameters: object; readonly model: FeatureClassifier };

/** @throws ConfigError for a model that can do neither */
export function taskClassifier(
  { body, features, parameters }: TextModel,
  { kind, labels }: { kind: TaskKind; labels: readonly string[] },
): TaskClassifier {
  const classes = labels.length;
  if (body !== undefined) {
    const sequences = kind === 'choice' ? classes : kind === 'similarity' ? 2 : 1;
    const model = textClassifier(body, { kind, classes, sequences });
    return { by: 'fine-tuning', parameters: model.parameters, model };
  }
  if (features === undefined)
    throw new ConfigError('This model gives nothing that a task could be learnt from', {
      advice: 'Take a model of text with a body or features, such as gpt, bert, elmo or word2vec.',
    });
  const model = featureClassifier(features, { body: parameters, kind, classes });
  return { by: 'features', parameters: model.parameters, model };
}
