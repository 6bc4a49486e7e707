import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { familyTree } from '../../formats/lineage.js';
import { type ReportData, type StageSummary, renderText } from '../../evaluation/report-card.js';
import { renderHtml } from '../../evaluation/report-page.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import { describeMachine } from '../../runtime/machine.js';
import { readJsonLines } from '../../training/json-lines.js';
import type { PipelineResult, StageName } from './pipeline.js';

export interface ReportFiles {
  readonly path: string;
  readonly text: string;
  readonly data: ReportData;
}

const names: Partial<Record<StageName, string>> = {
  pretraining: 'pretrained',
  supervised: 'supervised',
  reward: 'reward model',
  reinforcement: 'aligned (PPO)',
};

/** Where a folder has several runs of a stage, each has its folder's name. */
function nameOf(stage: StageName, folder: string, { stages }: PipelineResult): string {
  const name = names[stage] ?? stage;
  return stages.filter((other) => other.stage === stage).length > 1 ? `${name}, ${basename(folder)}` : name;
}

/** Gathers what the stages left behind, and writes report.html and report.json beside them. */
export async function writeReport(options: {
  out: string;
  result: PipelineResult;
  task: string;
  seconds: number;
}): Promise<ReportFiles> {
  const { out, result, task, seconds } = options;
  const stages: StageSummary[] = [];
  for (const { stage, folder, lineage, exam } of result.stages) {
    const metrics = join(folder, 'metrics.jsonl');
    stages.push({
      stage,
      name: nameOf(stage, folder, result),
      results: lineage.results,
      settings: lineage.settings,
      ...(exam && { exam }),
      metrics: existsSync(metrics) ? await readJsonLines(metrics) : [],
    });
  }
  const data: ReportData = {
    task,
    createdAt: new Date().toISOString(),
    seconds,
    machine: describeMachine(),
    familyTree: await familyTree(result.model),
    stages,
  };
  const path = join(out, 'report.html');
  await writeFileAtomically(path, renderHtml(data));
  await writeFileAtomically(join(out, 'report.json'), `${JSON.stringify(data)}\n`);
  return { path, text: renderText(data), data };
}
