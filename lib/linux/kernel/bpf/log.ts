// kernel/bpf/log.c: the text a program's author asked for: bytes in a buffer of the user. When it does not fit, either its
// start is kept (BPF_LOG_FIXED) or its end; both end in ENOSPC. The text is gathered here and copied out once, at the end.
import { EFAULT, EINVAL, ENOSPC } from '../../../uapi/asm-generic/errno.js';
import { errno } from '../../errno.js';
import type { UserMemory } from '../user_memory.js';

/** Bits of log_level. */
export const BPF_LOG_LEVEL1 = 1;
export const BPF_LOG_LEVEL2 = 2;
export const BPF_LOG_STATS = 4;
export const BPF_LOG_FIXED = 8;
export const BPF_LOG_LEVEL = BPF_LOG_LEVEL1 | BPF_LOG_LEVEL2;
export const BPF_LOG_MASK = BPF_LOG_LEVEL | BPF_LOG_STATS | BPF_LOG_FIXED;

const UINT_MAX = 0xffffffff;

/** What PROG_LOAD and BTF_LOAD say about their log. */
export interface LogAttr {
  readonly logLevel: number;
  readonly logSize: number;
  readonly logBuf: number;
}

export class VerifierLog {
  readonly level: number;
  /** Position behind the text, counted from the very first byte. */
  endPos = 0;
  readonly #size: number;
  readonly #address: number;
  readonly #memory: UserMemory;
  /** Position of the first byte that is still kept. */
  #startPos = 0;
  /** Most bytes the text ever took, its NUL included. */
  #lenMax = 0;
  /** The text from `#partsPos` on. */
  #parts: string[] = [];
  #partsPos = 0;
  /** Position behind the text that is kept. */
  #keptEnd = 0;
  /**
   * What text that was taken back left in the user's buffer: the kernel writes as it goes, and takes nothing out. Up to
   * `#residueEnd`.
   */
  #residue = new Uint8Array(0);
  #residueEnd = 0;

  /** Throws EINVAL for attributes that contradict each other. @models kernel/bpf/log.c bpf_vlog_init() */
  constructor({ logLevel, logSize, logBuf }: LogAttr, memory: UserMemory) {
    const hasBuffer = logBuf !== 0;
    if (hasBuffer !== (logSize !== 0) || (hasBuffer && logLevel === 0)) throw errno(EINVAL);
    if ((logLevel & ~BPF_LOG_MASK) !== 0 || logSize > UINT_MAX >>> 2) throw errno(EINVAL);
    this.level = logLevel;
    this.#size = logSize;
    this.#address = logBuf;
    this.#memory = memory;
  }

  /** bpf_verifier_log_needed() */
  get needed(): boolean {
    return this.level !== 0;
  }

  /** Appends text, one character a byte. @models kernel/bpf/log.c bpf_verifier_vlog() */
  write(text: string): void {
    if (this.level === 0) return;
    const end = this.endPos + text.length;
    this.#lenMax = Math.min(Math.max(this.#lenMax, end + 1), UINT_MAX);
    this.endPos = end;
    if (this.#size === 0) return;
    this.#keep(text);
    if ((this.level & BPF_LOG_FIXED) === 0 && end + 1 - this.#startPos >= this.#size)
      this.#startPos = end + 1 - this.#size;
    if (this.#parts.length > 4096) this.#drop();
  }

  /** Takes back everything from `position` on. @models kernel/bpf/log.c bpf_vlog_reset() */
  reset(position: number): void {
    if (this.level === 0 || position >= this.endPos) return;
    this.endPos = position;
    const gone = this.#size === 0 ? '' : this.#takeBack(position);
    // A buffer that was full has nothing behind its text.
    if (this.#startPos === 0) this.#leave(position, gone);
    if (position < this.#startPos) this.#startPos = position;
  }

  /**
   * Copies the text out. Gives the size of the buffer that would have held it, and the errno (0, EFAULT, ENOSPC) that
   * goes before the verdict. @models kernel/bpf/log.c bpf_vlog_finalize()
   */
  finalize(): { trueSize: number; failed: number } {
    if (this.level === 0) return { trueSize: 0, failed: 0 };
    const trueSize = this.#lenMax;
    if (this.#size === 0) return { trueSize, failed: 0 };
    if (!this.#memory.write(this.#address, this.#bytes())) return { trueSize, failed: EFAULT };
    return { trueSize, failed: trueSize > this.#size ? ENOSPC : 0 };
  }

  #keep(piece: string): void {
    // With BPF_LOG_FIXED nothing behind the buffer is ever shown.
    if ((this.level & BPF_LOG_FIXED) !== 0 && this.endPos - piece.length >= this.#size) return;
    this.#parts.push(piece);
    this.#keptEnd = this.endPos;
  }

  /** Forgets what lies behind `position`, and gives it. */
  #takeBack(position: number): string {
    let gone = '';
    if (position <= this.#partsPos) {
      gone = this.#parts.join('');
      this.#parts = [];
      this.#partsPos = this.#keptEnd = position;
      return gone;
    }
    while (this.#keptEnd > position) {
      const piece = this.#parts.pop()!;
      this.#keptEnd -= piece.length;
      const kept = Math.max(position - this.#keptEnd, 0);
      if (kept > 0) this.#parts.push(piece.slice(0, kept));
      gone = piece.slice(kept) + gone;
      if (kept > 0) this.#keptEnd = position;
    }
    return gone;
  }

  /** Forgets what lies before the window. */
  #drop(): void {
    const text = this.#parts.join('');
    const gone = Math.max(this.#startPos - this.#partsPos, 0);
    this.#parts = [text.slice(gone)];
    this.#partsPos += Math.min(gone, text.length);
  }

  /** Notes text that was at `position` and goes. */
  #leave(position: number, text: string): void {
    const end = Math.min(position + text.length + 1, this.#size);
    if (end <= position) return;
    if (end > this.#residue.length) {
      const grown = new Uint8Array(Math.min(this.#size, Math.max(end, 2 * this.#residue.length)));
      grown.set(this.#residue);
      this.#residue = grown;
    }
    for (let at = position; at < end; at++) this.#residue[at] = text.charCodeAt(at - position);
    this.#residue[position] = 0;
    this.#residueEnd = Math.max(this.#residueEnd, end);
  }

  #bytes(): Uint8Array {
    const all = this.#parts.join('');
    const text =
      (this.level & BPF_LOG_FIXED) !== 0
        ? all.slice(0, this.#size - 1)
        : all.slice(Math.max(this.#startPos - this.#partsPos, 0));
    const bytes = new Uint8Array(Math.max(text.length + 1, this.#startPos === 0 ? this.#residueEnd : 0));
    bytes.set(this.#residue.subarray(0, Math.min(this.#residueEnd, bytes.length)));
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    bytes[text.length] = 0;
    return bytes;
  }
}
