import { existsSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, start } from './descent.test-helper.js';
import { tinyQuickstart } from './quickstart/tiny.test-helper.js';

/** The real command in processes of its own, on text and dialogues that are made here. */

let cwd: string;
const descent = (args: readonly string[], input?: string): Promise<Answer> =>
  start(args, { cwd, ...(input !== undefined && { input }) }).answer;

/** Runs a command that must succeed and prints one JSON value alone. */
async function json<Result = Record<string, unknown>>(args: readonly string[], input?: string): Promise<Result> {
  const { code, stdout, stderr } = await descent([...args, '--json'], input);
  expect(code, stderr).toBe(0);
  expect(stdout.endsWith('\n')).toBe(true);
  return JSON.parse(stdout) as Result;
}

const animals = ['cat', 'dog', 'hen', 'owl', 'fox', 'ant', 'bee', 'cow'];
const colours = ['red', 'blue', 'green', 'white'];
const facts = animals.flatMap((animal, i) =>
  colours.map((colour, j) => ({ animal, colour, place: `hill ${(i * 3 + j) % 7}` })),
);

const tiny = [
  ['--model.layers', '1'],
  ['--model.heads', '2'],
  ['--model.width', '16'],
  ['--model.contextLength', '48'],
  ['--batchSize', '4'],
  ['--evaluationWindows', '4'],
  ['--tokenizer.vocabularySize', '320'],
].flat();

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'descent-cli-'));
  const text = facts.map(({ animal, colour, place }) => `The ${colour} ${animal} lives on ${place}.`).join('\n');
  await writeFile(join(cwd, 'text.txt'), `${text}\n${text}\n`);
  const jsonl = (rows: readonly unknown[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');
  const question = ({ animal, colour }: (typeof facts)[number]): string => `Where is the ${colour} ${animal}?`;
  const chats = facts.map((fact) => ({
    messages: [
      { role: 'user', content: question(fact) },
      { role: 'assistant', content: `On ${fact.place}.` },
    ],
  }));
  const rankings = facts.map((fact) => ({
    prompt: question(fact),
    answers: [`On ${fact.place}.`, 'No idea.', 'On on on.'],
  }));
  await writeFile(join(cwd, 'chats.jsonl'), jsonl(chats));
  await writeFile(join(cwd, 'bad.jsonl'), jsonl([chats[0], { messages: [{ role: 'user' }] }, ...chats.slice(1)]));
  await writeFile(join(cwd, 'rankings.jsonl'), jsonl(rankings));
  await writeFile(
    join(cwd, 'brief.mjs'),
    'export default (samples) => samples.map(({ answer }) => -answer.length / 10);\n',
  );
});

afterAll(async () => {
  await rm(cwd, { recursive: true, force: true });
});

describe('descent, from text to an aligned model', () => {
  it('makes a tokenizer, and text comes back from its ids', async () => {
    const made = await json(['tokenizer', 'train', 'text.txt', '--out', 'tok', '--vocabularySize', '300']);
    expect(made['vocabularySize']).toBe(300);
    const text = 'The red cat 🦊 lives\non hill 3.';
    const { ids } = await json<{ ids: number[] }>(['tokenizer', 'encode', 'tok', text]);
    const back = await descent(['tokenizer', 'encode', 'tok', '--decode', '--file', '-'], ids.join(' '));
    expect(back.stdout).toBe(text);
    const seen = await descent(['tokenizer', 'inspect', 'tok', 'The red cat']);
    expect(seen.stdout).toMatch(/^The\| red\|/);
  });

  it('prepares data, and shows which tokens carry loss', async () => {
    const prepared = await json<{ train: { tokens: number }; validation: { tokens: number } }>([
      'data',
      'prepare',
      'text.txt',
      '--tokenizer',
      'tok',
      '--out',
      'prepared',
    ]);
    expect(prepared.train.tokens).toBeGreaterThan(prepared.validation.tokens);
    const { stdout } = await descent(['data', 'inspect', 'chats.jsonl', '--tokenizer', 'tok', '--show', '1']);
    expect(stdout).toContain('32 chats');
    expect(stdout).toMatch(/<\|assistant\|>\|\[.*\]\|\[<\|end\|>\]/);
    const bad = await json<{ badRows: unknown[] }>(['data', 'inspect', 'bad.jsonl']);
    expect(bad.badRows).toMatchObject([{ line: 2, field: 'messages[0].content' }]);
  });

  it('trains through every stage, knows the family, and answers', async () => {
    const base = ['train', '--data', 'text.txt', ...tiny, '--training.steps', '6', '--out', 'runs/base'];
    const pretrained = await json<{ id: string }>(base);
    // Finished: the same call again makes nothing.
    const { mtimeMs } = await modified('runs/base/model/model.safetensors');
    expect((await json<{ id: string }>(base)).id).toBe(pretrained.id);
    expect((await modified('runs/base/model/model.safetensors')).mtimeMs).toBe(mtimeMs);

    const sft = ['sft', 'runs/base', '--chats', 'bad.jsonl', '--skip-bad', '--out', 'runs/sft', '--epochs', '1'];
    const supervised = await descent(sft);
    expect(supervised.stdout).toContain('1 bad row left out');
    expect(supervised.code, supervised.stderr).toBe(0);

    const reward = await json<{ accuracy: number }>([
      'reward',
      'runs/sft',
      '--rankings',
      'rankings.jsonl',
      '--out',
      'runs/reward',
      '--answers',
      '9',
    ]);
    expect(reward.accuracy).toBeGreaterThanOrEqual(0);
    const practice = ['--prompts', 'rankings.jsonl', '--ppo.iterations', '1', '--ppo.rolloutSize', '4'];
    const small = ['--ppo.minibatchSize', '2', '--ppo.maxTokens', '8', '--mixBatchSize', '2'];
    const mixed = await json([
      'ppo',
      'runs/sft',
      '--reward',
      'runs/reward',
      ...practice,
      ...small,
      '--pretraining',
      'text.txt',
      '--out',
      'runs/ppo',
    ]);
    expect(mixed['steps']).toBe(2);
    await json(['ppo', 'runs/sft', '--reward-function', 'brief.mjs', ...practice, ...small, '--out', 'runs/brief']);

    const { samples } = await json<{ samples: { ids: number[] }[] }>([
      'generate',
      'runs/base',
      'The red',
      '--samples',
      '2',
      '--maxTokens',
      '4',
      '--temperature',
      '0',
    ]);
    expect(samples).toHaveLength(2);
    expect(samples[0]).toEqual(samples[1]);
    const talk = await descent(
      ['chat', 'runs/ppo', '--maxTokens', '4'],
      'Where is the red cat?\nAnd the dog?\n/quit\nNo\n',
    );
    expect(talk.code, talk.stderr).toBe(0);
    expect(talk.stdout.split('\n').length).toBeGreaterThanOrEqual(3);
    const { messages } = await json<{ messages: unknown[] }>(['chat', 'runs/ppo', 'Where?', '--maxTokens', '4']);
    expect(messages).toHaveLength(2);

    const text = await json<{ text: { loss: number; bitsPerByte: number } }>([
      'eval',
      'runs/base',
      '--text',
      'text.txt',
    ]);
    expect(text.text.bitsPerByte).toBeGreaterThan(0);
    const pairs = await json<{ rankings: { prompts: number } }>([
      'eval',
      'runs/reward',
      '--rankings',
      'rankings.jsonl',
    ]);
    expect(pairs.rankings.prompts).toBe(32);

    const tree = await descent(['lineage', 'runs/ppo']);
    for (const part of [
      'parent: assistant',
      'parent: pretrained',
      'reward model: reward',
      'pretraining mix: text.txt',
    ]) {
      expect(tree.stdout).toContain(part);
    }
    const runs = await json<{ path: string; status: string }[]>(['runs']);
    expect(runs.map(({ path }) => path).sort()).toEqual(
      ['base', 'brief', 'ppo', 'reward', 'sft'].map((name) => join('runs', name)),
    );
    expect(new Set(runs.map(({ status }) => status))).toEqual(new Set(['finished']));
    expect((await descent(['report', 'runs/ppo'])).code).toBe(0);
    expect(existsSync(join(cwd, 'runs/ppo/report.html'))).toBe(true);
  });

  it('saves at Ctrl-C, says how to go on, and ends where an unbroken run ends', async () => {
    const args = ['train', '--data', 'prepared', ...tiny.slice(0, -2), '--training.steps', '400'];
    const { child, answer } = start([...args, '--out', 'runs/broken'], { cwd });
    child.stderr!.on('data', (chunk: Buffer) => {
      if (chunk.toString().includes('/400')) child.kill('SIGINT');
    });
    const stopped = await answer;
    expect(stopped.code, stopped.stderr).toBe(130);
    expect(stopped.stderr).toContain('Go on with: npx descent train --data prepared');
    expect(existsSync(join(cwd, 'runs/broken/model'))).toBe(false);
    const [resumed, unbroken] = await Promise.all([
      json<{ id: string; steps: number }>([...args, '--out', 'runs/broken']),
      json<{ id: string; steps: number }>([...args, '--out', 'runs/unbroken']),
    ]);
    expect(resumed.steps).toBe(400);
    expect(resumed.id).toBe(unbroken.id);
  });
});

describe('descent with mistakes', () => {
  const mistakes: [string, string[], RegExp][] = [
    ['a missing file', ['train', '--data', 'nowhere.txt', '--out', 'runs/none'], /nowhere\.txt: there is no such file/],
    [
      'a bad row',
      ['data', 'prepare', 'bad.jsonl', '--tokenizer', 'tok', '--out', 'none'],
      /bad\.jsonl:1: field "text"/,
    ],
    [
      'an unknown setting',
      ['train', '--data', 'text.txt', '--model.layer', '2', '--out', 'runs/none'],
      /did you mean --model\.layers/,
    ],
    ['an unknown flag', ['lineage', 'runs/base', '--jsn'], /unknown option '--jsn'\s+\(Did you mean --json\?\)/],
    [
      'an impossible shape',
      ['train', '--data', 'text.txt', '--model.width', '17', '--out', 'runs/none'],
      /17 does not divide into 4 heads/,
    ],
    ['a model that cannot chat', ['chat', 'runs/base', 'hello'], /has not learnt to chat/],
    ['no model', ['sft', 'runs/none', '--chats', 'chats.jsonl'], /There is no model in runs\/none/],
    ['an unknown recipe', ['reproduce', 'nanogtp'], /There are: .*almanac.*nanogpt-shakespeare-cpu/],
  ];
  it.each(mistakes)('says what is wrong with %s, and leaves nothing behind', async (_, args, message) => {
    const { code, stdout, stderr } = await descent(args);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('    at ');
    expect(existsSync(join(cwd, 'runs/none'))).toBe(false);
    expect(existsSync(join(cwd, 'none', 'train.tokens'))).toBe(false);
  });

  it('names the file and line of a bad dialogue before any training', async () => {
    const { code, stderr } = await descent(['sft', 'runs/base', '--chats', 'bad.jsonl', '--out', 'runs/none']);
    expect(code).toBe(1);
    expect(stderr).toContain('bad.jsonl:2: field "messages[0].content"');
    expect(existsSync(join(cwd, 'runs/none'))).toBe(false);
  });
});

describe('descent quickstart', () => {
  it('goes through every stage, and a second call makes nothing again', async () => {
    const small = tinyQuickstart({ pretraining: 3, supervised: 3, iterations: 1 });
    await writeFile(join(cwd, 'small.json'), JSON.stringify(small));
    const args = ['quickstart', '--out', 'runs/quick', '--config', 'small.json'];
    const first = await json<{ stages: { stage: string }[]; familyTree: string }>(args);
    expect(first.stages.map(({ stage }) => stage)).toEqual(['pretraining', 'supervised', 'reward', 'reinforcement']);
    const made = await filesOf('runs/quick');
    const second = await json<{ familyTree: string }>(args);
    expect(second.familyTree).toBe(first.familyTree);
    expect((await filesOf('runs/quick')).filter((file) => !made.includes(file))).toEqual([]);
    const tree = await descent(['lineage', 'runs/quick']);
    expect(tree.stdout.trim()).toBe(first.familyTree);
  });
});

async function modified(path: string): Promise<{ mtimeMs: number }> {
  const { stat } = await import('node:fs/promises');
  return stat(join(cwd, path));
}

/** Every model and checkpoint below a folder, with its content's beginning: what a second call must leave alone. */
async function filesOf(folder: string): Promise<string[]> {
  const entries = await readdir(join(cwd, folder), { recursive: true });
  const weights = entries.filter((name) => name.endsWith('lineage.json'));
  return Promise.all(weights.map(async (name) => `${name} ${await readFile(join(cwd, folder, name), 'utf8')}`));
}
