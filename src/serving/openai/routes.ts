import { Hono } from 'hono';
import type { Env, ServingContext } from '../context.js';
import { chatCompletions } from './chat.js';
import { completions } from './completions.js';
import { embeddings } from './embeddings.js';
import { imageGenerations } from './images.js';
import { listModels, oneModel } from './models.js';

/** What clients of OpenAI's API ask for, below /v1. */
export function openAiRoutes(context: ServingContext): Hono<Env> {
  const routes = new Hono<Env>();
  routes.post('/chat/completions', chatCompletions(context));
  routes.post('/completions', completions(context));
  routes.post('/embeddings', embeddings(context));
  routes.post('/images/generations', imageGenerations(context));
  routes.get('/models', listModels(context));
  // A model's name may have slashes, sent as they are or encoded.
  routes.get('/models/:id{.+}', oneModel(context));
  return routes;
}
