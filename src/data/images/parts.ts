import { dirname } from 'node:path';

/** What names of files and folders say: which images are for testing, and of which class a picture is. */

const testFolder = /^(t10k|test|testing|val|valid|validation)([-_ ]?(set|data|images|pictures))?$/i;
const trainFolder = /^(train|training)([-_ ]?(set|data|images|pictures))?$/i;

const foldersOf = (name: string): string[] =>
  dirname(name)
    .split('/')
    .filter((folder) => folder !== '.' && folder !== '');

/** Pictures are for testing by a folder they are in; what they are called themselves says nothing. */
export const isTestPicture = (name: string): boolean => foldersOf(name).some((folder) => testFolder.test(folder));

/** Files of many images are for testing by any word of their path, e.g. emnist-letters-test-images-idx3-ubyte. */
export const isTestFile = (name: string): boolean =>
  /(^|[^a-z])(t10k|test|testing|val|validation)(?![a-z])/i.test(name);

/** The innermost folder around a picture that does not say what it is for; undefined where there is none. */
export const classFolder = (name: string): string | undefined =>
  foldersOf(name).findLast((folder) => !testFolder.test(folder) && !trainFolder.test(folder));
