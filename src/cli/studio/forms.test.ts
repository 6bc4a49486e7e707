import { describe, expect, it } from 'vitest';
import { commandForms } from './forms.js';

const forms = commandForms();
const nothing = { positional: [], flags: {}, settings: {} };

describe('commands as forms', () => {
  it('are those that train, image models among them', async () => {
    const all = await forms.list();
    const names = all.map(({ command }) => command);
    expect(names).toEqual(
      expect.arrayContaining(['quickstart', 'train', 'sft', 'reward', 'ppo', 'reproduce', 'train vae']),
    );
    expect(names).not.toContain('chat');
    const group = (name: string) => all.find(({ command }) => command === name)?.group;
    expect(['train vae', 'compare', 'train', 'train bert', 'reproduce'].map(group)).toEqual([
      ...['images', 'images', 'text', 'text', 'recipes'],
    ]);
    expect((await forms.form('train bert')).group).toBe('text');
  });

  it('have the flags, the arguments and the settings of their command', async () => {
    const form = await forms.form('reward');
    expect(form.positional).toMatchObject([{ name: 'model', required: true }]);
    expect(form.flags.find(({ name }) => name === '--rankings')).toMatchObject({ kind: 'list', required: true });
    expect(form.flags.find(({ name }) => name === '--device')).toMatchObject({ choices: ['cpu', 'webgpu', 'cuda'] });
    expect(form.flags.find(({ name }) => name === '--fresh')).toMatchObject({ kind: 'switch' });
    expect(form.settings?.properties?.['answers']).toMatchObject({ default: 64 });
    const recipes = await forms.form('reproduce');
    expect(recipes.positional[0]?.choices).toContain('almanac');
    expect((await forms.form('train vae')).positional).toEqual([]);
  });

  it('become words', async () => {
    const words = await forms.words({
      command: 'reward',
      positional: ['runs/sft'],
      flags: { rankings: ['a.jsonl', 'b.jsonl'], out: '/tmp/r', fresh: true, 'skip-bad': false },
      settings: { answers: 8, 'training.schedule.learningRate': 0.001 },
    });
    expect(words).toEqual([
      ...['reward', 'runs/sft', '--rankings', 'a.jsonl', 'b.jsonl', '--out=/tmp/r', '--fresh'],
      ...['--answers=8', '--training.schedule.learningRate=0.001'],
    ]);
    expect(await forms.words({ ...nothing, command: 'train vae', flags: { out: 'x' } })).toEqual([
      ...['train', 'vae', '--out=x'],
    ]);
  });

  it.each([
    [{ command: 'rewards' }, /no command 'rewards'; did you mean reward/],
    [{ command: 'reward' }, /model is missing/],
    [{ command: 'reward', positional: ['m'] }, /--rankings is missing/],
    [{ command: 'reward', positional: ['--x'] }, /begins with a dash/],
    [{ command: 'reward', positional: ['m'], flags: { rankings: ['--eval'] } }, /begins with a dash/],
    [{ command: 'reward', positional: ['m'], flags: { other: 'x' } }, /no such flag/],
    [{ command: 'train', flags: { data: ['x'], device: 'tpu' } }, /'tpu' is none of/],
    [{ command: 'train', flags: { data: ['x'] }, settings: { batchSize: -1 } }, /--batchSize/],
    [{ command: 'train', flags: { data: ['x'] }, settings: { batchsize: 1 } }, /did you mean --batchSize/],
    [{ command: 'reproduce', positional: ['almanac'], settings: { a: 1 } }, /no settings/],
  ])('say what is wrong with %o', async (request, message) => {
    await expect(forms.words({ ...nothing, ...request })).rejects.toThrow(message);
  });
});
