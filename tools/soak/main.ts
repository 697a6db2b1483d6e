// `npm run soak [-- --seconds N] [--clients N] [--short-lived N] [--boxes N]`: what only shows after a while. A storm of
// clients under signals and sudden death; thousands of short-lived ones; many boxes at once. 0 leaves a part out. Exit
// code 1 when anything was lost, doubled, hung or left behind.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { missing } from './clients.js';
import { buildGoClient } from './go_client.js';
import { manyBoxes } from './many_boxes.js';
import { shortLived } from './short_lived.js';
import { storm } from './storm.js';

/** Resident memory may differ by this much between the second tenth of the clients and the last, in MB. */
const GROWTH_MAX = 16;

const progress = (): void => {
  if (process.stderr.isTTY) process.stderr.write('.');
};

async function soakStorm(clients: number, seconds: number): Promise<boolean> {
  const go = buildGoClient();
  if (typeof go === 'string') console.log(`storm: without Go clients (${go})`);
  const { completed, killed, problems } = await storm(clients, seconds, typeof go === 'string' ? undefined : go.path);
  if (typeof go !== 'string') go.remove();
  const counts = Object.entries(completed).map(([name, count]) => `${name} ${count}`);
  console.log(`storm: ${clients} clients for ${seconds} s: ${counts.join(', ')}; ${killed} killed`);
  for (const problem of problems) console.log(`  ${problem}`);
  return problems.length === 0;
}

function soakShortLived(clients: number): boolean {
  const { resident, heap } = shortLived(clients, progress);
  console.log(`${clients} short-lived clients: resident MB ${resident.join(' ')}; heap MB ${heap.join(' ')}`);
  return resident.at(-1)! - resident[1]! <= GROWTH_MAX;
}

async function soakBoxes(boxes: number): Promise<boolean> {
  const { seconds, problems } = await manyBoxes(join(import.meta.dirname, '../../bin/tcbox.cjs'), boxes);
  const [start, answer, stop] = seconds.map((s) => s.toFixed(1));
  console.log(`${boxes} boxes: started in ${start!} s, answered in ${answer!} s, stopped in ${stop!} s`);
  for (const problem of problems) console.log(`  ${problem}`);
  return problems.length === 0;
}

async function main(): Promise<number> {
  const number = (name: string): { type: 'string'; default: string } => ({ type: 'string', default: name });
  const { values } = parseArgs({
    options: { seconds: number('60'), clients: number('50'), 'short-lived': number('10000'), boxes: number('100') },
  });
  const absent = missing();
  if (absent.length !== 0) {
    console.log(`skipped: needs ${absent.join(', ')}`);
    return 0;
  }
  delete process.env['NODE_EXTRA_CA_CERTS'];
  const [seconds, clients, short, boxes] = [values.seconds, values.clients, values['short-lived'], values.boxes].map(
    Number,
  );
  const results: boolean[] = [];
  if (seconds! > 0) results.push(await soakStorm(clients!, seconds!));
  if (short! > 0) results.push(soakShortLived(short!));
  if (boxes! > 0) results.push(await soakBoxes(boxes!));
  return results.every(Boolean) ? 0 : 1;
}

process.exitCode = await main();
