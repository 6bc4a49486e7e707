import { computed, effect, signal } from '@preact/signals';
import type { ModelView } from '../../src/serving/studio/models.js';
import { get } from './api.js';
import { runs } from './runs.js';

export type { ImageAbilities, ModelView } from '../../src/serving/studio/models.js';

/** Every model there is; asked for again whenever a run has finished one. */
export const models = signal<readonly ModelView[] | undefined>(undefined);

const finished = computed(() =>
  runs.value
    ?.filter(({ hasModel }) => hasModel)
    .map(({ id, state }) => `${id} ${state?.status}`)
    .join('\n'),
);

effect(() => {
  if (finished.value !== undefined) void refreshModels();
});

export async function refreshModels(): Promise<void> {
  models.value = await get<ModelView[]>('/api/models').catch(() => models.peek() ?? []);
}

/** Those that write: what can chat first, the promoted one before all. */
export const languageModels = computed(() =>
  (models.value ?? [])
    .filter(({ kind }) => kind === 'language-model')
    .sort((a, b) => Number(b.promoted) - Number(a.promoted) || Number(b.chats) - Number(a.chats)),
);
export const chatModels = computed(() => languageModels.value.filter(({ chats }) => chats));
export const rewardModels = computed(() => (models.value ?? []).filter(({ kind }) => kind === 'reward-model'));
export const imageModels = computed(() => (models.value ?? []).filter(({ kind }) => kind === 'image'));
