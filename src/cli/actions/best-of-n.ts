import { dirname } from 'node:path';
import { mkdir } from 'node:fs/promises';
import { bestOfN, bestOfNKl } from '../../alignment/best-of-n.js';
import type { PpoPrompt, PpoSample } from '../../alignment/ppo/rollouts.js';
import { jsonLines } from '../../data/json.js';
import { mean } from '../../data/statistics.js';
import { writeFileAtomically } from '../../runtime/atomic-file.js';
import { CONTROL } from '../../tokenizer/control-tokens.js';
import { openChattingModel } from '../chatting-parent.js';
import type { Invocation } from '../command.js';
import { showingProgress } from '../drawing-progress.js';
import type { EngineFlags } from '../flags.js';
import type { PracticeFlags } from '../practice-flags.js';
import { practiceInputs } from '../practice-inputs.js';
import type { GenerateConfig } from '../sampling-settings.js';
import { withEngine } from '../session.js';
import { withGenerator } from '../stages/answering.js';
import { rewarding } from '../stages/rewarding.js';

export interface BestOfNFlags extends EngineFlags, PracticeFlags {
  readonly n: number;
  readonly minimum?: number;
  readonly out: string;
}

/** So many prompts are answered at a time: an interruption waits for no more. */
const AT_ONCE = 64;

interface Best {
  readonly sample: PpoSample;
  readonly score: number;
}

export async function bestOfNCommand(invocation: Invocation<BestOfNFlags, GenerateConfig>): Promise<void> {
  const { positional, flags, config, say, signal, answer } = invocation;
  const { n, minimum = -Infinity, out } = flags;
  const parent = await openChattingModel(positional[0]!);
  const { tokenizer } = parent;
  const { reward, prompts } = await practiceInputs(flags, parent, { seed: config.seed, say, signal });
  const fit = prompts.filter(({ ids }) => ids.length < parent.config.contextLength);
  if (fit.length < prompts.length) say(`${prompts.length - fit.length} prompts fill the context and are left out`);
  const stopTokens = [tokenizer.idOf(CONTROL.end)];

  const all: number[] = [];
  const best: Best[] = [];
  await withEngine(flags, async (engine) => {
    const { score, dispose } = await rewarding(engine, reward);
    try {
      await withGenerator({ engine }, parent, (generator) =>
        showingProgress(async (progress) => {
          for (let start = 0; start < fit.length; start += AT_ONCE) {
            signal.throwIfAborted();
            const chunk = fit.slice(start, start + AT_ONCE);
            const generations = await generator.generateBatch({
              ...config,
              prompts: chunk.map(({ ids }) => ids),
              samplesPerPrompt: n,
              firstRow: start,
              stopTokens,
              signal,
            });
            signal.throwIfAborted();
            const candidates = chunk.map((prompt: PpoPrompt, index) =>
              generations.slice(index * n, (index + 1) * n).map(({ ids, text, finishReason }): PpoSample => {
                const finished = finishReason === 'stop';
                return { prompt, response: ids, answer: text, finished };
              }),
            );
            const scores: number[] = [];
            const chosen = await bestOfN(candidates, async (samples) => {
              const raw = await score(samples);
              // An answer that never ends is never the best.
              scores.push(...samples.map(({ finished }, index) => (finished ? raw[index]! : -Infinity)));
              return scores;
            });
            all.push(...scores.filter(Number.isFinite));
            best.push(
              ...chosen.map((at, index) => ({ sample: candidates[index]![at]!, score: scores[index * n + at]! })),
            );
            progress(Math.min(1, (start + AT_ONCE) / fit.length));
          }
        }),
      );
    } finally {
      await dispose();
    }
  });
  const kept = best.filter(({ sample, score }) => sample.finished && score >= minimum);
  const rows = kept.map(({ sample: { prompt, answer: content } }) => ({
    messages: [...prompt.messages, { role: 'assistant', content }],
  }));
  await mkdir(dirname(out), { recursive: true });
  await writeFileAtomically(out, jsonLines(rows));
  const result = {
    out,
    dialogues: kept.length,
    prompts: fit.length,
    meanScore: mean(all),
    meanBest: mean(kept.map(({ score }) => score)),
    mostKl: bestOfNKl(n),
  };
  answer(
    result,
    [
      `${kept.length} dialogues of ${fit.length} prompts in ${out}`,
      `  mean score of all answers    ${result.meanScore.toPrecision(4)}`,
      `  of those kept                ${result.meanBest.toPrecision(4)}`,
      `  KL from the model, at most   ${result.mostKl.toPrecision(3)} nats an answer`,
      `Next: npx descent sft ${positional[0]!} --chats ${out}`,
    ].join('\n'),
  );
}
