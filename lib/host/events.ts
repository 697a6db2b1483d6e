// The one epoll set: listener, placeholders, client pidfds, capture pipes. Everything here runs on the supervisor's
// thread. A wait ends early with EINTR when the process gets a signal; the caller then lets the event loop run, so
// that handlers of the process see it.
import { EPOLL_CLOEXEC, EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD, type Abi } from './abi.js';
import { BASE, EVENTS, MAX_EVENTS, WORDS, close, epollCreate1, epollCtl, epollWait, u32, view } from './libc.js';

export type EventHandler = (events: number) => void;

interface Entry {
  readonly generation: number;
  readonly handler: EventHandler;
}

export class Events {
  readonly #abi: Abi;
  readonly #fd = epollCreate1(EPOLL_CLOEXEC);
  readonly #entries = new Map<number, Entry>();
  #generation = 0;

  constructor(abi: Abi) {
    this.#abi = abi;
  }

  add(fd: number, mask: number, handler: EventHandler): void {
    const generation = (this.#generation = (this.#generation + 1) >>> 0);
    this.#entries.set(fd, { generation, handler });
    this.#control(EPOLL_CTL_ADD, fd, mask, generation);
  }

  change(fd: number, mask: number): void {
    const entry = this.#entries.get(fd);
    if (entry !== undefined) this.#control(EPOLL_CTL_MOD, fd, mask, entry.generation);
  }

  /** Takes the fd out of the set and closes it. */
  close(fd: number): void {
    if (this.#entries.delete(fd)) this.#control(EPOLL_CTL_DEL, fd, 0, 0);
    close(fd);
  }

  /** Waits and calls the handlers; -1 when a signal ended the wait, else the number of events. */
  wait(timeoutMs: number): number {
    let total = 0;
    for (;;) {
      const n = epollWait(this.#fd, BASE + EVENTS, MAX_EVENTS, total === 0 ? timeoutMs : 0);
      if (n < 0) return total === 0 ? -1 : total;
      this.#dispatch(n);
      total += n;
      if (n < MAX_EVENTS) return total;
    }
  }

  end(): void {
    for (const fd of this.#entries.keys()) close(fd);
    this.#entries.clear();
    close(this.#fd);
  }

  /** An event of an fd that an earlier event of the same wait closed (and perhaps reopened) reaches nobody. */
  #dispatch(n: number): void {
    const { epollEventSize, epollDataOffset } = this.#abi;
    if (n === 1) {
      this.#call(EVENTS, EVENTS + epollDataOffset);
      return;
    }
    const from = EVENTS;
    const copy: number[] = [];
    for (let i = 0; i < n; i++) {
      const at = from + i * epollEventSize;
      copy.push(view.getUint32(at, true), view.getUint32(at + epollDataOffset, true));
      copy.push(view.getUint32(at + epollDataOffset + 4, true));
    }
    for (let i = 0; i < copy.length; i += 3) this.#fire(copy[i]!, copy[i + 1]!, copy[i + 2]!);
  }

  #call(at: number, data: number): void {
    this.#fire(view.getUint32(at, true), view.getUint32(data, true), view.getUint32(data + 4, true));
  }

  #fire(events: number, fd: number, generation: number): void {
    const entry = this.#entries.get(fd);
    if (entry?.generation === generation) entry.handler(events);
  }

  #control(op: number, fd: number, mask: number, generation: number): void {
    const { epollDataOffset } = this.#abi;
    u32[WORDS >> 2] = mask;
    u32[(WORDS + epollDataOffset) >> 2] = fd;
    u32[(WORDS + epollDataOffset + 4) >> 2] = generation;
    epollCtl(this.#fd, op, fd, BASE + WORDS);
  }
}
