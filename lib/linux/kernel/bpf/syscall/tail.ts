// kernel/bpf/syscall.c bpf_check_uarg_tail_zero(): structs of users that are longer than the kernel's own.
import { E2BIG, EFAULT } from '../../../../uapi/asm-generic/errno.js';
import { errno } from '../../../errno.js';
import type { Task } from '../../task.js';

const PAGE_SIZE = 4096;

/**
 * Refuses a struct of more than a page (E2BIG), and one with something set behind the `known` bytes (E2BIG, or EFAULT when
 * that cannot be read).
 *
 * @models kernel/bpf/syscall.c bpf_check_uarg_tail_zero()
 */
export function checkTailZero(task: Task, address: number, known: number, given: number): void {
  if (given > PAGE_SIZE) throw errno(E2BIG);
  if (given <= known) return;
  const tail = task.memory.read(address + known, given - known);
  if (tail === undefined) throw errno(EFAULT);
  if (tail.some((byte) => byte !== 0)) throw errno(E2BIG);
}
