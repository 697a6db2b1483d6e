// kernel/bpf/core.c: what concerns a program as a whole. (Its instructions run in lib/vm.)
import { sha1 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { BPF_PSEUDO_MAP_FD, BPF_PSEUDO_MAP_VALUE, BPF_TAG_SIZE } from '../../../uapi/linux/bpf.js';
import type { Machine } from '../../machine.js';

const INSN = 8;
/** BPF_LD | BPF_IMM | BPF_DW */
const LD_IMM64 = 0x18;

/** A copy in which loads of maps do not say which: the fd is the caller's own. */
function withoutMaps(insns: Uint8Array): Uint8Array {
  const raw = insns.slice();
  for (let at = 0; at + 2 * INSN <= raw.length; at += INSN) {
    if (raw[at] !== LD_IMM64) continue;
    const source = raw[at + 1]! >> 4;
    if (source === BPF_PSEUDO_MAP_FD || source === BPF_PSEUDO_MAP_VALUE) {
      raw.fill(0, at + 4, at + 8);
      raw.fill(0, at + 12, at + 16);
    }
    at += INSN;
  }
  return raw;
}

/** The digest of a program as submitted; its first bytes are the tag. @models kernel/bpf/core.c bpf_prog_calc_tag() */
export function calcDigest(machine: Machine, insns: Uint8Array): Uint8Array {
  const raw = withoutMaps(insns);
  return machine.has('tag-sha256') ? sha256(raw) : sha1(raw);
}

/** The tag of instructions. @models kernel/bpf/core.c bpf_prog_calc_tag() */
export function calcTag(machine: Machine, insns: Uint8Array): Uint8Array {
  return calcDigest(machine, insns).slice(0, BPF_TAG_SIZE);
}
