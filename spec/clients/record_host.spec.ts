// `tcbox record --host` on the real kernel, in network and mount namespaces of its own: the same program says and hears what
// it does in a box, and everything about it is as without tcbox: its exit status, its signals, its threads.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { python } from '../host/python.js';
import { entriesOf, said, summary, talkative } from './recorded.js';
import { Tcbox } from './tcbox.js';

describe('clients: record --host', function () {
  this.timeout(240_000);
  let tcbox: Tcbox | undefined;
  let folder: string;
  const unshare = process.getuid!() === 0 ? ['unshare', '-nm'] : ['unshare', '-Urnm'];

  before(function () {
    const able = spawnSync(unshare[0]!, [...unshare.slice(1), 'true']).status === 0;
    if (python === undefined || !able) {
      console.log(`      skipped: needs python3 and ${unshare.join(' ')}`);
      this.skip();
    }
    tcbox = new Tcbox();
    folder = mkdtempSync(join(tmpdir(), 'recordings-'));
  });

  after(() => {
    if (tcbox === undefined) return;
    tcbox.end();
    rmSync(folder, { recursive: true });
  });

  const argvOf = (file: string, argv: readonly string[]): string[] => [
    ...[...unshare.slice(1), ...tcbox!.argv, 'record', '--host', '-o', file, '--', ...argv],
  ];
  function record(argv: readonly string[]): { status: number | null; stderr: string; stdout: string; file: string } {
    const file = join(folder, 'host.rec');
    const { status, stderr, stdout } = spawnSync(unshare[0]!, argvOf(file, argv), {
      encoding: 'utf8',
      timeout: 120_000,
    });
    return { status, stderr, stdout, file };
  }

  it('keeps what a program says and hears', function () {
    const { status, stderr, file } = record([python!, '-c', talkative]);
    expect([status, stderr]).eql([3, '']);
    const entries = entriesOf(file);
    expect(entries[0]!.header).include({ where: 2, config: '' });
    // Calls without an address or control messages do not tell them; the answer to write(2) is seen.
    const seen = said.map((line) =>
      line
        .replace('received 1: none from 0:0 34 40', 'received 1: none from none 34 0')
        .replace('received 1: 2 from 0:0 0 8', 'received 1: 2 from 0:0 0 0')
        .replace('sent 1: 32 to none unanswered', 'sent 1: 32 to none 32'),
    );
    const bpf = process.getuid!() === 0;
    const ofNetlink = (line: string): boolean => bpf || !/^(?:bpf|sent 1: 56)/.test(line);
    expect(entries.map(summary).filter(ofNetlink)).eql(seen.filter(ofNetlink));
  });

  it('follows threads and processes, those that become another program included', () => {
    const speak = 'import socket; s = socket.socket(16, 3, 0); s.bind((0, 0))';
    const { status, file } = record([
      ...[python!, '-c'],
      `import os, sys, threading
${speak}
t = threading.Thread(target=lambda: exec(${JSON.stringify(speak)}))
t.start(); t.join()
if os.fork() == 0:
    os.execv(sys.executable, [sys.executable, '-c', ${JSON.stringify(speak)}])
os.wait()
os.execv(sys.executable, [sys.executable, '-c', ${JSON.stringify(`${speak}; import sys; sys.exit(7)`)}])`,
    ]);
    expect(status).equal(7);
    const entries = entriesOf(file);
    const opened = entries.flatMap(({ open, thread, processId }) => (open === undefined ? [] : [[thread, processId]]));
    expect(opened).lengthOf(4);
    const [[, main], inThread, child, last] = opened as [[number, number], number[], number[], number[]];
    expect(inThread[1]).equal(main);
    expect(inThread[0]).not.equal(main);
    expect(child[1]).not.equal(main);
    expect(last).eql([main, main]);
    const closed = entries.flatMap(({ closed: close }) => (close === undefined ? [] : [close.socket]));
    expect(closed.toSorted((a, b) => a - b)).eql([1, 2, 3, 4]);
    expect(entries.filter(({ lost }) => lost !== undefined)).eql([]);
  });

  it('ends as the command ends: by a signal, or because it is not there', () => {
    expect(record(['sh', '-c', 'kill -TERM $$']).status).equal(143);
    const { status, stderr, file } = record(['no-such-program']);
    expect([status, stderr]).eql([127, 'tcbox: no-such-program: command not found\n']);
    expect(entriesOf(file).map(summary)).eql(['header 1', 'end 127']);
  });

  it('lets a program be stopped, continued and signalled', async () => {
    const script = `trap 'echo usr; exit 5' USR1; echo ready $$; kill -STOP $$; echo on; while :; do sleep 0.05; done`;
    const child = spawn(unshare[0]!, argvOf(join(folder, 'stop.rec'), ['sh', '-c', script]));
    let text = '';
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
    const seen = (wanted: string): Promise<void> =>
      new Promise((resolve) => {
        const look = (): void => {
          if (text.includes(wanted)) resolve();
        };
        child.stdout.on('data', look);
        look();
      });
    child.stdout.on('data', (data: Buffer) => (text += data.toString()));
    await seen('\n');
    const pid = Number(/^ready (\d+)\n/.exec(text)![1]);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(text).equal(`ready ${pid}\n`);
    // It may not have come to its stop yet.
    const again = setInterval(() => process.kill(pid, 'SIGCONT'), 50);
    await seen('on');
    clearInterval(again);
    process.kill(child.pid!, 'SIGUSR1');
    expect(await ended).equal(5);
    expect(text).equal(`ready ${pid}\non\nusr\n`);
  });

  it('says what it leaves running', () => {
    const { status, file } = record(['sh', '-c', 'sleep 20 >/dev/null 2>&1 & exit 4']);
    expect(status).equal(4);
    expect(entriesOf(file).map(summary)).eql([
      ...['header 3', 'lost what processes do that live longer than the command', 'end 4'],
    ]);
  });

  it('refuses options that choose a modelled kernel', () => {
    const { status, stderr } = tcbox!.run(['record', '--host', '--kernel', 'v6.1', '--', 'true']);
    expect(status).equal(2);
    expect(stderr).match(/--host records the kernel of this computer/);
  });
});
