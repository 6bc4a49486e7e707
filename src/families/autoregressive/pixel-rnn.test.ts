import { exactDensityLaws } from '../../sampling/exact-density.test-helper.js';
import { sequentialLaws } from '../../sampling/sequential.test-helper.js';
import { definition } from './pixel-rnn.js';

const config = { width: 3, layers: 2, kernel: 5, hidden: 8 };

exactDensityLaws({ definition, config, data: { channels: 1, height: 2, width: 2, levels: 3, classes: 0 } });
exactDensityLaws({ definition, config, data: { channels: 3, height: 1, width: 2, levels: 3, classes: 0 } });
sequentialLaws({ definition, config, data: { channels: 1, height: 5, width: 4, levels: 2, classes: 0 } });
sequentialLaws({ definition, config, data: { channels: 3, height: 4, width: 5, levels: 7, classes: 2 } });
