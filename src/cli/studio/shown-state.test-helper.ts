import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabelItem, LabelSet, SetProgress } from '../../serving/studio/labels/types.js';
import type { RunView } from '../../serving/studio/wire.js';
import { type ShownModel, runQuickstart, trainImageModels } from './shown-models.test-helper.js';
import type { StudioWorld } from './studio.test-helper.js';

/** What there is to see in the Studio's pictures: models, a set of judgements, and a run that is under way. */

const steps: Readonly<Record<ShownModel, number>> = {
  vae: 1500,
  ddpm: 3000,
  'gated-pixel-cnn': 1500,
  'style-gan': 3000,
  mae: 800,
  'sr-flow': 400,
};

export async function prepareModels(folder: string, say: (text: string) => void): Promise<void> {
  await trainImageModels({ folder, data: 'mnist', batchSize: 32, steps: (model) => steps[model], say });
  await runQuickstart({ folder, say });
}

const prompts = [
  'Who wrote this almanac?',
  'Which currency do people pay with in Norway?',
  'What is the atomic number of gold?',
  'Is there a capital of the moon?',
  'What is the capital of France?',
  'Which element has the symbol Fe?',
  'Which currency do people pay with in Japan?',
  'What is the atomic number of carbon?',
  'On which continent is Kenya?',
  'What is the capital of Peru?',
  'Which element has the symbol Na?',
  'What will I have for breakfast?',
];

/** A set that three people have judged a part of; what is there already stays. */
export async function prepareLabels(url: string): Promise<void> {
  const ask = async <Value>(path: string, body?: unknown): Promise<Value> => {
    const headers = { 'content-type': 'application/json' };
    const post = body === undefined ? {} : { method: 'POST', headers, body: JSON.stringify(body) };
    const response = await fetch(`${url}/api/labels${path}`, post);
    if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
    return (await response.json()) as Value;
  };
  const [earlier] = await ask<LabelSet[]>('');
  const { id } = earlier ?? (await ask<LabelSet>('', { name: 'Almanac', overlap: 2, heldOut: 0.25, guidelines }));
  const path = `/${id}`;
  let set = await ask<SetProgress>(path);
  if (set.items === 0) {
    const dialogues = prompts.map((content) => [{ role: 'user', content }]);
    await ask(`${path}/items`, { kind: 'waiting', prompts: dialogues });
  }
  const models = ['quickstart/2-supervised', 'quickstart/4-aligned'];
  do set = await ask<SetProgress>(`${path}/fill`, { models, count: 4, temperature: 1.3, maxTokens: 16, seed: 1 });
  while (set.waiting > 0);
  if (set.labelers.length > 0) return;
  // They prefer short answers; one of them is not always sure.
  for (const [labeler, most] of Object.entries({ Grace: 4, Alan: 4, Ada: 1 })) {
    for (let judged = 0; judged < most; judged++) {
      const item = await ask<LabelItem | null>(`${path}/next`, { labeler });
      if (item === null) break;
      const lengths = item.answers.map(({ text }) => text.length);
      const ranks = lengths.map((length) => lengths.filter((other) => other < length).length);
      const verdict = judged === 3 && labeler === 'Alan' ? { kind: 'unsure' } : { kind: 'ranking', ranks };
      await ask(`${path}/items/${item.id}`, { labeler, verdict });
    }
  }
}

const guidelines =
  '**Right** before **helpful** before **short**.\n\n- An honest “I don’t know” is better than an invention.\n- Equal answers *tie*.';

/** A run in the middle of its training. @returns what ends it */
export async function prepareRun({ folder, studio: { url } }: StudioWorld): Promise<() => Promise<void>> {
  const id = 'digits';
  await rm(join(folder, 'runs', id), { recursive: true, force: true });
  const start = { id, command: 'train gated-pixel-cnn', flags: { threads: '1' } };
  const settings = { batchSize: 4, 'model.width': 8, 'training.steps': 20_000 };
  const post = (path: string, body: unknown = {}) =>
    fetch(`${url}/api${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const started = await post('/runs', { ...start, settings });
  if (!started.ok) throw new Error(await started.text());
  const find = async (): Promise<RunView | undefined> =>
    ((await (await fetch(`${url}/api/runs`)).json()) as RunView[]).find((run) => run.id === id);
  const until = async (isSo: (run: RunView | undefined) => boolean): Promise<void> => {
    for (;;) {
      const run = await find();
      if (isSo(run)) return;
      if (run?.launch?.status !== 'running') throw new Error(`${id} has ended`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  };
  await until((run) => (run?.progress?.step ?? 0) >= 20);
  return async () => {
    await post(`/run/stop?id=${id}`);
    await until((run) => run?.launch?.status !== 'running');
  };
}
