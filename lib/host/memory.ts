// A client's memory, by process_vm_readv and process_vm_writev on a thread id. Each call costs about 2 µs whatever its
// length, so what lies together is read together. Reads land in the arena at IN, writes start from OUT.
import { abiOf } from './abi.js';
import { BASE, IN, IOV_LOCAL, IOV_REMOTE, errno, processVmReadv, processVmWritev, put64 } from './libc.js';
import { EFAULT, EPERM } from '../uapi/asm-generic/errno.js';

const PAGE = 4096;

const TASK_SIZE = abiOf(process.arch)?.taskSize ?? 0;

/** Whether [address, address + length) can be user memory. */
export function accessOk(address: number, length: number): boolean {
  return address + length <= TASK_SIZE;
}

/** A list of regions in the client, built in the arena for one readv or writev. */
export class Regions {
  count = 0;
  bytes = 0;
  #accessible = true;

  reset(): void {
    this.count = 0;
    this.bytes = 0;
    this.#accessible = true;
  }

  add(address: number, length: number): void {
    if (length === 0) return;
    if (!accessOk(address, length)) this.#accessible = false;
    put64(IOV_REMOTE + 16 * this.count, address);
    put64(IOV_REMOTE + 16 * this.count + 8, length);
    this.count++;
    this.bytes += length;
  }

  /** Copies the regions one after the other to address `to`; 0 or a negative errno. */
  read(tid: number, to: number): number {
    return this.#transfer(processVmReadv, tid, to);
  }

  /** Fills the regions one after the other from address `from`; 0 or a negative errno. */
  write(tid: number, from: number): number {
    return this.#transfer(processVmWritev, tid, from);
  }

  #transfer(call: typeof processVmReadv, tid: number, local: number): number {
    if (!this.#accessible) return -EFAULT;
    if (this.count === 0) return 0;
    put64(IOV_LOCAL, local);
    put64(IOV_LOCAL + 8, this.bytes);
    const done = call(tid, BASE + IOV_LOCAL, 1, BASE + IOV_REMOTE, this.count, 0);
    if (done === this.bytes) return 0;
    return done < 0 && errno() === EPERM ? -EPERM : -EFAULT;
  }
}

/** The one list of regions; a call is built and made before the next is begun. */
export const regions = new Regions();

/** Reads `length` bytes into the arena at `offset`; 0 or a negative errno. */
export function readClient(tid: number, address: number, length: number, offset: number): number {
  regions.reset();
  regions.add(address, length);
  return regions.read(tid, BASE + offset);
}

/** Writes `length` bytes of the arena from `offset`; 0 or a negative errno. */
export function writeClient(tid: number, address: number, length: number, offset: number): number {
  regions.reset();
  regions.add(address, length);
  return regions.write(tid, BASE + offset);
}

/** What is read around a structure: its neighbours on the stack come with it. Never beyond its own pages. */
const REACH = 768;

/** The surroundings of one structure of a client, read in one call. */
export class Window {
  #start = 0;
  #end = 0;

  /**
   * Reads what surrounds `length` bytes at `address`; 0 or a negative errno. `more` may add regions to the same read:
   * they land behind the surroundings, at `after`.
   */
  load(tid: number, address: number, length: number, more?: () => void): number {
    this.#end = this.#start = 0;
    if (!accessOk(address, length)) return -EFAULT;
    const start = Math.max(Math.floor(address / PAGE) * PAGE, address - REACH);
    const end = Math.min(Math.ceil((address + length) / PAGE) * PAGE, address + length + REACH);
    regions.reset();
    regions.add(start, end - start);
    more?.();
    const error = regions.read(tid, BASE + IN);
    if (error !== 0) return error;
    this.#start = start;
    this.#end = end;
    return 0;
  }

  /** Where in the arena the client's bytes at `address` are, or -1 when they are not (all) in the window. */
  offsetOf(address: number, length: number): number {
    return address >= this.#start && address + length <= this.#end ? IN + (address - this.#start) : -1;
  }

  /** First arena offset behind the window. */
  get after(): number {
    return IN + (this.#end - this.#start);
  }
}
