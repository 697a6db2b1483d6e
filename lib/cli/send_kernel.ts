// The kernel of `tcbox send` without `--in`: a fresh one in this process. While the setup script works, time passes as it
// does outside; then it stands still, and moves only as the frames' times say, so that queues do the same at every run.
import { Box } from '../host/box.js';
import { possibleCpus } from '../host/cpus.js';
import { hostClock } from '../host/kernel.js';
import { type Clock, realTime } from '../linux/clock.js';
import { Entropy } from '../linux/entropy.js';
import { Machine } from '../linux/machine.js';
import { toHex } from '../codec/bytes.js';
import { configurationOf } from './configuration.js';
import { faultsOf } from './faults_option.js';
import type { RunOptions } from './options.js';
import { say } from './say.js';
import type { CaptureTime } from './send_frames.js';
import { type LateLine, type SendLine, sendInto, sendUntoldInto } from './send_line.js';
import { scriptCommand } from './start.js';

/** Carriers and queues settle within this time after a script, nanoseconds. */
const SETTLE = 2_000_000_000;

class StoppedClock implements Clock {
  #now: number | undefined;

  get bootTime(): number {
    return hostClock.bootTime ?? 0;
  }

  now(): number {
    return this.#now ?? hostClock.now();
  }

  set(ns: number): void {
    this.#now = ns;
  }
}

export class OwnKernel {
  readonly #machine: Machine;
  readonly #clock: StoppedClock;
  #box: Box | undefined;

  private constructor(machine: Machine, clock: StoppedClock) {
    this.#machine = machine;
    this.#clock = clock;
  }

  static async boot(options: RunOptions): Promise<OwnKernel> {
    const clock = new StoppedClock();
    const faults = await faultsOf(options);
    const onGap = (what: string): void => {
      say(`not modelled: ${what}`);
    };
    const entropy = new Entropy(1);
    const kernel = { clock, entropy, onGap, possibleCpus: possibleCpus(), ...configurationOf(options), ...faults };
    return new OwnKernel(new Machine(kernel), clock);
  }

  /** Runs a setup script; its exit status. What it prints goes to standard error. Throws HostError and SpawnError. */
  async prepare(script: string | undefined): Promise<number> {
    let status = 0;
    if (script !== undefined) {
      const box = (this.#box = new Box(this.#machine, { namespaces: true }));
      const client = box.spawn(scriptCommand(script), { stdio: [0, 2, 2] });
      while (box.pump(() => client.waitStatus !== undefined) !== 'done')
        await new Promise((resolve) => setImmediate(resolve));
      const raw = client.waitStatus!;
      status = (raw & 0x7f) === 0 ? (raw >> 8) & 0xff : 128 + (raw & 0x7f);
    }
    this.#clock.set(this.#clock.now());
    this.#advance(SETTLE);
    return status;
  }

  get now(): number {
    return this.#clock.now();
  }

  /** The time of day of the kernel. */
  get time(): CaptureTime {
    const { sec, nsec } = realTime(this.#clock, this.#clock.now());
    return { seconds: sec, nanos: nsec };
  }

  /** Packets that wait, in queues or for a program of the script. */
  get waiting(): number {
    return this.#machine.softnet.skbs.inUse;
  }

  /** Throws a SendError. */
  send(device: string, ingress: boolean, frame: Uint8Array): SendLine {
    return sendInto(this.#machine, device, ingress, frame);
  }

  /** The same without following the frame, which is much faster; whether its result was 0. */
  sendUntold(device: string, ingress: boolean, frame: Uint8Array): boolean {
    return sendUntoldInto(this.#machine, device, ingress, frame);
  }

  /** Moves time on by `ns`; what left queues meanwhile. */
  wait(ns: number): LateLine | undefined {
    if (ns === 0) return undefined;
    const { path, destinations: ends } = this.#machine.follow(() => {
      this.#advance(ns);
    });
    if (ends.length === 0) return undefined;
    return { late: true, path, destinations: ends.map((end) => ({ ...end, frame: toHex(end.frame) })) };
  }

  /** Moves time on by `ns`. */
  waitUntold(ns: number): void {
    if (ns !== 0) this.#advance(ns);
  }

  close(): void {
    this.#box?.close();
  }

  #advance(ns: number): void {
    const end = this.#clock.now() + ns;
    for (let next = this.#machine.nextDeadline(); next <= end; next = this.#machine.nextDeadline()) {
      this.#clock.set(Math.max(next, this.#clock.now()));
      this.#machine.runDue();
    }
    this.#clock.set(end);
  }
}
