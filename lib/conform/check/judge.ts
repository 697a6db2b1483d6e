// One look at one message with the eyes of one kernel. The rules walk through the kernel's checks in the kernel's order and
// tell a Judge of everything that is wrong; the first refusal is the verdict, all of them are findings. A rule goes on
// behind a refusal, which the kernel does not: so every deviation shows at once. Without and with NETLINK_GET_STRICT_CHK
// are judged in one look. Nothing here throws.
import type { Attributes } from './attributes.js';
import type { Code } from './codes.js';
import type { Finding, Refusal, Severity, Verdict } from './finding.js';
import type { Behaviour, KernelVersion } from './versions.js';
import { ageOf, firstWith } from './versions.js';

/** Bytes of a datagram, and how they are called. */
export interface Place {
  /** From the start of the datagram. */
  readonly offset: number;
  readonly length: number;
  /** What follows the name of the message: `TCA_OPTIONS TCA_BPF_FD`; '' = the message itself. */
  readonly path: string;
}

/** What a rule says of a deviation that is no refusal. */
export interface Note {
  readonly code: Code;
  readonly severity: Severity;
  readonly at: Place;
  readonly text: string;
  readonly fix?: string | undefined;
  readonly refusal?: Refusal | undefined;
}

/** What a rule says of a refusal. */
export interface Deviation {
  readonly code: Code;
  readonly errno: string;
  /** Text of the extended acknowledgement; undefined = none of its own: that of a warning before it stays. */
  readonly msg?: string | undefined;
  readonly at: Place;
  readonly text: string;
  readonly fix?: string | undefined;
  /** Offset in the datagram of the attribute that the kernel points to. */
  readonly bad?: number | undefined;
  readonly missType?: number;
  /** Offset in the datagram of the nest a type is missing from. */
  readonly missNest?: number;
  /** Attributes that lack something because of what is wrong in their run: then that is the finding. */
  readonly within?: Attributes | undefined;
}

const none: readonly string[] = [];

export class Judge {
  readonly version: KernelVersion;
  readonly #age: number;
  /** Versions whose news were asked for, a bit each. */
  #asked = 0;
  u8: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** The message: from its nlmsghdr up to nlmsg_len, in the datagram. */
  start = 0;
  end = 0;
  type = 0;
  flags = 0;
  /** Index in the datagram. */
  message = 0;
  /** `RTM_NEWTFILTER`. */
  name = '';
  /** The socket is known to have NETLINK_GET_STRICT_CHK set. */
  strictSocket = false;
  /** Kernel function whose checks are being made. */
  symbol = '';
  /** Text the extended acknowledgement has so far. */
  msg: string | undefined;
  /** Where findings go; undefined = only the verdict is wanted. */
  sink: Finding[] | undefined;
  #perhaps = false;
  #liberal: Refusal | undefined;
  #strict: Refusal | undefined;
  #mayLiberal: string[] | undefined;
  #mayStrict: string[] | undefined;

  constructor(version: KernelVersion) {
    this.version = version;
    this.#age = ageOf(version);
  }

  /** Turns to a datagram. */
  take(u8: Uint8Array, view: DataView): void {
    this.u8 = u8;
    this.view = view;
  }

  /** Turns to the message between `start` and `end` of the datagram. */
  turnTo(start: number, end: number): void {
    this.start = start;
    this.end = end;
    this.type = this.view.getUint16(start + 4, true);
    this.flags = this.view.getUint16(start + 6, true);
    this.symbol = '';
    this.msg = undefined;
    this.#asked = 0;
    this.#liberal = undefined;
    this.#strict = undefined;
    this.#mayLiberal = undefined;
    this.#mayStrict = undefined;
  }

  has(behaviour: Behaviour): boolean {
    const first = firstWith[behaviour];
    this.#asked |= 1 << first;
    return first <= this.#age;
  }

  /** Whether an older version has come to the same: nothing was asked for that is news to it. */
  agrees(older: KernelVersion): boolean {
    const age = ageOf(older);
    return age <= this.#age && this.#asked >> (age + 1) === 0;
  }

  /** Whether the message has all of `flags`. */
  wants(flags: number): boolean {
    return (this.flags & flags) === flags;
  }

  /** Whether the message is refused already, by liberal parsing. */
  get refused(): boolean {
    return this.#liberal !== undefined;
  }

  get liberal(): Verdict {
    return verdictOf(this.#liberal, this.#mayLiberal);
  }

  get strict(): Verdict {
    return verdictOf(this.#strict, this.#mayStrict);
  }

  /** Something the kernel looks up here may stand in the way: `ENODEV: no such device`. */
  may(reason: string): void {
    if (this.#liberal === undefined) this.mayLiberally(reason);
    if (this.#strict !== undefined) return;
    this.#mayStrict ??= [];
    if (!this.#mayStrict.includes(reason)) this.#mayStrict.push(reason);
  }

  /** The same without strict checking alone. */
  mayLiberally(reason: string): void {
    if (this.#liberal !== undefined) return;
    this.#mayLiberal ??= [];
    if (!this.#mayLiberal.includes(reason)) this.#mayLiberal.push(reason);
  }

  note({ code, severity, at, text, fix, refusal }: Note): void {
    this.sink?.push(this.#finding(code, severity, at, text, fix, refusal));
  }

  /** Rules that the kernel may come to, or may not: what they refuse is only possible, and nothing is told of it. */
  perhaps(rules: () => void): void {
    const { sink, msg } = this;
    const outer = this.#perhaps;
    this.sink = undefined;
    this.#perhaps = true;
    rules();
    this.#perhaps = outer;
    this.sink = sink;
    this.msg = msg;
  }

  /** The kernel refuses the message here, if it has not before. */
  refuse(deviation: Deviation): void {
    if (this.#perhaps) {
      this.may(`${deviation.errno}: ${deviation.msg ?? deviation.text}`);
      return;
    }
    const refusal = this.#refusalOf(deviation);
    this.#liberal ??= refusal;
    this.#strict ??= refusal;
    this.#tell(deviation, 'refused', refusal);
  }

  /** A check that only NETLINK_GET_STRICT_CHK adds. */
  strictly(deviation: Deviation): void {
    if (!this.has('ext-ack')) return;
    const refusal = this.#refusalOf(deviation);
    this.#strict ??= refusal;
    this.#tell(deviation, this.strictSocket ? 'refused' : 'strict', refusal);
  }

  /** A check that NETLINK_GET_STRICT_CHK replaces by another. */
  liberally(deviation: Deviation): void {
    const refusal = this.#refusalOf(deviation);
    this.#liberal ??= refusal;
    if (!this.strictSocket) this.#tell(deviation, 'refused', refusal);
  }

  /** refuse(), in short. */
  deny(code: Code, errno: string, msg: string | undefined, at: Place, text: string, within?: Attributes): void {
    this.refuse({ code, errno, msg, at, text, within });
  }

  #tell({ code, at, text, fix, within }: Deviation, severity: Severity, refusal: Refusal): void {
    if (this.sink === undefined) return;
    // What is to blame may be no finding for this kernel: then there is none at its place.
    if (within !== undefined && this.sink[within.cause] !== undefined)
      this.#blame(this.sink, within.cause, text, severity, refusal);
    else this.sink.push(this.#finding(code, severity, at, text, fix, refusal));
  }

  /** What was found before is why the kernel refuses. */
  #blame(sink: Finding[], cause: number, text: string, severity: Severity, refusal: Refusal): void {
    const finding = sink[cause]!;
    if (finding.refusal === undefined)
      sink[cause] = { ...finding, severity, refusal, text: `${finding.text}; so ${text}` };
  }

  #refusalOf({ errno, msg = this.msg, bad, missType, missNest }: Deviation): Refusal {
    if (!this.has('ext-ack')) return { errno };
    return {
      errno,
      ...(msg === undefined ? {} : { msg }),
      ...(bad === undefined ? {} : { badAttr: bad - this.start }),
      ...(missType === undefined ? {} : { missType }),
      ...(missNest === undefined ? {} : { missNest: missNest - this.start }),
    };
  }

  #finding(code: Code, severity: Severity, at: Place, text: string, fix?: string, refusal?: Refusal): Finding {
    return {
      code,
      severity,
      message: this.message,
      offset: at.offset,
      length: at.length,
      path: at.path === '' ? this.name : `${this.name} ${at.path}`,
      text,
      ...(fix === undefined ? {} : { fix }),
      ...(refusal === undefined ? {} : { refusal }),
      ...(this.symbol === '' ? {} : { symbol: this.symbol }),
    };
  }
}

function verdictOf(refusal: Refusal | undefined, mayFail: readonly string[] = none): Verdict {
  return refusal === undefined ? { mayFail } : { refusal, mayFail };
}
