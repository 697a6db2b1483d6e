// One bpf(2) call on its way through the kernel: the attributes as copied in, who calls, and the machine. Handlers read
// fields at the offsets of lib/uapi/linux/bpf_attr.ts, refuse by throwing an Errno, and return a number or a new file.
import type { Bytes } from '../../../../codec/bytes.js';
import { EFAULT, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { BPF_OBJ_NAME_LEN } from '../../../../uapi/linux/bpf.js';
import { errno } from '../../../errno.js';
import type { Holder } from '../../../events.js';
import type { Machine } from '../../../machine.js';
import type { Task } from '../../task.js';
import { userAddress } from '../../user_memory.js';
import type { BpfFile } from '../file.js';

/** Memory of a process is readable by pages; that of callers in this process ends anywhere, and is read byte by byte. */
const PAGE = 4096;

/** isalnum() of the kernel, which goes by Latin-1, and two signs. */
const OBJECT_NAME = /^[A-Za-z0-9\xc0-\xd6\xd8-\xf6\xf8-\xff_.]*$/;

/** What a command gives: a return value, or the file whose fd the caller of bpf(2) gets. */
export type BpfResult = number | BpfFile;

export class BpfCall implements Holder {
  readonly machine: Machine;
  readonly task: Task;
  readonly u8: Uint8Array;
  readonly view: DataView;
  /** Where the user's own union lies, and how many bytes of it the kernel takes notice of. */
  readonly uattr: number;
  readonly size: number;

  /** `attr`: all of the union, zeros behind what this kernel knows and what was given; the next call uses the same memory. */
  constructor(machine: Machine, task: Task, attr: Bytes, uattr: number, size: number) {
    this.machine = machine;
    this.task = task;
    this.u8 = attr.u8;
    this.view = attr.view;
    this.uattr = uattr;
    this.size = size;
  }

  get label(): string {
    return `bpf() of ${this.task.label}`;
  }

  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  s32(at: number): number {
    return this.view.getInt32(at, true);
  }

  /** A 64-bit field: exact below 2^53, and above that no address and no flags that anything knows. */
  u64(at: number): number {
    return userAddress(this.view, at);
  }

  /** EINVAL unless every byte from `end` on is zero. @models kernel/bpf/syscall.c CHECK_ATTR() */
  checkTail(end: number): void {
    const { u8, size } = this;
    for (let at = end; at < size; at++) if (u8[at] !== 0) throw errno(EINVAL);
  }

  /** copy_from_user() */
  read(address: number, length: number): Uint8Array {
    const bytes = this.task.memory.read(address, length);
    if (bytes === undefined) throw errno(EFAULT);
    return bytes;
  }

  /** copy_to_user() */
  write(address: number, data: Uint8Array): void {
    if (!this.task.memory.write(address, data)) throw errno(EFAULT);
  }

  /** put_user() of a field of the union. */
  putU32(at: number, value: number): void {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    this.write(this.uattr + at, bytes);
  }

  putU64(at: number, value: number): void {
    this.putU32(at, value >>> 0);
    this.putU32(at + 4, Math.floor(value / 0x100000000));
  }

  /**
   * A name of at most 15 letters, digits, underscores and dots, or undefined when it is none: when that is refused, the
   * command says. @models kernel/bpf/syscall.c bpf_obj_name_cpy()
   */
  name(at: number): string | undefined {
    const bytes = this.u8.subarray(at, at + BPF_OBJ_NAME_LEN);
    const end = bytes.indexOf(0);
    const name = String.fromCharCode(...bytes.subarray(0, Math.max(end, 0)));
    return end >= 0 && OBJECT_NAME.test(name) ? name : undefined;
  }

  /**
   * Text of at most `max` bytes, up to its NUL or cut there; refuses with EFAULT when memory ends first.
   *
   * @models lib/strncpy_from_user.c strncpy_from_user() @differs stands with the other copies from users
   */
  text(address: number, max: number): string {
    let text = '';
    for (let at = address; text.length < max;) {
      const length = Math.min(max - text.length, PAGE - (at % PAGE));
      const piece = this.task.memory.read(at, length) ?? this.read(at, 1);
      const end = piece.indexOf(0);
      text += String.fromCharCode(...piece.subarray(0, end < 0 ? piece.length : end));
      if (end >= 0) break;
      at += piece.length;
    }
    return text;
  }
}
