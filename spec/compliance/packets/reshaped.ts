// Packets that programs send to neighbours, and packets whose shape they change: Linux 6.18, with the frames whose headers are
// whole and lie in one piece, since the helpers read beyond the others. `node dist/spec/compliance/packets/reshaped.js [NAME…]`
// records all configurations, as root, or those of these names.
import { release } from 'node:os';
import { join } from 'node:path';
import { reshapedConfigurations } from './configurations_reshaped.js';
import { frames } from './frames.js';
import { folder } from './programs.js';
import { linux618 } from './recordings.js';
import { recordSuite, type Suite } from './suite.js';

/** Bytes of a link header and the longest IP header; and what fits the linear part of a packet for sure. */
const LEAST = 54;
const MOST = 4000;

export const reshaped: Suite = {
  kernel: {
    ...linux618,
    configurations: reshapedConfigurations,
    file: join(folder, '../../vectors/packets/reshaped.6.18.jsonl.gz'),
  },
  release: release(),
  frames: frames().filter(({ bytes }) => bytes.length >= LEAST && bytes.length < MOST),
  object: join(folder, 'programs/reshaped.o'),
};

if (process.argv[1] === import.meta.filename) recordSuite(reshaped, process.argv.slice(2));
