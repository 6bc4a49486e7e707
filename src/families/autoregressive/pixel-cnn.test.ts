import { exactDensityLaws } from '../../sampling/exact-density.test-helper.js';
import { sequentialLaws } from '../../sampling/sequential.test-helper.js';
import { definition } from './pixel-cnn.js';

const config = { width: 4, blocks: 2, kernel: 5, hidden: 8 };
const data = (channels: number, side: number, levels: number) => ({
  channels,
  height: side,
  width: side,
  levels,
  classes: 0,
});

exactDensityLaws({ definition, config, data: data(1, 2, 2) });
exactDensityLaws({ definition, config, data: { channels: 3, height: 2, width: 2, levels: 2, classes: 0 } });
sequentialLaws({ definition, config, data: data(1, 5, 2) });
sequentialLaws({ definition, config, data: data(3, 4, 7) });
