// What a box costs before and after its command: `tcbox run -- true`, and `tcbox exec` in a box that is there, against
// a bare start of Node.js.
import { type Tcbox, withBox } from './background.js';
import { best, elapsed, output } from './measure.js';
import type { Bench, Context, Row } from './measure.js';

export const startup: Bench = (context) => withBox(context.tcbox, (tcbox) => rowsOf(context, tcbox));

function rowsOf({ rounds, progress }: Context, tcbox: Tcbox): Row[] {
  const [box, entered, bare, node] = best(
    2 * rounds,
    [
      () => elapsed(() => tcbox('run', '--', 'true')),
      () => elapsed(() => tcbox('exec', 'bench', '--', 'true')),
      () => elapsed(() => output({ file: 'true', args: [] })),
      () => elapsed(() => output({ file: 'node', args: ['-e', '0'] })),
    ],
    progress,
  );
  return [
    { name: 'tcbox run -- true / node -e 0', tcbox: box!, reference: node!, target: 2.5 },
    { name: 'what tcbox exec adds to a command / node -e 0', tcbox: entered! - bare!, reference: node!, target: 2 },
  ];
}
