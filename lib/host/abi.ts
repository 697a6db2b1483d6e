// Numbers of the running architecture that the supervisor and its filter need: system calls, structure sizes, ioctls.
// One entry an architecture; a machine without an entry is refused by the Box. The kernel's uapi headers name them all.

/** System calls the filter or the supervisor names, by architecture. */
export interface SyscallNumbers {
  readonly ioctl: number;
  readonly socket: number;
  readonly connect: number;
  readonly accept: number;
  readonly sendto: number;
  readonly recvfrom: number;
  readonly sendmsg: number;
  readonly recvmsg: number;
  readonly shutdown: number;
  readonly bind: number;
  readonly listen: number;
  readonly getsockname: number;
  readonly getpeername: number;
  readonly setsockopt: number;
  readonly getsockopt: number;
  readonly accept4: number;
  readonly recvmmsg: number;
  readonly sendmmsg: number;
  readonly bpf: number;
  readonly io_uring_setup: number;
  readonly seccomp: number;
  readonly pidfd_open: number;
  readonly pidfd_getfd: number;
  /** Absent where only the calls with a directory exist. */
  readonly open?: number;
  readonly readlink?: number;
  readonly access?: number;
  readonly openat: number;
  readonly readlinkat: number;
  readonly openat2: number;
  readonly prlimit64: number;
  readonly statfs: number;
  readonly fstatfs: number;
  readonly mount: number;
  readonly faccessat: number;
  readonly setgroups: number;
  readonly setgid: number;
  readonly setuid: number;
  readonly read: number;
  readonly write: number;
  readonly readv: number;
  readonly writev: number;
  readonly close: number;
  /** Only where the C library has no other way. */
  readonly chown?: number;
}

export interface Abi {
  /** AUDIT_ARCH_* of native calls, as seccomp_data.arch gives it. */
  readonly auditArch: number;
  readonly nr: SyscallNumbers;
  /** Calls of the 32-bit compatibility ABI that are refused: socket calls, bpf, io_uring_setup. */
  readonly compat: readonly number[];
  /** Numbers from here on belong to another ABI of the same architecture (x32). */
  readonly foreignFrom: number;
  /** sizeof(struct epoll_event) and the offset of its data. */
  readonly epollEventSize: number;
  readonly epollDataOffset: number;
  /** Offset of st_mode in struct stat; st_ino stands at 8 everywhere. */
  readonly statMode: number;
  readonly statUid: number;
  /** O_DIRECTORY and O_NOFOLLOW of open(2). */
  readonly oDirectory: number;
  readonly oNofollow: number;
  /** End of user space: what access_ok() accepts. */
  readonly taskSize: number;
  /** Whether a box has ever run on this architecture. */
  readonly tested: boolean;
}

const x64: Abi = {
  auditArch: 0xc000003e,
  nr: {
    ioctl: 16,
    socket: 41,
    connect: 42,
    accept: 43,
    sendto: 44,
    recvfrom: 45,
    sendmsg: 46,
    recvmsg: 47,
    shutdown: 48,
    bind: 49,
    listen: 50,
    getsockname: 51,
    getpeername: 52,
    setsockopt: 54,
    getsockopt: 55,
    accept4: 288,
    recvmmsg: 299,
    sendmmsg: 307,
    bpf: 321,
    io_uring_setup: 425,
    seccomp: 317,
    pidfd_open: 434,
    pidfd_getfd: 438,
    open: 2,
    readlink: 89,
    openat: 257,
    readlinkat: 267,
    openat2: 437,
    prlimit64: 302,
    setgroups: 116,
    setgid: 106,
    setuid: 105,
    read: 0,
    write: 1,
    readv: 19,
    writev: 20,
    close: 3,
    chown: 92,
    statfs: 137,
    fstatfs: 138,
    mount: 165,
    access: 21,
    faccessat: 269,
  },
  // i386: socketcall; recvmmsg, sendmmsg; bpf; socket … shutdown; recvmmsg_time64; io_uring_setup
  compat: [102, 337, 345, 357, ...Array.from({ length: 15 }, (_, i) => 359 + i), 417, 425],
  foreignFrom: 0x40000000,
  epollEventSize: 12,
  epollDataOffset: 4,
  statMode: 24,
  statUid: 28,
  // 47-bit addresses, without the last page.
  oDirectory: 0o200000,
  oNofollow: 0o400000,
  taskSize: 0x7ffffffff000,
  tested: true,
};

/** From the kernel's headers alone: nobody has run a box there yet. */
const arm64: Abi = {
  auditArch: 0xc00000b7,
  nr: {
    ioctl: 29,
    socket: 198,
    connect: 203,
    accept: 202,
    sendto: 206,
    recvfrom: 207,
    sendmsg: 211,
    recvmsg: 212,
    shutdown: 210,
    bind: 200,
    listen: 201,
    getsockname: 204,
    getpeername: 205,
    setsockopt: 208,
    getsockopt: 209,
    accept4: 242,
    recvmmsg: 243,
    sendmmsg: 269,
    bpf: 280,
    io_uring_setup: 425,
    seccomp: 277,
    pidfd_open: 434,
    pidfd_getfd: 438,
    openat: 56,
    readlinkat: 78,
    openat2: 437,
    prlimit64: 261,
    setgroups: 159,
    setgid: 144,
    setuid: 146,
    read: 63,
    write: 64,
    readv: 65,
    writev: 66,
    close: 57,
    statfs: 43,
    fstatfs: 44,
    mount: 40,
    faccessat: 48,
  },
  // 32-bit ARM: socketcall (old ABI); socket … recvmsg; recvmmsg, accept4, sendmmsg; bpf; recvmmsg_time64; io_uring_setup
  compat: [102, ...Array.from({ length: 17 }, (_, i) => 281 + i), 365, 366, 374, 386, 417, 425],
  // There is no second native ABI; numbers this high do not exist.
  foreignFrom: 0x40000000,
  epollEventSize: 16,
  epollDataOffset: 8,
  statMode: 16,
  statUid: 24,
  oDirectory: 0o40000,
  oNofollow: 0o100000,
  taskSize: 2 ** 48,
  tested: false,
};

const abis: Partial<Record<string, Abi>> = { x64, arm64 };

/** The ABI of `arch` (a `process.arch`), or undefined when this architecture is not supported. */
export function abiOf(arch: string): Abi | undefined {
  return abis[arch];
}

/** include/uapi/linux/seccomp.h */
export const SECCOMP_SET_MODE_FILTER = 1;
export const SECCOMP_GET_ACTION_AVAIL = 2;
export const SECCOMP_FILTER_FLAG_NEW_LISTENER = 8;
export const SECCOMP_RET_USER_NOTIF = 0x7fc00000;
export const SECCOMP_RET_ERRNO = 0x00050000;
export const SECCOMP_RET_ALLOW = 0x7fff0000;
export const SECCOMP_IOCTL_NOTIF_RECV = 0xc0502100;
export const SECCOMP_IOCTL_NOTIF_SEND = 0xc0182101;
export const SECCOMP_IOCTL_NOTIF_ID_VALID = 0x40082102;
export const SECCOMP_IOCTL_NOTIF_ADDFD = 0x40182103;
export const SECCOMP_IOCTL_NOTIF_SET_FLAGS = 0x40082104;
export const SECCOMP_USER_NOTIF_FLAG_CONTINUE = 1;
export const SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP = 1;
export const SECCOMP_ADDFD_FLAG_SETFD = 1;
export const SECCOMP_ADDFD_FLAG_SEND = 2;

/** include/uapi/linux/prctl.h */
export const PR_SET_NO_NEW_PRIVS = 38;
export const PR_SET_CHILD_SUBREAPER = 36;

/** include/uapi/linux/pidfd.h (6.9): the pidfd names a thread, not its group. */
export const PIDFD_THREAD = 0o200;

/** include/uapi/linux/eventpoll.h */
export const EPOLL_CTL_ADD = 1;
export const EPOLL_CTL_DEL = 2;
export const EPOLL_CTL_MOD = 3;
export const EPOLLIN = 0x1;
export const EPOLLOUT = 0x4;
export const EPOLLERR = 0x8;
export const EPOLLHUP = 0x10;
export const EPOLLET = 0x80000000;
export const EPOLL_CLOEXEC = 0o2000000;

/** fcntl.h and stat.h, the values every architecture here shares. */
export const AT_FDCWD = -100;
export const F_SETFD = 2;
export const FD_CLOEXEC = 1;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const O_WRONLY = 1;
export const O_RDONLY = 0;
export const O_RDWR = 2;
export const F_DUPFD_CLOEXEC = 1030;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_PATH = 0o10000000;
export const O_NONBLOCK = 0o4000;
export const O_CLOEXEC = 0o2000000;
export const S_IFMT = 0o170000;
export const S_IFSOCK = 0o140000;

/** include/linux/socket.h, include/linux/net.h */
export const AF_UNIX = 1;
export const AF_NETLINK = 16;
export const AF_PACKET = 17;
export const SOCK_SEQPACKET = 5;
export const SOCK_TYPE_MASK = 0xf;
export const SOCK_CLOEXEC = O_CLOEXEC;
export const SOCK_NONBLOCK = O_NONBLOCK;
export const SOL_SOCKET = 1;
export const SOCK_STREAM = 1;
export const SO_PEERCRED = 17;
export const SCM_RIGHTS = 1;
export const SO_RCVTIMEO_OLD = 20;
export const SO_RCVTIMEO_NEW = 66;
export const MSG_PEEK = 0x2;
export const MSG_TRUNC = 0x20;
export const MSG_DONTWAIT = 0x40;
export const MSG_ERRQUEUE = 0x2000;
export const MSG_WAITFORONE = 0x10000;
export const MSG_NOSIGNAL = 0x4000;
export const MSG_CMSG_CLOEXEC = 0x40000000;
export const MSG_CMSG_COMPAT = 0x80000000;
export const UIO_MAXIOV = 1024;
export const MAX_RW_COUNT = 0x7ffff000;

/** include/uapi/asm-generic/ioctls.h */
export const FIONREAD = 0x541b;
export const SIOCOUTQ = 0x5411;
