// The real `tc` in a running box against the real kernel in a network namespace of its own. Where the kernel cannot
// serve (no right to make a namespace, no cls_bpf) the reason is printed instead.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { output } from './measure.js';
import type { Bench, Row } from './measure.js';
import { compare, shell, within } from './script.js';

export const bytecode = `'4,40 0 0 12,21 0 1 2048,6 0 0 65537,6 0 0 0'`;
export const adds = 10_000;
const oneShots = 40;

/** Times each step is done in one box: the first one finds a cold model. */
const repeats = 4;

const setup = `
ip link add em1 type veth peer name em2
tc qdisc add dev em1 clsact
`;

const probe = `${setup}tc filter add dev em1 ingress bpf bytecode ${bytecode} flowid 1:1\n`;

/** $1 and $2 are batch files: all filters on one pref, and prefs left to the kernel. */
const script = `${setup}
single() { for i in {1..${oneShots}}; do tc filter add dev em1 egress pref 1 bpf bytecode ${bytecode} flowid 1:1; done; }
timed cold tc -batch "$1"
for i in {1..${repeats}}; do
  tc filter del dev em1 ingress
  timed one-shot single
  timed one-pref tc -batch "$1"
  timed show tc filter show dev em1 ingress
  tc filter del dev em1 ingress
  timed auto-pref tc -batch "$2"
done
`;

const rows: Readonly<Record<string, { name: string; target?: number; per?: number }>> = {
  cold: { name: `the first tc -batch of a box, ${adds} filters on one pref` },
  'one-pref': { name: `tc -batch, ${adds} filters on one pref`, target: 1 },
  'auto-pref': { name: `tc -batch, ${adds} filters, automatic prefs`, target: 1 },
  'one-shot': { name: 'one tc filter add from a shell', target: 2, per: oneShots },
  show: { name: `tc filter show of ${adds}` },
};

export const tc: Bench = (context) => {
  const namespace = context.isRoot ? (['unshare', '-nm'] as const) : (['unshare', '-rnm'] as const);
  const reason = refusal(() => output(within([...namespace], shell(probe))));
  if (reason !== undefined) return [{ name: 'tc in a box / real kernel', skipped: `the real kernel: ${reason}` }];
  const folder = mkdtempSync(join(tmpdir(), 'tcbox-bench-'));
  try {
    const program = shell(script, batch(folder, 'one', 'pref 1 '), batch(folder, 'auto', ''));
    return rowsOf(compare([within([context.tcbox, 'run', '--'], program), within([...namespace], program)], context));
  } finally {
    rmSync(folder, { recursive: true });
  }
};

/** A file for `tc -batch` that adds filters to em1; `pref` goes before the kind. */
export function batch(folder: string, name: string, pref: string): string {
  const path = join(folder, name);
  writeFileSync(path, `filter add dev em1 ingress ${pref}bpf bytecode ${bytecode} flowid 1:1\n`.repeat(adds));
  return path;
}

function rowsOf(steps: Map<string, number[]>): Row[] {
  return [...steps].map(([step, [box, kernel]]) => {
    const { name, per = 1, ...rest } = rows[step]!;
    return { name: `${name}, box / real kernel`, tcbox: box! / per, reference: kernel! / per, ...rest };
  });
}

function refusal(attempt: () => void): string | undefined {
  try {
    attempt();
  } catch (error) {
    return (error as Error).message.split('\n').at(1) ?? String(error);
  }
  return undefined;
}
