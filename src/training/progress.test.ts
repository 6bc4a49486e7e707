import { describe, expect, it } from 'vitest';
import {
  formatCount,
  formatDuration,
  formatLoss,
  formatProgress,
  progressBar,
  sparkline,
  terminalProgress,
  type StepProgress,
} from './progress.js';

function progressAt(step: number, overrides: Partial<StepProgress> = {}): StepProgress {
  return {
    step,
    steps: 100,
    loss: 2.5,
    gradientNorm: 1,
    learningRate: 1e-3,
    tokensPerSecond: 12_345,
    unit: 'tokens',
    secondsElapsed: step,
    secondsLeft: 100 - step,
    metrics: {},
    ...overrides,
  };
}

describe('formatting', () => {
  it('writes durations', () => {
    expect([0, 59.4, 59.6, 187, 3599.7, 7500, 86_399, 356_400, NaN].map(formatDuration)).toEqual([
      '0 s',
      '59 s',
      '1 min 00 s',
      '3 min 07 s',
      '1 h 00 min',
      '2 h 05 min',
      '1 d 00 h',
      '4 d 03 h',
      '?',
    ]);
  });

  it('writes counts with three digits', () => {
    expect([0, 950, 999.6, 12_345, 123_456, 999_600, 1_234_567, 5e12].map(formatCount)).toEqual([
      '0',
      '950',
      '1.00k',
      '12.3k',
      '123k',
      '1.00M',
      '1.23M',
      '5.00T',
    ]);
  });

  it('writes losses', () => {
    expect([2.34567, 12.345, -0.5, 0, 1.234e6, 1e-6, NaN].map(formatLoss)).toEqual([
      '2.3457',
      '12.35',
      '-0.5000',
      '0.0000',
      '1.23e+6',
      '1.00e-6',
      'NaN',
    ]);
  });

  it('draws bars and sparklines', () => {
    expect(progressBar(0.5, 8)).toBe('━━━━────');
    expect(progressBar(7, 2)).toBe('━━');
    expect(sparkline([], 8)).toBe('');
    expect(sparkline([1, 1, NaN, 1], 8)).toBe('▁▁▁');
    expect(sparkline([8, 7, 6, 5, 4, 3, 2, 1], 8)).toBe('█▇▆▅▄▃▂▁');
    expect(sparkline([4, 4, 1, 1], 2)).toBe('█▁');
  });

  it('fits one step into the columns there are', () => {
    const full = formatProgress(progressAt(50, { peakShare: 0.654 }), [3, 2], 200);
    expect(full).toBe('━━━━━━━━────────   50/100  loss 2.5000  50 s left  12.3k tokens/s  65% of peak  █▁');
    for (let columns = 1; columns <= 100; columns++) {
      expect(formatProgress(progressAt(50), [3, 2], columns).length).toBeLessThanOrEqual(columns);
    }
  });
});

describe('terminalProgress', () => {
  function record(isTTY: boolean) {
    let text = '';
    let time = 0;
    const output = {
      isTTY,
      columns: 80,
      write: (part: string) => {
        text += part;
      },
    };
    const reporter = terminalProgress({ output, now: () => time });
    return { reporter, text: () => text, wait: (milliseconds: number) => (time += milliseconds) };
  }

  it('writes a line at every tenth of the run where there is no terminal', () => {
    const { reporter, text, wait } = record(false);
    reporter.begin?.({ name: 'gpt', step: 0, steps: 100, compileSeconds: 1.25 });
    for (let step = 1; step <= 100; step++) {
      wait(10);
      reporter.step?.(progressAt(step));
    }
    reporter.evaluation?.({ step: 100, metrics: { loss: 1.5 }, best: true });
    reporter.warning?.({ step: 100, message: 'too good to be true' });
    reporter.samples?.({ step: 100, samples: ['Call me\n Ishmael.', { not: 'text' }] });
    reporter.end?.({ status: 'finished', step: 100, seconds: 1 });
    const lines = text().trimEnd().split('\n');
    expect(lines).toHaveLength(1 + 10 + 4);
    expect(lines[0]).toBe('gpt: 100 steps (compiled in 1.3 s)');
    expect(lines.at(-4)).toBe('  step 100: loss 1.5000 (best)');
    expect(lines.at(-3)).toBe('  step 100: too good to be true');
    expect(lines.at(-2)).toBe('  step 100 sample: Call me Ishmael.');
    expect(lines.at(-1)).toBe('  finished at step 100 after 1 s');
    expect(text()).not.toContain('\x1b');
  });

  it('writes a line every half minute of a slow run', () => {
    const { reporter, text, wait } = record(false);
    reporter.begin?.({ name: 'gpt', step: 0, steps: 1000, compileSeconds: 0 });
    for (let step = 1; step <= 7; step++) {
      wait(10_000);
      reporter.step?.(progressAt(step, { steps: 1000 }));
    }
    expect(text().trimEnd().split('\n')).toHaveLength(1 + 2);
  });

  it('keeps one live line in a terminal, ten times a second', () => {
    const { reporter, text, wait } = record(true);
    reporter.begin?.({ name: 'gpt', step: 0, steps: 100, compileSeconds: 0 });
    for (let step = 1; step <= 50; step++) {
      wait(20);
      reporter.step?.(progressAt(step));
    }
    expect(text().split('\r\x1b[2K')).toHaveLength(1 + 1 + 10);
    expect(text().match(/\n/g)).toHaveLength(1);
  });
});
