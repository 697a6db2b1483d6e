// `--fault SPEC`: what goes wrong on purpose, as people write it. A spec is a list of words between commas; the first
// says what is struck, the others how and when; `text=` takes the rest of the spec. Loaded only when the option is given.
import { checkFault, faultCalls, type Fault, type FaultCall, type FaultWhen } from '../linux/faults.js';
import { NSEC_PER_MSEC, NSEC_PER_SEC } from '../linux/clock.js';
import { errnos } from '../uapi/asm-generic/errno.js';
import { rtmTypes } from '../uapi/linux/rtnetlink.js';
import { UsageError } from './usage_error.js';

export interface ParsedFaults {
  readonly faults: readonly Fault[];
  /** 1 unless the specs say otherwise. */
  readonly faultSeed: number;
}

const numbers = (names: Readonly<Record<string, number>>): ReadonlyMap<string, number> =>
  new Map(Object.entries(names));
const errnoNumbers = numbers(errnos);
const typeNumbers = numbers(rtmTypes);

const NSEC: Readonly<Record<string, number>> = { us: 1000, ms: NSEC_PER_MSEC, s: NSEC_PER_SEC };

/** The words of one spec; each is taken once, and none may be left. */
class Words {
  readonly #spec: string;
  readonly #words = new Map<string, string | undefined>();
  readonly kind: string;
  readonly subject: string | undefined;

  constructor(spec: string) {
    this.#spec = spec;
    const at = spec.search(/,text=/);
    const [first = '', ...rest] = (at < 0 ? spec : spec.slice(0, at)).split(',');
    if (at >= 0) this.#words.set('text', spec.slice(at + ',text='.length));
    [this.kind, this.subject] = halves(first);
    for (const word of rest) {
      const [key, value] = halves(word);
      if (this.#words.has(key)) this.fail(`'${key}' is there twice`);
      this.#words.set(key, value);
    }
  }

  fail(problem: string): never {
    throw new UsageError(`--fault '${this.#spec}': ${problem}`);
  }

  /** The value of `key`, undefined when it is not there. */
  take(key: string): string | undefined {
    const value = this.#words.get(key);
    if (this.#words.delete(key) && value === undefined) this.fail(`'${key}' has no value`);
    return value;
  }

  /** Whether the word is there, which takes no value. */
  flag(key: string): boolean {
    if (this.#words.get(key) !== undefined) this.fail(`'${key}' takes no value`);
    return this.#words.delete(key);
  }

  number(key: string): number | undefined {
    const value = this.take(key);
    if (value === undefined) return undefined;
    if (value === '' || !Number.isFinite(Number(value))) this.fail(`${key}: '${value}' is no number`);
    return Number(value);
  }

  errno(): number {
    const name = this.take('errno') ?? this.fail('errno=… is missing, such as errno=ENOMEM');
    return errnoNumbers.get(name) ?? (/^\d+$/.test(name) ? Number(name) : this.fail(`no errno '${name}'`));
  }

  /** The message type the fault is about, as a property; nothing when it is about all. */
  type(): { readonly type?: number } {
    const { subject } = this;
    if (subject === undefined) return {};
    const type = typeNumbers.get(subject) ?? (/^\d+$/.test(subject) ? Number(subject) : undefined);
    return { type: type ?? this.fail(`no message type '${subject}': RTM_NEWQDISC and the like, or a number`) };
  }

  end(): void {
    const [left] = this.#words.keys();
    if (left !== undefined) this.fail(`'${left}' means nothing here`);
  }
}

function halves(word: string): [string, string | undefined] {
  const at = word.indexOf('=');
  return at < 0 ? [word, undefined] : [word.slice(0, at), word.slice(at + 1)];
}

/** Properties without those that are undefined. */
function present<T extends Record<string, unknown>>(all: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}

function callOf(words: Words): FaultCall {
  const found = faultCalls.find((name) => name === words.subject);
  return found ?? words.fail(`no call '${words.subject ?? ''}': one of ${faultCalls.join(', ')}`);
}

function notifyOf(words: Words, when: FaultWhen): Fault {
  const delay = words.take('delay');
  if (words.flag('drop')) {
    if (delay !== undefined) words.fail('either drop or delay=…');
    return { kind: 'notify', ...words.type(), ...when };
  }
  if (delay === undefined) words.fail('drop or delay=… is missing');
  const match = /^(\d+(?:\.\d+)?)(us|ms|s)$/.exec(delay);
  if (match === null) words.fail(`delay: '${delay}' is no time: 50ms, 2s, 100us`);
  return { kind: 'notify', ...words.type(), delay: Math.round(Number(match[1]) * NSEC[match[2]!]!), ...when };
}

function bufferOf(words: Words, when: FaultWhen): Fault {
  const sizes = present({ rcvbuf: words.number('rcvbuf'), sndbuf: words.number('sndbuf') });
  if (Object.keys(sizes).length === 0) words.fail('rcvbuf=BYTES or sndbuf=BYTES is missing');
  return { kind: 'buffer', ...sizes, ...when };
}

function faultOf(words: Words): Fault {
  const [nth, from, every, chance] = ['nth', 'from', 'every', 'chance'].map((key) => words.number(key));
  const when: FaultWhen = present({ nth, from, every, chance });
  switch (words.kind) {
    case 'call':
      return { kind: 'call', call: callOf(words), errno: words.errno(), ...when };
    case 'request':
      return {
        kind: 'request',
        ...words.type(),
        errno: words.errno(),
        ...present({ text: words.take('text') }),
        ...when,
      };
    case 'notify':
      return notifyOf(words, when);
    case 'overrun':
    case 'interrupt':
      return { kind: words.kind, ...words.type(), ...when };
    case 'buffer':
      return bufferOf(words, when);
    default:
      return words.fail(`begins with call=, request, notify, overrun, interrupt, buffer or seed=, not '${words.kind}'`);
  }
}

function seedOf(words: Words): number {
  const seed = Number(words.subject);
  if (words.subject === undefined || !Number.isInteger(seed) || seed < 0 || seed > 0xffffffff)
    words.fail('the seed is a whole number below 2^32');
  return seed;
}

/** Every `--fault` of a command line. Throws UsageError. */
export function parseFaults(specs: readonly string[]): ParsedFaults {
  const faults: Fault[] = [];
  let faultSeed = 1;
  for (const spec of specs) {
    const words = new Words(spec);
    if (words.kind === 'seed') faultSeed = seedOf(words);
    else faults.push(checked(words));
    words.end();
  }
  return { faults, faultSeed };
}

function checked(words: Words): Fault {
  const fault = faultOf(words);
  try {
    checkFault(fault);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    words.fail(error.message);
  }
  return fault;
}
