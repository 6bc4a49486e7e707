import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects, type AsyncBuffer } from 'hyparquet';
import { DataError } from '../../errors.js';
import type { JsonObject } from '../json.js';
import { readBytes, type DataFile } from './files.js';
import type { ReadOptions, Row } from './row.js';

/** Rows of a Parquet file, one row group in memory at a time. A row's line is its number in the file, from 1. */
export async function* readParquet(file: DataFile, options: ReadOptions = {}): AsyncGenerator<Row> {
  const damaged = (cause: unknown): DataError =>
    new DataError(`${file.path}: cannot be read as Parquet (${cause instanceof Error ? cause.message : 'damaged'})`, {
      advice:
        'The file is damaged, or compressed in a way other than snappy or none; write it again with one of these.',
      cause,
    });
  const buffer = file.gzipped ? await unzip(file, options.signal) : await asyncBufferFromFile(file.path);
  const metadata = await parquetMetadataAsync(buffer).catch((error: unknown) => {
    throw damaged(error);
  });
  let line = 1;
  for (const group of metadata.row_groups) {
    options.signal?.throwIfAborted();
    const rowStart = line - 1;
    const rowEnd = rowStart + Number(group.num_rows);
    const rows = await parquetReadObjects({ file: buffer, metadata, rowStart, rowEnd }).catch((error: unknown) => {
      throw damaged(error);
    });
    for (const row of rows) yield { value: rowToJson(row), file: file.path, line: line++ };
  }
}

/** Parquet is read from its end, so a gzipped file has to be unpacked as a whole. */
async function unzip(file: DataFile, signal?: AbortSignal): Promise<AsyncBuffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of readBytes(file, signal)) chunks.push(chunk);
  const bytes = new Uint8Array(Buffer.concat(chunks));
  return bytes.buffer;
}

/** Values as JSON would have them: numbers for int64 where they are exact, ISO 8601 for times. */
function toJson(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  return rowToJson(value);
}

function rowToJson(row: object): JsonObject {
  return Object.fromEntries(Object.entries(row).map(([key, value]) => [key, toJson(value)]));
}
