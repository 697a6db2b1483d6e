// A box that runs in the background while it is measured, with a folder of its own for what boxes leave there.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { output } from './measure.js';

/** Runs a command line of tcbox; the box is called `bench`. */
export type Tcbox = (...args: string[]) => string;

/** Starts a box, hands it to `use`, and stops it. */
export function withBox<T>(launcher: string, use: (tcbox: Tcbox) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'tcbox-bench-'));
  const own = process.env['XDG_RUNTIME_DIR'];
  process.env['XDG_RUNTIME_DIR'] = folder;
  const tcbox: Tcbox = (...args) => output({ file: launcher, args });
  tcbox('start', 'bench');
  try {
    return use(tcbox);
  } finally {
    tcbox('stop', 'bench');
    rmSync(folder, { recursive: true });
    if (own === undefined) delete process.env['XDG_RUNTIME_DIR'];
    else process.env['XDG_RUNTIME_DIR'] = own;
  }
}
