import type { Context } from 'hono';
import type { Env, ServingContext } from '../context.js';
import type { ModelEntry } from '../model-folders.js';

const modelOf = ({ name, kind, written }: ModelEntry, { registry }: ServingContext) => ({
  id: name,
  object: 'model',
  created: Math.floor(written / 1000),
  owned_by: 'descent',
  kind,
  loaded: registry.loaded.some((loaded) => loaded.name === name),
});

/** Those that answer requests; a reward model answers none. */
export const listModels =
  (context: ServingContext) =>
  async (c: Context<Env>): Promise<Response> => {
    const entries = (await context.registry.list()).filter(({ kind }) => kind !== 'reward-model');
    return c.json({ object: 'list', data: entries.map((entry) => modelOf(entry, context)) });
  };

export const oneModel =
  (context: ServingContext) =>
  async (c: Context<Env>): Promise<Response> =>
    c.json(modelOf(await context.registry.find(c.req.param('id') ?? ''), context));
