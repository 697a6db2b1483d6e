// The event sink of a machine: what tracing, teaching views and reference checks listen to. No sink, no cost: every
// place that emits first asks whether `sink` is set.
import type { KObject } from './object.js';

export type KernelEvent =
  | { readonly type: 'created'; readonly object: KObject }
  | { readonly type: 'held'; readonly object: KObject; readonly holder: Holder; readonly refcount: number }
  | { readonly type: 'released'; readonly object: KObject; readonly holder: Holder; readonly refcount: number }
  | { readonly type: 'freed'; readonly object: KObject }
  | { readonly type: 'message-in'; readonly portid: number; readonly protocol: number; readonly data: Uint8Array }
  | { readonly type: 'message-out'; readonly portid: number; readonly group: number; readonly data: Uint8Array }
  | { readonly type: 'gap'; readonly what: string }
  | { readonly type: 'trace-printk'; readonly text: string };

/** Whoever holds a reference: another object, a file, a list, or a call in progress. */
export interface Holder {
  /** How people see it, e.g. `filter 0x1 of bpf prio 49152`. */
  readonly label: string;
}

/** One a machine. */
export class Events {
  sink: ((event: KernelEvent) => void) | undefined;
  /** Objects under construction: told of before the next event, when they can be looked at. */
  readonly #created: KObject[] = [];

  /** Tells the sink; to be called only when there is one. */
  emit(event: KernelEvent): void {
    this.flush();
    this.sink?.(event);
  }

  /** An object's base constructor runs; the rest of it is not there yet. To be called only when there is a sink. */
  creating(object: KObject): void {
    this.#created.push(object);
  }

  /** Tells of every object created since the last event. */
  flush(): void {
    for (const object of this.#created.splice(0)) this.sink?.({ type: 'created', object });
  }
}
