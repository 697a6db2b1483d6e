// The newer format, pcapng: numbers of blocks and options (draft-ietf-opsawg-pcapng), and the options of a block.
import { CaptureError } from './capture.js';
import type { Input } from './input.js';

export const BLOCK_INTERFACE = 1;
export const BLOCK_PACKET_OLD = 2;
export const BLOCK_SIMPLE = 3;
export const BLOCK_NAMES = 4;
export const BLOCK_ENHANCED = 6;

export const OPT_END = 0;
export const OPT_COMMENT = 1;
export const IF_NAME = 2;
export const IF_TSRESOL = 9;
export const IF_TSOFFSET = 14;
export const EPB_FLAGS = 2;

/** Type, length, and the length again. */
export const BLOCK_MIN = 12;
const OPTION_HEADER = 4;

export const padded = (length: number): number => (length + 3) & ~3;

const text = new TextDecoder();

/** Calls `option` for each option from `at` to `end` of the block at the front; there may be none, and no last one. */
export function eachOption(
  input: Input,
  at: number,
  end: number,
  little: boolean,
  option: (code: number, at: number, length: number) => void,
): void {
  for (let next = at; end - next >= OPTION_HEADER;) {
    const code = input.u16(next, little);
    const length = input.u16(next + 2, little);
    if (code === OPT_END) return;
    if (next + OPTION_HEADER + length > end)
      throw new CaptureError(input.offset + next, `option ${code} of ${length} bytes is longer than its block`);
    option(code, next + OPTION_HEADER, length);
    next += OPTION_HEADER + padded(length);
  }
}

/** An option that is text; some programs end it with a NUL. */
export function optionText(input: Input, at: number, length: number): string {
  const bytes = input.bytes(at, at + length);
  const nul = bytes.indexOf(0);
  return text.decode(nul < 0 ? bytes : bytes.subarray(0, nul));
}
