// The one inotify instance of a box, made at the first watch.
import { EPOLLIN, O_CLOEXEC, O_NONBLOCK } from './abi.js';
import type { Events } from './events.js';
import { BASE, IN, IN_SIZE, inotifyAddWatch, inotifyInit1, inotifyRmWatch, read, u32 } from './libc.js';

/** include/uapi/linux/inotify.h */
export const IN_CLOSE = 0x18;
export const IN_DELETE_SELF = 0x400;
export const IN_UNMOUNT = 0x2000;

export class Inotify {
  readonly #events: Events;
  readonly #heard = new Map<number, (mask: number) => void>();
  #fd = -1;

  constructor(events: Events) {
    this.#events = events;
  }

  /** Calls `heard` at each event of the inode at `path`; the watch, or -1 when this machine gives no more of them. */
  watch(path: string, mask: number, heard: (mask: number) => void): number {
    if (this.#fd < 0) {
      this.#fd = inotifyInit1(O_NONBLOCK | O_CLOEXEC);
      if (this.#fd < 0) return -1;
      this.#events.add(this.#fd, EPOLLIN, () => {
        this.#hear();
      });
    }
    const watch = inotifyAddWatch(this.#fd, path, mask);
    if (watch >= 0) this.#heard.set(watch, heard);
    return watch;
  }

  unwatch(watch: number): void {
    if (this.#heard.delete(watch)) inotifyRmWatch(this.#fd, watch);
  }

  close(): void {
    if (this.#fd >= 0) this.#events.close(this.#fd);
    this.#fd = -1;
    this.#heard.clear();
  }

  /** struct inotify_event: wd, mask, cookie, len. Handlers may use the arena, so the events are copied first. */
  #hear(): void {
    const length = read(this.#fd, BASE + IN, IN_SIZE);
    const told: number[] = [];
    for (let at = IN; at < IN + length; at += 16 + u32[(at + 12) >> 2]!) told.push(u32[at >> 2]!, u32[(at + 4) >> 2]!);
    for (let i = 0; i < told.length; i += 2) this.#heard.get(told[i]!)?.(told[i + 1]!);
  }
}
