import { signal } from '@preact/signals';
import type { SetProgress } from '../../../src/serving/studio/labels/types.js';
import { get } from '../../lib/api.js';
import { attempt } from '../../lib/notices.js';

export type { LabelItem, SetProgress, Verdict } from '../../../src/serving/studio/labels/types.js';

export const sets = signal<readonly SetProgress[] | undefined>(undefined);

export async function refreshSets(): Promise<void> {
  const all = await attempt(() => get<SetProgress[]>('/api/labels'));
  if (all !== undefined) sets.value = all;
}

/** Puts what is newly known of a set in its place. */
export function take(set: SetProgress): void {
  sets.value = sets.value?.map((each) => (each.id === set.id ? set : each));
}

export const setPath = (id: string, rest = ''): string => `/api/labels/${encodeURIComponent(id)}${rest}`;
