// `npm run bench [-- --json] [--rounds N] [--packets N] [NAME…]`: what the model and the host cost, as ratios to the real
// kernel, to plain Node.js and to native programs, all measured in the same run, and what the model does by itself. Exit
// code 1 when anything misses its limit.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { bpf } from './bpf.js';
import { check } from './check.js';
import { inProcess } from './in_process.js';
import type { Bench, Context, Row } from './measure.js';
import { memory } from './memory.js';
import { native } from './native.js';
import { packets } from './packets.js';
import { isOver, json, table } from './report.js';
import { startup } from './startup.js';
import { tc } from './tc.js';
import { vm } from './vm.js';

const benches: Readonly<Record<string, Bench>> = {
  startup,
  native,
  tc,
  bpf,
  memory,
  'in-process': inProcess,
  vm,
  packets,
  check,
};

function contextFor(name: string, options: Pick<Context, 'rounds' | 'packets'>): Context {
  let steps = 0;
  return {
    tcbox: join(import.meta.dirname, '../../bin/tcbox.cjs'),
    ...options,
    isRoot: process.getuid?.() === 0,
    progress: () => {
      steps++;
      if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${name} ${'.'.repeat(steps % 60)}`);
    },
  };
}

function main(): number {
  const { values, positionals } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      packets: { type: 'string', default: '2000000' },
    },
    allowPositionals: true,
  });
  const names = positionals.length > 0 ? positionals : Object.keys(benches);
  const unknown = names.find((name) => !Object.hasOwn(benches, name));
  if (unknown !== undefined) {
    console.error(`no bench '${unknown}': one of ${Object.keys(benches).join(', ')}`);
    return 2;
  }
  // Reading extra certificates costs every start of Node.js more than the start itself.
  delete process.env['NODE_EXTRA_CA_CERTS'];
  const options = { rounds: Number(values.rounds), packets: Number(values.packets) };
  const rows: Row[] = names.flatMap((name) => benches[name]!(contextFor(name, options)));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  console.log(values.json ? json(rows) : table(rows));
  return rows.some(isOver) ? 1 : 0;
}

process.exitCode = main();
