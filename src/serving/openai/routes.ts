import { Hono } from 'hono';
import type { Env, ServingContext } from '../context.js';
import { chatCompletions } from './chat.js';
import { completions } from './completions.js';
import { embeddings } from './embeddings.js';
import { imageGenerations } from './images.js';
import { listModels, oneModel } from './models.js';

/** What clients of OpenAI's API ask for, below /v1. */
export const openAiRoutes = (context: ServingContext): Hono<Env> =>
  new Hono<Env>()
    .post('/chat/completions', chatCompletions(context))
    .post('/completions', completions(context))
    .post('/embeddings', embeddings(context))
    .post('/images/generations', imageGenerations(context))
    .get('/models', listModels(context))
    // A model's name may have slashes, sent as they are or encoded.
    .get('/models/:id{.+}', oneModel(context));
