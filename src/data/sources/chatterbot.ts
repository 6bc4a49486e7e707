import { BadRowError, reportBadRow, type Place } from '../bad-rows.js';
import { readBytes, type DataFile } from './files.js';
import type { ReadOptions, Row } from './row.js';
import { readTar } from './tar.js';

/**
 * Rows `{conversations: [question, answer, ...]}` of ChatterBot's corpus: YAML files, or a tar archive of them.
 *
 * @throws BadRowError for a line that is not of this corpus' form, unless `badRows` is given
 */
export async function* readChatterbot(file: DataFile, options: ReadOptions = {}): AsyncGenerator<Row> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readBytes(file, options.signal)) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  if (!/\.(tar(\.gz)?|tgz)$/i.test(file.path)) {
    yield* parseChatterbot(bytes.toString('utf8'), file.path, options);
    return;
  }
  for (const { name, content } of readTar(bytes, file.path)) {
    if (/\.ya?ml$/.test(name))
      yield* parseChatterbot(Buffer.from(content).toString('utf8'), `${file.path}/${name}`, options);
  }
}

/**
 * The corner of YAML that the corpus uses: `conversations:`, a list of lists of texts, each text on the line of its
 * dash and the deeper ones below, plain, quoted, or as a block (`|`).
 */
function* parseChatterbot(content: string, file: string, options: ReadOptions): Generator<Row> {
  const lines = content.split(/\r?\n/);
  let conversation: string[] | undefined;
  let began = 0;
  let inside = false;
  for (let index = 0; index < lines.length;) {
    const line = lines[index]!;
    const place: Place = { file, line: index + 1 };
    index++;
    if (/^\w+:\s*$/.test(line)) {
      inside = line.startsWith('conversations');
      continue;
    }
    if (!inside || line.trim() === '' || line.trimStart().startsWith('#')) continue;
    const item = /^(- | {2})- ?(.*)$/.exec(line);
    if (item === null) {
      const why = `neither a text ("- - …" or "  - …") nor part of one: ${line.trim()}`;
      reportBadRow(options.badRows, new BadRowError(place, { why }));
      // What follows would belong to the conversation that could not be read.
      if (conversation !== undefined) yield { value: { conversations: conversation }, file, line: began };
      conversation = undefined;
      continue;
    }
    if (item[1] === '- ') {
      if (conversation !== undefined) yield { value: { conversations: conversation }, file, line: began };
      conversation = [];
      began = place.line;
    }
    const deeper: string[] = [];
    while (index < lines.length && /^(\s{3,}|\s*$)/.test(lines[index]!)) deeper.push(lines[index++]!);
    conversation?.push(readScalar(item[2] ?? '', deeper));
  }
  if (conversation !== undefined) yield { value: { conversations: conversation }, file, line: began };
}

function readScalar(first: string, deeper: readonly string[]): string {
  if (/^\|[-+]?\s*$/.test(first)) {
    const indent = deeper.find((line) => line.trim() !== '')?.search(/\S/) ?? 0;
    return deeper
      .map((line) => line.slice(indent))
      .join('\n')
      .trimEnd();
  }
  const text = foldLines([first, ...deeper]);
  if (/^'.*'$/s.test(text)) return text.slice(1, -1).replaceAll("''", "'");
  if (/^".*"$/s.test(text)) return JSON.parse(text.replaceAll('\n', '\\n')) as string;
  return text.replace(/\s#.*$/, '');
}

/** Lines of one text become one line; an empty line between them becomes a line break. */
function foldLines(lines: readonly string[]): string {
  let text = '';
  let breaks = 0;
  for (const line of lines.map((each) => each.trim())) {
    if (line === '') breaks++;
    else {
      text += text === '' ? line : (breaks > 0 ? '\n'.repeat(breaks) : ' ') + line;
      breaks = 0;
    }
  }
  return text;
}
