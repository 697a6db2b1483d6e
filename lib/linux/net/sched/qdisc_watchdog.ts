// net/sched/sch_api.c qdisc_watchdog: a qdisc whose next packet may not go yet is run again when it may. Time is that of the
// machine's clock.
import type { Work } from '../../clock.js';
import { qdiscRun } from './qdisc_run.js';
import type { Qdisc } from './sch_generic.js';

/** The qdisc that packets of a queue are taken from. */
const rootOf = (sch: Qdisc): Qdisc => sch.devQueue!.active;

export class QdiscWatchdog {
  readonly #sch: Qdisc;
  #work: Work | undefined;

  constructor(sch: Qdisc) {
    this.#sch = sch;
  }

  /** Runs the queue at `ns` of the machine's clock; an earlier date that waits stays. @models net/sched/sch_api.c qdisc_watchdog_schedule_range_ns() */
  schedule(ns: number): void {
    const { machine } = this.#sch.dev.net;
    if (this.#work !== undefined) {
      if (this.#work.deadline <= ns && this.#work.deadline > machine.clock.now()) return;
      this.#work.cancel();
    }
    this.#work = machine.work.schedule(Math.max(0, ns - machine.clock.now()), 'qdisc_watchdog', () => {
      this.#work = undefined;
      qdiscRun(rootOf(this.#sch));
      machine.softnet.backlog.run();
    });
  }

  /** @models net/sched/sch_api.c qdisc_watchdog_cancel() */
  cancel(): void {
    this.#work?.cancel();
    this.#work = undefined;
  }
}
