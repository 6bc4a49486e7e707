import pc from 'picocolors';
import { ConfigError } from '../../errors.js';
import { type OnResize, readMessageImage } from '../../data/message-images.js';
import { type ModelEye, imageTokensOf, sightOf } from '../../formats/model-eye.js';
import type { LoadedModel } from '../../formats/model-folder.js';
import type { Generation, Generator } from '../../sampling/generator.js';
import type { GenerationPrompt } from '../../sampling/sequences.js';
import { CONTROL, IMAGE_TOKEN } from '../../tokenizer/control-tokens.js';
import type { Invocation } from '../command.js';
import type { EngineFlags } from '../flags.js';
import { inputText } from '../input.js';
import type { GenerateConfig } from '../sampling-settings.js';
import { openModel, withEngine } from '../session.js';
import { withGenerator } from '../stages/answering.js';

export interface GenerateFlags extends EngineFlags {
  readonly file?: string;
  readonly samples: number;
  readonly image?: readonly string[];
}

export async function generateCommand(invocation: Invocation<GenerateFlags, GenerateConfig>): Promise<void> {
  const { positional, flags, config, answer, json, say, signal } = invocation;
  const [path, word] = positional as [string, string?];
  const text = (await inputText(word, flags.file)) ?? '';
  const loaded = await openModel(path, 'language-model');
  const { tokenizer, eye } = loaded;
  const shown = flags.image ?? [];
  if (shown.length > 0 && (eye === undefined || text === '')) {
    throw eye === undefined
      ? new ConfigError(`${loaded.folder} has no eye, so it cannot look at an image`, {
          advice: 'descent sft --eye <image model> gives a model one.',
        })
      : new ConfigError('There is an image and no text to go on from', { advice: 'Begin with a word after it.' });
  }
  const end = tokenizer.controlTokens.get(CONTROL.endOfText);
  // A document begins where another has ended.
  const ids = text === '' && end !== undefined ? Int32Array.of(end) : tokenizer.encode(text);
  if (ids.length === 0) {
    throw new ConfigError('There is no text to complete', { advice: 'This tokenizer has no token that begins one.' });
  }
  const prompt = eye && shown.length > 0 ? await behindImages(loaded, eye, { ids, shown, say }) : ids;
  const options = { ...config, stopTokens: end === undefined ? [] : [end], signal };
  await withEngine(flags, (engine) =>
    withGenerator({ engine }, loaded, async (generator) => {
      if (flags.samples === 1 && !json) {
        await streamOne(generator, text, { ...options, prompt });
        return;
      }
      const samples = await generator.generateBatch({ ...options, prompts: [prompt], samplesPerPrompt: flags.samples });
      answer(
        { prompt: text, samples: samples.map(plain) },
        samples.map((sample) => `${text}${sample.text}`).join('\n\n---\n\n'),
      );
    }),
  );
}

/** A prompt whose beginning is images. */
async function behindImages(
  { tokenizer }: LoadedModel,
  eye: ModelEye,
  { ids, shown, say }: { ids: Int32Array; shown: readonly string[]; say: (text: string) => void },
): Promise<Exclude<GenerationPrompt, string | Int32Array>> {
  const places = new Int32Array(shown.length * imageTokensOf(eye)).fill(tokenizer.idOf(IMAGE_TOKEN));
  const onResize: OnResize = ({ name, from, to }) => {
    say(`${name}, ${from.width} x ${from.height}, is seen at ${to.width} x ${to.height}`);
  };
  const images = await Promise.all(shown.map((url) => readMessageImage(url, { sight: sightOf(eye), onResize })));
  return { ids: Int32Array.from([...places, ...ids]), images };
}

async function streamOne(
  generator: Generator,
  text: string,
  options: Parameters<Generator['stream']>[0],
): Promise<void> {
  process.stdout.write(pc.dim(text));
  for await (const { text: piece } of generator.stream(options)) process.stdout.write(piece);
  process.stdout.write('\n');
}

const plain = ({ ids, logProbs, text, finishReason, tokens }: Generation) => ({
  text,
  finishReason,
  ids: [...ids],
  logProbs: [...logProbs],
  ...(tokens.some(({ alternatives }) => alternatives !== undefined) && {
    alternatives: tokens.map((token) => token.alternatives),
  }),
});
