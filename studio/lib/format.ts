import { formatDuration as inEnglish } from '../../src/training/progress.js';
import { language } from './preferences.js';

/** Numbers and times as one reads them. */

export { formatCount, formatLoss } from '../../src/training/progress.js';

const locale = (): string => (language.value === 'zh' ? 'zh-CN' : 'en');

export const wholeNumber = (value: number): string => value.toLocaleString(locale());

const chineseUnits: Readonly<Record<string, string>> = { d: '天', h: '小时', min: '分', s: '秒' };

/** 1 h 05 min. */
export function formatDuration(seconds: number): string {
  const text = inEnglish(seconds);
  return language.value === 'zh' ? text.replaceAll(/[a-z]+/g, (unit) => chineseUnits[unit] ?? unit) : text;
}

/** Four digits, whatever the size. */
export function figure(value: unknown): string {
  if (typeof value !== 'number') return typeof value === 'string' ? value : JSON.stringify(value);
  if (Number.isInteger(value)) return wholeNumber(value);
  const size = Math.abs(value);
  return size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(2) : String(Number(value.toPrecision(4)));
}

/** 26 Nov, 18:37. */
export const dateTime = (iso: string): string =>
  new Date(iso).toLocaleString(locale(), { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

export function bytes(count: number): string {
  const units = ['B', 'kB', 'MB', 'GB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, count)) / 3));
  return `${Number((count / 1000 ** power).toPrecision(3))} ${units[power]}`;
}
