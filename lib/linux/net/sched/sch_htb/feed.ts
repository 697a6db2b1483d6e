// net/sched/sch_htb.c, the part trees: classes that have packets, in order of class id, and whose turn it is. A row holds the
// classes of one level and priority that may send by themselves, the feed of an inner class those that borrow from it.
import type { HtbClass } from './class.js';

/** struct htb_prio */
export class HtbFeed {
  readonly #classes: HtbClass[] = [];
  /** Whose turn it is; undefined: look from `lastId` on, or start again. */
  at: HtbClass | undefined;
  lastId = 0;

  get empty(): boolean {
    return this.#classes.length === 0;
  }

  get first(): HtbClass | undefined {
    return this.#classes[0];
  }

  /** @models net/sched/sch_htb.c htb_add_to_id_tree() */
  add(cl: HtbClass): void {
    const classes = this.#classes;
    let i = classes.length;
    while (i > 0 && classes[i - 1]!.classid >= cl.classid) i--;
    classes.splice(i, 0, cl);
  }

  remove(cl: HtbClass): void {
    this.#classes.splice(this.#classes.indexOf(cl), 1);
  }

  /** The turn passes on; behind the last one it is nobody's. @models net/sched/sch_htb.c htb_next_rb_node() */
  advance(): void {
    if (this.at !== undefined) this.at = this.#classes[this.#classes.indexOf(this.at) + 1];
  }

  /** The first class whose id is `id` or above. @models net/sched/sch_htb.c htb_id_find_next_upper() */
  upper(id: number): HtbClass | undefined {
    return this.#classes.find((cl) => cl.classid >= id);
  }

  clear(): void {
    this.#classes.length = 0;
    this.at = undefined;
    this.lastId = 0;
  }
}

/** One feed a priority. */
export type HtbFeeds = readonly HtbFeed[];

/** struct htb_level: the rows of a level, and its classes that will change their mode, earliest first. */
export class HtbLevel {
  readonly rows: HtbFeeds;
  /** Priorities whose row is not empty. */
  rowMask = 0;
  readonly waiting: HtbClass[] = [];
  /** Time of the first change, or sooner. */
  nearEvent = 0;

  constructor(priorities: number) {
    this.rows = feeds(priorities);
  }

  /** @models net/sched/sch_htb.c htb_add_to_wait_tree() */
  wait(cl: HtbClass, now: number, delay: number): void {
    cl.changesAt = delay === 0 ? now + 1 : now + delay;
    if (this.nearEvent > cl.changesAt) this.nearEvent = cl.changesAt;
    const { waiting } = this;
    let i = waiting.length;
    while (i > 0 && waiting[i - 1]!.changesAt > cl.changesAt) i--;
    waiting.splice(i, 0, cl);
  }

  noLongerWaits(cl: HtbClass): void {
    this.waiting.splice(this.waiting.indexOf(cl), 1);
  }

  clear(): void {
    for (const row of this.rows) row.clear();
    this.rowMask = 0;
    this.waiting.length = 0;
  }
}

/** One feed a priority. @differs arrays in the structs of the kernel */
export const feeds = (priorities: number): HtbFeeds => Array.from({ length: priorities }, () => new HtbFeed());
