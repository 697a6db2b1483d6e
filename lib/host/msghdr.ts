// struct msghdr of a client, read as net/socket.c copy_msghdr_from_user() reads it: header, iovec, name, payload, with
// the checks and their order. One read of the pages around the header usually brings all of it. Results stand in
// public fields until the next import; payload and name are views of the arena.
import { MAX_RW_COUNT, UIO_MAXIOV } from './abi.js';
import { BASE, IN, IN_SIZE, IOV_MAX, get64, u8, view } from './libc.js';
import { Window, accessOk, readClient, regions } from './memory.js';
import { EFAULT, EINVAL, EMSGSIZE, ENOBUFS } from '../uapi/asm-generic/errno.js';

export const MSGHDR_SIZE = 56;
const NAMELEN = 8;
const IOV = 16;
const IOVLEN = 24;
const CONTROL = 32;
const CONTROLLEN = 40;
const FLAGS = 48;
const SOCKADDR_STORAGE = 128;
const empty = new Uint8Array(0);

/** Longest payload that is read on a guess. */
const GUESS_MAX = 65536;

export class ImportedMsg {
  address = 0;
  name = 0;
  namelen = 0;
  control = 0;
  controllen = 0;
  flags = 0;
  /** The client's buffers. */
  readonly bases: number[] = [];
  readonly lengths: number[] = [];
  /** Sum of the lengths. */
  total = 0;
  nameBytes: Uint8Array | null = null;
  payload: Uint8Array = empty;
  readonly #window = new Window();
  /** Where the content of the last message lay when it was not in the window: the next one tends to lie there too. */
  readonly #guess = { tid: 0, address: 0, name: 0, namelen: 0, base: 0, total: 0 };
  /** Arena offset of what was read on that guess, or -1. */
  #guessed = -1;

  /** A message with one buffer and no header, as recvfrom(2) and sendto(2) have it. */
  single(base: number, length: number): number {
    this.address = this.name = this.namelen = this.control = this.controllen = this.flags = 0;
    this.bases.length = this.lengths.length = 0;
    this.#guessed = -1;
    this.total = Math.min(length, MAX_RW_COUNT);
    if (!accessOk(base, this.total)) return -EFAULT;
    this.bases.push(base);
    this.lengths.push(this.total);
    return 0;
  }

  /** Reads header and iovec at `address`; 0 or a negative errno. */
  load(tid: number, address: number): number {
    const error = this.#loadWindow(tid, address);
    if (error !== 0) return error;
    const at = this.#window.offsetOf(address, MSGHDR_SIZE);
    this.address = address;
    this.name = get64(at);
    this.namelen = this.name === 0 ? 0 : view.getInt32(at + NAMELEN, true);
    this.control = get64(at + CONTROL);
    this.controllen = get64(at + CONTROLLEN);
    this.flags = view.getInt32(at + FLAGS, true);
    if (this.namelen < 0) return -EINVAL;
    this.namelen = Math.min(this.namelen, SOCKADDR_STORAGE);
    const iovlen = get64(at + IOVLEN);
    if (iovlen > UIO_MAXIOV) return -EMSGSIZE;
    return this.#loadIovec(tid, get64(at + IOV), iovlen);
  }

  #loadWindow(tid: number, address: number): number {
    const guess = this.#guess;
    this.#guessed = -1;
    if (guess.tid === tid && guess.address === address) {
      const error = this.#window.load(tid, address, MSGHDR_SIZE, () => {
        regions.add(guess.name, guess.namelen);
        regions.add(guess.base, guess.total);
      });
      if (error === 0) {
        this.#guessed = this.#window.after;
        return 0;
      }
      guess.tid = 0;
    }
    return this.#window.load(tid, address, MSGHDR_SIZE);
  }

  #loadIovec(tid: number, iov: number, count: number): number {
    this.bases.length = this.lengths.length = 0;
    this.total = 0;
    let at = this.#window.offsetOf(iov, 16 * count);
    if (at < 0 && count !== 0) {
      at = IN + IN_SIZE / 2;
      const error = readClient(tid, iov, 16 * count, at);
      if (error !== 0) return error;
    }
    for (let i = 0; i < count; i++) {
      const base = get64(at + 16 * i);
      const length = get64(at + 16 * i + 8);
      if (length >= 2 ** 63) return -EINVAL;
      if (!accessOk(base, length)) return -EFAULT;
      const rest = Math.min(length, MAX_RW_COUNT - this.total);
      this.bases.push(base);
      this.lengths.push(rest);
      this.total += rest;
    }
    return 0;
  }

  /** Reads name and payload of a message to be sent; 0 or a negative errno. */
  loadContent(tid: number): number {
    if (this.controllen > 0x7fffffff) return -ENOBUFS;
    if (this.#guessed >= 0 && this.#isGuessRight()) {
      this.#setContent(this.#guessed);
      return 0;
    }
    const nameAt = this.#nameInWindow();
    const payloadAt = this.#payloadInWindow();
    if (nameAt >= 0 && payloadAt >= 0) {
      this.nameBytes = this.namelen === 0 ? null : u8.subarray(nameAt, nameAt + this.namelen);
      this.payload = u8.subarray(payloadAt, payloadAt + this.total);
      return 0;
    }
    return this.#readContent(tid);
  }

  /** Whether the client's memory at `address` is known to hold these bytes already. */
  holds(address: number, bytes: Uint8Array): boolean {
    const at = this.#window.offsetOf(address, bytes.length);
    return at >= 0 && bytes.every((byte, i) => u8[at + i] === byte);
  }

  #nameInWindow(): number {
    return this.namelen === 0 ? IN : this.address === 0 ? -1 : this.#window.offsetOf(this.name, this.namelen);
  }

  #payloadInWindow(): number {
    if (this.total === 0) return IN;
    return this.address === 0 || this.bases.length !== 1 ? -1 : this.#window.offsetOf(this.bases[0]!, this.total);
  }

  /** Name first, payload behind it, in one read. */
  #readContent(tid: number): number {
    const start = IN + IN_SIZE / 2;
    if (this.namelen + this.total > IN_SIZE / 2) return -EMSGSIZE;
    regions.reset();
    regions.add(this.name, this.namelen);
    for (let i = 0; i < this.bases.length && regions.count < IOV_MAX; i++)
      regions.add(this.bases[i]!, this.lengths[i]!);
    const error = regions.read(tid, BASE + start);
    if (error !== 0) return error;
    this.#setContent(start);
    if (this.address !== 0 && this.bases.length === 1 && this.total <= GUESS_MAX) {
      const { address, name, namelen, total } = this;
      Object.assign(this.#guess, { tid, address, name, namelen, base: this.bases[0]!, total });
    }
    return 0;
  }

  #isGuessRight(): boolean {
    const { name, namelen, base, total } = this.#guess;
    const sameName = this.name === name && this.namelen === namelen;
    return sameName && this.bases.length === 1 && this.bases[0] === base && this.total <= total;
  }

  /** Name and payload stand one behind the other at `start`. */
  #setContent(start: number): void {
    const from = start + this.namelen;
    this.nameBytes = this.namelen === 0 ? null : u8.subarray(start, from);
    this.payload = u8.subarray(from, from + this.total);
  }
}
