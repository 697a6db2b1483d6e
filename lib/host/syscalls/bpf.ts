// kernel/bpf/syscall.c bpf(2) of a client. A file that the call makes becomes an fd of the client, in one step with the
// answer.
import type { Handler, Supervisor } from '../supervisor.js';
import { close } from '../libc.js';
import { ANSWERED } from '../verdict.js';
import type { BpfFile } from '../../linux/kernel/bpf/file.js';

/** The new fd, with which the call is answered; or a negative errno. */
function install(sv: Supervisor, file: BpfFile): number {
  const { idLow, idHigh } = sv.listener.notification;
  const clientEnd = sv.files.make(file);
  if (clientEnd < 0) {
    file.close();
    return clientEnd;
  }
  const fd = sv.listener.answerFd(idLow, idHigh, clientEnd, true);
  // When nobody got it, this is the last close, and is heard as such.
  close(clientEnd);
  return fd;
}

export const bpf: Handler = (sv, task) => {
  const call = sv.listener.notification;
  const [cmd, uattr, size] = [call.int(0), call.ptr(1), call.int(2) >>> 0];
  const recorded = sv.tap?.bpf(task, cmd, uattr, size);
  const made = sv.machine.bpf(task, cmd, uattr, size);
  recorded?.returns();
  const result = typeof made === 'number' ? made : install(sv, made);
  recorded?.ends(result);
  return result < 0 || typeof made === 'number' ? result : ANSWERED;
};
