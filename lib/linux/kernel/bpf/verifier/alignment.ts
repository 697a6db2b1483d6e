// kernel/bpf/verifier.c: alignment of accesses. x86-64 allows any, so only strict programs, stack accesses and atomic
// operations are held to it.
import { EACCES } from '../../../../uapi/asm-generic/errno.js';
import * as T from '../type_flags.js';
import type { VerifierEnv } from './env.js';
import { tnumStr } from './print.js';
import type { RegState } from './reg_state.js';
import { Tnum } from './tnum.js';
import { Word } from './word.js';

/** What an IP header is shifted by, where machines want alignment. */
const NET_IP_ALIGN = 2;

const descriptions = new Map([
  [T.PTR_TO_FLOW_KEYS, 'flow keys '],
  [T.PTR_TO_MAP_KEY, 'key '],
  [T.PTR_TO_MAP_VALUE, 'value '],
  [T.PTR_TO_CTX, 'context '],
  [T.PTR_TO_STACK, 'stack '],
  [T.PTR_TO_SOCKET, 'sock '],
  [T.PTR_TO_SOCK_COMMON, 'sock_common '],
  [T.PTR_TO_TCP_SOCK, 'tcp_sock '],
  [T.PTR_TO_XDP_SOCK, 'xdp_sock '],
]);

const isAligned = (reg: RegState, off: number, size: number): boolean =>
  reg.varOff.add(Tnum.const(Word.int(reg.off + off))).isAligned(size);

/** @models kernel/bpf/verifier.c check_ptr_alignment() */
export function checkPtrAlignment(env: VerifierEnv, reg: RegState, off: number, size: number, once: boolean): void {
  const strict = env.strictAlignment || once || reg.type === T.PTR_TO_STACK;
  if (!strict || size === 1 || reg.type === T.PTR_TO_ARENA) return;
  const variable = tnumStr(reg.varOff);
  if (reg.type === T.PTR_TO_PACKET || reg.type === T.PTR_TO_PACKET_META) {
    if (isAligned(reg, off + NET_IP_ALIGN, size)) return;
    throw env.refuse(EACCES, `misaligned packet access off ${NET_IP_ALIGN}+${variable}+${reg.off}+${off} size ${size}`);
  }
  if (isAligned(reg, off, size)) return;
  const what = descriptions.get(reg.type) ?? '';
  throw env.refuse(EACCES, `misaligned ${what}access off ${variable}+${reg.off}+${off} size ${size}`);
}
