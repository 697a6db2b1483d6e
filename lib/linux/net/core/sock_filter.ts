// net/core/filter.c sk_attach_filter() and its like: the filter of a socket, classic or extended, which says how much of a
// packet the socket gets. The socket holds an extended program; a classic one is its own.
import { Bytes, ints } from '../../../codec/bytes.js';
import * as E from '../../../uapi/asm-generic/errno.js';
import { BPF_PROG_TYPE_SOCKET_FILTER } from '../../../uapi/linux/bpf.js';
import { BPF_MAXINSNS } from '../../../uapi/linux/bpf_common.js';
import { sock_filter, SKF_AD_MAX } from '../../../uapi/linux/filter.js';
import * as S from '../../../uapi/linux/socket.js';
import type { Program } from '../../../vm/program.js';
import { errno, errnoOf } from '../../errno.js';
import { ProgFile } from '../../kernel/bpf/file.js';
import type { BpfProg } from '../../kernel/bpf/prog.js';
import type { Task } from '../../kernel/task.js';
import { userAddress } from '../../kernel/user_memory.js';
import type { Machine } from '../../machine.js';
import type { KObject } from '../../object.js';
import type { SockOptValue } from '../socket.js';
import { bpfCheckClassic } from './filter/classic.js';
import { bpfProgRunSaveCb, classicProgram, classicRun } from './filter/run.js';
import type { SkBuff } from './skbuff/sk_buff.js';

/** struct sock_fprog of 64 bits: the number of instructions, and where they are. */
const FPROG_SIZE = 16;
const FPROG_FILTER = 8;

/** struct sk_filter, and whether it may be changed (SOCK_FILTER_LOCKED). */
export class SockFilter {
  locked = false;
  #extended: BpfProg | undefined;
  #classic: Program | undefined;
  /** Instructions of the classic program as they were given. */
  given: Uint8Array | undefined;

  get attached(): boolean {
    return this.#extended !== undefined || this.#classic !== undefined;
  }

  /** How many bytes of the packet get through; 0: it is not for the socket. */
  run(machine: Machine, skb: SkBuff): number {
    if (this.#classic !== undefined) return classicRun(machine, this.#classic, skb) >>> 0;
    if (this.#extended !== undefined) return bpfProgRunSaveCb(this.#extended, skb) >>> 0;
    return 0xffffffff;
  }

  setClassic(owner: KObject, machine: Machine, insns: Uint8Array): void {
    const program = classicProgram(machine, new Bytes(insns), 0, insns.length / sock_filter.size);
    this.drop(owner);
    this.#classic = program;
    this.given = insns;
  }

  setExtended(owner: KObject, prog: BpfProg): void {
    prog.hold(owner);
    this.drop(owner);
    this.#extended = prog;
  }

  drop(owner: KObject): void {
    this.#extended?.release(owner);
    this.#extended = this.#classic = this.given = undefined;
  }
}

/** A socket that takes filters. */
export interface FilteredSock extends KObject {
  readonly net: { readonly machine: Machine };
  readonly filter: SockFilter;
}

/** @models net/core/filter.c sk_attach_filter() */
function attachClassic(sock: FilteredSock, task: Task, optval: Uint8Array): void {
  if (optval.length !== FPROG_SIZE) throw errno(E.EINVAL);
  const { view } = new Bytes(optval);
  const count = view.getUint16(0, true);
  const at = userAddress(view, FPROG_FILTER);
  if (sock.filter.locked) throw errno(E.EPERM);
  if (at === 0 || count === 0 || count > BPF_MAXINSNS) throw errno(E.EINVAL);
  const insns = task.memory.read(at, count * sock_filter.size);
  if (insns === undefined) throw errno(E.EFAULT);
  bpfCheckClassic(new Bytes(insns).view, 0, count);
  sock.filter.setClassic(sock, sock.net.machine, insns);
}

/** @models net/core/filter.c sk_attach_bpf() */
function attachExtended(sock: FilteredSock, task: Task, optval: Uint8Array): void {
  if (optval.length !== 4) throw errno(E.EINVAL);
  if (sock.filter.locked) throw errno(E.EPERM);
  const file = task.fget(new Bytes(optval).view.getInt32(0, true));
  if (file === undefined) throw errno(E.EBADF);
  if (!(file instanceof ProgFile) || file.prog.type !== BPF_PROG_TYPE_SOCKET_FILTER) throw errno(E.EINVAL);
  sock.filter.setExtended(sock, file.prog);
}

/** @models net/core/filter.c sk_detach_filter() */
function detach(sock: FilteredSock): void {
  if (sock.filter.locked) throw errno(E.EPERM);
  if (!sock.filter.attached) throw errno(E.ENOENT);
  sock.filter.drop(sock);
}

/** Once locked, for ever locked. */
function lock(sock: FilteredSock, value: boolean): void {
  if (sock.filter.locked && !value) throw errno(E.EPERM);
  sock.filter.locked = value;
}

function change(sock: FilteredSock, task: Task, optname: number, optval: Uint8Array): void {
  if (optname === S.SO_ATTACH_FILTER) attachClassic(sock, task, optval);
  else if (optname === S.SO_ATTACH_BPF) attachExtended(sock, task, optval);
  else if (optname === S.SO_DETACH_FILTER) detach(sock);
  else lock(sock, new Bytes(optval).view.getInt32(0, true) !== 0);
}

const options: ReadonlySet<number> = new Set([
  S.SO_ATTACH_FILTER,
  S.SO_ATTACH_BPF,
  S.SO_DETACH_FILTER,
  S.SO_LOCK_FILTER,
]);

/**
 * The options of filters: 0 or a negative errno; undefined for any other.
 *
 * @models net/core/sock.c sk_setsockopt() SO_ATTACH_FILTER and those that follow it
 */
export function sockFilterSetsockopt(
  sock: FilteredSock,
  task: Task,
  optname: number,
  optval: Uint8Array,
): number | undefined {
  if (!options.has(optname)) return undefined;
  if (optval.length < 4) return -E.EINVAL;
  try {
    change(sock, task, optname, optval);
    return 0;
  } catch (refusal) {
    return -errnoOf(refusal);
  }
}

/** The classic program; asked for no room, only its length. @models net/core/filter.c sk_get_filter() */
function getFilter({ filter }: FilteredSock, optlen: number): SockOptValue | number {
  if (!filter.attached) return { value: new Uint8Array(0), length: 0 };
  if (filter.given === undefined) return -E.EACCES;
  const length = filter.given.length / sock_filter.size;
  if (optlen !== 0 && optlen < length) return -E.EINVAL;
  return { value: optlen === 0 ? new Uint8Array(0) : filter.given, length };
}

/**
 * The same for getsockopt(2).
 *
 * @models net/core/sock.c sk_getsockopt() SO_GET_FILTER, SO_LOCK_FILTER, SO_BPF_EXTENSIONS
 */
export function sockFilterGetsockopt(
  sock: FilteredSock,
  optname: number,
  optlen: number,
): SockOptValue | number | undefined {
  if (optlen < 0) return -E.EINVAL;
  if (optname === S.SO_ATTACH_FILTER) return getFilter(sock, optlen);
  if (optname !== S.SO_LOCK_FILTER && optname !== S.SO_BPF_EXTENSIONS) return undefined;
  const number = optname === S.SO_LOCK_FILTER ? Number(sock.filter.locked) : SKF_AD_MAX;
  const value = ints(number).subarray(0, optlen);
  return { value, length: value.length };
}
