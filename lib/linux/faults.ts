// Faults on purpose: a kernel that misbehaves as it is told to, for testing how programs take it. Places in the model
// that can misbehave ask `machine.faults.active` first, which is undefined as long as no fault is set. No kernel does
// this by itself; what a program then sees is what it would see if the kernel did. The same faults, seed and requests
// give the same run.
import { EAGAIN } from '../uapi/asm-generic/errno.js';
import { Entropy } from './entropy.js';

/** Modelled system calls that can be made to fail. */
export const faultCalls = [
  'socket',
  'bind',
  'connect',
  'getsockname',
  'setsockopt',
  'getsockopt',
  'sendmsg',
  'recvmsg',
  'ioctl',
  'bpf',
] as const;

export type FaultCall = (typeof faultCalls)[number];

/** Which of the events that match a fault it strikes; every one by default. Several conditions must all hold. */
export interface FaultWhen {
  /** The nth alone, counted from 1. */
  readonly nth?: number;
  /** The nth and all after it. */
  readonly from?: number;
  /** Each nth. */
  readonly every?: number;
  /** With this probability, 0 to 1. */
  readonly chance?: number;
}

/** `type` is the nlmsg_type of a message; undefined = any. */
export type Fault = FaultWhen &
  (
    | { readonly kind: 'call'; readonly call: FaultCall; readonly errno: number }
    /** The request is not carried out; it is answered with the errno and the text. */
    | { readonly kind: 'request'; readonly type?: number; readonly errno: number; readonly text?: string }
    /** A notification reaches its group later by `delay` ns (others overtake it), or never when that is undefined. */
    | { readonly kind: 'notify'; readonly type?: number; readonly delay?: number }
    /** A message finds the receive buffer of a socket full: it is lost, and the socket told so by ENOBUFS. */
    | { readonly kind: 'overrun'; readonly type?: number }
    /** A dump asked for by `type` says in its first message that it may be inconsistent (NLM_F_DUMP_INTR). */
    | { readonly kind: 'interrupt'; readonly type?: number }
    /** New sockets have buffers of these sizes (as getsockopt() tells them) and can set them no larger. */
    | { readonly kind: 'buffer'; readonly rcvbuf?: number; readonly sndbuf?: number }
  );

type FaultKind = Fault['kind'];
type FaultOf<K extends FaultKind> = Extract<Fault, { readonly kind: K }>;

/** A fault that is set. */
export interface SetFault {
  readonly fault: Fault;
  /** Events that matched it so far, and those it struck. */
  readonly seen: number;
  readonly struck: number;
  /** Takes it back. */
  remove(): void;
}

interface Rule {
  readonly fault: Fault;
  seen: number;
  struck: number;
  remove: () => void;
}

/** Buffer sizes of a new socket. */
interface Buffers {
  rcvbuf: number;
  sndbuf: number;
  rcvbufMax: number;
  sndbufMax: number;
}

const isCount = (value: number | undefined): boolean => value === undefined || (Number.isInteger(value) && value >= 1);

/** Throws RangeError for what could not work. */
export function checkFault(fault: Fault): void {
  const { nth, from, every, chance = 1 } = fault;
  if (![nth, from, every].every(isCount)) throw new RangeError('nth, from and every are whole numbers from 1');
  if (!(chance >= 0 && chance <= 1)) throw new RangeError('chance is a number from 0 to 1');
  if ('errno' in fault && !(Number.isInteger(fault.errno) && fault.errno >= 1 && fault.errno <= 4095))
    throw new RangeError('errno is a number from 1 to 4095');
  if (fault.kind === 'call' && fault.call === 'recvmsg' && fault.errno === EAGAIN)
    throw new RangeError('a receive that fails with EAGAIN would wait for ever on a socket that has data: use EINTR');
  if (fault.kind === 'buffer' && (!isCount(fault.rcvbuf) || !isCount(fault.sndbuf)))
    throw new RangeError('rcvbuf and sndbuf are whole numbers of bytes');
  if (fault.kind === 'notify' && !((fault.delay ?? 0) >= 0)) throw new RangeError('delay is not negative');
}

/** What the places in the model ask, while at least one fault is set. */
export class ActiveFaults {
  readonly #rules: readonly Rule[];
  readonly #entropy: Entropy;

  constructor(rules: readonly Rule[], entropy: Entropy) {
    this.#rules = rules;
    this.#entropy = entropy;
  }

  /** The positive errno that a call fails with, or 0. */
  call(call: FaultCall): number {
    return this.#strike('call', (fault) => fault.call === call)?.errno ?? 0;
  }

  request(type: number): FaultOf<'request'> | undefined {
    return this.#strike('request', (fault) => (fault.type ?? type) === type);
  }

  notify(type: number): FaultOf<'notify'> | undefined {
    return this.#strike('notify', (fault) => (fault.type ?? type) === type);
  }

  overruns(type: number): boolean {
    return this.#strike('overrun', (fault) => (fault.type ?? type) === type) !== undefined;
  }

  interrupts(type: number): boolean {
    return this.#strike('interrupt', (fault) => (fault.type ?? type) === type) !== undefined;
  }

  /** Cuts the buffers of a new socket. */
  buffers(opts: Buffers): void {
    const fault = this.#strike('buffer', () => true);
    if (fault === undefined) return;
    opts.rcvbufMax = opts.rcvbuf = fault.rcvbuf ?? opts.rcvbuf;
    opts.sndbufMax = opts.sndbuf = fault.sndbuf ?? opts.sndbuf;
  }

  /** Counts an event for every fault it matches; the first one that strikes. */
  #strike<K extends FaultKind>(kind: K, matches: (fault: FaultOf<K>) => boolean): FaultOf<K> | undefined {
    let found: FaultOf<K> | undefined;
    for (const rule of this.#rules) {
      const fault = rule.fault as FaultOf<K>;
      if (fault.kind !== kind || !matches(fault)) continue;
      rule.seen++;
      if (!this.#isTime(fault, rule.seen)) continue;
      rule.struck++;
      found ??= fault;
    }
    return found;
  }

  #isTime({ nth, from, every, chance }: FaultWhen, seen: number): boolean {
    if (nth !== undefined && seen !== nth) return false;
    if (from !== undefined && seen < from) return false;
    if (every !== undefined && seen % every !== 0) return false;
    return chance === undefined || this.#entropy.u32() / 2 ** 32 < chance;
  }
}

/** Neighbouring seeds give streams that have nothing in common (the finalizer of MurmurHash3). */
function scattered(seed: number): number {
  let h = seed ^ (seed >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** One a machine. */
export class Faults {
  /** What to ask; undefined when no fault is set. */
  active: ActiveFaults | undefined;
  readonly #rules: Rule[] = [];
  readonly #entropy: Entropy;

  constructor(seed = 1) {
    this.#entropy = new Entropy(scattered(seed));
  }

  /** Sets a fault, from now on. Throws RangeError when it makes no sense. */
  add(fault: Fault): SetFault {
    checkFault(fault);
    const remove = (): void => {
      const at = this.#rules.indexOf(rule);
      if (at >= 0) this.#rules.splice(at, 1);
      this.#update();
    };
    const rule: Rule = { fault, seen: 0, struck: 0, remove };
    this.#rules.push(rule);
    this.#update();
    return rule;
  }

  /** Takes back every fault. */
  clear(): void {
    this.#rules.length = 0;
    this.#update();
  }

  #update(): void {
    this.active = this.#rules.length === 0 ? undefined : new ActiveFaults([...this.#rules], this.#entropy);
  }
}
