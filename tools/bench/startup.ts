// What a box costs before and after its command: `tcbox run -- true`, and `tcbox exec` in a box that is there, against
// a bare start of Node.js.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { best, elapsed, output } from './measure.js';
import type { Bench, Context, Row } from './measure.js';

export const startup: Bench = (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'tcbox-bench-'));
  const own = process.env['XDG_RUNTIME_DIR'];
  process.env['XDG_RUNTIME_DIR'] = folder;
  const tcbox = (...args: string[]): string => output({ file: context.tcbox, args });
  tcbox('start', 'bench');
  try {
    return rowsOf(context, tcbox);
  } finally {
    tcbox('stop', 'bench');
    rmSync(folder, { recursive: true });
    if (own === undefined) delete process.env['XDG_RUNTIME_DIR'];
    else process.env['XDG_RUNTIME_DIR'] = own;
  }
};

function rowsOf({ rounds, progress }: Context, tcbox: (...args: string[]) => string): Row[] {
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
