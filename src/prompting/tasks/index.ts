import type { TaskSettings } from '../task.js';
import { clozeTasks } from './cloze.js';
import { labelTasks } from './labels.js';
import { madeTasks } from './made.js';
import { textTasks } from './texts.js';

/** The tasks that come along. A file of one's own has the same form: see `taskSchema`. */
export const builtInTasks: readonly TaskSettings[] = [...clozeTasks, ...labelTasks, ...textTasks, ...madeTasks];
