// Paths as clients give them: text in their memory, and what it means from where they stand.
import { Buffer } from 'node:buffer';
import { BASE, IN, u8 } from './libc.js';
import { readClient, regions } from './memory.js';
import { EFAULT, ENAMETOOLONG } from '../uapi/asm-generic/errno.js';

const PATH_MAX = 4096;
const PAGE = 4096;
/** Bytes read at first: nearly every path is shorter. */
const SHORT = 256;

/** The path at `address` of a thread (one character a byte), or a negative errno. */
export function readPath(tid: number, address: number): string | number {
  for (let length = 0; length < PATH_MAX;) {
    const inPage = PAGE - ((address + length) % PAGE);
    const piece = Math.min(length === 0 ? SHORT : PAGE, inPage, PATH_MAX - length);
    if (readClient(tid, address + length, piece, IN + length) !== 0) return -EFAULT;
    const end = u8.indexOf(0, IN + length);
    if (end >= 0 && end < IN + length + piece) return text(IN, end);
    length += piece;
  }
  return -ENAMETOOLONG;
}

function text(start: number, end: number): string {
  let path = '';
  for (let at = start; at < end; at++) path += String.fromCharCode(u8[at]!);
  return path;
}

/** A path as Node.js and C functions take it, of one that has a character a byte, as clients' paths have. */
export const nameOf = (bytes: string): string => Buffer.from(bytes, 'latin1').toString();

/** The other way round. */
export const bytesOf = (name: string): string => Buffer.from(name).toString('latin1');

/** Writes bytes to a client; 0 or a negative errno. */
export function writeBytes(tid: number, address: number, bytes: Uint8Array, offset: number): number {
  u8.set(bytes, offset);
  regions.reset();
  regions.add(address, bytes.length);
  return regions.write(tid, BASE + offset);
}
