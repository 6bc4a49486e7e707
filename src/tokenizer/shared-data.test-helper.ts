import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { fileURLToPath } from 'node:url';

const shared = fileURLToPath(new URL('../../../shared/data/', import.meta.url));

/** Whether a folder of the shared data is there; when all of it is required, missing data is a failure. */
export function hasSharedData(folder: string): boolean {
  return existsSync(`${shared}${folder}`) || process.env.DESCENT_REQUIRE_SHARED_DATA === '1';
}

/** A gzipped text of the shared data. */
export function sharedText(path: string): string {
  return gunzipSync(readFileSync(`${shared}${path}`)).toString('utf8');
}
