import { signal } from '@preact/signals';
import { ServerError } from './api.js';

/** Something to be told in a corner. */
export interface Notice {
  readonly id: number;
  readonly kind: 'error' | 'done';
  readonly text: string;
  readonly advice?: string;
}

export const notices = signal<readonly Notice[]>([]);
let count = 0;

export function notify(kind: Notice['kind'], text: string, advice?: string): void {
  const notice = { id: ++count, kind, text, ...(advice !== undefined && { advice }) };
  notices.value = [...notices.value, notice];
  setTimeout(() => dismiss(notice.id), kind === 'error' ? 12_000 : 4000);
}

export function dismiss(id: number): void {
  notices.value = notices.value.filter((notice) => notice.id !== id);
}

/** Tells of an error, unless somebody wanted it so. */
export function report(error: unknown): void {
  if (error instanceof DOMException && error.name === 'AbortError') return;
  notify(
    'error',
    error instanceof Error ? error.message : String(error),
    error instanceof ServerError ? error.advice : undefined,
  );
}

/** Does something that may fail, and tells if it does. */
export async function attempt<Value>(action: () => Promise<Value>): Promise<Value | undefined> {
  try {
    return await action();
  } catch (error) {
    report(error);
    return undefined;
  }
}
