import { effect, signal } from '@preact/signals';

/** What is remembered of a person on this browser. */

/** A signal that outlives the page. */
export function remembered<Value>(key: string, initial: Value) {
  const name = `descent.${key}`;
  const saved = localStorage.getItem(name);
  const value = signal<Value>(read(saved, initial));
  effect(() => localStorage.setItem(name, JSON.stringify(value.value)));
  return value;
}

function read<Value>(saved: string | null, initial: Value): Value {
  if (saved === null) return initial;
  try {
    return JSON.parse(saved) as Value;
  } catch {
    return initial;
  }
}

export type Theme = 'light' | 'dark';
export type Language = 'en' | 'zh';

const prefersDark = matchMedia('(prefers-color-scheme: dark)').matches;
export const theme = remembered<Theme>('theme', prefersDark ? 'dark' : 'light');
export const language = remembered<Language>('language', navigator.language.startsWith('zh') ? 'zh' : 'en');
/** Under which name judgements are kept. */
export const labeler = remembered('labeler', '');
/** Where the server wants one. */
export const apiKey = remembered('key', '');

effect(() => {
  document.documentElement.dataset['theme'] = theme.value;
  document.documentElement.lang = language.value === 'zh' ? 'zh-CN' : 'en';
});
