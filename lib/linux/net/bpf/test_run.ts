// net/bpf/test_run.c: BPF_PROG_TEST_RUN for programs over packets: a packet is made from the caller's bytes, the program
// runs on it as often as asked, and packet and context go back. Called by bpf(2); refusals are thrown.
import { EBADMSG, EFAULT, EINTR, EINVAL, ENODEV, ENOMEM, ENOSPC } from '../../../uapi/asm-generic/errno.js';
import { BPF_PROG_TYPE_SCHED_ACT, BPF_PROG_TYPE_SCHED_CLS } from '../../../uapi/linux/bpf.js';
import { ETH_HLEN } from '../../../uapi/linux/if_ether.js';
import { AF_INET, AF_INET6 } from '../../../uapi/linux/socket.js';
import { errno, ModelGap } from '../../errno.js';
import type { BpfProg } from '../../kernel/bpf/prog.js';
import { checkTailZero } from '../../kernel/bpf/syscall/tail.js';
import type { Task } from '../../kernel/task.js';
import { devGetByIndex } from '../core/dev/table.js';
import { bpfComputeDataPointers } from '../core/filter/call.js';
import { bpfProgRun } from '../core/filter/run.js';
import * as S from '../core/filter/sk_buff_context.js';
import { csumFold, skbChecksum } from '../core/skbuff/checksum.js';
import { pskbExpandHead } from '../core/skbuff/head.js';
import { SHINFO_SIZE } from '../core/skbuff/layout.js';
import { CHECKSUM_COMPLETE, type SkBuff } from '../core/skbuff/sk_buff.js';
import { SockStruct } from '../core/sock_struct.js';
import { ethTypeTrans } from '../ethernet/eth_type_trans.js';
import { convertContextToSkb, convertSkbToContext } from './skb_context.js';

/** What the caller asked for: fields of union bpf_attr; addresses are the caller's. */
export interface TestRunAttr {
  readonly dataSizeIn: number;
  readonly dataSizeOut: number;
  readonly dataIn: number;
  readonly dataOut: number;
  readonly repeat: number;
  readonly ctxSizeIn: number;
  readonly ctxSizeOut: number;
  readonly ctxIn: number;
  readonly ctxOut: number;
  readonly flags: number;
  readonly cpu: number;
  readonly batchSize: number;
}

/** What goes back into the union, once everything else is written. */
export interface TestRunResult {
  readonly retval: number;
  readonly dataSizeOut: number;
  /** ns of one run. */
  readonly duration: number;
  /** undefined: the field stays. */
  readonly ctxSizeOut: number | undefined;
  /** 0, or ENOSPC for data or context that did not fit. */
  readonly errno: number;
}

const BPF_F_TEST_SKB_CHECKSUM_COMPLETE = 1 << 2;
const PAGE_SIZE = 4096;
const NET_SKB_PAD = 64;
const LOOPBACK = 1;
const ETH_P_IP = 0x0800;
const ETH_P_IPV6 = 0x86dd;

/** struct sock: what of it the test fills. */
const SKC_DADDR = 0;
const SKC_RCV_SADDR = 4;
const SKC_FAMILY = 16;
const SKC_V6_DADDR = 56;
const SKC_V6_RCV_SADDR = 72;

/** The caller's packet. @models net/bpf/test_run.c bpf_test_init() */
function packetBytes(task: Task, attr: TestRunAttr): Uint8Array {
  if (attr.dataSizeIn > PAGE_SIZE - NET_SKB_PAD - SHINFO_SIZE) throw errno(EINVAL);
  const bytes = task.memory.read(attr.dataIn, attr.dataSizeIn);
  if (bytes === undefined) throw errno(EFAULT);
  return bytes;
}

/** The caller's context, zeros behind it; undefined when none is wanted. @models net/bpf/test_run.c bpf_ctx_init() */
function contextBytes(task: Task, attr: TestRunAttr): Uint8Array | undefined {
  if (attr.ctxIn === 0 && attr.ctxOut === 0) return undefined;
  const ctx = new Uint8Array(S.SIZE);
  if (attr.ctxIn === 0) return ctx;
  checkTailZero(task, attr.ctxIn, S.SIZE, attr.ctxSizeIn);
  const given = task.memory.read(attr.ctxIn, Math.min(S.SIZE, attr.ctxSizeIn));
  if (given === undefined) throw errno(EFAULT);
  ctx.set(given);
  return ctx;
}

/** The socket takes its addresses from the packet. */
function fillSock(skb: SkBuff): void {
  const { u8, view } = skb.memory;
  const header = skb.head + skb.networkHeader;
  const isIpv4 = skb.protocol === ETH_P_IP;
  if (!isIpv4 && skb.protocol !== ETH_P_IPV6) return;
  if (skb.len < (isIpv4 ? 20 : 40)) throw errno(EINVAL);
  view.setUint16(skb.sk + SKC_FAMILY, isIpv4 ? AF_INET : AF_INET6, true);
  if (isIpv4) {
    u8.copyWithin(skb.sk + SKC_RCV_SADDR, header + 12, header + 16);
    u8.copyWithin(skb.sk + SKC_DADDR, header + 16, header + 20);
  } else {
    u8.copyWithin(skb.sk + SKC_V6_RCV_SADDR, header + 8, header + 24);
    u8.copyWithin(skb.sk + SKC_V6_DADDR, header + 24, header + 40);
  }
}

interface Run {
  readonly prog: BpfProg;
  readonly task: Task;
  readonly attr: TestRunAttr;
  /** Whether the program sees the Ethernet header. */
  readonly isL2: boolean;
}

function setUp({ prog, attr, isL2 }: Run, skb: SkBuff, ctx: Uint8Array | undefined): void {
  const { machine } = prog;
  const ifindex = ctx === undefined ? 0 : new DataView(ctx.buffer).getUint32(S.IFINDEX, true);
  const dev = devGetByIndex(machine.net, ifindex > LOOPBACK ? ifindex : LOOPBACK);
  if (dev === undefined) throw errno(ENODEV);
  skb.protocol = ethTypeTrans(skb, dev);
  skb.resetNetworkHeader();
  fillSock(skb);
  if (isL2) {
    skb.push(ETH_HLEN);
    bpfComputeDataPointers(skb);
  }
  convertContextToSkb(skb, ctx);
  if ((attr.flags & BPF_F_TEST_SKB_CHECKSUM_COMPLETE) !== 0) {
    skb.csum = packetSum(skb);
    skb.ipSummed = CHECKSUM_COMPLETE;
  }
}

/** Of everything behind the link header. The kernel stops at a BUG_ON() where a program has left less than that. */
function packetSum(skb: SkBuff): number {
  const length = skb.len - skb.networkOffset;
  if (length < 0) throw new ModelGap('BPF_F_TEST_SKB_CHECKSUM_COMPLETE on a packet that ends in its link header');
  return skbChecksum(skb, skb.networkOffset, length, 0);
}

/** Runs as often as asked: what the last run gave, and ns of one. @models net/bpf/test_run.c bpf_test_run() */
function testRun({ prog, task, attr }: Run, skb: SkBuff): readonly [retval: number, duration: number] {
  const { machine } = prog;
  const stop = (): void => {
    if (task.signalPending?.() === true) throw errno(EINTR);
  };
  const rounds = Math.max(1, attr.repeat);
  const start = machine.clock.now();
  machine.softnet.current = task;
  machine.vm.onBudget = stop;
  try {
    let retval = 0;
    for (let i = 0; i < rounds; i++) {
      if (i > 0) stop();
      retval = bpfProgRun(prog, skb);
    }
    return [retval >>> 0, Math.min(0xffff_ffff, Math.floor((machine.clock.now() - start) / rounds))];
  } finally {
    machine.vm.onBudget = undefined;
    machine.softnet.current = undefined;
  }
}

function afterRun({ attr, isL2 }: Run, skb: SkBuff): void {
  if (!isL2) {
    if (skb.headroom < ETH_HLEN && pskbExpandHead(skb, NET_SKB_PAD, 0) !== 0) throw errno(ENOMEM);
    const header = skb.push(ETH_HLEN);
    skb.memory.u8.fill(0, header, header + ETH_HLEN);
  }
  if ((attr.flags & BPF_F_TEST_SKB_CHECKSUM_COMPLETE) !== 0 && csumFold(skb.csum) !== csumFold(packetSum(skb)))
    throw errno(EBADMSG);
}

function copyOut(task: Task, address: number, bytes: Uint8Array): void {
  if (!task.memory.write(address, bytes)) throw errno(EFAULT);
}

/** @models net/bpf/test_run.c bpf_test_finish() */
function finish({ task, attr }: Run, skb: SkBuff): number {
  const short = attr.dataSizeOut !== 0 && skb.len > attr.dataSizeOut;
  if (attr.dataOut !== 0) copyOut(task, attr.dataOut, skb.bytes().subarray(0, short ? attr.dataSizeOut : skb.len));
  return short ? ENOSPC : 0;
}

/** @models net/bpf/test_run.c bpf_ctx_finish() */
function finishContext({ task, attr }: Run, ctx: Uint8Array): number {
  const short = ctx.length > attr.ctxSizeOut;
  copyOut(task, attr.ctxOut, ctx.subarray(0, short ? attr.ctxSizeOut : ctx.length));
  return short ? ENOSPC : 0;
}

function runOn(run: Run, skb: SkBuff, ctx: Uint8Array | undefined): TestRunResult {
  setUp(run, skb, ctx);
  const [retval, duration] = testRun(run, skb);
  afterRun(run, skb);
  convertSkbToContext(skb, ctx);
  const failed = finish(run, skb);
  const returnsContext = failed === 0 && ctx !== undefined && run.attr.ctxOut !== 0;
  const contextFailed = returnsContext ? finishContext(run, ctx) : 0;
  return {
    retval,
    dataSizeOut: skb.len,
    duration,
    ctxSizeOut: returnsContext ? ctx.length : undefined,
    errno: failed || contextFailed,
  };
}

/** The buffer is clean: what is behind the packet may come into it. */
function makePacket({ prog: { machine } }: Run, bytes: Uint8Array, sock: SockStruct): SkBuff {
  const skb = machine.softnet.skbs.alloc(NET_SKB_PAD + bytes.length);
  if (skb === undefined) throw errno(ENOMEM);
  skb.sk = sock.address;
  machine.memory.u8.fill(0, skb.head, skb.head + skb.end);
  skb.reserve(NET_SKB_PAD);
  machine.memory.u8.set(bytes, skb.put(bytes.length));
  return skb;
}

/**
 * Runs a classifier, an action or a socket filter on the caller's packet. Refuses by throwing; what did not fit is told by
 * `errno` of the result, with everything else written.
 *
 * @models net/bpf/test_run.c bpf_prog_test_run_skb()
 */
export function testRunSkb(task: Task, prog: BpfProg, attr: TestRunAttr): TestRunResult {
  if ((attr.flags & ~BPF_F_TEST_SKB_CHECKSUM_COMPLETE) !== 0 || attr.cpu !== 0 || attr.batchSize !== 0)
    throw errno(EINVAL);
  if (attr.dataSizeIn < ETH_HLEN) throw errno(EINVAL);
  const bytes = packetBytes(task, attr);
  const ctx = contextBytes(task, attr);
  const isL2 = prog.type === BPF_PROG_TYPE_SCHED_CLS || prog.type === BPF_PROG_TYPE_SCHED_ACT;
  const run: Run = { prog, task, attr, isL2 };
  const sock = new SockStruct(prog.machine, task);
  try {
    const skb = makePacket(run, bytes, sock);
    try {
      return runOn(run, skb, ctx);
    } finally {
      prog.machine.softnet.skbs.free(skb);
    }
  } finally {
    sock.release(task);
  }
}
