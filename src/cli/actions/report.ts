import { existsSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import pc from 'picocolors';
import { FormatError } from '../../errors.js';
import type { ExamResult } from '../../evaluation/exam.js';
import { type Lineage, readLineage } from '../../formats/lineage.js';
import { hasModel } from '../../formats/folder.js';
import type { Invocation } from '../command.js';
import type { PipelineResult, StageName, StageReport } from '../quickstart/pipeline.js';
import { writeReport } from '../quickstart/report.js';
import { modelFolderOf } from '../stages/stage.js';

export async function reportCommand({ positional, answer }: Invocation<unknown>): Promise<void> {
  const out = positional[0] ?? 'runs/quickstart';
  const stages = await finishedStages(out);
  if (stages.length === 0) {
    throw new FormatError(`${out} holds no finished run`, {
      advice: 'Give the folder of a quickstart or of a training run; descent runs lists them.',
    });
  }
  const seconds = stages.reduce((sum, stage) => sum + stage.seconds, 0);
  const model = modelFolderOf((stages.findLast(({ stage }) => stage !== 'reward') ?? stages[0]!).folder);
  const result: PipelineResult = { stages, model };
  const report = await writeReport({ out, result, task: await taskName(out), seconds });
  answer(report.data, `${report.text}\n${pc.bold('Report')}  ${report.path}`);
}

const stageNames: Readonly<Record<string, StageName>> = {
  pretraining: 'pretraining',
  'supervised fine-tuning': 'supervised',
  'reward model': 'reward',
  'reinforcement learning (PPO)': 'reinforcement',
};

/** The stages in a run's folder, or in the folders of a quickstart, in the order in which they were made. */
async function finishedStages(out: string): Promise<StageReport[]> {
  if (!existsSync(out)) return [];
  const names = (await readdir(out)).sort();
  const folders = [out, ...names.map((name) => join(out, name))].filter((folder) => hasModel(modelFolderOf(folder)));
  const stages: StageReport[] = [];
  for (const folder of folders) {
    const lineage = await readLineage(modelFolderOf(folder));
    const stage = stageNames[lineage.stage];
    if (stage === undefined) continue;
    const exam = await savedExam(folder);
    stages.push({ stage, folder, lineage, seconds: secondsOf(lineage), ...(exam && { exam }) });
  }
  return stages.sort((a, b) => (a.lineage.createdAt < b.lineage.createdAt ? -1 : 1));
}

async function savedExam(folder: string): Promise<ExamResult | undefined> {
  const path = join(folder, 'exam.json');
  if (!existsSync(path)) return undefined;
  return (JSON.parse(await readFile(path, 'utf8')) as { result: ExamResult }).result;
}

const secondsOf = ({ results }: Lineage): number => (typeof results['seconds'] === 'number' ? results['seconds'] : 0);

/** What the earlier report called it; otherwise the folder's name. */
async function taskName(out: string): Promise<string> {
  const earlier = await readFile(join(out, 'report.json'), 'utf8').catch(() => undefined);
  if (earlier === undefined) return basename(out);
  return (JSON.parse(earlier) as { task?: string }).task ?? basename(out);
}
