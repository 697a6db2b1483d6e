// What NETLINK_GET_STRICT_CHK adds to requests for information: the header is all zero but for what selects, and there are
// no attributes but those that select.
import type { Attributes } from '../attributes.js';
import { C } from '../codes.js';
import type { Judge } from '../judge.js';
import { field } from './tc.js';

/** Bytes of the family header that must be zero. */
export interface MustBeZero {
  readonly offset: number;
  readonly size: 1 | 2 | 4;
  readonly name: string;
}

const valueAt = ({ view, start }: Judge, { offset, size }: MustBeZero): number => {
  const at = start + 16 + offset;
  if (size === 1) return view.getUint8(at);
  return size === 2 ? view.getUint16(at, true) : view.getUint32(at, true);
};

/** Refuses, for strict requests, a header that is not zero where it must be. */
export function strictZero(judge: Judge, fields: readonly MustBeZero[], msg: string): void {
  for (const one of fields) {
    const value = valueAt(judge, one);
    if (value === 0) continue;
    judge.strictly({
      code: C.strictHeader,
      errno: 'EINVAL',
      msg,
      at: field(judge, one.offset, one.size, one.name),
      text: `${one.name} is ${value}: it selects nothing here`,
      fix: 'leave it 0',
    });
  }
}

/** Refuses, for strict requests, flags that select nothing. */
export function strictFlags(judge: Judge, one: MustBeZero, allowed: number, msg: string): void {
  const value = valueAt(judge, one) & ~allowed;
  if (value === 0) return;
  judge.strictly({
    code: C.strictHeader,
    errno: 'EINVAL',
    msg,
    at: field(judge, one.offset, one.size, one.name),
    text: `${one.name} has bits that select nothing: 0x${(value >>> 0).toString(16)}`,
    fix: 'leave them out',
  });
}

/** Refuses, for strict requests, attributes that select nothing. The lowest type is met first. */
export function allowOnly(run: Attributes, allowed: ReadonlySet<number>, msg: string): void {
  for (let type = 1; type <= run.set.$max; type++) {
    if (!run.has(type) || allowed.has(type)) continue;
    run.judge.strictly({
      code: C.unsupportedStrictly,
      errno: 'EINVAL',
      msg,
      at: run.place(type),
      text: 'this attribute selects nothing here',
      fix: 'leave it out',
    });
  }
}

/** A strict request whose family header is not whole. */
export function strictHeader(judge: Judge, size: number, name: string, msg: string): boolean {
  const length = judge.end - judge.start - 16;
  if (length >= size) return true;
  judge.strictly({
    code: C.shortHeader,
    errno: 'EINVAL',
    msg,
    at: { offset: judge.start + 16, length, path: name },
    text: `struct ${name} takes ${size} bytes, ${length} are there`,
    fix: `send a whole struct ${name}`,
  });
  return false;
}

/** A strict request with anything behind its family header. */
export function strictEnd(judge: Judge, size: number, msg: string): void {
  const from = judge.start + 16 + size;
  if (judge.end <= from) return;
  judge.strictly({
    code: C.unsupportedStrictly,
    errno: 'EINVAL',
    msg,
    at: { offset: from, length: judge.end - from, path: '' },
    text: 'no attributes are taken here',
    fix: 'end the message with its header',
  });
}
