import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError } from '../../errors.js';

/** Where the page was built: `dist/studio`, beside the built sources or below the sources themselves. */

const isSource = import.meta.url.endsWith('.ts');
const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));
const repository = path(isSource ? '../../..' : '../../../..');
const built = join(repository, 'dist', 'studio');
const sources = ['studio', join('src', 'serving', 'studio')].map((folder) => join(repository, folder));

/**
 * The folder of the built page; in a checkout it is built first where it is missing or older than its sources.
 *
 * @throws ConfigError when it is missing and cannot be built
 */
export async function builtPage(say: (text: string) => void = () => undefined): Promise<string> {
  const index = join(built, 'index.html');
  const isThere = existsSync(index);
  // A package brings the page without its sources.
  if (!existsSync(join(sources[0]!, 'vite.config.ts'))) {
    if (isThere) return built;
    throw new ConfigError('The Studio’s page is missing from this installation', { advice: 'Install it again.' });
  }
  const newest = Math.max(...(await Promise.all(sources.map(newestIn))));
  if (isThere && (await stat(index)).mtimeMs >= newest) return built;
  say('Building the Studio’s page');
  const { build } = await import('vite').catch((cause: unknown) => {
    throw new ConfigError('The Studio’s page is not built', {
      advice: 'npm install, then npm run build:studio.',
      cause,
    });
  });
  await build({ configFile: join(sources[0]!, 'vite.config.ts'), logLevel: 'error' });
  return built;
}

/** When the youngest file of a folder was written. */
async function newestIn(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => entry.isFile() && !/\.test\./.test(entry.name));
  const times = await Promise.all(files.map(async (file) => (await stat(join(file.parentPath, file.name))).mtimeMs));
  return Math.max(0, ...times);
}
