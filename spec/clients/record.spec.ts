// `tcbox record`: what is in the recording of a program that does a little of everything, of several processes at a time,
// and of programs that cannot be started.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { python } from '../host/python.js';
import { entriesOf, said, summary, talkative } from './recorded.js';
import { Tcbox } from './tcbox.js';

describe('clients: record', function () {
  this.timeout(60_000);
  let tcbox: Tcbox;
  let folder: string | undefined;

  before(function () {
    if (python === undefined) {
      console.log('      skipped: needs python3');
      this.skip();
    }
    tcbox = new Tcbox();
    folder = mkdtempSync(join(tmpdir(), 'recordings-'));
  });

  after(() => {
    (tcbox as Tcbox | undefined)?.end();
    if (folder !== undefined) rmSync(folder, { recursive: true });
  });

  it('keeps what a program says and hears, and ends as it ends', () => {
    const file = join(folder!, 'all.rec');
    const { status, stderr } = tcbox.run(['record', '-o', file, '--', python!, '-c', talkative]);
    expect([status, stderr]).eql([3, '']);
    const entries = entriesOf(file);
    expect(entries.map(summary)).eql(said);
    expect(entries[0]!.header).include({ where: 1, kernel: 'v6.18', config: 'full' });
    expect(entries[0]!.header!.command.slice(1, 2)).eql(['-c']);
    const times = entries.slice(1).map(({ time }) => time);
    expect(times).eql(times.toSorted((a, b) => a - b));
  });

  it('keeps the conversations of all processes apart', () => {
    const file = join(folder!, 'many.rec');
    const speak = `import socket; s = socket.socket(16, 3, 0); s.bind((0, 0)); print(s.getsockname()[0])`;
    const script = `for i in 1 2 3; do ${python!} -c '${speak}' & done; wait`;
    const { status, stdout } = tcbox.run(['record', '-o', file, '--', 'sh', '-c', script]);
    expect(status).equal(0);
    const entries = entriesOf(file);
    const opened = entries.flatMap(({ open, processId }) => (open === undefined ? [] : [[open.socket, processId]]));
    expect(opened.map(([socket]) => socket)).eql([1, 2, 3]);
    const bound = entries.flatMap(({ bind }) =>
      bind === undefined ? [] : [[bind.socket, new DataView(bind.name.slice().buffer).getUint32(4, true)]],
    );
    expect(bound.toSorted(([a], [b]) => a! - b!)).eql(opened);
    expect(new Set(stdout.trim().split('\n').map(Number))).eql(new Set(opened.map(([, pid]) => pid)));
    const parents = entries.flatMap(({ process }) => (process === undefined ? [] : [process.parent]));
    expect(new Set(parents).size).equal(1);
  });

  it('has an end when the command cannot be started, and says why', () => {
    const file = join(folder!, 'none.rec');
    const { status, stderr } = tcbox.run(['record', '-o', file, '--', 'no-such-program']);
    expect([status, stderr]).eql([127, 'tcbox: no-such-program: command not found\n']);
    expect(entriesOf(file).map(summary)).eql(['header 1', 'end 127']);
  });

  it('refuses a file that cannot be written before anything runs', () => {
    const { status, stderr } = tcbox.run(['record', '-o', folder!, '--', 'touch', join(folder!, 'touched')]);
    expect(status).equal(125);
    expect(stderr).match(/cannot be written \(EISDIR\)/);
  });
});
