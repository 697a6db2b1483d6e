// A client's memory as the model asks for it: whole reads and writes of any length, through the arena piece by piece.
import { readClient, writeClient } from './memory.js';
import { IN, IN_SIZE, OUT, OUT_SIZE, u8 } from './libc.js';
import type { UserMemory } from '../linux/kernel/user_memory.js';

export class ClientMemory implements UserMemory {
  readonly #tid: number;

  constructor(tid: number) {
    this.#tid = tid;
  }

  read(address: number, length: number): Uint8Array | undefined {
    const data = new Uint8Array(length);
    for (let at = 0; at < length; at += IN_SIZE) {
      const piece = Math.min(IN_SIZE, length - at);
      if (readClient(this.#tid, address + at, piece, IN) !== 0) return undefined;
      data.set(u8.subarray(IN, IN + piece), at);
    }
    return data;
  }

  write(address: number, data: Uint8Array): boolean {
    for (let at = 0; at < data.length; at += OUT_SIZE) {
      const piece = data.subarray(at, at + OUT_SIZE);
      u8.set(piece, OUT);
      if (writeClient(this.#tid, address + at, piece.length, OUT) !== 0) return false;
    }
    return true;
  }
}
