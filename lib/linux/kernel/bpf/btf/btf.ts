// kernel/bpf/btf.c struct btf: type information that was loaded and found good (load.ts). Held by its open files, by maps
// and programs that came with it.
import type { Holder } from '../../../events.js';
import type { Machine } from '../../../machine.js';
import { KObject } from '../../../object.js';
import type { BtfTypeInfo } from './type_info.js';

export class Btf extends KObject {
  readonly machine: Machine;
  /** 0 until it is published. */
  id = 0;
  readonly types: BtfTypeInfo;
  /** Of the kernel's own alone. */
  readonly name: string;

  constructor(machine: Machine, types: BtfTypeInfo, creator: Holder, name = '') {
    super(machine, creator);
    this.machine = machine;
    this.types = types;
    this.name = name;
  }

  /** Whether it describes the kernel itself. */
  get kernelBtf(): boolean {
    return this.name !== '';
  }

  get label(): string {
    return `btf ${this.id}`;
  }

  /** As loaded. */
  get data(): Uint8Array {
    return this.types.data;
  }

  protected destroy(): void {
    this.machine.bpfIds.btfs.remove(this);
  }
}
