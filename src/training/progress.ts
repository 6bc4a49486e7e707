/** How far a run is: what a reporter shows. */
export interface StepProgress {
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly gradientNorm: number;
  readonly learningRate: number;
  /** Tokens (or images, or examples) a second, over the latest steps. */
  readonly tokensPerSecond: number;
  /** What is counted: tokens, images, … */
  readonly unit: string;
  /** Share of the machine's matrix-product peak that the latest steps reached; undefined when it was not measured. */
  readonly peakShare?: number;
  readonly secondsElapsed: number;
  readonly secondsLeft: number;
  readonly metrics: Readonly<Record<string, number>>;
}

/** Receives what happens in a run. `train()` never waits for it. */
export interface ProgressReporter {
  begin?(run: { name: string; step: number; steps: number; compileSeconds: number }): void;
  step?(progress: StepProgress): void;
  evaluation?(event: { step: number; metrics: Readonly<Record<string, number>>; best: boolean }): void;
  samples?(event: { step: number; samples: unknown }): void;
  /** Something that a run should not look like, in words; see `watchFigures`. */
  warning?(event: { step: number; message: string }): void;
  checkpoint?(event: { step: number; path: string; seconds: number }): void;
  end?(event: { status: 'finished' | 'interrupted' | 'failed'; step: number; seconds: number }): void;
}

/** 42 s, 3 min 07 s, 2 h 05 min, 4 d 03 h. */
export function formatDuration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.max(0, Math.round(seconds));
  const two = (value: number): string => String(value).padStart(2, '0');
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h ${two(minutes % 60)} min`;
  const hours = Math.round(minutes / 60);
  return `${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

/** 950, 12.3k, 4.56M: three digits. */
export function formatCount(value: number): string {
  if (!Number.isFinite(value)) return '?';
  const units = ['', 'k', 'M', 'G', 'T'];
  let unit = 0;
  let scaled = value;
  while (Math.abs(scaled) >= 999.5 && unit < units.length - 1) {
    scaled /= 1000;
    unit++;
  }
  if (unit === 0) return String(Math.round(value));
  const digits = Math.abs(scaled) >= 99.95 ? 0 : Math.abs(scaled) >= 9.995 ? 1 : 2;
  return `${scaled.toFixed(digits)}${units[unit]}`;
}

/** A loss with as many digits as one reads: 2.3456, 12.35, 1.23e+6. */
export function formatLoss(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  if (size >= 1e5 || (size > 0 && size < 1e-4)) return value.toExponential(2);
  return value.toFixed(size >= 10 ? 2 : 4);
}

const bars = '▁▂▃▄▅▆▇█';

/** The course of some values in one line of at most `width` characters; each is the mean of its share of them. */
export function sparkline(values: readonly number[], width: number): string {
  const finite = values.filter((value) => Number.isFinite(value));
  const columns = Math.min(width, finite.length);
  const means = Array.from({ length: columns }, (_, column) => {
    const share = finite.slice(
      Math.floor((column * finite.length) / columns),
      Math.floor(((column + 1) * finite.length) / columns),
    );
    return share.reduce((sum, value) => sum + value, 0) / share.length;
  });
  const low = Math.min(...means);
  const range = Math.max(...means) - low;
  return means
    .map((mean) => bars.charAt(range === 0 ? 0 : Math.round(((mean - low) / range) * (bars.length - 1))))
    .join('');
}

/** A bar of `width` characters. */
export function progressBar(fraction: number, width: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, fraction)) * width);
  return '━'.repeat(filled) + '─'.repeat(width - filled);
}

/** One line about one step, no longer than `columns`: what does not fit is left out from the end. */
export function formatProgress(progress: StepProgress, losses: readonly number[], columns: number): string {
  const { step, steps, loss, tokensPerSecond, unit, peakShare, secondsLeft } = progress;
  const width = String(steps).length;
  const parts = [
    `${String(step).padStart(width)}/${steps}`,
    `loss ${formatLoss(loss)}`,
    `${formatDuration(secondsLeft)} left`,
    `${formatCount(tokensPerSecond)} ${unit}/s`,
    ...(peakShare === undefined ? [] : [`${Math.round(peakShare * 100)}% of peak`]),
    sparkline(losses, 16),
  ];
  let line = progressBar(step / steps, 16);
  for (const part of parts) {
    if (line.length + 2 + part.length > columns) break;
    line += `  ${part}`;
  }
  return line.slice(0, columns);
}

export interface TerminalOutput {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/**
 * Shows a run in a terminal: one live line where there is one, else a line at every tenth of the run and at least
 * every half minute, so that a log stays short.
 */
export function terminalProgress(
  options: { readonly output?: TerminalOutput; readonly title?: string; readonly now?: () => number } = {},
): ProgressReporter {
  const { output = process.stderr, title, now = () => performance.now() } = options;
  const live = output.isTTY === true;
  const columns = (): number => (live ? Math.max(20, (output.columns ?? 80) - 1) : 120);
  const losses: number[] = [];
  let shownAt = -Infinity;
  let shownTenth = 0;
  let pending = '';

  const clear = (): void => {
    if (live) output.write('\r\x1b[2K');
  };
  /** A line that stays, above the live one. */
  const say = (text: string): void => {
    clear();
    output.write(`${text}\n`);
    if (live) output.write(pending);
  };
  return {
    begin({ name, step, steps, compileSeconds }) {
      shownTenth = Math.floor((step / steps) * 10);
      shownAt = now();
      const from = step > 0 ? `, resumed at step ${step}` : '';
      const compiled = compileSeconds > 0 ? ` (compiled in ${compileSeconds.toFixed(1)} s)` : '';
      say(`${title ?? name}: ${steps} steps${from}${compiled}`);
    },
    step(progress) {
      losses.push(progress.loss);
      // Halve what is remembered: the line needs 16 points, not a million.
      if (losses.length > 1024) losses.splice(0, losses.length, ...losses.filter((_, index) => index % 2 === 1));
      const last = progress.step === progress.steps;
      const tenth = Math.floor((progress.step / progress.steps) * 10);
      const due = live ? now() - shownAt >= 100 : tenth > shownTenth || now() - shownAt >= 30_000;
      if (!due && !last) return;
      shownAt = now();
      shownTenth = tenth;
      const line = formatProgress(progress, losses, columns());
      if (live) {
        pending = line;
        clear();
        output.write(line);
      } else {
        output.write(`${line}\n`);
      }
    },
    evaluation({ step, metrics, best }) {
      const figures = Object.entries(metrics).map(([key, value]) => `${key} ${formatLoss(value)}`);
      say(`  step ${step}: ${figures.join(', ')}${best ? ' (best)' : ''}`);
    },
    samples({ step, samples }) {
      const texts = (Array.isArray(samples) ? (samples as unknown[]) : [samples]).filter(
        (text) => typeof text === 'string',
      );
      for (const text of texts.slice(0, 2)) {
        say(`  step ${step} sample: ${text.replaceAll(/\s+/g, ' ').trim()}`.slice(0, columns()));
      }
    },
    warning({ step, message }) {
      say(`  step ${step}: ${message}`);
    },
    end({ status, step, seconds }) {
      pending = '';
      say(`  ${status} at step ${step} after ${formatDuration(seconds)}`);
    },
  };
}
