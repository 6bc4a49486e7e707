import { signal } from '@preact/signals';

/** Where one is: `#/runs/new?command=train` is the path runs, new with its query. */
export interface Place {
  readonly path: readonly string[];
  readonly query: URLSearchParams;
}

const read = (): Place => {
  const [path = '', query = ''] = location.hash.replace(/^#\/?/, '').split('?');
  return { path: path.split('/').filter(Boolean).map(decodeURIComponent), query: new URLSearchParams(query) };
};

export const place = signal(read());
addEventListener('hashchange', () => {
  place.value = read();
});

/** An address within the page. */
export function link(
  path: readonly string[],
  query: Readonly<Record<string, string | readonly string[] | undefined>> = {},
): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    for (const each of value === undefined ? [] : [value].flat()) search.append(key, each);
  }
  const tail = search.size > 0 ? `?${search}` : '';
  return `#/${path.map(encodeURIComponent).join('/')}${tail}`;
}

export const go = (...to: Parameters<typeof link>): void => {
  location.hash = link(...to);
};
