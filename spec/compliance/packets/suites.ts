// The suites: a kernel with configurations, the frames that it is sent and the programs that they run through.
import { release } from 'node:os';
import { join } from 'node:path';
import { flowerConfigurations } from './configurations_flower.js';
import { reshapedConfigurations } from './configurations_reshaped.js';
import { frames, type Frame } from './frames.js';
import { flowerFrames } from './frames_flower.js';
import { folder, object } from './programs.js';
import { linux618, uml61, type Recorded } from './recordings.js';
import { UML_RELEASE } from './uml.js';

export interface Suite {
  readonly kernel: Recorded;
  readonly release: string;
  readonly frames: readonly Frame[];
  /** The object file that is `$O` in the configurations. */
  readonly object: string;
}

const vectors = join(folder, '../../vectors/packets');
/** Bytes of a link header and the longest IP header; and what fits the linear part of a packet for sure. */
const WHOLE = { least: 54, most: 4000 };

export const suites = {
  '6.18': { kernel: linux618, release: release(), frames: frames(), object },
  '6.1': { kernel: uml61, release: UML_RELEASE, frames: frames(), object },
  /** What flower filters match. The programs give packets the parameters of a tunnel (tunnel.ll). */
  flower: {
    kernel: {
      ...uml61,
      configurations: flowerConfigurations,
      file: join(vectors, 'flower.6.1-uml.jsonl.gz'),
    },
    release: UML_RELEASE,
    frames: [...frames(), ...flowerFrames()],
    object: join(folder, 'programs/tunnel.o'),
  },
  /**
   * Packets that programs send to neighbours, and packets whose shape they change: the frames whose headers are whole and
   * lie in one piece, since the helpers read beyond the others.
   */
  reshaped: {
    kernel: {
      ...linux618,
      configurations: reshapedConfigurations,
      file: join(vectors, 'reshaped.6.18.jsonl.gz'),
    },
    release: release(),
    frames: frames().filter(({ bytes }) => bytes.length >= WHOLE.least && bytes.length < WHOLE.most),
    object: join(folder, 'programs/reshaped.o'),
  },
} satisfies Record<string, Suite>;
