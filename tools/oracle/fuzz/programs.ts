// Classic BPF programs for filters: such as the checker takes, and such as it refuses, each for another reason.
import { Bytes } from '../../../lib/codec/bytes.js';
import type { Random } from './random.js';

type Instruction = readonly [code: number, jt: number, jf: number, k: number];

const programs: readonly (readonly Instruction[])[] = [
  [[6, 0, 0, 0]],
  [[40, 0, 0, 12], [21, 0, 1, 2048], [6, 0, 0, 65537], [6, 0, 0, 0]],
  [[6, 0, 0, 0xffffffff]],
  [[0, 0, 0, 5]],
  [[32, 0, 0, 0xfffff000], [22, 0, 0, 0]],
  [[128, 0, 0, 0], [22, 0, 0, 0]],
  [[0x60, 0, 0, 3], [22, 0, 0, 0]],
  [[2, 0, 0, 3], [0x60, 0, 0, 3], [22, 0, 0, 0]],
  [[4, 0, 0, 1], [0x34, 0, 0, 0], [6, 0, 0, 0]],
  [[0x74, 0, 0, 32], [6, 0, 0, 0]],
  [[5, 0, 0, 1], [6, 0, 0, 1], [6, 0, 0, 2]],
  [[5, 0, 0, 3], [6, 0, 0, 1]],
  [[0x15, 1, 0, 3], [6, 0, 0, 1], [6, 0, 0, 2]],
  [[0x87, 0, 0, 0], [7, 0, 0, 0], [6, 0, 0, 9]],
  [[0xb1, 0, 0, 14], [6, 0, 0, 1]],
  [],
]; // prettier-ignore

function encode(program: readonly Instruction[]): Uint8Array {
  const out = Bytes.zeroed(8 * program.length);
  program.forEach(([code, jt, jf, k], i) => {
    out.view.setUint16(8 * i, code, true);
    out.view.setUint8(8 * i + 2, jt);
    out.view.setUint8(8 * i + 3, jf);
    out.view.setUint32(8 * i + 4, k, true);
  });
  return out.u8;
}

const encoded = programs.map(encode);

/** Mostly one of the first three, which are good; else any of them, or one whose first instruction is any. */
export const classicProgram = (r: Random): Uint8Array =>
  r.chance(0.65) ? r.pick(encoded.slice(0, 3)) : r.chance(0.8) ? r.pick(encoded) : encode([[r.int(256), 0, 0, r.int(5)], [6, 0, 0, 0]]); // prettier-ignore
