// kernel/bpf/helpers.c bpf_bprintf_prepare(), lib/vsprintf.c: text that programs print. The format is checked as the kernel
// checks it; pointers to strings and addresses are followed in the linear memory, and what is not there prints as nothing.
import { EINVAL } from '../../../uapi/asm-generic/errno.js';
import { ModelGap } from '../../errno.js';
import type { Memory } from '../../../vm/memory.js';

/** A 64-bit argument as halves. */
export interface PrintArg {
  readonly low: number;
  readonly high: number;
}

/** Longest text, its NUL included. */
export const MAX_BPRINTF_BUF = 1024;

/** Widest field; the number in a format wraps at 32 bits, and a negative one aligns left. */
const FIELD_WIDTH_MAX = (1 << 23) - 1;

interface Spec {
  readonly flags: string;
  readonly width: number;
  /** d, i, u, x, X, c, s, p and what follows p. */
  readonly kind: string;
  readonly isLong: boolean;
  readonly end: number;
}

const isAscii = (c: number): boolean => c < 0x80;
const isSpace = (c: number): boolean => c === 0x20 || (c >= 0x09 && c <= 0x0d);
const isPunct = (c: number): boolean => c > 0x20 && c < 0x7f && !/[0-9A-Za-z]/.test(String.fromCharCode(c));
const ends = (c: number): boolean => c === 0 || isSpace(c) || isPunct(c);
const isControl = (c: number): boolean => (c < 0x20 || c === 0x7f) && !isSpace(c);

const char = (format: Uint8Array, at: number): string => String.fromCharCode(format[at] ?? 0);

/** What follows `%p`; undefined: nothing the kernel prints for programs. */
function pointerKind(format: Uint8Array, at: number): string | undefined {
  if (ends(format[at] ?? 0)) return 'p';
  const two = char(format, at) + char(format, at + 1);
  if ((two === 'ks' || two === 'us') && ends(format[at + 2] ?? 0)) return `p${two}`;
  if ('KxsSB'.includes(char(format, at))) return `p${char(format, at)}`;
  return /^[iI][46]$/.test(two) ? `p${two}` : undefined;
}

/** The conversion whose `%` is before `start`, or undefined: -EINVAL. */
function parseSpec(format: Uint8Array, start: number): Spec | undefined {
  if (!isAscii(format[start] ?? 0)) return undefined;
  let at = start;
  while ('0+- '.includes(char(format, at))) at++;
  const given = String.fromCharCode(...format.subarray(start, at));
  const digits = at;
  if (/[1-9]/.test(char(format, at))) while (/[0-9]/.test(char(format, at))) at++;
  const wraps = Number(BigInt.asIntN(32, BigInt(String.fromCharCode(...format.subarray(digits, at)))));
  const flags = wraps < 0 ? `${given}-` : given;
  const width = Math.min(FIELD_WIDTH_MAX, Math.abs(wraps));
  const kind = char(format, at);
  if (kind === 'p') {
    const pointer = pointerKind(format, at + 1);
    return pointer === undefined ? undefined : { flags, width, kind: pointer, isLong: true, end: at + pointer.length };
  }
  if (kind === 's') return ends(format[at + 1] ?? 0) ? { flags, width, kind, isLong: true, end: at + 1 } : undefined;
  if (kind === 'c') return { flags, width, kind, isLong: false, end: at + 1 };
  let longs = 0;
  while (longs < 2 && char(format, at) === 'l') {
    longs++;
    at++;
  }
  const number = char(format, at);
  return 'diuxX'.includes(number) ? { flags, width, kind: number, isLong: longs > 0, end: at + 1 } : undefined;
}

/** Text of a number, without width. */
function number(spec: Spec, { low, high }: PrintArg): string {
  const signed = spec.kind === 'd' || spec.kind === 'i';
  if (spec.isLong) {
    const value = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
    if (signed) return BigInt.asIntN(64, value).toString();
    const text = value.toString(spec.kind === 'u' ? 10 : 16);
    return spec.kind === 'X' ? text.toUpperCase() : text;
  }
  if (signed) return String(low | 0);
  const text = (low >>> 0).toString(spec.kind === 'u' ? 10 : 16);
  return spec.kind === 'X' ? text.toUpperCase() : text;
}

function padded(spec: Spec, text: string): string {
  if (spec.flags.includes('-')) return text.padEnd(spec.width);
  const zeroes = spec.flags.includes('0') && spec.kind !== 's' && spec.kind !== 'c';
  if (!zeroes) return text.padStart(spec.width);
  const sign = /^[-+ ]/.test(text) ? text[0]! : '';
  return sign + text.slice(sign.length).padStart(spec.width - sign.length, '0');
}

function signed(spec: Spec, text: string): string {
  if ((spec.kind !== 'd' && spec.kind !== 'i') || text.startsWith('-')) return text;
  return (spec.flags.includes('+') ? '+' : spec.flags.includes(' ') ? ' ' : '') + text;
}

/** Bytes at an address a program gave, as far as they are in the linear memory. */
function bytesAt(memory: Memory, { low, high }: PrintArg, length: number): Uint8Array {
  const at = low >>> 0;
  if (high !== 0 || at < 4096 || at + length > memory.u8.length) return new Uint8Array(length);
  return memory.u8.slice(at, at + length);
}

function stringAt(memory: Memory, { low, high }: PrintArg): string {
  const at = low >>> 0;
  if (high !== 0 || at < 4096 || at >= memory.u8.length) return '';
  const end = memory.u8.indexOf(0, at);
  return String.fromCharCode(...memory.u8.subarray(at, Math.min(end < 0 ? at : end, at + MAX_BPRINTF_BUF)));
}

/** %pI6 shows all digits with colons, %pi6 without. */
function ip6(bytes: Uint8Array, colons: boolean): string {
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16).padStart(4, '0'),
  );
  return groups.join(colons ? ':' : '');
}

function ip4(bytes: Uint8Array, zeroes: boolean): string {
  return Array.from(bytes, (byte) => String(byte).padStart(zeroes ? 3 : 1, '0')).join('.');
}

/** Text of what follows %p. */
function pointer(spec: Spec, memory: Memory, arg: PrintArg): string {
  const address = `${(arg.high >>> 0).toString(16).padStart(8, '0')}${(arg.low >>> 0).toString(16).padStart(8, '0')}`;
  switch (spec.kind) {
    case 'pks':
      return stringAt(memory, arg);
    case 'pus':
      throw new ModelGap('text at addresses of tasks in formats of programs');
    case 'pI4':
    case 'pi4':
      return ip4(bytesAt(memory, arg, 4), spec.kind === 'pi4');
    case 'pI6':
    case 'pi6':
      return ip6(bytesAt(memory, arg, 16), spec.kind === 'pI6');
    case 'px':
      return spec.width === 0 ? address : address.replace(/^0+(?=.)/, '');
    case 'ps':
    case 'pS':
    case 'pB':
      return `0x${address.replace(/^0+(?=.)/, '')}`;
    default:
      return address;
  }
}

function converted(spec: Spec, memory: Memory, arg: PrintArg): string {
  if (/^p[iI]/.test(spec.kind)) return pointer(spec, memory, arg);
  if (spec.kind.startsWith('p')) return padded(spec, pointer(spec, memory, arg));
  if (spec.kind === 's') return padded(spec, stringAt(memory, arg));
  if (spec.kind === 'c') return padded(spec, String.fromCharCode(arg.low & 0xff));
  return padded(spec, signed(spec, number(spec, arg)));
}

/**
 * The text, one character a byte, or a negative errno. `format` is without its NUL.
 *
 * @models kernel/bpf/helpers.c bpf_bprintf_prepare()
 * @differs plain pointers print as they are: the kernel's hash of them depends on a random key
 */
export function bprintf(memory: Memory, format: Uint8Array, args: readonly PrintArg[]): string | number {
  let text = '';
  let used = 0;
  for (let at = 0; at < format.length; at++) {
    const c = format[at]!;
    if (isControl(c)) return -EINVAL;
    if (c !== 0x25) {
      text += String.fromCharCode(c);
    } else if (format[at + 1] === 0x25) {
      text += '%';
      at++;
    } else {
      if (used >= args.length) return -EINVAL;
      const spec = parseSpec(format, at + 1);
      if (spec === undefined) return -EINVAL;
      text += converted(spec, memory, args[used++]!);
      at = spec.end - 1;
    }
  }
  return text;
}

/**
 * The text at `address` up to its NUL; undefined: there is none in `size` bytes.
 *
 * @models kernel/bpf/helpers.c bpf_bprintf_prepare()
 */
export function formatAt({ u8 }: Memory, address: number, size: number): Uint8Array | undefined {
  const bytes = u8.subarray(address, address + size);
  const end = bytes.indexOf(0);
  return end < 0 ? undefined : bytes.slice(0, end);
}

const MAX_VARARGS = 12;

/**
 * The arguments of an array of `length` bytes, or undefined: -EINVAL.
 *
 * @models kernel/bpf/helpers.c bpf_bprintf_prepare()
 */
export function arrayArgs({ view }: Memory, address: number, length: number): PrintArg[] | undefined {
  if (length % 8 !== 0 || length > MAX_VARARGS * 8 || (length !== 0 && address === 0)) return undefined;
  return Array.from({ length: length / 8 }, (_, i) => ({
    low: view.getInt32(address + 8 * i, true),
    high: view.getInt32(address + 8 * i + 4, true),
  }));
}
