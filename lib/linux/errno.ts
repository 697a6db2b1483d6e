// How the model refuses. Inside the kernel a handler throws an Errno and leaves undoing to try/finally; at the edge of
// a system call or a netlink message it becomes a negative number. The text for people goes into Extack.
import type { Extack } from '../codec/extack.js';
import { PolicyError } from '../codec/parse.js';
import { WriterFull } from '../codec/writer.js';
import * as E from '../uapi/asm-generic/errno.js';

/** A refusal of the modelled kernel. `errno` is positive. */
export class Errno extends Error {
  readonly errno: number;

  constructor(errno: number) {
    super(E.errnoName(errno));
    this.errno = errno;
  }
}

/** A request the model does not cover; answered EOPNOTSUPP, reported through the machine's gap log. */
export class ModelGap extends Errno {
  readonly what: string;

  constructor(what: string) {
    super(E.EOPNOTSUPP);
    this.what = what;
  }
}

const made = new Map<number, Errno>();

/** The Errno of this number: one shared object each, so that refusing costs no stack trace. */
export function errno(number: number): Errno {
  let e = made.get(number);
  if (e === undefined) made.set(number, (e = new Errno(number)));
  return e;
}

/** Refuses with a text: NL_SET_ERR_MSG() and return. */
export function refuse(extack: Extack | undefined, number: number, text: string): never {
  if (extack !== undefined) extack.msg = text;
  throw errno(number);
}

/** The positive errno that a thrown refusal stands for; anything else is our bug and goes on up. */
export function errnoOf(thrown: unknown): number {
  if (thrown instanceof Errno) return thrown.errno;
  if (thrown instanceof PolicyError) return thrown.errno === 'ERANGE' ? E.ERANGE : E.EINVAL;
  if (thrown instanceof WriterFull) return E.EMSGSIZE;
  throw thrown;
}

/** BUG_ON(): stops the machine on a broken invariant of ours. */
export function assert(condition: boolean, what: string): asserts condition {
  if (!condition) throw new Error(`model bug: ${what}`);
}
