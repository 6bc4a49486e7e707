import type { RunView } from '../../../src/serving/studio/wire.js';
import { Progress } from '../../components/basics.js';
import { words } from '../../i18n/index.js';
import { statusOf } from '../../lib/runs.js';

const kinds: Record<string, string> = {
  running: 'good',
  starting: 'accent',
  finished: 'accent',
  interrupted: 'warn',
  killed: 'warn',
  failed: 'bad',
  diverged: 'bad',
};

export function StatusBadge({ run }: { readonly run: RunView }) {
  const status = statusOf(run);
  return (
    <span class={`badge ${kinds[status] ?? ''}`}>
      <span class={`dot ${status === 'running' || status === 'starting' ? 'pulse' : ''}`} />
      {words.value.status[status]}
    </span>
  );
}

export function RunProgressBar({ run }: { readonly run: RunView }) {
  const step = run.progress?.step ?? run.state?.step;
  const steps = run.state?.steps;
  if (step === undefined || steps === undefined || steps === 0) return null;
  return <Progress share={step / steps} label={run.id} />;
}
