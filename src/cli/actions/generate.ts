import pc from 'picocolors';
import { ConfigError } from '../../errors.js';
import type { Generation, Generator } from '../../sampling/generator.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import type { Invocation } from '../command.js';
import type { EngineFlags } from '../flags.js';
import { inputText } from '../input.js';
import type { GenerateConfig } from '../sampling-settings.js';
import { openModel, withEngine } from '../session.js';
import { withGenerator } from '../stages/answering.js';

export interface GenerateFlags extends EngineFlags {
  readonly file?: string;
  readonly samples: number;
}

export async function generateCommand(invocation: Invocation<GenerateFlags, GenerateConfig>): Promise<void> {
  const { positional, flags, config, answer, json, signal } = invocation;
  const [path, word] = positional as [string, string?];
  const text = (await inputText(word, flags.file)) ?? '';
  const loaded = await openModel(path, 'language-model');
  const { tokenizer } = loaded;
  const end = tokenizer.controlTokens.get(CONTROL.endOfText);
  // A document begins where another has ended.
  const prompt = text === '' && end !== undefined ? Int32Array.of(end) : tokenizer.encode(text);
  if (prompt.length === 0) {
    throw new ConfigError('There is no text to complete', { advice: 'This tokenizer has no token that begins one.' });
  }
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
