import { computed } from '@preact/signals';
import { language } from '../lib/preferences.js';
import { en } from './en.js';
import { zh } from './zh.js';

const dictionaries = { en, zh };

/** The words of the language that is chosen. */
export const words = computed(() => dictionaries[language.value]);
