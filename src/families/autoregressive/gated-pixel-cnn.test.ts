import { expect, it } from 'vitest';
import { exactDensityLaws } from '../../sampling/exact-density.test-helper.js';
import { sequentialLaws } from '../../sampling/sequential.test-helper.js';
import { gatedPixelCnn } from '../../nn/raster/gated-pixel-cnn.js';
import { rasterLaws, seesAllAbove } from '../../nn/raster/raster.test-helper.js';
import { definition } from './gated-pixel-cnn.js';

const config = { width: 4, layers: 2, kernel: 5, hidden: 8 };

exactDensityLaws({ definition, config, data: { channels: 1, height: 2, width: 2, levels: 3, classes: 0 } });
exactDensityLaws({
  definition,
  config: { ...config, conditional: true },
  data: { channels: 2, height: 2, width: 2, levels: 2, classes: 3 },
});
sequentialLaws({ definition, config, data: { channels: 1, height: 5, width: 4, levels: 2, classes: 0 } });
sequentialLaws({
  definition,
  config: { ...config, layers: 4, conditional: true },
  data: { channels: 3, height: 4, width: 5, levels: 7, classes: 2 },
});

const small = { channels: 1, height: 4, width: 4, levels: 2 };
rasterLaws('gated PixelCNN', gatedPixelCnn(config, small), small);
const codes = { channels: 1, height: 3, width: 4, levels: 6 };
const prior = { ...config, conditionSize: 2 };
rasterLaws('gated PixelCNN over codes of a condition', gatedPixelCnn(prior, codes), codes, 2);
const colour = { channels: 3, height: 3, width: 3, levels: 5 };
rasterLaws('gated PixelCNN', gatedPixelCnn(config, colour), colour);

it('the gated PixelCNN has no blind spot', async () => {
  const square = { channels: 1, height: 5, width: 5, levels: 2 };
  expect(await seesAllAbove(gatedPixelCnn({ ...config, kernel: 3, layers: 4 }, square), square)).toBe(true);
});
