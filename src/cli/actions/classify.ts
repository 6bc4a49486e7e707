import { ConfigError } from '../../errors.js';
import { greatest, probabilitiesOf } from '../../evaluation/task-report.js';
import { type TaskOfModel, loadClassifier } from '../../formats/text-model-folder.js';
import type { Invocation } from '../command.js';
import type { EngineFlags } from '../flags.js';
import { inputText } from '../input.js';
import { withClassifier } from '../open-classifier.js';
import { findModel, withEngine } from '../session.js';
import { formatTable } from '../table.js';

export interface ClassifyFlags extends EngineFlags {
  readonly file?: string;
}

export async function classifyCommand(invocation: Invocation<ClassifyFlags>): Promise<void> {
  const { positional, flags, answer, signal } = invocation;
  const [path, ...words] = positional as [string, ...string[]];
  const loaded = await loadClassifier(findModel(path));
  const { task } = loaded;
  const examples =
    words.length > 0 ? examplesOf(task, words) : (await linesOf(flags)).flatMap((line) => examplesOf(task, line));
  if (examples.length === 0) throw new ConfigError('There is no text to classify', { advice: 'Give some, or --file.' });
  const logits = await withEngine(flags, (engine) =>
    withClassifier({ engine }, loaded, (classify) => classify(examples, { signal })),
  );
  const answers = examples.map(({ texts }, index) => {
    const probabilities = probabilitiesOf(logits[index]!);
    const best = greatest(probabilities);
    const names = task.kind === 'choice' ? texts.slice(1) : task.labels;
    return {
      texts,
      label: names[best]!,
      probability: probabilities[best]!,
      probabilities: Object.fromEntries(names.map((name, at) => [name, probabilities[at]!])),
    };
  });
  const rows = answers.map(({ texts, label, probability }) => ({
    label,
    probability: probability.toFixed(3),
    text: (task.kind === 'choice' ? texts.slice(0, 1) : texts).join(' | ').slice(0, 80),
  }));
  answer({ task: task.name, answers }, formatTable(rows));
}

/** The texts of each line that has some. */
const linesOf = async ({ file }: ClassifyFlags): Promise<string[][]> =>
  ((await inputText(undefined, file)) ?? '')
    .split(/\r?\n/)
    .flatMap((line) => (line.trim() === '' ? [] : [line.split('\t')]));

/** @throws ConfigError when the task takes another number of texts */
function examplesOf({ kind, labels, name }: TaskOfModel, texts: readonly string[]): { texts: readonly string[] }[] {
  if (kind === 'classification') return texts.map((text) => ({ texts: [text] }));
  const wanted = kind === 'choice' ? labels.length + 1 : 2;
  if (texts.length === wanted) return [{ texts }];
  throw new ConfigError(`${name} takes ${wanted} texts, not ${texts.length}`, {
    advice: kind === 'choice' ? 'Give what comes before, and then each choice.' : 'Give both texts, each in quotes.',
  });
}
