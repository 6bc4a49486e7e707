import { continuationScorer } from '../../evaluation/continuations.js';
import type { Answerer } from '../../evaluation/exam.js';
import type { Subject } from '../../evaluation/task-answers.js';
import { imagesAs } from '../../formats/model-eye.js';
import { type LoadedModel, languageModelOf } from '../../formats/model-folder.js';
import { type Generator, createGenerator } from '../../sampling/generator.js';
import { withStore } from '../../training/with-store.js';
import { type ChatTemplate, type EncodedChat, type Message, encodeChat } from '../../tokenizer/chat.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import { type StageContext } from './stage.js';

export interface AnswererOptions {
  readonly maxTokens?: number;
  /** 0: the most probable answer. */
  readonly temperature?: number;
  readonly seed?: number;
}

/** Loads a model onto the engine for as long as `use` takes. */
export async function withSubject<Result>(
  { engine }: Pick<StageContext, 'engine'>,
  loaded: LoadedModel,
  use: (subject: Subject) => Promise<Result>,
): Promise<Result> {
  const { tokenizer, values } = loaded;
  const model = languageModelOf(loaded);
  return withStore(engine, { specs: model.parameters, values }, async (store) => {
    const generator = createGenerator({ engine, model, store, tokenizer });
    try {
      return await use({ model, tokenizer, generator, scorer: continuationScorer({ engine, model, store }) });
    } finally {
      await generator.dispose();
    }
  });
}

/** The same for what only generates. */
export const withGenerator = <Result>(
  context: Pick<StageContext, 'engine'>,
  loaded: LoadedModel,
  use: (generator: Generator) => Promise<Result>,
): Promise<Result> => withSubject(context, loaded, ({ generator }) => use(generator));

/**
 * Lets a model answer dialogues. One without a chat template has only learnt to go on writing: it gets the turns as one
 * line, and its answer is the rest of the line.
 */
export function answererOf(generator: Generator, loaded: LoadedModel, options: AnswererOptions = {}): Answerer {
  const { tokenizer, template } = loaded;
  const { maxTokens = 32, temperature = 0, seed = 0 } = options;
  const shared = { maxTokens, temperature, seed };
  return async (dialogues) => {
    if (template === undefined) {
      const prompts = dialogues.map((messages) => messages.map(({ content }) => content).join(' '));
      const stopTokens = [tokenizer.idOf(CONTROL.endOfText)];
      const answers = await generator.generateBatch({ ...shared, prompts, stop: ['\n'], stopTokens });
      return answers.map(({ text, finishReason }) => ({ text: text.trim(), finished: finishReason === 'stop' }));
    }
    const prompts = dialogues.map((messages) => encodePrompt(loaded, template, messages));
    const answers = await generator.generateBatch({ ...shared, prompts, stopTokens: [tokenizer.idOf(CONTROL.end)] });
    return answers.map(({ text, finishReason }) => ({ text, finished: finishReason === 'stop' }));
  };
}

/** A dialogue as tokens, with its images, up to where the assistant begins. */
export const encodePrompt = (
  { tokenizer, eye }: Pick<LoadedModel, 'tokenizer' | 'eye'>,
  template: ChatTemplate,
  messages: readonly Message[],
): EncodedChat => encodeChat(tokenizer, template, messages, { addGenerationPrompt: true, ...imagesAs(eye) });

/** Its tokens alone. */
export const chatPrompt = (...prompt: Parameters<typeof encodePrompt>): Int32Array => encodePrompt(...prompt).ids;
