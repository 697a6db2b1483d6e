// Programs that use no sockets, in a box and outside: the filter looks at every system call, and must not be felt. One
// row is nothing but the cheapest system calls, to show what each costs; no program is like that, so it has no limit.
import type { Bench } from './measure.js';
import { compare, shell, within } from './script.js';

const script = `
forks() { for i in {1..300}; do /bin/true; done; }
loop() { for i in {1..200000}; do :; done; }
sorting() { seq 300000 -1 1 | sort | tail -n 1; }
copying() { head -c 400000000 /dev/zero | wc -c; }
finding() { find /usr -xdev -type f | tail -n 1; }
calling() { dd if=/dev/zero of=/dev/null bs=1 count=300000 status=none; }
timed forks forks
timed loop loop
timed sort sorting
timed pipe copying
timed find finding
timed calls calling
if command -v python3 >/dev/null; then timed python3 python3 -c 'sum(i * i for i in range(2000000))'; fi
`;

export const native: Bench = (context) => {
  const program = shell(script);
  // Short programs, a small limit: the best of many.
  const rounds = 3 * context.rounds;
  const steps = compare([within([context.tcbox, 'run', '--'], program), program], { ...context, rounds });
  return [...steps].map(([name, [box, outside]]) => ({
    name: `no sockets: ${name}, in a box / outside`,
    tcbox: box!,
    reference: outside!,
    ...(name !== 'calls' && { target: 1.1 }),
  }));
};
