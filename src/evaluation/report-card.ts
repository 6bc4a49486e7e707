import type { QuestionKind } from '../data/almanac/index.js';
import type { Machine } from '../runtime/machine.js';
import type { ExamAnswer, ExamResult } from './exam.js';

/** The report card: what every stage changed, for the terminal and as a page. */

/** A line of a run's log: figures of a step, or what was measured after one. */
export interface LogRow {
  readonly step?: number;
  readonly evaluation?: Readonly<Record<string, number>>;
  readonly [figure: string]: unknown;
}

export interface StageSummary {
  readonly stage: string;
  readonly name: string;
  readonly results: Readonly<Record<string, unknown>>;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly exam?: ExamResult;
  readonly metrics: readonly LogRow[];
}

export interface ReportData {
  readonly task: string;
  readonly createdAt: string;
  readonly seconds: number;
  readonly machine: Machine;
  readonly familyTree: string;
  readonly stages: readonly StageSummary[];
}

const percent = (share: number): string => (Number.isFinite(share) ? `${(100 * share).toFixed(0)}%` : '–');

/** The rows of the exam: figures over all questions, then the share of right answers of each kind. */
export function examRows(stages: readonly StageSummary[]): { label: string; values: string[] }[] {
  const exams = stages.flatMap(({ exam }) => exam ?? []);
  const row = (label: string, value: (exam: ExamResult) => string) => ({ label, values: exams.map(value) });
  const kinds = [...new Set(exams.flatMap(({ byKind }) => Object.keys(byKind) as QuestionKind[]))];
  return [
    row('true score', ({ overall }) => `${overall.score.toFixed(3)} ± ${overall.standardError.toFixed(3)}`),
    row('taught facts right', ({ knownFacts }) => percent(knownFacts)),
    row('unknowns admitted', ({ honesty }) => percent(honesty)),
    row('false refusals', ({ falseRefusals }) => percent(falseRefusals)),
    ...kinds.map((kind) => row(`  ${kind}`, ({ byKind }) => percent(byKind[kind]?.right ?? NaN))),
  ];
}

/** Questions whose answers changed most from stage to stage, a few of each kind. */
export function tellingAnswers(stages: readonly StageSummary[], perKind = 2): ExamAnswer[][] {
  const exams = stages.flatMap(({ exam }) => exam ?? []);
  const [first] = exams;
  if (first === undefined) return [];
  const taken = new Map<string, number>();
  const rows = first.answers.map((_, index) => exams.map(({ answers }) => answers[index]!));
  const changed = (row: readonly ExamAnswer[]): number => new Set(row.map(({ score }) => score)).size;
  return rows
    .sort((a, b) => changed(b) - changed(a))
    .filter(([answer]) => {
      const count = taken.get(answer!.kind) ?? 0;
      taken.set(answer!.kind, count + 1);
      return count < perKind;
    });
}

/** The report for a terminal. */
export function renderText(data: ReportData): string {
  const examined = data.stages.filter(({ exam }) => exam !== undefined);
  const lines: string[] = ['', `Report card: ${data.task}`, ''];
  if (examined.length > 0) {
    const rows = examRows(data.stages);
    const width = Math.max(...rows.map(({ label }) => label.length));
    const columns = examined.map(({ name }, index) =>
      Math.max(name.length, ...rows.map(({ values }) => values[index]!.length)),
    );
    const line = (label: string, cells: readonly string[]): string =>
      `  ${label.padEnd(width)}  ${cells.map((cell, index) => cell.padStart(columns[index]!)).join('  ')}`;
    lines.push(
      line(
        '',
        examined.map(({ name }) => name),
      ),
      ...rows.map(({ label, values }) => line(label, values)),
      '',
    );
    for (const row of tellingAnswers(data.stages, 1).slice(0, 10)) {
      lines.push(`  ${row[0]!.kind}: ${row[0]!.messages.map(({ content }) => content).join(' / ')}`);
      row.forEach(({ answer, score }, index) => {
        lines.push(
          `    ${examined[index]!.name.padEnd(14)} ${score.toFixed(1)}  ${answer.replaceAll('\n', ' ').slice(0, 90)}`,
        );
      });
    }
    lines.push('');
  }
  lines.push('Family tree', ...data.familyTree.split('\n').map((line) => `  ${line}`), '');
  return lines.join('\n');
}
