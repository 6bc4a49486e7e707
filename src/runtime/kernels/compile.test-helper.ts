import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const folder = new URL('.', import.meta.url);

interface Compiler {
  main(
    words: readonly string[],
    files: {
      readFile: (name: string) => string | null;
      writeFile: (name: string, contents: string | Uint8Array) => void;
      listFiles: () => readonly string[];
    },
  ): Promise<{ error: Error | null }>;
}

/** Loaded by a name that the type checker does not follow: its types would redeclare Array's for the whole project. */
async function loadCompiler(): Promise<Compiler> {
  const name = ['assemblyscript', 'asc'].join('/');
  return ((await import(name)) as { default: Compiler }).default;
}

/** Compiles optimizer.as; the same source gives the same bytes. */
export async function compileKernels(): Promise<Uint8Array> {
  const source = readFileSync(new URL('optimizer.as', folder), 'utf8');
  let binary: Uint8Array | undefined;
  const flags = '--outFile out.wasm --runtime stub --importMemory --enable simd --noAssert -O3'.split(' ');
  const compiler = await loadCompiler();
  const { error } = await compiler.main(['optimizer.ts', ...flags], {
    readFile: (name: string) => (name === 'optimizer.ts' ? source : null),
    writeFile: (name: string, contents: string | Uint8Array) => {
      if (name === 'out.wasm' && typeof contents !== 'string') binary = contents;
    },
    listFiles: () => [],
  });
  if (error !== null || binary === undefined) throw new Error(`the kernels do not compile: ${String(error)}`);
  return binary;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const text = Buffer.from(await compileKernels()).toString('base64');
  const lines = text.match(/.{1,110}/g) ?? [];
  const code = `/** optimizer.as, compiled by \`npm run kernels\`. */\nexport const kernelsBase64 =\n${lines.map((line) => `  '${line}'`).join(' +\n')};\n`;
  writeFileSync(new URL('binary.ts', folder), code);
}
