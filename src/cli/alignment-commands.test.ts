import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandIn } from './descent.test-helper.js';

/** What comes after supervised fine-tuning, and adapters at every stage, by the real command. */

let cwd: string;

const { descent, json } = commandIn(() => cwd);

const facts = ['cat', 'dog', 'hen', 'owl', 'fox', 'ant'].flatMap((animal, i) =>
  ['red', 'blue', 'green'].map((colour, j) => ({ animal, colour, place: `hill ${(i * 3 + j) % 7}` })),
);
const question = ({ animal, colour }: (typeof facts)[number]): string => `Where is the ${colour} ${animal}?`;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'descent-alignment-'));
  const write = (name: string, rows: readonly unknown[]): Promise<void> =>
    writeFile(join(cwd, name), rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  await writeFile(
    join(cwd, 'text.txt'),
    facts
      .map(({ animal, colour, place }) => `The ${colour} ${animal} lives on ${place}.\n`)
      .join('')
      .repeat(6),
  );
  await write(
    'chats.jsonl',
    facts.map((fact) => ({
      messages: [
        { role: 'user', content: question(fact) },
        { role: 'assistant', content: `On ${fact.place}.` },
      ],
    })),
  );
  await write(
    'rankings.jsonl',
    facts.map((fact) => ({ prompt: question(fact), answers: [`On ${fact.place}.`, 'No idea.', 'On on on.'] })),
  );
  await write(
    'votes.jsonl',
    facts.map((fact, index) => ({
      prompt: question(fact),
      answer: index % 2 === 0 ? `On ${fact.place}.` : 'No.',
      label: index % 2 === 0,
    })),
  );
  const model = { layers: 1, heads: 2, width: 16, contextLength: 48 };
  await writeFile(
    join(cwd, 'base.json'),
    JSON.stringify({ model, batchSize: 4, tokenizer: { vocabularySize: 320 }, training: { steps: 4 } }),
  );
  await json('train', '--data', 'text.txt', '--config', 'base.json', '--out', 'base');
  await json('sft', 'base', '--chats', 'chats.jsonl', '--out', 'sft', '--epochs', '1');
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const practice = ['iterations=1', 'rolloutSize=8', 'minibatchSize=4', 'maxTokens=6'];
const settings = (of: string, ...more: string[]): string[] =>
  [...practice, ...more].flatMap((setting) => {
    const [key, value] = setting.split('=') as [string, string];
    return [`--${of}.${key}`, value];
  });

describe('from preferences', () => {
  it('dpo learns from rankings, with a mix of text, and measures what was held out', async () => {
    const dpo = await json('dpo', 'sft', '--rankings', 'rankings.jsonl', '--pretraining', 'text.txt', '--out', 'dpo');
    expect(dpo['rankings']).toBe(16);
    expect(dpo['heldOut.loss']).toBeGreaterThan(0);
    const ipo = await json(
      'dpo',
      'sft',
      '--rankings',
      'rankings.jsonl',
      '--loss',
      'ipo',
      '--beta',
      '1',
      '--out',
      'ipo',
    );
    expect(ipo['stage']).toBe('preference optimization (IPO)');
  });

  it('kto learns from votes and from rankings', async () => {
    const both = ['--votes', 'votes.jsonl', '--rankings', 'rankings.jsonl'];
    const kto = await json('kto', 'sft', ...both, '--answers', '12', '--out', 'kto');
    expect(kto['prompts']).toBe(32);
    const { code, stderr } = await descent('kto', 'sft', '--out', 'nothing');
    expect(code).toBe(1);
    expect(stderr).toContain('There is nothing to learn from');
  });
});

describe('from a reward', () => {
  it('grpo, here RLOO, practises on prompts that the reward brings along', async () => {
    const more = settings('grpo', 'variant=rloo', 'samplesPerPrompt=4', 'pretrainingCoefficient=0.5');
    const mix = ['--pretraining', 'text.txt', '--mixBatchSize', '2'];
    const made = await json('grpo', 'sft', '--reward-function', 'sum', ...more, ...mix, '--out', 'rloo');
    expect(made['steps']).toBe(2);
  });

  it('best-of-n writes dialogues that sft takes', async () => {
    const practised = ['--reward-function', 'one-word', '--prompts', 'rankings.jsonl'];
    const best = await json('best-of-n', 'sft', ...practised, '--n', '3', '--maxTokens', '30', '--out', 'best.jsonl');
    const rows = (await readFile(join(cwd, 'best.jsonl'), 'utf8')).trim().split('\n');
    expect(rows).toHaveLength(best['dialogues'] as number);
    expect(best['mostKl']).toBeCloseTo(Math.log(3) - 2 / 3, 6);
  });
});

describe('adapters', () => {
  it('at every stage: small, on top of each other, and merged at the end', async () => {
    const lora = ['--lora', '2'];
    await json('sft', 'base', '--chats', 'chats.jsonl', ...lora, '--out', 'a-sft', '--epochs', '1');
    const rankings = ['--rankings', 'rankings.jsonl'];
    await json('reward', 'a-sft', ...rankings, ...lora, '--answers', '9', '--out', 'a-reward');
    const judged = ['--reward', 'a-reward', '--prompts', 'rankings.jsonl'];
    await json('ppo', 'a-sft', ...judged, ...lora, ...settings('ppo'), '--out', 'a-ppo');
    await json('grpo', 'a-sft', ...judged, ...lora, ...settings('grpo', 'samplesPerPrompt=4'), '--out', 'a-grpo');
    await json('kto', 'a-sft', ...rankings, ...lora, '--out', 'a-kto');
    await json('dpo', 'a-sft', ...rankings, ...lora, '--out', 'a-dpo');
    const sizeOf = async (path: string): Promise<number> => (await stat(join(cwd, path))).size;
    const whole = await sizeOf('base/model/model.safetensors');
    for (const run of ['a-sft', 'a-reward', 'a-ppo', 'a-grpo', 'a-kto', 'a-dpo']) {
      expect(await sizeOf(`${run}/model/adapter_model.safetensors`)).toBeLessThan(whole);
    }
    const measured = await json<{ rankings: { prompts: number } }>('eval', 'a-reward', ...rankings);
    expect(measured.rankings.prompts).toBe(18);

    await json('merge', 'a-dpo', '--out', 'merged');
    const say = (model: string) =>
      json<{ samples: unknown[] }>('generate', model, 'The red', '--temperature', '0', '--maxTokens', '5');
    expect(await say('merged')).toEqual(await say('a-dpo'));
    const { stdout } = await descent('lineage', 'merged');
    for (const part of ['preference optimization (DPO), merged', 'parent: assistant', 'parent: pretrained']) {
      expect(stdout).toContain(part);
    }
  });
});
