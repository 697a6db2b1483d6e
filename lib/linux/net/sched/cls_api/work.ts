// net/sched/cls_api.c tcf_queue_work(): filters that left their list are freed later, by a work queue that waits for a
// grace period. Filters that come within one tick wait for the same one.
import { NSEC_PER_SEC } from '../../../clock.js';
import type { Holder } from '../../../events.js';
import type { KObject } from '../../../object.js';
import { type Net, netGeneric } from '../../core/net_namespace.js';

class FilterWorkqueue implements Holder {
  readonly label = 'tc_filter_workqueue';
  readonly #net: Net;
  #batch: KObject[] = [];
  #tick = -1;

  constructor(net: Net) {
    this.#net = net;
  }

  add(filter: KObject, owner: Holder): void {
    const { machine } = this.#net;
    const tick = Math.floor((machine.clock.now() * machine.config.HZ) / NSEC_PER_SEC);
    if (tick !== this.#tick || this.#batch.length === 0) this.#open(tick);
    this.#batch.push(filter.hold(this));
    filter.release(owner);
  }

  #open(tick: number): void {
    const batch: KObject[] = [];
    this.#batch = batch;
    this.#tick = tick;
    this.#net.machine.callRcu('free filters', () => {
      for (const filter of batch.splice(0)) filter.release(this);
    });
  }
}

const workqueueOf = netGeneric((net: Net) => new FilterWorkqueue(net));

/**
 * Passes the reference of `owner` to the work queue, which drops it after a grace period.
 *
 * @models net/sched/cls_api.c tcf_queue_work()
 */
export function tcfQueueWork(net: Net, filter: KObject, owner: Holder): void {
  workqueueOf(net).add(filter, owner);
}
