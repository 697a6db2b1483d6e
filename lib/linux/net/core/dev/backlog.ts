// net/core/dev.c, the part softirqs of the one busy CPU: packets that drivers hand over wait here, so that the stack does not
// grow with each device a packet passes. Whoever brings a packet from outside runs it to the end; a loop of devices that
// never ends goes on as deferred work, so that the machine stays usable.
import { NSEC_PER_MSEC } from '../../../clock.js';
import type { Machine } from '../../../machine.js';
import { SkbQueue } from '../skbuff/queue.js';
import type { SkBuff } from '../skbuff/sk_buff.js';
import { NET_RX_DROP, NET_RX_SUCCESS, netifReceiveSkb } from './receive.js';
import { RX_DROPPED } from './stats.js';
import { traceDrop } from './trace.js';

/** net.core.netdev_max_backlog */
const MAX_BACKLOG = 1000;
/** Packets handled at a time; the rest is left to a thread of the kernel, whose turn comes a little later. */
const BUDGET = 10_000;
const TURN = NSEC_PER_MSEC;

/** Work of a driver that runs as a softirq; made once, scheduled again and again. */
export class Tasklet {
  readonly run: () => void;
  next: Tasklet | undefined;
  scheduled = false;

  constructor(run: () => void) {
    this.run = run;
  }
}

export class Backlog {
  readonly #machine: Machine;
  readonly #input = new SkbQueue();
  #firstTasklet: Tasklet | undefined;
  #lastTasklet: Tasklet | undefined;
  #running = false;
  #later = false;

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Packets that wait. */
  get length(): number {
    return this.#input.length;
  }

  /** @models net/core/dev.c enqueue_to_backlog() */
  enqueue(skb: SkBuff): number {
    if (this.#input.length > MAX_BACKLOG) {
      skb.dev!.stats[RX_DROPPED]!++;
      traceDrop(skb, 'CPU_BACKLOG');
      skb.pool.free(skb);
      return NET_RX_DROP;
    }
    this.#input.push(skb);
    return NET_RX_SUCCESS;
  }

  /** Runs it once, however often it is asked for until then. @models include/linux/interrupt.h tasklet_schedule() */
  schedule(tasklet: Tasklet): void {
    if (tasklet.scheduled) return;
    tasklet.scheduled = true;
    if (this.#lastTasklet === undefined) this.#firstTasklet = tasklet;
    else this.#lastTasklet.next = tasklet;
    this.#lastTasklet = tasklet;
  }

  /** Does all that waits, and what comes of it. @models net/core/dev.c net_rx_action() */
  run(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let left = BUDGET; left > 0; left--) if (!this.#step()) return;
    } finally {
      this.#running = false;
    }
    this.#runLater();
  }

  /** NET_RX_SOFTIRQ goes before TASKLET_SOFTIRQ. */
  #step(): boolean {
    const skb = this.#input.shift();
    if (skb !== undefined) {
      netifReceiveSkb(skb);
      return true;
    }
    const tasklet = this.#firstTasklet;
    if (tasklet === undefined) return false;
    this.#firstTasklet = tasklet.next;
    if (tasklet.next === undefined) this.#lastTasklet = undefined;
    tasklet.next = undefined;
    tasklet.scheduled = false;
    tasklet.run();
    return true;
  }

  #runLater(): void {
    if (this.#later) return;
    this.#later = true;
    this.#machine.work.schedule(TURN, 'ksoftirqd', () => {
      this.#later = false;
      this.run();
    });
  }
}

/**
 * A driver has a packet for the stack.
 *
 * @models net/core/dev.c netif_rx()
 */
export const netifRx = (skb: SkBuff): number => skb.dev!.net.machine.softnet.backlog.enqueue(skb);
