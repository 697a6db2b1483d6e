// What flower filters match: user-mode Linux 6.1, with the frames of every configuration and those of its own.
// `node dist/spec/compliance/packets/flower.js [NAME…]` records all configurations, or those of these names.
import { join } from 'node:path';
import { flowerConfigurations } from './configurations_flower.js';
import { frames, type Frame } from './frames.js';
import { flowerFrames } from './frames_flower.js';
import { folder } from './programs.js';
import { uml61 } from './recordings.js';
import { recordSuite, type Suite } from './suite.js';
import { UML_RELEASE } from './uml.js';

export const allFrames = (): readonly Frame[] => [...frames(), ...flowerFrames()];

/** The programs give packets the parameters of a tunnel (tunnel.ll). */
export const flower: Suite = {
  kernel: {
    ...uml61,
    configurations: flowerConfigurations,
    file: join(folder, '../../vectors/packets/flower.6.1-uml.jsonl.gz'),
  },
  release: UML_RELEASE,
  frames: allFrames(),
  object: join(folder, 'programs/tunnel.o'),
};

if (process.argv[1] === import.meta.filename) recordSuite(flower, process.argv.slice(2));
