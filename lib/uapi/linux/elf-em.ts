// include/uapi/linux/elf-em.h: the machine an ELF file is for. Of these only eBPF can be loaded; the others are named in
// messages to people who took the wrong file.
import { nameTable } from '../../codec/names.js';

export const EM_NONE = 0;
export const EM_386 = 3;
export const EM_MIPS = 8;
export const EM_PPC64 = 21;
export const EM_S390 = 22;
export const EM_ARM = 40;
export const EM_X86_64 = 62;
export const EM_AARCH64 = 183;
export const EM_RISCV = 243;
export const EM_BPF = 247;

/** `EM_X86_64` for 62. */
export const elfMachine = nameTable({
  EM_NONE, EM_386, EM_MIPS, EM_PPC64, EM_S390, EM_ARM, EM_X86_64, EM_AARCH64, EM_RISCV, EM_BPF,
}); // prettier-ignore
