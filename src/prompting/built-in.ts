import { ConfigError } from '../errors.js';
import { parseSettings } from '../training/settings.js';
import { type Task, type TaskSettings, taskSchema } from './task.js';
import { builtInTasks } from './tasks/index.js';

/**
 * A task with its defaults filled in.
 *
 * @param where said in front of each key in an error, e.g. a file's name
 * @throws ConfigError naming every key that is wrong
 */
export const defineTask = (settings: TaskSettings | Readonly<Record<string, unknown>>, where?: string): Task =>
  parseSettings(taskSchema, settings, where ?? `task ${String(settings['name'])}`);

export const taskNames: readonly string[] = builtInTasks.map(({ name }) => name);

/** A task that comes along, with some of its settings changed. @throws ConfigError for an unknown name, listing those there are */
export function builtInTask(name: string, changes: Partial<TaskSettings> = {}): Task {
  const found = builtInTasks.find((task) => task.name === name);
  if (found !== undefined) return defineTask({ ...found, ...changes });
  throw new ConfigError(`There is no task '${name}'`, { advice: `There are: ${taskNames.join(', ')}.` });
}
