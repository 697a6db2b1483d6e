// Time of a machine, and the work that waits for it: RCU callbacks, workqueues, timers, linkwatch. Nothing in the model
// reads the host's clock; a box passes its monotonic clock in, tests and replays advance a manual one.

/** Monotonic time in nanoseconds since the machine booted, as a whole number below 2^53. */
export interface Clock {
  now(): number;
  /** Milliseconds between the start of 1970 and the moment now() counts from; absent: that moment is taken for 1970. */
  readonly bootTime?: number;
}

export const NSEC_PER_MSEC = 1_000_000;
export const NSEC_PER_SEC = 1_000_000_000;

/**
 * The time of day at `now` of a clock, as struct timespec has it.
 *
 * @models kernel/time/timekeeping.c ktime_get_real_ts64()
 */
export function realTime({ bootTime = 0 }: Clock, now: number): { readonly sec: number; readonly nsec: number } {
  const sinceSecond = now + Math.round((bootTime % 1000) * NSEC_PER_MSEC);
  const sec = Math.floor(sinceSecond / NSEC_PER_SEC);
  return { sec: Math.floor(bootTime / 1000) + sec, nsec: sinceSecond - sec * NSEC_PER_SEC };
}

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  #now = 0;

  now(): number {
    return this.#now;
  }

  /** Moves time forward by `ns`, without running anything. */
  set(ns: number): void {
    this.#now = Math.max(this.#now, ns);
  }
}

/** A piece of deferred work. */
export interface Work {
  readonly deadline: number;
  readonly name: string;
  /** Takes it back; false when it has run or was cancelled before. */
  cancel(): boolean;
}

interface Entry extends Work {
  readonly order: number;
  run: (() => void) | undefined;
}

/** Deferred work in order of deadline, then of arrival. */
export class DeferredWork {
  readonly #clock: Clock;
  readonly #queue: Entry[] = [];
  #order = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `run` once, `delay` nanoseconds from now. `name` is for views. */
  schedule(delay: number, name: string, run: () => void): Work {
    const entry: Entry = {
      deadline: this.#clock.now() + delay,
      order: this.#order++,
      name,
      run,
      cancel: () => {
        const was = entry.run !== undefined;
        entry.run = undefined;
        return was;
      },
    };
    this.#insert(entry);
    return entry;
  }

  #insert(entry: Entry): void {
    let at = this.#queue.length;
    while (at > 0 && this.#queue[at - 1]!.deadline > entry.deadline) at--;
    this.#queue.splice(at, 0, entry);
  }

  /** What waits, earliest first. */
  get pending(): readonly Work[] {
    return this.#queue.filter((entry) => entry.run !== undefined);
  }

  /** Deadline of the earliest work in ns, Infinity when nothing waits. */
  nextDeadline(): number {
    while (this.#queue[0]?.run === undefined && this.#queue.length > 0) this.#queue.shift();
    return this.#queue[0]?.deadline ?? Infinity;
  }

  /** Runs everything due, including what the runs themselves schedule for now. */
  runDue(): void {
    while (this.nextDeadline() <= this.#clock.now()) {
      const entry = this.#queue.shift()!;
      const run = entry.run!;
      entry.run = undefined;
      run();
    }
  }
}
