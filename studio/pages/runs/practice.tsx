import { useEffect, useState } from 'preact/hooks';
import type { SampleView } from '../../../src/serving/studio/wire.js';
import { Empty, SearchBox } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { get } from '../../lib/api.js';
import { figure, wholeNumber } from '../../lib/format.js';
import { report } from '../../lib/notices.js';
import { type WatchedLog, logs } from '../../lib/runs.js';
import { Curves, isFigure } from './curves.js';

const keys = [
  ...['reward', 'trueScore', 'kl', 'entropy', 'clipFraction', 'length', 'finished', 'rewardDeviation'],
  ...['klCoefficient', 'approximateKl', 'value.loss', 'explainedVariance'],
];

/** Whether a run practises against a reward. */
export const isPractice = Object.assign(
  ({ curves }: WatchedLog): boolean =>
    ['reward', 'kl'].every((name) => [...curves.keys()].some((key) => isFigure(key, name))),
  { keys: keys.filter((key) => key !== 'value.loss') },
);

interface ScoredAnswer {
  readonly step: number;
  readonly prompt: string;
  readonly answer: string;
  readonly score: number;
}

/** Reinforcement learning from human feedback: the proxy beside the truth, what it costs, and what is said for it. */
export function PracticePanel({ ids }: { readonly ids: readonly string[] }) {
  return (
    <div class="stack wide">
      <Curves ids={ids} only={keys} />
      {ids.map((id) => (
        <Answers key={id} id={id} />
      ))}
    </div>
  );
}

function Answers({ id }: { readonly id: string }) {
  const t = words.value.practice;
  const [answers, setAnswers] = useState<readonly ScoredAnswer[]>([]);
  const [filter, setFilter] = useState('');
  // A hundred log lines are a round or more: often enough.
  const often = Math.floor((logs.value.get(id)?.version ?? 0) / 10);
  useEffect(() => {
    get<SampleView[]>('/api/run/samples', { id })
      .then((samples) => setAnswers(samples.flatMap(answersOf).reverse()))
      .catch(report);
  }, [id, often]);
  const found = answers.filter(({ prompt, answer }) => `${prompt}\n${answer}`.toLowerCase().includes(filter.toLowerCase()));
  return (
    <section class="stack">
      <div class="row wrap between">
        <h2>{t.answers}</h2>
        {answers.length > 0 && (
          <SearchBox label={t.filter} value={filter} onInput={setFilter} narrow />
        )}
      </div>
      {answers.length === 0 ? (
        <Empty icon="chat" title={t.noAnswers} text={t.noAnswersText} />
      ) : (
        <div class="card flush scroll-x">
          <table class="answers">
            <thead>
              <tr>
                <th>{words.value.runs.step}</th>
                <th>{t.prompt}</th>
                <th>{t.answer}</th>
                <th>{t.score}</th>
              </tr>
            </thead>
            <tbody>
              {found.slice(0, 100).map(({ step, prompt, answer, score }, index) => (
                <tr key={index}>
                  <td class="number muted">{wholeNumber(step)}</td>
                  <td>{prompt}</td>
                  <td>{answer}</td>
                  <td class={`number ${score >= 0 ? 'positive' : 'negative'}`}>{figure(score)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

function answersOf({ step, samples }: SampleView): ScoredAnswer[] {
  if (!Array.isArray(samples)) return [];
  return (samples as Partial<ScoredAnswer>[]).flatMap(({ prompt, answer, score }): ScoredAnswer[] =>
    prompt === undefined || answer === undefined || score === undefined ? [] : [{ step, prompt, answer, score }],
  );
}
