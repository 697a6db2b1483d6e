// kernel/bpf/syscall.c bpf(2) of a client. Not modelled yet: refused as a kernel without it would, and said once.
import type { Handler } from '../supervisor.js';
import { ENOSYS } from '../../uapi/asm-generic/errno.js';

export const bpf: Handler = (sv) => {
  sv.log('not modelled: bpf(2)');
  return -ENOSYS;
};
