// include/net/sock.h struct sock, as programs read it: a block in the linear memory for the socket of a packet, and who it
// is for maps that keep values for sockets. sk_alloc() makes one; the last release takes it and those values away.
import { ENOMEM } from '../../../uapi/asm-generic/errno.js';
import { errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { LocalStorageMap } from '../../kernel/bpf/bpf_local_storage.js';
import type { Machine } from '../../machine.js';
import { KObject } from '../../object.js';

/** Bytes, and offsets of what is filled. */
const SOCK_SIZE = 768;
const SKC_STATE = 18;
const SKC_REFCNT = 128;
const TCP_CLOSE = 7;

export class SockStruct extends KObject {
  readonly address: number;
  readonly #machine: Machine;
  /** Maps that keep a value for this socket. */
  readonly storages = new Set<LocalStorageMap>();

  /** A closed socket of no family. Refuses (ENOMEM) when memory is exhausted. @models net/core/sock.c sk_alloc() */
  constructor(machine: Machine, creator: Holder) {
    const address = machine.memory.alloc(SOCK_SIZE);
    if (address === 0) throw errno(ENOMEM);
    super(machine, creator);
    this.#machine = machine;
    this.address = address;
    machine.memory.u8[address + SKC_STATE] = TCP_CLOSE;
    machine.memory.view.setUint32(address + SKC_REFCNT, 1, true);
    machine.softnet.socks.set(address, this);
  }

  get label(): string {
    return 'socket of a packet';
  }

  /** @models net/core/sock.c sk_free() */
  protected destroy(): void {
    for (const map of this.storages) map.removeOwner(this);
    this.#machine.softnet.socks.delete(this.address);
    this.#machine.memory.free(this.address);
  }
}
