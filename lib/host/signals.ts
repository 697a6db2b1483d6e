// Signals of a client that is blocked in a call we hold. The filter lets no signal but a fatal one end a call that has
// been received (else an answer can get lost although it was accepted: measured, one in some thousand calls when
// signals arrive every 200 µs). So a blocked receive is looked at now and then: when a signal waits for its thread, it
// is answered with ERESTARTSYS, and the kernel runs the handler and restarts the call or makes it EINTR, as ever.
import { readFileSync } from 'node:fs';

/** include/linux/errno.h: restart, or EINTR, as the signal's SA_RESTART says. Only for a thread that takes a signal. */
export const ERESTARTSYS = 512;

/** 'own': this thread is about to take a signal. 'shared': one thread of its process is, perhaps this one. */
export type Pending = 'none' | 'shared' | 'own';

function statusOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    return '';
  }
}

function mask(status: string, field: string): bigint {
  return BigInt(`0x${new RegExp(`^${field}:\\t([0-9a-f]+)`, 'm').exec(status)?.[1] ?? '0'}`);
}

/** Whether a signal waits for a blocked thread; one that has ended has taken its last. */
export function pendingSignal(tid: number, tgid: number): Pending {
  const status = statusOf(tid);
  if (status === '' || /^State:\t[ZX]/m.test(status)) return 'own';
  const blocked = mask(status, 'SigBlk');
  if ((mask(status, 'SigPnd') & ~blocked) !== 0n) return 'own';
  if ((mask(status, 'ShdPnd') & ~blocked) !== 0n) return /^Threads:\t1$/m.test(status) ? 'own' : 'shared';
  // A process that stops waits for all its threads.
  return tid !== tgid && /^State:\tT/m.test(statusOf(tgid)) ? 'own' : 'none';
}
