// The storm: many clients at once in one box, each stopped and continued every 200 µs, some killed at any moment. What
// ends by itself must have got every answer once; when all have gone, nothing of them may be left.
import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Box, type Client } from '../../lib/host/box.js';
import { hostClock } from '../../lib/host/kernel.js';
import { Machine } from '../../lib/linux/machine.js';
import { kinds, python, stormer, type Kind } from './clients.js';

export interface Outcome {
  /** Clients that ended by themselves, by kind. */
  readonly completed: Readonly<Record<string, number>>;
  readonly killed: number;
  /** One line each; none when all is well. */
  readonly problems: readonly string[];
}

interface Slot {
  readonly index: number;
  readonly kind: Kind;
  client: Client;
  since: number;
  killed: boolean;
}

/** How often one client is killed, and how long one may take, in ms. */
const KILL_EVERY = 100;
const PATIENCE = 180_000;
/** How long what ended clients had may take to be seen closed, in ms. */
const SETTLE = 20_000;

class Storm {
  readonly #machine = new Machine({ clock: hostClock });
  readonly #box = new Box(this.#machine);
  readonly #folder = mkdtempSync(join(tmpdir(), 'tcbox-storm-'));
  readonly #completed: Record<string, number> = {};
  readonly #problems: string[] = [];
  #slots: Slot[] = [];
  #killed = 0;

  async run(clients: number, seconds: number, go?: string): Promise<Outcome> {
    const before = this.#prepare(clients);
    const all = kinds(this.#folder, clients, go);
    const helper = spawn(python!, ['-c', stormer], { stdio: 'ignore' });
    const hook = new Promise((resolve) => helper.on('exit', resolve));
    this.#slots = Array.from({ length: clients }, (_, index) => this.#fill(index, all[index % all.length]!));
    const end = performance.now() + 1000 * seconds;
    while (performance.now() < end) {
      this.#box.pump(() => false, KILL_EVERY);
      this.#killOne();
      this.#look(true);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await this.#finish();
    helper.kill('SIGKILL');
    await hook;
    this.#leftovers(clients, before);
    this.#box.close();
    rmSync(this.#folder, { recursive: true });
    return { completed: this.#completed, killed: this.#killed, problems: this.#problems };
  }

  /** Makes each slot its link; what there is before any client of the storm. */
  #prepare(clients: number): { objects: number; fds: number } {
    const fds = readdirSync('/proc/self/fd').length;
    this.#box.run(['true']);
    const lines = Array.from(
      { length: clients },
      (_, i) => `ip link add s${i} type ifb; tc qdisc add dev s${i} clsact`,
    );
    const { status, stderr } = this.#box.run(['sh', '-ec', lines.join('\n')]);
    if (status !== 0) this.#problems.push(Buffer.from(stderr).toString());
    this.#settle(Infinity);
    return { objects: this.#machine.objects.size, fds };
  }

  #fill(index: number, kind: Kind): Slot {
    return { index, kind, client: this.#spawn(index, kind), since: performance.now(), killed: false };
  }

  #spawn(index: number, kind: Kind): Client {
    const [input, output] = [openSync('/dev/null', 'r'), openSync(join(this.#folder, `out${index}`), 'w')];
    const client = this.#box.spawn(kind.argv(index), { stdio: [input, output, output] });
    closeSync(input);
    closeSync(output);
    return client;
  }

  #killOne(): void {
    const slot = this.#slots[Math.floor(Math.random() * this.#slots.length)]!;
    if (slot.client.waitStatus !== undefined || slot.killed) return;
    this.#kill(slot);
    this.#killed++;
  }

  #kill(slot: Slot): void {
    slot.killed = true;
    try {
      process.kill(slot.client.pid, 'SIGKILL');
    } catch {
      // It has just ended.
    }
  }

  /** Judges the clients that have ended, and starts others in their place: `again`, or for kinds that nobody saw the end of. */
  #look(again: boolean): void {
    for (const [i, slot] of this.#slots.entries()) {
      if (slot.client.waitStatus === undefined) {
        if (slot.kind.prints !== undefined && performance.now() - slot.since > PATIENCE) this.#hangs(slot);
        continue;
      }
      this.#judge(slot);
      if (again || this.#lacks(slot.kind)) this.#slots[i] = this.#fill(slot.index, slot.kind);
    }
    if (!again) this.#slots = this.#slots.filter(({ client }) => client.waitStatus === undefined);
  }

  /** Whether all clients of a kind were killed so far. */
  #lacks({ name, prints }: Kind): boolean {
    return prints !== undefined && this.#completed[name] === undefined && this.#problems.length === 0;
  }

  #hangs(slot: Slot): void {
    this.#problems.push(`${slot.kind.name} hangs`);
    this.#kill(slot);
  }

  #judge({ index, kind, client, killed }: Slot): void {
    if (killed) return;
    const said = readFileSync(join(this.#folder, `out${index}`), 'utf8').replace(/^Dump was interrupted.*\n/gm, '');
    this.#completed[kind.name] = (this.#completed[kind.name] ?? 0) + 1;
    if (client.waitStatus === 0 && (kind.prints === undefined || said === kind.prints)) return;
    // A monitor that is stopped too often is told that it missed something, as on Linux, and ends.
    if (kind.name.endsWith('monitor') && said.includes('No buffer space available')) return;
    this.#problems.push(`${kind.name}: status ${client.waitStatus ?? 'none'}, ${said.slice(0, 200)}`);
  }

  async #finish(): Promise<void> {
    for (const slot of this.#slots) if (slot.kind.name.endsWith('monitor')) this.#kill(slot);
    while (this.#slots.length !== 0) {
      this.#box.pump(() => false, KILL_EVERY);
      this.#look(false);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** Serves what is left until there are no more objects than before, for a moment at least. */
  #settle(objects: number): void {
    const start = performance.now();
    const settled = (): boolean => this.#box.sockets === 0 && this.#machine.objects.size <= objects;
    for (let spent = 0; spent < 100 || (spent < SETTLE && !settled()); spent = performance.now() - start)
      this.#box.pump(() => false, 20);
  }

  #leftovers(clients: number, before: { objects: number; fds: number }): void {
    const lines = Array.from({ length: clients }, (_, i) => `tc filter del dev s${i} ingress`);
    this.#box.run(['sh', '-c', lines.join('\n')]);
    this.#box.run([
      'sh',
      '-c',
      `for l in $(ip -o link | grep -o '[gl][0-9]*\\.[0-9]*' | sort -u); do ip link del $l; done`,
    ]);
    this.#settle(before.objects);
    const { sockets, programs } = this.#box;
    if (sockets !== 0) this.#problems.push(`${sockets} sockets left`);
    if (programs !== 0) this.#problems.push(`${programs} programs left`);
    const objects = this.#machine.objects.size;
    if (objects !== before.objects) this.#problems.push(`${objects} objects in the model, ${before.objects} before`);
    // The box itself holds the listener and its epoll set.
    const fds = readdirSync('/proc/self/fd').length;
    if (fds > before.fds + 1) this.#problems.push(`${fds} fds, ${before.fds} before`);
  }
}

/** Runs `clients` at once for some seconds; some of them `go`, the program of the Go client. */
export function storm(clients: number, seconds: number, go?: string): Promise<Outcome> {
  return new Storm().run(clients, seconds, go);
}
