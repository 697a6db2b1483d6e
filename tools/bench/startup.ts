// What a box costs before and after its command: `tcbox run -- true` against a bare start of Node.js.
import { best, elapsed, output } from './measure.js';
import type { Bench } from './measure.js';

export const startup: Bench = ({ tcbox, rounds, progress }) => {
  const [box, node] = best(
    2 * rounds,
    [
      () => elapsed(() => output({ file: tcbox, args: ['run', '--', 'true'] })),
      () => elapsed(() => output({ file: 'node', args: ['-e', '0'] })),
    ],
    progress,
  );
  return [{ name: 'tcbox run -- true / node -e 0', tcbox: box!, reference: node!, target: 2.5 }];
};
