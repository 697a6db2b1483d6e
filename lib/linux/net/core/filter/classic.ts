// net/core/filter.c: classic BPF programs. The checker that every classic program passes before it is attached, and the
// program object that a filter holds. Callers hand in the instructions as they came from the user (8 bytes each); a
// program that exists has passed the checker and is never changed.
import type { Bytes } from '../../../../codec/bytes.js';
import type { Writer } from '../../../../codec/writer.js';
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { sock_filter } from '../../../../uapi/linux/filter.js';
import { errno } from '../../../errno.js';
import type { Program } from '../../../../vm/program.js';
import { classicFault } from '../../../../wire/classic.js';
import type { Holder } from '../../../events.js';
import { KObject } from '../../../object.js';
import type { Net } from '../net_namespace.js';

const SIZE = sock_filter.size;

/**
 * Refuses (EINVAL) a program that could misbehave: `count` instructions at `start`.
 *
 * @models net/core/filter.c bpf_check_classic()
 */
export function bpfCheckClassic(view: DataView, start: number, count: number): void {
  if (classicFault(view, start, count) !== undefined) throw errno(EINVAL);
}

/** A classic program that passed the checker: struct bpf_prog of a filter that was given as OPS. */
export class ClassicProg extends KObject {
  /** The instructions as the user gave them, 8 bytes each, lie here from `start` on: programs share memory. */
  readonly memory: Uint8Array;
  readonly start: number;
  /** How many they are. */
  readonly len: number;
  /** What the VM runs, made at the first packet. */
  program: Program | undefined = undefined;

  /** Copies the instructions. */
  constructor(net: Net, from: Bytes, start: number, len: number, creator: Holder) {
    super(net.machine, creator);
    this.len = len;
    this.start = net.programs.place(from.u8, start, len * SIZE);
    this.memory = net.programs.memory;
  }

  get label(): string {
    return `classic bpf program of ${this.len} instructions`;
  }

  /** Appends the instructions as attribute `type`. */
  put(skb: Writer, type: number): void {
    skb.putRange(type, this.memory, this.start, this.len * SIZE);
  }

  protected destroy(): void {}
}

/**
 * A program from `count` instructions at `start`, which are copied; `creator` holds it. Refuses what the checker refuses.
 *
 * @models net/core/filter.c bpf_prog_create()
 */
export function bpfProgCreate(net: Net, from: Bytes, start: number, count: number, creator: Holder): ClassicProg {
  bpfCheckClassic(from.view, start, count);
  return new ClassicProg(net, from, start, count, creator);
}
