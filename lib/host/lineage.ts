// Whether a client belongs to one program of a box: it is that program, in its process group, or a descendant of what belongs.
// lib/host/control.ts asks it when that program alone is recorded.
import { readFileSync } from 'node:fs';
import type { ClientTask } from './clients.js';

/** More processes than any is below another. */
const DEPTH_MAX = 64;

interface Ancestry {
  readonly parent: number;
  readonly group: number;
}

function ancestryOf(pid: number): Ancestry | undefined {
  try {
    const [, parent, group] = readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { parent: Number(parent), group: Number(group) };
  } catch {
    return undefined;
  }
}

export class Lineage {
  readonly #root: number;
  /** Processes that are known to belong; one whose parent has ended is told by itself alone. */
  readonly #members = new Set<number>();
  readonly #known = new WeakMap<ClientTask, boolean>();

  constructor(root: number) {
    this.#root = root;
    this.#members.add(root);
  }

  has(task: ClientTask): boolean {
    let known = this.#known.get(task);
    if (known === undefined) this.#known.set(task, (known = this.#belongs(task.tgid)));
    return known;
  }

  #belongs(tgid: number): boolean {
    let pid = tgid;
    for (let i = 0; i < DEPTH_MAX && pid > 1; i++) {
      const ancestry = this.#members.has(pid) ? { parent: 0, group: this.#root } : ancestryOf(pid);
      if (ancestry === undefined) return false;
      if (ancestry.group === this.#root) {
        this.#members.add(tgid);
        return true;
      }
      pid = ancestry.parent;
    }
    return false;
  }

  /** Members that live now, the program itself aside. */
  get living(): number {
    return [...this.#members].filter((pid) => pid !== this.#root && ancestryOf(pid) !== undefined).length;
  }
}
