import { dirname, resolve } from 'node:path';
import pc from 'picocolors';
import { type PairAccuracy, describePairAccuracy } from '../../alignment/reward-model.js';
import { sgemmPeak } from '../../runtime/sgemm-peak.js';
import { formatDuration, terminalProgress } from '../../training/progress.js';
import { chatLoop } from '../chat-loop.js';
import type { Invocation } from '../command.js';
import { checkConfig } from '../config.js';
import type { EngineFlags } from '../flags.js';
import { merge } from '../overrides.js';
import { almanacTask } from '../quickstart/almanac-task.js';
import { ownTask } from '../quickstart/own-task.js';
import { type StageEvent, runPipeline } from '../quickstart/pipeline.js';
import { writeReport } from '../quickstart/report.js';
import { type QuickstartConfig, type Scale, quickstartSchema, scales } from '../quickstart/settings.js';
import type { Task } from '../quickstart/task.js';
import { withEngine } from '../session.js';
import type { Studio } from '../studio/start.js';

export interface QuickstartFlags extends EngineFlags {
  readonly scale: Scale;
  readonly out: string;
  readonly data?: readonly string[];
  readonly chats?: readonly string[];
  readonly rankings?: readonly string[];
  readonly skipBad?: boolean;
  readonly chat: boolean;
  readonly studio: boolean;
  readonly port: number;
}

export async function quickstart({
  flags,
  given,
  json,
  say,
  answer,
  signal,
}: Invocation<QuickstartFlags, QuickstartConfig>): Promise<void> {
  const isOwn = flags.data !== undefined || flags.chats !== undefined || flags.rankings !== undefined;
  const preset = merge(scales[flags.scale], isOwn ? ownPreset : {});
  const config = checkConfig(quickstartSchema, merge(preset, { ...given }));
  let task: Task;
  if (isOwn) {
    const own = await ownTask(flags);
    own.notes.forEach(say);
    ({ task } = own);
  } else task = almanacTask({ config });

  const began = performance.now();
  // Nobody looks where there is no terminal; and a Studio that started this shows it already.
  const studio = !json && flags.studio && process.stdout.isTTY ? await openStudio(flags, say) : undefined;
  await withEngine(flags, async (engine) => {
    const peakFlops = 1e9 * (await sgemmPeak(engine));
    const out = resolve(flags.out);
    const result = await runPipeline(
      { engine, signal, peakFlops, changed: 'restart', progress: (title) => terminalProgress({ title }) },
      { out, config, task, onStage: (event) => announce(event, say) },
    );
    const report = await writeReport({ out, result, task: task.name, seconds: (performance.now() - began) / 1000 });
    answer(report.data, report.text);
    say(`${pc.bold('Report')}  ${report.path}\n${pc.bold('Model')}   ${result.model}`);
    if (studio) say(`${pc.bold('Studio')}  ${studio.url}`);
    if (!json && flags.chat && process.stdin.isTTY) await chatLoop({ engine, folder: result.model, signal });
  }).finally(() => studio?.close());
}

/** The Studio over the folder that the run lies in; where its port is taken, on another. */
async function openStudio(flags: QuickstartFlags, say: (text: string) => void): Promise<Studio | undefined> {
  const { device, threads, port } = flags;
  const engine = { device, ...(threads !== undefined && { threads }) };
  const { startStudio } = await import('../studio/start.js');
  const start = (at: number): Promise<Studio> =>
    startStudio({ runs: dirname(resolve(flags.out)), host: '127.0.0.1', port: at, engine, say });
  try {
    const studio = await start(port).catch(() => start(0));
    say(`${pc.bold('Studio')}  ${studio.url}  shows what happens; each stage can be talked to once it is done`);
    return studio;
  } catch (error) {
    // The training does not need it.
    say(`There is no Studio: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

/** One's own dialogues are longer than the almanac's, and their words more. */
const ownPreset = {
  vocabularySize: 4096,
  pretraining: { model: { contextLength: 256 }, batchSize: 8 },
  reward: { time: null, answers: 18 },
  reinforcement: { ppo: { maxTokens: 64, rolloutSize: 32, minibatchSize: 32 } },
};

const titles: Record<StageEvent['stage'], string> = {
  tokenizer: 'Tokenizer: byte pairs from the text',
  pretraining: 'Pretraining: the next token of plain text',
  supervised: 'Supervised fine-tuning: dialogues written by people, who sometimes bluff',
  rankings: 'Rankings: answers sampled from the model, ordered by a labeler',
  reward: 'Reward model: what the labeler would prefer',
  reinforcement: 'PPO: practice on prompts, towards the reward model’s praise',
};

function announce({ stage, state, note, seconds, exam, lineage }: StageEvent, say: (text: string) => void): void {
  if (state === 'note') {
    say(`  ${note}`);
    return;
  }
  if (state === 'begin') {
    say(pc.bold(`\n${titles[stage]}`));
    return;
  }
  const time = seconds === undefined ? '' : ` in ${formatDuration(seconds)}`;
  if (exam !== undefined) {
    const percent = (share: number): string => `${(100 * share).toFixed(0)}%`;
    say(
      `  done${time}: true score ${exam.overall.score.toFixed(3)} ± ${exam.overall.standardError.toFixed(3)}, ` +
        `taught facts right ${percent(exam.knownFacts)}, unknowns admitted ${percent(exam.honesty)}, false refusals ${percent(exam.falseRefusals)}`,
    );
  } else if (stage === 'reward' && lineage) {
    const results = lineage.results as unknown as PairAccuracy & { tooLong: number };
    const left = results.tooLong > 0 ? `; ${results.tooLong} rankings did not fit into the context` : '';
    say(`  done${time}: puts ${describePairAccuracy(results)}, held out${left}`);
  } else say(`  done${time}`);
}
