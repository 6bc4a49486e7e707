import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { encode } from 'fast-png';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { BadRows } from '../bad-rows.js';
import { folderWith } from '../fixtures.test-helper.js';
import { decodePicture } from './decode.js';
import { imageAt } from './image-set.js';
import { centreImage, flipImage } from './resample.js';
import { readImages } from './sources.js';

/** Files and folders of images as they come, and what is made of them. */

const png = (data: number[], width = data.length, channels = 1): Uint8Array =>
  encode({ width, height: data.length / width / channels, channels, data: Uint8Array.from(data) });
const grey = (value: number): Uint8Array => png([value]);
const idx = (shape: number[], data: number[]): Uint8Array =>
  Uint8Array.from([0, 0, 8, shape.length, ...shape.flatMap((length) => [0, 0, 0, length]), ...data]);
const cifar = (label: number, value: number): Uint8Array => new Uint8Array(3073).fill(value).fill(label, 0, 1);

describe('pictures', () => {
  const pixelsOf = async (bytes: Uint8Array) => Array.from((await decodePicture(bytes, 'a.png')).pixels);

  it('looks up a palette, also one of few bits', async () => {
    const palette = [
      [255, 0, 0],
      [0, 0, 255],
    ];
    const whole = encode({ width: 2, height: 1, channels: 1, data: Uint8Array.of(1, 0), palette });
    expect(await pixelsOf(whole)).toEqual([0, 255, 0, 0, 255, 0]);
    const noise = Uint8Array.from({ length: 27 }, (_, index) => (index * 37) % 2 && 255);
    const packed = await sharp(noise, { raw: { width: 3, height: 3, channels: 3 } })
      .png({ palette: true, colours: 2, dither: 0 })
      .toBuffer();
    const back = await sharp(packed).toColourspace('srgb').removeAlpha().raw().toBuffer();
    const planes = [0, 1, 2].flatMap((plane) => Array.from(back).filter((_, index) => index % 3 === plane));
    expect(await pixelsOf(packed)).toEqual(planes);
  });

  it('cuts 16 bits to 8, and lays what is transparent on white', async () => {
    const deep = encode({ width: 3, height: 1, channels: 1, depth: 16, data: Uint16Array.of(0, 257 * 100, 65535) });
    expect(await pixelsOf(deep)).toEqual([0, 100, 255]);
    expect(await pixelsOf(png([0, 255, 0, 128, 0, 0], 3, 2))).toEqual([0, 127, 255]);
    expect(await pixelsOf(png([10, 20, 30, 255, 10, 20, 30, 0], 2, 4))).toEqual([10, 255, 20, 255, 30, 255]);
  });

  it('reads JPEG, and turns it the right way up', async () => {
    // Black above white, by a camera that was held on its side: orientation 6 turns it to black at the right.
    const raw = Uint8Array.from({ length: 16 * 16 * 3 }, (_, index) => (index < 8 * 16 * 3 ? 0 : 255));
    const picture = sharp(raw, { raw: { width: 16, height: 16, channels: 3 } });
    const upright = await decodePicture(await picture.jpeg().toBuffer(), 'a.jpg');
    const turned = await decodePicture(await picture.withMetadata({ orientation: 6 }).jpeg().toBuffer(), 'a.jpg');
    expect([upright.channels, upright.height, upright.width]).toEqual([3, 16, 16]);
    expect([upright.pixels[0], upright.pixels[15]]).toEqual([0, 0]);
    expect(upright.pixels[255]).toBe(255);
    expect([turned.pixels[0], turned.pixels[15], turned.pixels[240]]).toEqual([255, 0, 255]);
  });

  it('reads a grey JPEG as grey', async () => {
    const raw = Uint8Array.from({ length: 64 }, () => 90);
    const bytes = await sharp(raw, { raw: { width: 8, height: 8, channels: 1 } })
      .toColourspace('b-w')
      .jpeg()
      .toBuffer();
    expect(await decodePicture(bytes, 'a.jpg')).toEqual({ channels: 1, height: 8, width: 8, pixels: raw });
  });

  it('names a damaged file, and leaves it out where there is a list', async () => {
    const source = folderWith({ 'a.png': grey(1), 'half.png': grey(2).subarray(0, 40) });
    await expect(readImages({ source })).rejects.toThrow(/half\.png/);
    const badRows = new BadRows();
    expect(await readImages({ source, badRows })).toMatchObject({ train: { count: 1 }, reading: { skipBad: true } });
    expect(badRows.count).toBe(1);
  });

  it('crops to the middle, or pads with white', async () => {
    const source = folderWith({ 'wide.png': png([0, 50, 60, 0, 0, 50, 60, 0], 4) });
    const read = async (fit: 'crop' | 'pad', size: number) =>
      Array.from((await readImages({ source, size, fit })).train.pixels);
    expect(await read('crop', 2)).toEqual([50, 60, 50, 60]);
    expect(await read('pad', 4)).toEqual([255, 255, 255, 255, 0, 50, 60, 0, 0, 50, 60, 0, 255, 255, 255, 255]);
  });

  it('centres and mirrors', () => {
    const shape = { channels: 1, height: 1, width: 3 };
    const pixels = Uint8Array.of(1, 2, 3);
    expect(Array.from(centreImage(pixels, shape, { height: 1, width: 1 }))).toEqual([2]);
    expect(Array.from(centreImage(pixels, shape, { height: 1, width: 5 }, 9))).toEqual([9, 1, 2, 3, 9]);
    expect(Array.from(flipImage(Uint8Array.of(1, 2, 3, 4), { channels: 2, height: 1, width: 2 }))).toEqual([
      2, 1, 4, 3,
    ]);
  });
});

describe('classes and parts', () => {
  it('numbers classes once over both parts, also where the test part lacks some', async () => {
    const source = folderWith({
      'train/ant/1.png': grey(1),
      'train/bee/1.png': grey(2),
      'train/cow/1.png': grey(3),
      'test/cow/1.png': grey(4),
    });
    const { train, test } = await readImages({ source });
    expect(train).toMatchObject({ labels: Int32Array.of(0, 1, 2), labelNames: ['ant', 'bee', 'cow'] });
    expect(test).toMatchObject({ labels: Int32Array.of(2), labelNames: ['ant', 'bee', 'cow'] });
  });

  it('takes one folder alone for a class where such a class is known', async () => {
    const source = folderWith({ 'bee/1.png': grey(1) });
    expect((await readImages({ source })).train).not.toHaveProperty('labels');
    expect((await readImages({ source, classes: ['ant'] })).train).not.toHaveProperty('labels');
    const { train } = await readImages({ source, classes: ['ant', 'bee'] });
    expect(train).toMatchObject({ labels: Int32Array.of(0), labelNames: ['bee'] });
  });

  it('does so for idx files too', async () => {
    const source = folderWith({
      'train-images-idx3-ubyte': idx([3, 1, 1], [1, 2, 3]),
      'train-labels-idx1-ubyte': idx([3], [0, 1, 2]),
      't10k-images-idx3-ubyte.gz': idx([1, 1, 1], [4]),
      't10k-labels-idx1-ubyte': idx([1], [1]),
    });
    const { train, test } = await readImages({ source });
    expect(Array.from(test!.pixels)).toEqual([4]);
    expect([train.labelNames, test?.labelNames]).toEqual([
      ['0', '1', '2'],
      ['0', '1', '2'],
    ]);
  });

  it('has one number of channels for both parts', async () => {
    const source = folderWith({ 'train/1.png': grey(1), 'test/1.png': png([1, 2, 3], 1, 3) });
    const { train, test } = await readImages({ source });
    expect([Array.from(train.pixels), Array.from(test!.pixels)]).toEqual([
      [1, 1, 1],
      [1, 2, 3],
    ]);
  });

  it('takes neither the names of the parts for classes nor loose pictures for one', async () => {
    const parts = await readImages({ source: folderWith({ 'train/1.png': grey(1), 'test/1.png': grey(2) }) });
    expect(parts.train).not.toHaveProperty('labels');
    const source = folderWith({ 'a/1.png': grey(1), 'b/1.png': grey(2), 'loose.png': grey(3) });
    await expect(readImages({ source })).rejects.toThrow(
      /loose\.png.*in no folder of a class, where others are in a, b/,
    );
    const badRows = new BadRows();
    const { train } = await readImages({ source, badRows });
    expect([train.count, train.labelNames, badRows.count]).toEqual([2, ['a', 'b'], 1]);
  });

  it('splits pictures by folders, not by their own names', async () => {
    const files = { 'a/test_3.png': grey(1), 'a/val.png': grey(2), 'b/1.png': grey(3) };
    const { train, test } = await readImages({ source: folderWith(files) });
    expect([train.count, test]).toEqual([3, undefined]);
  });

  it('splits files of many images by any word of their name', async () => {
    const source = folderWith({ 'cifar10_test1k.bin': cifar(1, 10), 'cifar10_train.bin': cifar(2, 20) });
    const { train, test } = await readImages({ source });
    expect([train.labels, test?.labels]).toEqual([Int32Array.of(2), Int32Array.of(1)]);
    const emnist = {
      'emnist-letters-test-images-idx3-ubyte': idx([1, 1, 1], [1]),
      'emnist-letters-train-images-idx3-ubyte': idx([2, 1, 1], [2, 3]),
    };
    const read = await readImages({ source: folderWith(emnist) });
    expect([read.train.count, read.test?.count]).toEqual([2, 1]);
    const contest = await readImages({ source: folderWith({ 'contest.bin': cifar(1, 1), 'b.bin': cifar(2, 2) }) });
    expect(contest.test).toBeUndefined();
  });

  it('refuses two sets of idx files in a part', async () => {
    const one = idx([1, 1, 1], [1]);
    const source = folderWith({ 'letters-idx3-ubyte': one, 'digits-idx3-ubyte': one });
    await expect(readImages({ source })).rejects.toThrow(
      /digits-idx3-ubyte and .*letters-idx3-ubyte are of the same kind/,
    );
  });

  it('refuses labels of one part alone', async () => {
    const source = folderWith({
      'train-idx3-ubyte': idx([1, 1, 1], [1]),
      'train-idx1-ubyte': idx([1], [1]),
      'test-idx3-ubyte': idx([1, 1, 1], [1]),
    });
    await expect(readImages({ source })).rejects.toThrow(
      /test-idx3-ubyte has no labels, and .*train-idx3-ubyte has some/,
    );
  });
});

describe('size, channels and what was read', () => {
  it('brings idx files and CIFAR to a size and to grey or colour', async () => {
    const source = folderWith({ 'a-idx3-ubyte': idx([2, 2, 2], [7, 7, 7, 7, 9, 9, 9, 9]) });
    const { train } = await readImages({ source, size: 3, channels: 3 });
    expect(train).toMatchObject({ count: 2, channels: 3, height: 3, width: 3 });
    expect([new Set(imageAt(train, 0)), new Set(imageAt(train, 1))]).toEqual([new Set([7]), new Set([9])]);
    const colour = folderWith({ 'a.bin': cifar(3, 50) });
    const { train: greys } = await readImages({ source: colour, size: 4, channels: 1 });
    expect(greys).toMatchObject({ channels: 1, height: 4, width: 4, pixels: new Uint8Array(16).fill(50) });
  });

  it.each([
    ['pictures', { 'a.png': png([0, 50, 60, 0, 0, 50, 60, 0], 4) }],
    ['idx', { 'a-idx3-ubyte': idx([1, 2, 4], [0, 50, 60, 0, 0, 50, 60, 0]) }],
  ])('has another id for what is read otherwise: %s', async (_, files) => {
    const source = folderWith(files);
    const id = async (options: object) => (await readImages({ source, ...options })).id;
    const ids = await Promise.all(
      [
        {},
        { size: 2 },
        { size: 3 },
        { size: 2, fit: 'pad' },
        { size: 2, filter: 'box' },
        { channels: 3 },
        { channels: 3, size: 2 },
      ].map(id),
    );
    expect(new Set(ids).size).toBe(ids.length);
    // What changes nothing makes no difference.
    expect(await id({ channels: 1, fit: 'pad' })).toBe(ids[0]);
    expect(await id({ size: 2, fit: 'crop', filter: 'bicubic' })).toBe(ids[1]);
  });
});

describe('captions', () => {
  it('reads them from a list, from texts beside the pictures, and for both parts', async () => {
    const source = folderWith({
      'metadata.jsonl':
        '{"file_name": "train/a.png", "text": "one"}\n{"file_name": "test/c.png", "caption": "three"}\n{"file_name": "train/b.png", "label": 3}\n',
      'train/a.png': grey(1),
      'train/b.png': grey(2),
      'train/d.png': grey(3),
      'train/d.txt': 'four\n',
      'test/c.png': grey(3),
    });
    const { train, test } = await readImages({ source });
    expect([train.captions, test?.captions]).toEqual([[['one'], [], ['four']], [['three']]]);
    const { train: none } = await readImages({ source: folderWith({ 'a.png': grey(1), 'readme.txt': 'none' }) });
    expect(none).not.toHaveProperty('captions');
  });

  it('names a bad line, and leaves it out where there is a list', async () => {
    const lines = '{"file_name": "a.png", "text": "one"}\n{"text": "lost"}\n{"file_name": "b.png", "text": 3}\nnone';
    const source = folderWith({ 'captions.jsonl': lines, 'a.png': grey(1), 'b.png': grey(2) });
    await expect(readImages({ source })).rejects.toThrow(/captions\.jsonl:2: field "file_name": missing/);
    const badRows = new BadRows();
    const { train } = await readImages({ source, badRows });
    expect(train.captions).toEqual([['one'], []]);
    expect(badRows.listed.map(({ place }) => place.line)).toEqual([2, 3, 4]);
  });
});

describe('archives', () => {
  it('reads the same from a folder, however it is named, and from tar archives', async () => {
    const folder = folderWith({
      'a/1.png': grey(1),
      'b/ö.png': grey(2),
      'b/._ö.png': 'not a picture',
      'c/2.png': grey(3),
    });
    const archive = (name: string, ...options: string[]): string => {
      const path = join(folderWith({}), name);
      execFileSync('tar', ['-C', folder, ...options, '-cf', path, ...readdirSync(folder)]);
      return path;
    };
    const sources = [
      folder,
      `${folder}/`,
      `./${relative('.', folder)}`,
      archive('plain.tar'),
      archive('pax.tar.gz', '-z', '--format=pax'),
      archive('gnu.tgz', '-z', '--format=gnu'),
    ];
    const first = await readImages({ source: folder });
    expect(first.train).toMatchObject({ labels: Int32Array.of(0, 1, 2), pixels: Uint8Array.of(1, 2, 3) });
    for (const source of sources) {
      const { id, train } = await readImages({ source });
      expect({ source, id, labels: train.labels }).toEqual({ source, id: first.id, labels: first.train.labels });
    }
  });
});
