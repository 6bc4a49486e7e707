import type { CommandEntry } from './command.js';

/** Commands by name. The one that is asked for is loaded, the others are not: help answers at once. */
export const commands: Record<string, CommandEntry> = {
  quickstart: {
    summary: 'train a small ChatGPT through every stage of InstructGPT, and talk to it',
    load: () => import('./commands/quickstart.js'),
  },
  'tokenizer train': {
    summary: 'make a tokenizer from text',
    load: () => import('./commands/tokenizer-train.js'),
  },
  'tokenizer encode': {
    summary: 'text to token ids, or back',
    load: () => import('./commands/tokenizer-encode.js'),
  },
  'tokenizer inspect': {
    summary: "a tokenizer's vocabulary, or what it makes of a text",
    load: () => import('./commands/tokenizer-inspect.js'),
  },
  'data prepare': {
    summary: 'text to token files, split into training and validation',
    load: () => import('./commands/data-prepare.js'),
  },
  'data inspect': {
    summary: 'count text, chats or rankings; show which tokens carry loss',
    load: () => import('./commands/data-inspect.js'),
  },
  'data cloze': {
    summary: 'books to questions with a word left out',
    load: () => import('./commands/data-cloze.js'),
  },
  train: {
    summary: 'pretrain a GPT on text; train bert, elmo, word2vec: others; train vae: an image model',
    load: () => import('./commands/train.js'),
    variants: () => import('./commands/train-named.js'),
  },
  finetune: {
    summary: 'teach a model a task: classification, entailment, similarity, multiple choice',
    load: () => import('./commands/finetune.js'),
  },
  classify: { summary: 'put texts to a model that learnt a task', load: () => import('./commands/classify.js') },
  neighbours: {
    summary: 'the words nearest to a word, or to a sum of words, by a model of words',
    load: () => import('./commands/neighbours.js'),
  },
  sft: { summary: 'fine-tune a model on dialogues', load: () => import('./commands/sft.js') },
  reward: { summary: 'train a reward model on ranked answers', load: () => import('./commands/reward.js') },
  ppo: { summary: 'improve a chat model against a reward', load: () => import('./commands/ppo.js') },
  grpo: {
    summary: 'the same without a value model: GRPO, Dr. GRPO, RLOO',
    load: () => import('./commands/grpo.js'),
  },
  dpo: {
    summary: 'improve a chat model by ranked answers, without a reward model: DPO, IPO',
    load: () => import('./commands/dpo.js'),
  },
  kto: { summary: 'improve a chat model by thumbs up and down', load: () => import('./commands/kto.js') },
  'best-of-n': {
    summary: 'sample answers and keep the best, to fine-tune on',
    load: () => import('./commands/best-of-n.js'),
  },
  merge: { summary: 'merge an adapter into the model that it adapts', load: () => import('./commands/merge.js') },
  export: { summary: 'write a language model as one file for llama.cpp', load: () => import('./commands/export.js') },
  generate: { summary: 'complete a text', load: () => import('./commands/generate.js') },
  chat: { summary: 'talk to a model', load: () => import('./commands/chat.js') },
  studio: {
    summary: 'training, chat, labels, images and lineage in a web page',
    load: () => import('./commands/studio.js'),
  },
  serve: {
    summary: "serve models to clients of OpenAI's API",
    load: () => import('./commands/serve.js'),
  },
  upscale: {
    summary: 'enlarge images with a model, several times and differently each time',
    load: () => import('./commands/upscale.js'),
  },
  eval: {
    summary: "measure a model: perplexity, tasks in the prompt, pair accuracy, the almanac's exam",
    load: () => import('./commands/eval.js'),
  },
  sample: { summary: 'draw images from a model', load: () => import('./commands/sample.js') },
  complete: {
    summary: 'draw the lower half of images anew',
    load: () => import('./commands/complete.js'),
  },
  inpaint: { summary: 'draw a part of images anew', load: () => import('./commands/inpaint.js') },
  reconstruct: { summary: "images through a model's code and back", load: () => import('./commands/reconstruct.js') },
  search: { summary: 'find the images that fit some words', load: () => import('./commands/search.js') },
  interpolate: { summary: 'the way from one image to another', load: () => import('./commands/interpolate.js') },
  evaluate: {
    summary: 'measure image models: likelihood, distance of samples from real images, reconstructions',
    load: () => import('./commands/evaluate.js'),
  },
  compare: {
    summary: 'put families of image models side by side on one page',
    load: () => import('./commands/compare.js'),
  },
  report: { summary: 'write the report of a run again', load: () => import('./commands/report.js') },
  runs: { summary: 'list runs and how far they got', load: () => import('./commands/runs.js') },
  lineage: { summary: "print a model's family tree", load: () => import('./commands/lineage.js') },
  recipes: {
    summary: 'list the published results that can be measured again',
    load: () => import('./commands/recipes.js'),
  },
  reproduce: { summary: 'run a recipe and hold it against its target', load: () => import('./commands/reproduce.js') },
};

export const groups: Record<string, string> = {
  tokenizer: 'train, encode, inspect: make and use tokenizers',
  data: 'prepare, inspect, cloze: text, chats and rankings',
};
