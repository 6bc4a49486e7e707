import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodePng, grid } from '../formats/pictures.js';
import { loadModel } from '../formats/model-folder.js';
import { commandIn, start } from './descent.test-helper.js';

/** A model is given an eye and asked about images, by the real command, at a size of seconds. */

let cwd: string;
const { descent, json } = commandIn(() => cwd);

/** Stripes that lie, or stand. */
const stripes = (side: number, across: boolean): Uint8Array =>
  encodePng(
    grid({
      ...{ channels: 1, height: side, width: side, largest: 1 },
      values: Array.from({ length: side * side }, (_, at) => (across ? Math.floor(at / side) : at % side) % 2),
    }),
  );

const network = ['--model.layers', '1', '--model.heads', '2', '--model.width', '16'];
const short = ['--training.steps', '4', '--batchSize', '4'];

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'descent-seeing-'));
  const file = (name: string) => join(cwd, name);
  await writeFile(file('text.txt'), 'The stripes lie. The stripes stand.\n'.repeat(80));
  await writeFile(file('lying.png'), stripes(8, true));
  await writeFile(file('standing.png'), stripes(8, false));
  await writeFile(file('large.png'), stripes(20, true));
  await writeFile(file('broken.png'), stripes(8, true).subarray(0, 30));
  const rows = Array.from({ length: 24 }, (_, index) => ({
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is this?' },
          index % 2 === 0
            ? {
                type: 'image_url',
                image_url: { url: `data:image/png;base64,${Buffer.from(stripes(8, true)).toString('base64')}` },
              }
            : { type: 'image', path: index === 23 ? 'large.png' : 'standing.png' },
        ],
      },
      { role: 'assistant', content: index % 2 === 0 ? 'They lie.' : 'They stand.' },
    ],
  }));
  const jsonl = (list: readonly unknown[]): string => list.map((row) => `${JSON.stringify(row)}\n`).join('');
  await writeFile(file('shown.jsonl'), jsonl(rows));
  const broken = { type: 'image', path: 'broken.png' };
  const bad = { messages: [{ role: 'user', content: [broken, { type: 'text', text: '?' }] }, rows[0]!.messages[1]] };
  await writeFile(file('bad.jsonl'), jsonl([rows[0], bad, ...rows.slice(1)]));
  await writeFile(
    file('plain.jsonl'),
    jsonl(rows.map(({ messages }) => ({ messages: [{ role: 'user', content: 'Hm?' }, messages[1]] }))),
  );
  const pictures = [
    'train',
    'mae',
    '--data',
    'pictures',
    '--size',
    '8',
    '--out',
    'runs/mae',
    '--evaluationImages',
    '2',
  ];
  const { mkdir } = await import('node:fs/promises');
  await mkdir(file('pictures'));
  for (let index = 0; index < 12; index++) await writeFile(file(`pictures/${index}.png`), stripes(8, index % 2 === 0));
  const small = ['--model.patch', '4', '--model.decoderWidth', '8', ...network, ...short];
  await json(...pictures, ...small);
  const text = ['train', '--data', 'text.txt', '--out', 'runs/text', '--tokenizer.vocabularySize', '300'];
  await json(...text, '--model.contextLength', '64', ...network, ...short, '--evaluationWindows', '2');
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const sft = ['sft', '--chats', 'shown.jsonl', ...short];

describe('a model with an eye', () => {
  it('learns through the projector first and then as a whole, and is loaded as any other', async () => {
    const eye = ['--eye', 'runs/mae', '--eye.tokens', '2'];
    const first = await descent(
      'sft',
      'runs/text',
      ...sft.slice(1),
      ...eye,
      '--trains',
      'projector',
      '--out',
      'runs/see',
    );
    expect(first.code, first.stderr).toBe(0);
    expect(first.stdout).toMatch(
      /1 images were brought to 8 x 8, which the model sees \(the first: large.png, 20 x 20\)/,
    );
    const [text, see] = await Promise.all(['runs/text', 'runs/see'].map((run) => loadModel(join(cwd, run, 'model'))));
    expect(see!.config.vocabularySize).toBe(text!.config.vocabularySize + 1);
    expect(see!.eye).toMatchObject({ encoder: 'mae', tokens: 2, data: { channels: 1, height: 8, width: 8 } });
    // What was known stayed, and what looks is the image model's.
    expect(see!.values['blocks.0.up.weight']).toEqual(text!.values['blocks.0.up.weight']);
    expect(see!.values['tokens.weight']!.subarray(0, text!.values['tokens.weight']!.length)).toEqual(
      text!.values['tokens.weight'],
    );
    const again = await json('sft', 'runs/see', ...sft.slice(1), '--out', 'runs/seeing');
    expect(again).toMatchObject({ stage: 'supervised fine-tuning' });
    const seeing = await loadModel(join(cwd, 'runs/seeing/model'));
    expect(seeing.values['blocks.0.up.weight']).not.toEqual(see!.values['blocks.0.up.weight']);
    expect(seeing.values['eye.encoder.embed.weight']).not.toEqual(see!.values['eye.encoder.embed.weight']);
  });

  it('is shown images in a chat, by a flag and by a line', async () => {
    const greedy = ['--temperature', '0', '--maxTokens', '4'];
    const flagged = await json<{ messages: { role: string; content: unknown }[] }>(
      ...['chat', 'runs/seeing', 'What is this?', '--image', 'lying.png', '--image', 'standing.png', ...greedy],
    );
    expect(flagged.messages[0]).toEqual({
      role: 'user',
      content: [
        { type: 'image_url', image_url: { url: 'lying.png' } },
        { type: 'image_url', image_url: { url: 'standing.png' } },
        { type: 'text', text: 'What is this?' },
      ],
    });
    const input =
      '/image large.png What is this?\nAnd now?\n/image none.png\n/image broken.png\n/new\n/image "lying.png"\nWhat is this?\n';
    const { code, stdout, stderr } = await start(['chat', 'runs/seeing', ...greedy], { cwd, input }).answer;
    expect(code, stderr).toBe(0);
    expect(stdout).toContain('(large.png, 20 x 20, seen at 8 x 8)');
    expect(stdout).toMatch(/none.png cannot be read/);
    expect(stdout).toMatch(/broken.png.*damaged image/);
    expect(stdout.trim().split('\n').length).toBeGreaterThanOrEqual(5);
    const resized = await descent('chat', 'runs/seeing', 'What is this?', '--image', 'large.png', ...greedy);
    expect(resized.stdout).toContain('(large.png, 20 x 20, seen at 8 x 8)');
  });

  it('goes on from an image, and is measured on dialogues with images', async () => {
    const said = await json<{ samples: { text: string }[] }>(
      ...['generate', 'runs/seeing', 'They', '--image', 'lying.png', '--maxTokens', '3'],
    );
    expect(said.samples).toHaveLength(1);
    const { chats } = await json<{ chats: { loss: number; dialogues: number } }>(
      'eval',
      'runs/seeing',
      '--chats',
      'shown.jsonl',
    );
    expect(chats.dialogues).toBe(24);
    expect(chats.loss).toBeGreaterThan(0);
    // Text alone is still read.
    await json('eval', 'runs/seeing', '--chats', 'plain.jsonl');
  });

  it('names its eye, its language model and the data, in the terminal and as a picture', async () => {
    const { stdout } = await descent('lineage', 'runs/seeing', '--out', 'pictures/tree.svg');
    for (const name of [/parent: pretrained/, /eye: mae/, /data: shown.jsonl/, /data: pictures/, /data: text.txt/])
      expect(stdout).toMatch(name);
    expect(stdout).toContain('pictures/tree.svg');
    const svg = await readFile(join(cwd, 'pictures/tree.svg'), 'utf8');
    for (const name of ['mae', 'pretrained', 'shown.jsonl', 'learning to see']) expect(svg).toContain(name);
    expect(await json('lineage', 'runs/mae', '--out', 'mae.svg')).toMatchObject({ name: 'mae', picture: 'mae.svg' });
  });

  it.each([
    ['a model without an eye, shown an image', ['chat', 'runs/text-chat', 'a', '--image', 'lying.png'], /has no eye/],
    ['the same in a completion', ['generate', 'runs/text', 'a', '--image', 'lying.png'], /has no eye/],
    [
      'dialogues with images, to a model without',
      ['sft', 'runs/text', ...sft.slice(1), '--out', 'runs/no'],
      /the model has no eye/,
    ],
    [
      'what only an eye has',
      ['sft', 'runs/text', '--chats', 'plain.jsonl', '--trains', 'projector', '--out', 'runs/no'],
      /trains: projector/,
    ],
    [
      'a broken image',
      ['sft', 'runs/seeing', '--chats', 'bad.jsonl', '--out', 'runs/no'],
      /bad.jsonl:2: .*broken.png: damaged image/,
    ],
    ['no such image', ['chat', 'runs/seeing', 'a', '--image', 'none.png'], /none.png cannot be read/],
    [
      'two eyes',
      ['sft', 'runs/seeing', ...sft.slice(1), '--eye', 'runs/mae', '--out', 'runs/no'],
      /has an eye already/,
    ],
    [
      'tokens that do not divide',
      ['sft', 'runs/text', ...sft.slice(1), '--eye', 'runs/mae', '--eye.tokens', '3', '--out', 'runs/no'],
      /4 parts of an image do not divide into 3/,
    ],
  ] as const)('says what is wrong: %s', async (name, args, message) => {
    if (name.startsWith('a model without'))
      await json('sft', 'runs/text', '--chats', 'plain.jsonl', ...short, '--out', 'runs/text-chat');
    const { code, stderr } = await descent(...args);
    expect(code).not.toBe(0);
    expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(message);
  });
});
