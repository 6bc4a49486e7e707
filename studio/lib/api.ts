import { signal } from '@preact/signals';
import type { ErrorView } from '../../src/serving/studio/wire.js';
import { apiKey } from './preferences.js';

/** What the server refused, in its own words. */
export class ServerError extends Error {
  readonly advice: string | undefined;
  readonly status: number;

  constructor(message: string, status: number, advice?: string) {
    super(message);
    this.status = status;
    this.advice = advice;
  }
}

/** Whether the server has asked for a key. */
export const wantsKey = signal(false);

/** Asks the server. @throws ServerError with what it says, or that it does not answer */
export async function request(path: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (apiKey.value !== '') headers.set('authorization', `Bearer ${apiKey.value}`);
  const response = await fetch(path, { ...init, headers }).catch((error: unknown) => {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ServerError('The server does not answer.', 0, 'Is it still running?');
  });
  if (response.ok) return response;
  if (response.status === 401) wantsKey.value = true;
  const body = (await response.json().catch(() => undefined)) as ErrorView | undefined;
  throw new ServerError(body?.error.message ?? response.statusText, response.status, body?.error.advice);
}

export async function get<Value>(
  path: string,
  query: Readonly<Record<string, string>> = {},
  signal?: AbortSignal,
): Promise<Value> {
  const search = new URLSearchParams(query);
  const address = search.size > 0 ? `${path}?${search}` : path;
  return (await request(address, signal ? { signal } : {})).json() as Promise<Value>;
}

export async function send<Value>(
  path: string,
  body: unknown = {},
  init: RequestInit & { readonly query?: Readonly<Record<string, string>> } = {},
): Promise<Value> {
  const { query, ...rest } = init;
  const address = query === undefined ? path : `${path}?${new URLSearchParams(query)}`;
  const response = await request(address, {
    method: 'POST',
    ...rest,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return response.json() as Promise<Value>;
}

/** Saves what the server sends as a file: a plain link could not bring a key. */
export async function download(path: string, query: Readonly<Record<string, string>>, name: string): Promise<void> {
  const response = await request(`${path}?${new URLSearchParams(query)}`);
  saveAs(await response.blob(), name);
}

export function saveAs(content: Blob, name: string): void {
  const url = URL.createObjectURL(content);
  const anchor = Object.assign(document.createElement('a'), { href: url, download: name });
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
