// The listener fd of the filter: receives notifications, answers them, installs fds. One notification is handled at a
// time, in the arena at NOTIF; the clients stay stopped until their answer. An answer that fails with ENOENT reached
// nobody: the client was interrupted by a signal or has died, and its call may come again.
import * as abi from './abi.js';
import { ADDFD, BASE, NOTIF, RESP, SIGSET_ALL, SIGSET_OLD } from './libc.js';
import { errno, get64, i32, ioctl, pthreadSigmask, put64, u32, u8 } from './libc.js';
import { EINTR } from '../uapi/asm-generic/errno.js';

/** The notification at hand; a handler that returns `later` copies what it needs. */
export class Notification {
  /** Identity of this notification at the listener, as two 32-bit halves. */
  idLow = 0;
  idHigh = 0;
  tid = 0;
  nr = 0;

  /** Argument as a pointer or size; exact below 2^53, beyond that no valid address anyway. */
  ptr(index: number): number {
    return get64(NOTIF + 32 + 8 * index);
  }

  /** Argument as a C int. */
  int(index: number): number {
    return i32[(NOTIF + 32 + 8 * index) >> 2]!;
  }

  /** A copy of call number, instruction pointer and arguments, for comparing two calls. */
  identity(): Uint32Array {
    return u32.slice((NOTIF + 16) >> 2, (NOTIF + 80) >> 2);
  }

  /** Whether this is the same call, from the same place with the same arguments. */
  equals(identity: Uint32Array): boolean {
    const start = (NOTIF + 16) >> 2;
    return identity.every((word, i) => u32[start + i] === word);
  }
}

export class Listener {
  readonly fd: number;
  readonly notification = new Notification();
  #sync = false;
  #lastTid = 0;
  /** Notifications since the last change of client, to tell one busy client from several. */
  #run = 0;

  constructor(fd: number) {
    this.fd = fd;
  }

  /** Receives one notification; false when there is none after all. */
  receive(): boolean {
    u8.fill(0, NOTIF, NOTIF + 80);
    if (ioctl(this.fd, abi.SECCOMP_IOCTL_NOTIF_RECV, BASE + NOTIF) !== 0) return false;
    const n = this.notification;
    n.idLow = u32[NOTIF >> 2]!;
    n.idHigh = u32[(NOTIF + 4) >> 2]!;
    n.tid = u32[(NOTIF + 8) >> 2]!;
    n.nr = i32[(NOTIF + 16) >> 2]!;
    this.#tune(n.tid);
    return true;
  }

  /** Answers with a value, or a negative errno. False when the answer reached nobody. */
  answer(idLow: number, idHigh: number, value: number): boolean {
    put64(RESP + 8, Math.max(value, 0));
    return this.#send(idLow, idHigh, Math.min(value, 0), 0);
  }

  /** Lets the real kernel do the call. */
  proceed(idLow: number, idHigh: number): boolean {
    put64(RESP + 8, 0);
    return this.#send(idLow, idHigh, 0, abi.SECCOMP_USER_NOTIF_FLAG_CONTINUE);
  }

  /** Installs a copy of `fd` in the client and answers with its number there, in one step; a negative errno when not. */
  answerFd(idLow: number, idHigh: number, fd: number, cloexec: boolean): number {
    const at = ADDFD >> 2;
    u32[at] = idLow;
    u32[at + 1] = idHigh;
    u32[at + 2] = abi.SECCOMP_ADDFD_FLAG_SEND;
    u32[at + 3] = fd;
    u32[at + 4] = 0;
    u32[at + 5] = cloexec ? abi.O_CLOEXEC : 0;
    // A signal in the middle would answer the client with fd 0 and install nothing.
    const SIG_SETMASK = 2;
    pthreadSigmask(SIG_SETMASK, BASE + SIGSET_ALL, BASE + SIGSET_OLD);
    let result = ioctl(this.fd, abi.SECCOMP_IOCTL_NOTIF_ADDFD, BASE + ADDFD);
    if (result < 0) result = -errno();
    pthreadSigmask(SIG_SETMASK, BASE + SIGSET_OLD, 0);
    return result;
  }

  /** Puts a copy of `fd` in the place of the client's `clientFd`; the call goes on. False when that could not be done. */
  replaceFd(fd: number, clientFd: number, cloexec: boolean): boolean {
    const at = ADDFD >> 2;
    u32[at] = this.notification.idLow;
    u32[at + 1] = this.notification.idHigh;
    u32[at + 2] = abi.SECCOMP_ADDFD_FLAG_SETFD;
    u32[at + 3] = fd;
    u32[at + 4] = clientFd;
    u32[at + 5] = cloexec ? abi.O_CLOEXEC : 0;
    let result: number;
    do result = ioctl(this.fd, abi.SECCOMP_IOCTL_NOTIF_ADDFD, BASE + ADDFD);
    while (result < 0 && errno() === EINTR);
    return result >= 0;
  }

  /** Whether the client still waits in this call. */
  isValid(idLow: number, idHigh: number): boolean {
    const at = RESP >> 2;
    u32[at] = idLow;
    u32[at + 1] = idHigh;
    return this.#complete(abi.SECCOMP_IOCTL_NOTIF_ID_VALID);
  }

  #send(idLow: number, idHigh: number, error: number, flags: number): boolean {
    const at = RESP >> 2;
    u32[at] = idLow;
    u32[at + 1] = idHigh;
    i32[at + 4] = error;
    u32[at + 5] = flags;
    return this.#complete(abi.SECCOMP_IOCTL_NOTIF_SEND);
  }

  /** An ioctl on what stands at RESP; a signal to the supervisor only delays it. */
  #complete(request: number): boolean {
    for (;;) {
      if (ioctl(this.fd, request, BASE + RESP) === 0) return true;
      if (errno() !== EINTR) return false;
    }
  }

  /** One busy client is served fastest on the supervisor's own CPU; several are not. Refused before 6.6, harmlessly. */
  #tune(tid: number): void {
    const ALONE_AFTER = 16;
    if (tid !== this.#lastTid) {
      this.#lastTid = tid;
      if (this.#sync && this.#run < ALONE_AFTER) this.#setSync(false);
      this.#run = 0;
    }
    if (++this.#run === ALONE_AFTER && !this.#sync) this.#setSync(true);
  }

  #setSync(on: boolean): void {
    this.#sync = on;
    ioctl(this.fd, abi.SECCOMP_IOCTL_NOTIF_SET_FLAGS, on ? abi.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP : 0);
  }
}
