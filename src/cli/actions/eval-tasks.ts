import pc from 'picocolors';
import type { Estimate } from '../../evaluation/bootstrap.js';
import type { TaskRecord } from '../../evaluation/run-task.js';
import type { MetricName } from '../../prompting/metric-names.js';
import { builtInTask, taskNames } from '../../prompting/built-in.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import { Engine } from '../../runtime/engine.js';
import { significant } from '../compare/chart.js';
import { type CurveChart, curveBars, curveDrawing } from '../compare/learning-curves.js';
import type { Invocation } from '../command.js';
import type { EngineFlags } from '../flags.js';
import { openModel } from '../session.js';
import { formatTable } from '../table.js';
import { type TaskEvaluation, evaluateTasks, firstRecords, openTask } from '../task-evaluation.js';

export interface TaskFlags extends EngineFlags {
  readonly task?: readonly string[];
  readonly shots: readonly number[];
  readonly seed: number;
  readonly limit?: number;
  readonly show: number;
  readonly data?: string;
  readonly out: string;
  readonly plot?: string;
}

/** `descent eval --task`: models on tasks, the answers told by what stands in the prompt. */
export async function evaluateOnTasks(invocation: Invocation<TaskFlags>, names: readonly string[]): Promise<void> {
  const { positional, flags, say, answer, signal } = invocation;
  const { device, threads, shots, seed, limit, data, out } = flags;
  const tasks = await Promise.all(names.map(openTask));
  const models = await Promise.all(positional.map((path) => openModel(path, 'language-model')));
  let engine: Promise<Engine> | undefined;
  const evaluations = await evaluateTasks({
    models,
    tasks,
    shots,
    seed,
    out,
    signal,
    ...(limit !== undefined && { limit }),
    ...(data !== undefined && { data }),
    engine: () => (engine ??= Engine.create({ device, ...(threads !== undefined && { threads }) })),
    say: (text) => void process.stderr.write(`${text}\n`),
    onProgress: reportTo(process.stderr),
  }).finally(async () => (await engine)?.dispose());
  const charts = chartsOf(evaluations);
  if (flags.plot !== undefined && charts.length > 0) await writeFileAtomically(flags.plot, curveDrawing(charts));
  answer(
    evaluations,
    [...tasks.map(({ name }) => tableOf(name, evaluations)), ...charts.map((chart) => curveBars(chart))].join('\n\n'),
  );
  if (flags.show > 0) {
    for (const evaluation of evaluations) {
      say(`\n${pc.bold(evaluation.task)}, ${evaluation.shots.asked} shots, ${evaluation.model}`);
      for (const record of await firstRecords(evaluation, flags.show)) say(showRecord(record));
    }
  }
}

/** The tasks that come along. */
export function listTasks({ answer }: Pick<Invocation<unknown>, 'answer'>): void {
  const tasks = taskNames.map((name) => builtInTask(name));
  const rows = tasks.map(({ name, about, answer: { by }, metrics }) => ({
    task: name,
    by,
    metric: metrics[0]!,
    about,
  }));
  answer(tasks, formatTable(rows));
}

/** A line that counts, where someone watches. */
function reportTo(stream: NodeJS.WriteStream): (done: number, total: number) => void {
  let began = performance.now();
  let before = 0;
  return (done, total) => {
    if (!stream.isTTY) return;
    if (done <= before) began = performance.now();
    before = done;
    const rate = done / ((performance.now() - began) / 1000);
    const left = Math.round((total - done) / rate);
    stream.write(done < total ? `\r  ${done}/${total}, ${rate.toFixed(1)}/s, ${left} s left   ` : '\r\u001b[K');
  };
}

const withError = ({ value, standardError, low, high }: Estimate): string =>
  `${significant(value)} ± ${significant(standardError)} (${significant(low)} to ${significant(high)})`;

function tableOf(task: string, evaluations: readonly TaskEvaluation[]): string {
  const own = evaluations.filter((evaluation) => evaluation.task === task);
  const rows = own.map(({ model, shots, questions, leftOut, joined, chance, figures, cached }) => ({
    model,
    shots: shots.mean === shots.asked ? String(shots.asked) : `${shots.asked} (${significant(shots.mean)} fitted)`,
    questions: `${questions}${leftOut > 0 ? `, ${leftOut} too long` : ''}`,
    ...Object.fromEntries(Object.entries(figures).map(([name, estimate]) => [name, withError(estimate)])),
    ...(chance !== undefined && { chance: significant(chance) }),
    ...(joined > 0 && { 'joined tokens': String(joined) }),
    '': cached ? 'measured before' : '',
  }));
  const kept = [...new Set(own.map(({ records }) => records))].map((path) => `  ${path}`);
  return [
    `${pc.bold(task)}: figure ± standard error (95%), by bootstrap over questions`,
    formatTable(rows),
    'Every prompt and what came of it:',
    ...kept,
  ].join('\n');
}

/** One chart for each task that was measured at several numbers of shots; a line for each model. */
function chartsOf(evaluations: readonly TaskEvaluation[]): CurveChart[] {
  const charts: CurveChart[] = [];
  for (const task of new Set(evaluations.map((each) => each.task))) {
    const own = evaluations.filter((each) => each.task === task);
    if (new Set(own.map(({ shots }) => shots.asked)).size < 2) continue;
    const headline: MetricName = own[0]!.headline;
    const models = [...new Set(own.map(({ model }) => model))];
    const labels = shortNames(models);
    const curves = models.map((model, index) => ({
      label: labels[index]!,
      points: own
        .filter((each) => each.model === model)
        .map(({ shots, figures }) => {
          const { value, low, high } = figures[headline]!;
          return { x: shots.asked, y: value, low, high };
        }),
    }));
    charts.push({ title: `${task}: ${headline}`, below: 'examples in the prompt', curves });
  }
  return charts;
}

/** Folders by what tells them apart. */
function shortNames(folders: readonly string[]): string[] {
  const parts = folders.map((folder) => folder.replace(/[\\/]model[\\/]?$/, '').split(/[\\/]/));
  if (parts.length < 2) return parts.map((path) => path.at(-1)!);
  let shared = 0;
  while (parts.every((path) => shared < path.length - 1 && path[shared] === parts[0]![shared])) shared++;
  return parts.map((path) => path.slice(shared).join('/'));
}

/** A prompt to the letter, and what was made of it. */
function showRecord({ file, line, shots, prompt, target, outcome, said }: TaskRecord): string {
  const quote = (text: string): string => JSON.stringify(text);
  const made =
    'choices' in outcome
      ? outcome.choices.map(({ text, logProb, tokens, prior }, index) => {
          const mark = index === outcome.right ? '>' : ' ';
          const before = prior === undefined ? '' : `, ${significant(prior)} behind the prior`;
          return `  ${mark} ${significant(logProb)} nats, ${tokens} tokens${before}  ${quote(text)}`;
        })
      : 'answers' in outcome
        ? [
            ...(said ?? []).map((text) => `  said ${quote(text)}`),
            `  taken ${outcome.answers.map(quote).join(', ')}; right ${outcome.references.map(quote).join(' or ')}`,
          ]
        : 'likeliest' in outcome
          ? [
              `  ${significant(outcome.logProb)} nats, likeliest tokens ${outcome.likeliest.join(' ')}  ${quote(target)}`,
            ]
          : [`  ${significant(outcome.nats)} nats over ${outcome.tokens} tokens`];
  return [pc.dim(`--- ${file}:${line}, ${shots} shots`), prompt, ...made].join('\n');
}
