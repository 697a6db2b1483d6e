// include/linux/bpf.h struct bpf_link: an attachment as an object of its own, held by its open files and pins. When the
// last of them goes, it detaches. A kind (tcx.ts) says how to detach, to put another program in place, and what it shows.
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import { KObject } from '../../object.js';
import type { BpfProg } from './prog.js';

export abstract class BpfLink extends KObject {
  readonly machine: Machine;
  /** BPF_LINK_TYPE_* */
  readonly type: number;
  readonly attachType: number;
  /** Held. */
  prog: BpfProg;
  /** 0 until it is published. */
  id = 0;

  constructor(machine: Machine, type: number, attachType: number, prog: BpfProg, creator: Holder) {
    super(machine, creator);
    this.machine = machine;
    this.type = type;
    this.attachType = attachType;
    this.prog = prog.hold(this);
  }

  get label(): string {
    return `bpf link ${this.id}`;
  }

  /** BPF_LINK_DETACH. 0 or a negative errno. */
  abstract detach(): number;

  /** BPF_LINK_UPDATE: `old`, when given, must be the program in place. 0 or a negative errno. */
  abstract update(prog: BpfProg, old: BpfProg | undefined): number;

  /** Takes the attachment off: the last reference is gone. */
  protected abstract releaseAttachment(): void;

  /** Name of the kind, as fdinfo shows it. */
  abstract get typeName(): string;

  /** What fdinfo shows behind the common lines. */
  abstract showFdinfo(): string;

  /** struct bpf_link_info behind `prog_id`: its own part, from offset 16 on. */
  abstract fillInfo(info: DataView): void;

  /** Puts another program in place. */
  protected replaceProg(prog: BpfProg): void {
    const old = this.prog;
    this.prog = prog.hold(this);
    old.release(this);
  }

  /** @models kernel/bpf/syscall.c bpf_link_free() */
  protected destroy(): void {
    this.machine.bpfIds.links.remove(this);
    this.releaseAttachment();
    this.prog.release(this);
  }
}
