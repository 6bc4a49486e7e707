import { resolve } from 'node:path';
import { Option } from 'commander';
import pc from 'picocolors';
import { writeReport } from '../quickstart/report.js';
import { Engine } from '../../runtime/engine.js';
import { sgemmPeak } from '../../runtime/sgemm-peak.js';
import { formatDuration, terminalProgress } from '../../training/progress.js';
import { defineCommand } from '../command.js';
import { checkConfig, merge } from '../config.js';
import { almanacTask } from '../quickstart/almanac-task.js';
import { ownTask } from '../quickstart/own-task.js';
import { type StageEvent, runPipeline } from '../quickstart/pipeline.js';
import { type QuickstartConfig, type Scale, quickstartSchema, scales } from '../quickstart/settings.js';
import type { Task } from '../quickstart/task.js';
import { chatLoop } from '../chat-loop.js';

interface Flags {
  scale: Scale;
  out: string;
  data?: string[];
  chats?: string[];
  rankings?: string[];
  skipBad?: boolean;
  chat: boolean;
  threads?: string;
}

const details = `Trains a small ChatGPT through every stage of InstructGPT: pretraining, supervised fine-tuning, a reward
model from ranked answers, and PPO. On its own it uses the pocket almanac, with data from npm packages, and takes about
ten minutes on two cores. What is finished is kept: a second call goes on where the first one stopped.

  descent quickstart
  descent quickstart --data my-text/ --chats my.jsonl --rankings my-rankings.jsonl --out runs/mine`;

export const command = defineCommand<Flags, QuickstartConfig>({
  details,
  config: quickstartSchema,
  flags: (command) => {
    command
      .addOption(new Option('--scale <size>', 'size of the job').choices(Object.keys(scales)).default('small'))
      .option('--out <folder>', 'where everything goes', 'runs/quickstart')
      .option('--data <paths...>', 'your own text to pretrain on: files and folders')
      .option('--chats <paths...>', 'your own dialogues: JSONL, JSON, CSV or Parquet')
      .option('--rankings <paths...>', 'your own ranked answers')
      .option('--skip-bad', 'leave bad rows out, and say how many there were')
      .option('--threads <n>', 'threads for the matrix products (default: the number of cores)')
      .option('--no-chat', 'end with the report instead of a chat');
  },
  run: async ({ flags, given, json, signal }) => {
    const isOwn = flags.data !== undefined || flags.chats !== undefined || flags.rankings !== undefined;
    const preset = merge(scales[flags.scale], isOwn ? ownPreset : {});
    const config = checkConfig(quickstartSchema, merge(preset, { ...given }));
    const say = (text: string): void => {
      (json ? process.stderr : process.stdout).write(`${text}\n`);
    };
    let task: Task;
    if (isOwn) {
      const own = await ownTask(flags);
      own.notes.forEach(say);
      ({ task } = own);
    } else task = almanacTask({ config });

    const began = performance.now();
    const engine = await Engine.create(flags.threads === undefined ? {} : { threads: Number(flags.threads) });
    try {
      const peakFlops = 1e9 * (await sgemmPeak(engine));
      const out = resolve(flags.out);
      const result = await runPipeline(
        { engine, signal, peakFlops, changed: 'restart', progress: (title) => terminalProgress({ title }) },
        { out, config, task, onStage: (event) => announce(event, say) },
      );
      const report = await writeReport({ out, result, task: task.name, seconds: (performance.now() - began) / 1000 });
      if (json) process.stdout.write(`${JSON.stringify(report.data)}\n`);
      else say(report.text);
      say(`${pc.bold('Report')}  ${report.path}\n${pc.bold('Model')}   ${result.model}`);
      if (!json && flags.chat && process.stdin.isTTY) await chatLoop({ engine, folder: result.model, signal });
    } finally {
      await engine.dispose();
    }
  },
});

/** One's own dialogues are longer than the almanac's, and their words more. */
const ownPreset = {
  vocabularySize: 4096,
  pretraining: { model: { contextLength: 256 }, batchSize: 8 },
  reward: { time: null, rows: 18 },
  reinforcement: { ppo: { maxTokens: 64, rolloutSize: 32, minibatchSize: 32 } },
};

const titles: Record<StageEvent['stage'], string> = {
  tokenizer: 'Tokenizer: byte pairs from the text',
  pretraining: 'Pretraining: the next token of plain text',
  supervised: 'Supervised fine-tuning: dialogues written by people, some of whom bluff',
  rankings: 'Rankings: answers sampled from the model, ordered by a labeler',
  reward: 'Reward model: what the labeler would prefer',
  reinforcement: 'PPO: practice on prompts, towards the reward model’s praise',
};

function announce({ stage, state, seconds, exam, lineage }: StageEvent, say: (text: string) => void): void {
  if (state === 'begin') {
    say(pc.bold(`\n${titles[stage]}`));
    return;
  }
  const time = seconds === undefined ? '' : ` in ${formatDuration(seconds)}`;
  if (exam !== undefined) {
    const percent = (share: number): string => `${(100 * share).toFixed(0)}%`;
    say(
      `  done${time}: true score ${exam.overall.score.toFixed(3)} ± ${exam.overall.standardError.toFixed(3)}, ` +
        `facts right ${percent(exam.knownFacts)}, unknowns admitted ${percent(exam.honesty)}, false refusals ${percent(exam.falseRefusals)}`,
    );
  } else if (stage === 'reward' && lineage) {
    const { accuracy, standardError, pairs } = lineage.results as Record<string, number>;
    say(
      `  done${time}: orders ${(100 * accuracy!).toFixed(1)} ± ${(100 * standardError!).toFixed(1)}% of ${pairs} held-out pairs right`,
    );
  } else say(`  done${time}`);
}
