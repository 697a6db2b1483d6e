// The C library through koffi, and the one block of memory that all calls pass their structures in. Everything here is
// synchronous and runs on the calling thread. Addresses are plain numbers (user space ends below 2^53), so that a hot
// call converts nothing; no call allocates. Results are those of C: -1 and errno().
import koffi from 'koffi';
import { abiOf } from './abi.js';

type Call = (...args: readonly (number | string | null | readonly (string | null)[])[]) => number;

const libc = koffi.load(null);
const bind = (prototype: string): Call => libc.func(prototype);

export const ioctl = bind('int ioctl(int, unsigned long, uintptr_t)');
export const fstat = bind('int fstat(int, uintptr_t)');
export const stat = bind('int stat(const char *, uintptr_t)');
export const close = bind('int close(int)');
export const read = bind('intptr_t read(int, uintptr_t, size_t)');
export const write = bind('intptr_t write(int, uintptr_t, size_t)');
export const fcntl = bind('int fcntl(int, int, intptr_t)');
export const socketpair = bind('int socketpair(int, int, int, uintptr_t)');
export const pipe2 = bind('int pipe2(uintptr_t, int)');
export const prctl = bind('int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)');
export const pthreadSigmask = bind('int pthread_sigmask(int, uintptr_t, uintptr_t)');
export const kill = bind('int kill(int, int)');
export const flock = bind('int flock(int, int)');
export const wait4 = bind('int wait4(int, uintptr_t, int, uintptr_t)');
/** Request, thread, address, data; called by the thread that traces, always. */
export const ptrace = bind('intptr_t ptrace(int, int, uintptr_t, uintptr_t)');
/** Whether a signal with a handler ends system calls instead of letting them go on. */
export const siginterrupt = bind('int siginterrupt(int, int)');
export const waitid = bind('int waitid(int, unsigned int, uintptr_t, int)');
export const open = bind('int open(const char *, int)');
export const inotifyInit1 = bind('int inotify_init1(int)');
export const inotifyAddWatch = bind('int inotify_add_watch(int, const char *, uint32_t)');
export const inotifyRmWatch = bind('int inotify_rm_watch(int, int)');
export const memfdCreate = bind('int memfd_create(const char *, unsigned int)');
export const truncate = bind('int ftruncate(int, int64_t)');
const mmap = libc.func('void *mmap(void *, size_t, int, int, int, int64_t)');
const mmapAt = bind('intptr_t mmap(uintptr_t, size_t, int, int, int, int64_t)');
export const munmap = bind('int munmap(uintptr_t, size_t)');
export const lseek = bind('int64_t lseek(int, int64_t, int)');
export const epollCreate1 = bind('int epoll_create1(int)');
export const epollCtl = bind('int epoll_ctl(int, int, int, uintptr_t)');
export const epollWait = bind('int epoll_wait(int, uintptr_t, int, int)');
export const processVmReadv = bind(
  'intptr_t process_vm_readv(int, uintptr_t, unsigned long, uintptr_t, unsigned long, unsigned long)',
);
export const processVmWritev = bind(
  'intptr_t process_vm_writev(int, uintptr_t, unsigned long, uintptr_t, unsigned long, unsigned long)',
);
/** Six-argument system call by number, for what the C library does not wrap. */
export const syscall = bind(
  'intptr_t syscall(intptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t, uintptr_t)',
);

/** The same for calls whose second argument is a path. */
export const syscallAt = bind(
  'intptr_t syscall(intptr_t, intptr_t, const char *, uintptr_t, uintptr_t, uintptr_t, uintptr_t)',
);

/** Pid to the first argument; without file actions and attributes. */
export const posixSpawn = bind(
  'int posix_spawn(uintptr_t, const char *, uintptr_t, uintptr_t, const char **, const char **)',
);

/** What lets calls of this thread pass the filter it is under; 0: it is under none. */
let pass = 0;

export function passFilter(cookie: number): void {
  pass = cookie;
}

const PRLIMIT64 = abiOf(process.arch)?.nr.prlimit64 ?? -1;

/** prlimit(2), which clients are asked about. */
export const prlimit = (pid: number, resource: number, to: number, from: number): number =>
  syscall(PRLIMIT64, pid, resource, to, from, 0, pass);

/** errno of the last call of this thread that returned -1. */
export const errno = (): number => koffi.errno();

/** Offsets of the fixed structures inside the arena. */
export const NOTIF = 0;
export const RESP = 96;
export const ADDFD = 128;
export const STAT = 256;
export const EVENTS = 512;
export const MAX_EVENTS = 64;
/** A few words for small out-parameters (pairs of fds, one epoll_event, an int). */
export const WORDS = 1600;
/** Signal sets: all signals, and room for the one that was. */
export const SIGSET_ALL = 2048;
export const SIGSET_OLD = 2176;
/** Two arrays of iovec: this side's and the client's. Room for an iovec of UIO_MAXIOV and some more. */
export const IOV_LOCAL = 4096;
export const IOV_REMOTE = 24576;
export const IOV_MAX = 1100;
/** Bytes read from a client, and bytes on their way to one. */
export const IN = 65536;
export const IN_SIZE = 1048576;
export const OUT = IN + IN_SIZE;
export const OUT_SIZE = 524288;

const arena = new ArrayBuffer(OUT + OUT_SIZE);
export const u8 = new Uint8Array(arena);
export const i32 = new Int32Array(arena);
export const u32 = new Uint32Array(arena);

/** Address of `bytes` for C. The caller keeps the array alive and never lets it be transferred. */
export const addressOf = (bytes: Uint8Array): number => Number(koffi.address(bytes));

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;

/** Puts a file (-1: zeros) in the place of whole pages at `address`; false when it cannot be done. */
export function mapOver(address: number, size: number, fd: number): boolean {
  const kind = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
  return mmapAt(address, size, PROT_READ_WRITE, MAP_FIXED | kind, fd, 0) === address;
}

/** `size` bytes of a file, mapped: to be given back by munmap(), and not touched from then on. */
export function mappedView(fd: number, size: number): { readonly address: number; readonly bytes: Uint8Array } {
  const mapped: unknown = mmap(null, size, PROT_READ_WRITE, MAP_SHARED, fd, 0);
  return { address: Number(koffi.address(mapped)), bytes: new Uint8Array(koffi.view(mapped, size)) };
}

/** Address of the arena's first byte. */
export const BASE = addressOf(u8);

u8.fill(0xff, SIGSET_ALL, SIGSET_OLD);

/** Writes a 64-bit little-endian number (below 2^53) at an 8-byte-aligned arena offset. */
export function put64(offset: number, value: number): void {
  u32[offset >> 2] = value >>> 0;
  u32[(offset >> 2) + 1] = value / 0x100000000;
}

/** Unaligned little-endian access to the arena. */
export const view = new DataView(arena);

/** Reads a 64-bit little-endian number at any arena offset; above 2^53 it loses low bits. */
export function get64(offset: number): number {
  return view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 0x100000000;
}
