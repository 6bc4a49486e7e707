import type { Invocation } from '../command.js';
import type { EngineFlags } from '../flags.js';
import { foundPicture, searchImages } from '../image-search.js';
import { imagesFor, withImageModel } from '../open-image-model.js';
import { answerWithPicture } from '../picture-output.js';

export interface SearchFlags extends EngineFlags {
  readonly n: number;
  readonly columns?: number;
  readonly out: string;
}

export async function searchCommand(invocation: Invocation<SearchFlags>): Promise<void> {
  const { positional, flags, signal } = invocation;
  const [path, query, source] = positional as [string, string, string?];
  const { n, columns, out } = flags;
  await withImageModel(flags, path, async (open) => {
    const images = await imagesFor(open, source, { signal });
    const found = await searchImages(open, images, { query, count: n, signal });
    const canvas = foundPicture(images, found, columns);
    const lines = found.map(
      ({ index, similarity, caption }) =>
        `  ${similarity.toFixed(3)}  ${caption ?? `image ${index + 1} of ${images.count.toLocaleString('en')}`}`,
    );
    await answerWithPicture(invocation, { out, canvas, lines, query, of: images.count, found });
  });
}
