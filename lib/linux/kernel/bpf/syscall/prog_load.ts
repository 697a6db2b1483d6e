// kernel/bpf/syscall.c bpf_prog_load(): BPF_PROG_LOAD. Checks the request and the caller, makes the program, has it
// verified, and gives it its tag, its id and its first open file. A refusal at any point gives everything back.
import * as E from '../../../../uapi/asm-generic/errno.js';
import * as B from '../../../../uapi/linux/bpf.js';
import { bpf_attr_prog_load } from '../../../../uapi/linux/bpf_attr.js';
import { errno } from '../../../errno.js';
import { checkTailCall } from '../fd_array.js';
import { calcTag } from '../core.js';
import { checkEarlyInsns } from '../early.js';
import { ProgFile } from '../file.js';
import { refuseOffload } from '../offload.js';
import { BpfProg, type ProgLoadAttr } from '../prog.js';
import { bpfCapable, netAdminCapable, perfmonCapable } from '../token.js';
import { bpfCheck } from '../verifier/index.js';
import type { BpfCall } from './attr.js';
import { tokenGet } from './fd.js';
import { checkLoadAttach, isNetAdminType, isPerfmonType, knownProgType, loadAttachType } from './prog_type.js';

const at = bpf_attr_prog_load.offsetof;
const INSN = 8;
/** Most instructions: BPF_COMPLEXITY_LIMIT_INSNS, and BPF_MAXINSNS for callers without CAP_BPF and old kernels. */
const COMPLEXITY_LIMIT_INSNS = 1000000;
const MAXINSNS = 4096;
/** Longest license that is looked at, bytes. */
const LICENSE_MAX = 127;

/** Longest signature, bytes, and the last of the keyrings that the kernel has itself. */
const SIGNATURE_MAX = 8192;
const VERIFY_USE_PLATFORM_KEYRING = 2;

const FLAGS_6_1 =
  B.BPF_F_STRICT_ALIGNMENT |
  B.BPF_F_ANY_ALIGNMENT |
  B.BPF_F_TEST_STATE_FREQ |
  B.BPF_F_SLEEPABLE |
  B.BPF_F_TEST_RND_HI32 |
  B.BPF_F_XDP_HAS_FRAGS;
const FLAGS = FLAGS_6_1 | B.BPF_F_XDP_DEV_BOUND_ONLY | B.BPF_F_TEST_REG_INVARIANTS | B.BPF_F_TOKEN_FD;

const gplLicenses: ReadonlySet<string> = new Set([
  'GPL',
  'GPL v2',
  'GPL and additional rights',
  'Dual BSD/GPL',
  'Dual MIT/GPL',
  'Dual MPL/GPL',
]);

/** @models include/linux/license.h license_is_gpl_compatible() */
const isGplCompatible = (license: string): boolean => gplLicenses.has(license);

function loadAttr(call: BpfCall, progName: string): ProgLoadAttr {
  const progType = call.u32(at.prog_type);
  return {
    progType,
    insnCnt: call.u32(at.insn_cnt),
    logLevel: call.u32(at.log_level),
    logSize: call.u32(at.log_size),
    logBuf: call.u64(at.log_buf),
    progFlags: call.u32(at.prog_flags),
    progName,
    expectedAttachType: loadAttachType(progType, call.u32(at.expected_attach_type)),
    progBtfFd: call.s32(at.prog_btf_fd),
    funcInfoRecSize: call.u32(at.func_info_rec_size),
    funcInfo: call.u64(at.func_info),
    funcInfoCnt: call.u32(at.func_info_cnt),
    lineInfoRecSize: call.u32(at.line_info_rec_size),
    lineInfo: call.u64(at.line_info),
    lineInfoCnt: call.u32(at.line_info_cnt),
    attachBtfId: call.u32(at.attach_btf_id),
    fdArray: call.u64(at.fd_array),
    fdArrayCnt: call.machine.has('bpf-token') ? call.u32(at.fd_array_cnt) : 0,
    coreRelos: call.u64(at.core_relos),
    coreReloCnt: call.u32(at.core_relo_cnt),
    coreReloRecSize: call.u32(at.core_relo_rec_size),
    putRecordSize: (field, size) => {
      call.putU32(at[field], size);
    },
    putLogTrueSize: (size) => {
      if (call.machine.has('bpf-token') && call.size >= at.log_true_size + 4) call.putU32(at.log_true_size, size);
    },
  };
}

function checkFlags(call: BpfCall): void {
  const flags = call.u32(at.prog_flags);
  if ((flags & ~(call.machine.has('bpf-token') ? FLAGS : FLAGS_6_1)) !== 0) throw errno(E.EINVAL);
  if ((flags & B.BPF_F_TOKEN_FD) !== 0) tokenGet(call.task, call.s32(at.prog_token_fd));
}

/** Size of the program, and what its type asks of the caller. */
function checkCaller({ task, machine }: BpfCall, { insnCnt, progType }: ProgLoadAttr): void {
  const capable = bpfCapable(task);
  if (machine.has('bpf-token') && !capable) throw errno(E.EPERM);
  if (insnCnt === 0 || insnCnt > (capable ? COMPLEXITY_LIMIT_INSNS : MAXINSNS)) throw errno(E.E2BIG);
  const forEveryone = progType === B.BPF_PROG_TYPE_SOCKET_FILTER || progType === B.BPF_PROG_TYPE_CGROUP_SKB;
  if (!forEveryone && !capable) throw errno(E.EPERM);
  if (isNetAdminType(progType) && !netAdminCapable(task)) throw errno(E.EPERM);
  if (isPerfmonType(progType) && !perfmonCapable(task)) throw errno(E.EPERM);
}

/** What a program is made of, copied from the user; old kernels read the license first. */
function copyIn(call: BpfCall, attr: ProgLoadAttr, license: string | undefined): { insns: Uint8Array; isGpl: boolean } {
  const insns = call.read(call.u64(at.insns), attr.insnCnt * INSN).slice();
  return { insns, isGpl: isGplCompatible(license ?? call.text(call.u64(at.license), LICENSE_MAX)) };
}

/** This kernel was built without what checks signatures. @models kernel/bpf/syscall.c bpf_prog_verify_signature() */
function refuseSignature(call: BpfCall): never {
  const size = call.u32(at.signature_size);
  const keyring = call.s32(at.keyring_id);
  if (size > SIGNATURE_MAX || keyring < 0 || keyring > VERIFY_USE_PLATFORM_KEYRING) throw errno(E.EINVAL);
  if (call.task.memory.read(call.u64(at.signature), size) === undefined) throw errno(E.ENOMEM);
  throw errno(E.EOPNOTSUPP);
}

/** No device takes programs into its hardware. @models kernel/bpf/offload.c bpf_prog_dev_bound_init() */
function checkDevice(call: BpfCall, { progType }: ProgLoadAttr): void {
  const ifindex = call.u32(at.prog_ifindex);
  if (ifindex === 0) return;
  const offloads = progType === B.BPF_PROG_TYPE_SCHED_CLS || progType === B.BPF_PROG_TYPE_XDP;
  const flags = call.u32(at.prog_flags) & ~B.BPF_F_XDP_DEV_BOUND_ONLY;
  if (!offloads || flags !== 0) throw errno(E.EINVAL);
  refuseOffload(call.machine, ifindex);
}

/** A program that nobody knows yet; the call holds it. */
function makeProg(call: BpfCall, attr: ProgLoadAttr, license: string | undefined, named: boolean): BpfProg {
  const { insns, isGpl } = copyIn(call, attr, license);
  if (call.u64(at.signature) !== 0) refuseSignature(call);
  checkDevice(call, attr);
  if (!knownProgType(call.machine, attr.progType) || !named) throw errno(E.EINVAL);
  const prog = new BpfProg(
    call.machine,
    {
      type: attr.progType,
      expectedAttachType: attr.expectedAttachType,
      name: attr.progName,
      gplCompatible: isGpl,
      uid: call.task.uid,
      insns,
    },
    call,
  );
  prog.loadTime = call.machine.clock.now();
  prog.tag = calcTag(call.machine, insns);
  return prog;
}

/** Has it verified; then it gets its id and an open file. */
function verifyAndPublish(call: BpfCall, prog: BpfProg, attr: ProgLoadAttr): ProgFile {
  try {
    bpfCheck(prog, attr, call.task);
    checkTailCall(prog);
    call.machine.bpfIds.progs.add(prog);
    return new ProgFile(prog, call.task);
  } finally {
    prog.release(call);
  }
}

/** All of the log or nothing: a level, a buffer and at least 128 bytes of it. */
function checkOldLog({ logLevel, logSize, logBuf }: ProgLoadAttr): void {
  if (logLevel === 0 && logSize === 0 && logBuf === 0) return;
  if (logSize < 128 || logSize > 0xffffff || logLevel === 0 || logBuf === 0) throw errno(E.EINVAL);
}

/** A kernel that asks for one capability, at its entry, and knows no names. */
function loadOld(call: BpfCall): ProgFile {
  const attr = { ...loadAttr(call, ''), progFlags: 0, progBtfFd: 0, fdArray: 0, attachBtfId: 0, coreReloCnt: 0 };
  const license = call.text(call.u64(at.license), LICENSE_MAX);
  if (attr.insnCnt === 0 || attr.insnCnt >= MAXINSNS) throw errno(E.EINVAL);
  const prog = makeProg(call, attr, license, true);
  try {
    checkOldLog(attr);
    checkEarlyInsns(prog.insns);
  } catch (refusal) {
    prog.release(call);
    throw refusal;
  }
  return verifyAndPublish(call, prog, attr);
}

/** BPF_PROG_LOAD. @models kernel/bpf/syscall.c bpf_prog_load() */
export function progLoad(call: BpfCall): ProgFile {
  if (!call.machine.has('bpf-objects')) return loadOld(call);
  checkFlags(call);
  const name = call.name(at.prog_name);
  const attr = loadAttr(call, name ?? '');
  const early = call.machine.has('bpf-token') ? undefined : call.text(call.u64(at.license), LICENSE_MAX);
  checkCaller(call, attr);
  checkLoadAttach(call, attr, call.u32(at.attach_prog_fd));
  const prog = makeProg(call, attr, early, name !== undefined);
  return verifyAndPublish(call, prog, attr);
}
