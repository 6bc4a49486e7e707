import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { folderWith, hasSharedData, sharedPath } from '../fixtures.test-helper.js';
import { imageBatches, imageList } from './batches.js';
import { captioned, captionTokens, trainCaptionTokens } from './caption-tokens.js';
import { holdOutImages, sharingGroups } from './hold-out.js';
import type { ImageSet } from './image-set.js';
import { readImages } from './sources.js';

const captions = [['A red heart', 'love'], ['a blue heart'], [], ['A red car', 'auto', 'red thing']];
const set: ImageSet = {
  ...{ name: 'four', count: 4, channels: 1, height: 1, width: 1 },
  pixels: Uint8Array.of(0, 1, 2, 3),
  captions,
};

describe('captions as tokens', () => {
  it('are of one length, in lower case, ended by the last token and filled with 0', async () => {
    const text = await trainCaptionTokens(set, { vocabularySize: 270 });
    const row = text.encode('A RED heart');
    expect(row).toEqual(text.encode('a red heart'));
    expect(row.length).toBe(text.length);
    const end = row.indexOf(text.vocabulary - 1);
    expect(Math.max(...row)).toBe(text.vocabulary - 1);
    expect(row.subarray(end + 1).every((token) => token === 0)).toBe(true);
    expect(text.tokenizer.decode(row.subarray(0, end).map((token) => token - 1))).toBe('a red heart');
    expect(Math.max(...captions.flat().map((caption) => text.encode(caption).indexOf(text.vocabulary - 1)))).toBe(
      text.length - 1,
    );
  });

  it('of any text have exactly one end, and never a 0 before it', async () => {
    const { tokenizer } = await trainCaptionTokens(set, { vocabularySize: 270 });
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.integer({ min: 1, max: 9 }), (caption, length) => {
        const { encode, vocabulary } = captionTokens(tokenizer, length);
        const row = encode(caption);
        const end = row.indexOf(vocabulary - 1);
        expect(row.lastIndexOf(vocabulary - 1)).toBe(end);
        expect(row.subarray(0, end).every((token) => token > 0 && token < vocabulary)).toBe(true);
      }),
    );
  });

  it('come with batches: any of an image in training, the first in a list, zeros where there is none', async () => {
    const text = await trainCaptionTokens(set, { vocabularySize: 270 });
    const { length } = text;
    const batches = imageBatches({ images: set, batchSize: 4, pixels: 'bytes', seed: 1, text });
    const seen = new Map<number, Set<string>>();
    for (let step = 0; step < 40; step++) {
      const { images, tokens } = batches.next();
      images.forEach((image, row) => {
        const own = (tokens as Int32Array).subarray(row * length, (row + 1) * length);
        seen.set(image, (seen.get(image) ?? new Set()).add(own.join()));
      });
    }
    captions.forEach((own, index) => {
      const rows = own.length === 0 ? [new Int32Array(length)] : own.map(text.encode);
      expect(seen.get(index)).toEqual(new Set(rows.map((row) => row.join())));
    });
    const [first] = imageList({ images: set, batchSize: 4, pixels: 'bytes', seed: 0, text });
    expect(first!.batch['tokens']).toEqual(
      Int32Array.from(
        captions.flatMap(([caption]) => [...(caption === undefined ? new Int32Array(length) : text.encode(caption))]),
      ),
    );
    expect(imageBatches({ images: set, batchSize: 1, pixels: 'bytes', seed: 1 }).next()).not.toHaveProperty('tokens');
  });

  it('want images that have some', async () => {
    const { captions: _, ...bare } = set;
    expect(captioned(set).pixels).toEqual(Uint8Array.of(0, 1, 3));
    expect(() => captioned(bare)).toThrow(/have no captions/);
    await expect(trainCaptionTokens(bare, { vocabularySize: 270 })).rejects.toThrow(/have no captions/);
  });
});

describe('holding captioned images out', () => {
  it('keeps those together that share a caption, in any case and through others', () => {
    expect(sharingGroups([['a', 'b'], ['c'], ['B', 'd'], [], ['D']])).toEqual([[0, 2, 4], [1], [3]]);
  });

  it('holds out whole groups, about as many images as asked for', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.integer({ min: 40, max: 80 }), (held, names) => {
        const own = Array.from({ length: 120 }, (_, index) => [`name ${index % names}`]);
        const images: ImageSet = { ...set, count: 120, pixels: new Uint8Array(120), captions: own };
        const { train, validation } = holdOutImages(images, held);
        expect(train.count + validation.count).toBe(120);
        expect(Math.abs(validation.count - held)).toBeLessThanOrEqual(Math.max(2, 0.1 * held));
        const known = new Set(train.captions!.flat());
        expect(validation.captions!.flat().some((caption) => known.has(caption))).toBe(false);
      }),
    );
  });

  it('spreads them evenly where all captions are common', () => {
    const own = Array.from({ length: 100 }, (_, index) => [index < 50 ? 'a' : 'b']);
    const { validation } = holdOutImages({ ...set, count: 100, pixels: new Uint8Array(100), captions: own }, 4);
    expect(validation.captions).toEqual([['a'], ['a'], ['b'], ['b']]);
  });
});

describe('plain pixels', () => {
  const rows =
    '{"index":0,"caption":"one","short_names":["hot_dog"],"category":"x"}\n{"index":1,"text":["two","2"],"category":"a"}';

  it('are read by the size in their name, with captions and categories by index', async () => {
    const bytes = Uint8Array.from({ length: 2 * 2 * 1 * 3 }, (_, index) => index);
    const source = folderWith({ 'things2x1_rgb.bin.gz': bytes, 'captions.jsonl.gz': rows });
    const { train } = await readImages({ source });
    expect(train).toMatchObject({ count: 2, channels: 3, height: 1, width: 2, labelNames: ['a', 'x'] });
    expect([...train.pixels]).toEqual([0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]);
    expect(train.captions).toEqual([
      ['one', 'hot dog'],
      ['two', '2'],
    ]);
    expect([...train.labels!]).toEqual([1, 0]);
  });

  it('say what is wrong with them', async () => {
    await expect(readImages({ source: folderWith({ 'a2_grey.bin': new Uint8Array(7) }) })).rejects.toThrow(
      /a2_grey\.bin: 7 bytes are not a whole number of images of 2 x 2/,
    );
    const beyond = folderWith({ 'a1_grey.bin': new Uint8Array(1), 'captions.jsonl': rows });
    await expect(readImages({ source: beyond })).rejects.toThrow(/captions\.jsonl:2: field "index": not the number/);
    const two = folderWith({ 'a1_grey.bin': new Uint8Array(1), 'b1_grey.bin': new Uint8Array(1) });
    await expect(readImages({ source: two })).rejects.toThrow(/only one file is read/);
  });

  it.skipIf(!hasSharedData('img-emoji-captions'))('are the emoji, of which whole ones are held out', async () => {
    const { train: all } = await readImages({ source: sharedPath('img-emoji-captions') });
    expect(all).toMatchObject({ count: 7572, channels: 3, height: 32, width: 32 });
    expect(all.captions![0]).toEqual(['hash key', 'hash']);
    const { train, validation } = holdOutImages(all, 750);
    const known = new Set(train.captions!.flat());
    expect(validation.captions!.flat().some((caption) => known.has(caption))).toBe(false);
    expect(Math.abs(validation.count - 750)).toBeLessThan(76);
  });
});
