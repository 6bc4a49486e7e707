import type { Discretisation } from '../../data/images/batches.js';
import { readImages } from '../../data/images/sources.js';
import { findImageModel } from '../../formats/image-models.js';
import type { Invocation } from '../command.js';
import type { ImageFlags, RunFlags } from '../flags.js';
import { answerWithModel, badRowsOf, sayBadRows, withStage } from '../session.js';
import { type ImageTrainingConfig, settingsFor, trainImages } from '../stages/images.js';

export interface TrainImagesFlags extends RunFlags, ImageFlags {
  readonly data: string;
  readonly colours?: boolean;
}

export async function trainImagesCommand(invocation: Invocation<TrainImagesFlags, ImageTrainingConfig>): Promise<void> {
  const { positional, flags, config: settings, given, say, signal } = invocation;
  const found = await findImageModel(positional[0]!);
  const bad = badRowsOf(flags);
  const source = await readImages({ ...flags, ...bad, source: flags.data, signal });
  sayBadRows(bad, say);
  const { count, channels, height, width, labelNames } = source.train;
  const classes = labelNames === undefined ? 'no labels' : `${labelNames.length} classes`;
  say(
    `${count.toLocaleString('en')} images of ${width} x ${height}, ${channels === 1 ? 'grey' : 'colour'}, ${classes}` +
      (source.test === undefined ? '' : `; ${source.test.count.toLocaleString('en')} more for testing`),
  );
  const config = settingsFor(settings, { found, source, given });
  if (given['pixels'] === undefined && settings.pixels !== 'bytes') say(describePixels(config.pixels));
  const lineage = await withStage(flags, signal, (context) =>
    trainImages(context, { out: flags.out, found, config, source }),
  );
  const look = drawsNothing.includes(found.family) ? 'evaluate' : 'sample';
  answerWithModel(invocation, flags.out, lineage, `Look at it: npx descent ${look} ${flags.out}`);
}

/** Families whose models only look at images. */
const drawsNothing = ['contrastive', 'discriminative'];

/** Of a model whose first use is black and white. */
const describePixels = (pixels: Discretisation): string =>
  pixels === 'bytes'
    ? 'The images are in colour, so pixels are bytes (--pixels dynamic would make each channel 0 or 1)'
    : 'Pixels are 0 or 1, drawn anew each time with the grey value as the probability (--pixels bytes keeps the grey values)';
