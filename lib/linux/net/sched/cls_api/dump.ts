// net/sched/cls_api.c tc_dump_tfilter() and tc_dump_chain(): the dumps of filters and chains. Between two chunks anything
// may change; a dump goes on by position (so many tcf_protos, so many filters of the next), as the kernel does.
import { devGetByIndex } from '../../core/dev/table.js';
import type { Nla } from '../../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parse } from '../../../../codec/parse.js';
import { NLM_F_MULTI, NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { TC_H_MAJ, TC_H_MIN } from '../../../../uapi/linux/pkt_sched.js';
import {
  RTM_NEWCHAIN,
  RTM_NEWTFILTER,
  TCA,
  TCA_DUMP_FLAGS_TERSE,
  TCA_FILTER_DUMP,
  TCA_FILTER_DUMP_6_1,
  TCM_IFINDEX_MAGIC_BLOCK,
  tcmsg,
} from '../../../../uapi/linux/rtnetlink.js';
import type { DumpEntry, RtnlRequest } from '../../core/rtnetlink.js';
import type { MessageWriter } from '../../netlink/message.js';
import { qdiscLookup } from '../sch_api/lookup.js';
import { hasTcmsg, parseTc, TcRequest } from '../sch_api/request.js';
import { type TcfBlock, tcfBlockLookup } from './block.js';
import { fillChain, type TcfChain } from './chain.js';
import { fillNode, fillNodeTerse, type Whereabouts } from './notify.js';
import type { TcfFilter, TcfProto } from './proto.js';

/** The block a dump is about; undefined, and an empty dump, when any step on the way to it is missing. */
function findDumpedBlock(t: TcRequest): TcfBlock | undefined {
  if (t.ifindex >>> 0 === TCM_IFINDEX_MAGIC_BLOCK) return tcfBlockLookup(t.net, t.parent);
  const dev = devGetByIndex(t.net, t.ifindex);
  const q = dev && (t.parent === 0 ? dev.qdisc : qdiscLookup(dev, TC_H_MAJ(t.parent)));
  const cops = q?.ops.classOps;
  if (q === undefined || cops?.tcfBlock === undefined) return undefined;
  const cl = TC_H_MIN(t.parent) === 0 ? 0 : cops.find(q, t.parent);
  return cl === 0 && TC_H_MIN(t.parent) !== 0 ? undefined : cops.tcfBlock(q, cl);
}

/** Which chains and tcf_protos a dump shows: 0 or undefined = any. */
interface Wanted {
  readonly prio: number;
  readonly protocol: number;
  readonly chain: number | undefined;
}

/** Chains that users know of, in order of creation. */
function visibleChains(block: TcfBlock, index: number | undefined): TcfChain[] {
  const all = [...block.chains.values()].filter((chain) => !chain.heldByActionsOnly);
  return index === undefined ? all : all.filter((chain) => chain.index === index);
}

/** Position of a filter dump: a tcf_proto by number, then its header, then a filter by number. */
class FilterCursor {
  readonly #t: TcRequest;
  readonly #wanted: Wanted;
  readonly #terse: boolean;
  #block: TcfBlock | undefined;
  /** tcf_protos left behind, and what was shown of the current one. */
  #index = 0;
  #headerShown = false;
  #count = 0;
  /** Where that is, as long as nothing changes. */
  #chains: TcfChain[] = [];
  #at = 0;
  #tp: TcfProto | undefined;
  #filter: TcfFilter | undefined;
  #blockVersion = 0;
  #chainVersion = 0;
  #protoVersion = 0;
  /** The kernel has blocks; messages show the parent of the block. */
  readonly #hasBlocks: boolean;

  constructor(t: TcRequest, terse: boolean, wanted: Wanted) {
    this.#t = t;
    this.#terse = terse;
    this.#wanted = wanted;
    this.#hasBlocks = t.request.machine.has('tc-chains');
    this.#seek();
  }

  /** Whether anything is left to show. */
  get more(): boolean {
    return this.#tp !== undefined;
  }

  /** Writes the message at the position and moves on. */
  write(skb: MessageWriter): void {
    if (this.#changed()) this.#seek();
    const tp = this.#tp;
    if (tp === undefined) return;
    try {
      this.#fill(skb, tp);
    } catch (thrown) {
      if (this.#headerShown && tp.ops.losesUnfit === true) this.#advance(tp);
      throw thrown;
    }
    this.#advance(tp);
  }

  #fill(skb: MessageWriter, tp: TcfProto): void {
    const { request } = this.#t;
    const at = this.#whereabouts(tp);
    if (!this.#headerShown) fillNode(skb, request, tp, at, undefined, RTM_NEWTFILTER, NLM_F_MULTI);
    else if (this.#terse) fillNodeTerse(skb, request, tp, at, this.#filter!, NLM_F_MULTI);
    else fillNode(skb, request, tp, at, this.#filter, RTM_NEWTFILTER, NLM_F_MULTI);
  }

  #whereabouts(tp: TcfProto): Whereabouts {
    const { block } = tp.chain;
    return { q: block.q, parent: this.#hasBlocks ? block.classid : tp.classid };
  }

  #advance(tp: TcfProto): void {
    if (this.#headerShown) this.#count++;
    this.#filter = tp.ops.next(tp, this.#headerShown ? this.#filter : undefined);
    this.#headerShown = true;
    if (this.#filter === undefined) this.#nextProto(tp);
  }

  #nextProto(tp: TcfProto): void {
    this.#leave();
    this.#settle(tp.chain.protos.from(tp.prio + 1));
  }

  #leave(): void {
    this.#index++;
    this.#headerShown = false;
    this.#count = 0;
  }

  /** Takes `tp`, or what comes after it, if the request wants to see it. */
  #settle(tp: TcfProto | undefined): void {
    for (;;) {
      while (tp === undefined) {
        const chain = this.#chains[++this.#at];
        if (chain === undefined) break;
        tp = chain.protos.from(0);
      }
      this.#tp = tp;
      if (tp === undefined || this.#wants(tp)) break;
      this.#leave();
      tp = tp.chain.protos.from(tp.prio + 1);
    }
    this.#noteVersions();
  }

  #wants(tp: TcfProto): boolean {
    const { prio, protocol } = this.#wanted;
    return (prio === 0 || prio === tp.prio) && (protocol === 0 || protocol === tp.protocol);
  }

  #noteVersions(): void {
    this.#blockVersion = this.#block?.version ?? 0;
    this.#chainVersion = this.#tp?.chain.version ?? 0;
    this.#protoVersion = this.#tp?.version ?? 0;
  }

  #changed(): boolean {
    const tp = this.#tp;
    if (this.#block === undefined || this.#block.freed || this.#block.version !== this.#blockVersion) return true;
    return tp?.chain.version !== this.#chainVersion || tp.version !== this.#protoVersion;
  }

  /** Finds the position again by counting. */
  #seek(): void {
    this.#block = findDumpedBlock(this.#t);
    this.#chains = this.#block === undefined ? [] : visibleChains(this.#block, this.#wanted.chain);
    this.#at = -1;
    this.#filter = undefined;
    let left = this.#index;
    for (const [at, chain] of this.#chains.entries()) {
      if (chain.protos.size <= left) {
        left -= chain.protos.size;
        continue;
      }
      this.#at = at;
      this.#resume(nth(chain, left));
      return;
    }
    this.#tp = undefined;
  }

  #resume(tp: TcfProto): void {
    if (!this.#headerShown) {
      this.#settle(tp);
      return;
    }
    this.#tp = tp;
    this.#noteVersions();
    for (let i = 0; i <= this.#count; i++) {
      this.#filter = tp.ops.next(tp, this.#filter);
      if (this.#filter !== undefined) continue;
      this.#nextProto(tp);
      return;
    }
  }
}

function nth(chain: TcfChain, n: number): TcfProto {
  let tp = chain.protos.from(0)!;
  for (; n > 0; n--) tp = chain.protos.from(tp.prio + 1)!;
  return tp;
}

/** Attributes as this dump judges them; kernels without the policy judge none. */
/** Four bytes are read, however many there are; nothing is behind the message. */
function chainIn(nla: Nla | undefined): number | undefined {
  if (nla === undefined) return undefined;
  return nla.start + 4 <= nla.msg.length ? nla.msg.view.getUint32(nla.start, true) : 0;
}

function parseDump(request: RtnlRequest): { chain: number | undefined; terse: boolean } {
  const { msg, machine, extack } = request;
  if (!machine.has('tca-policy')) return { chain: undefined, terse: false };
  const start = NLMSG_HDRLEN + tcmsg.size;
  const tca = machine.has('tc-dump-chain-policy')
    ? parse(TCA_FILTER_DUMP, msg, start, msg.length, NL_VALIDATE_LIBERAL, extack)
    : parse(TCA_FILTER_DUMP_6_1, msg, start, msg.length, NL_VALIDATE_LIBERAL, extack);
  return {
    chain: chainIn(tca.$nla[TCA.CHAIN.type]),
    terse: ((tca.DUMP_FLAGS?.value ?? 0) & TCA_DUMP_FLAGS_TERSE) !== 0,
  };
}

/** RTM_GETTFILTER, dump. @models net/sched/cls_api.c tc_dump_tfilter() */
export function* dumpTfilter(request: RtnlRequest): Iterable<DumpEntry> {
  if (!hasTcmsg(request)) return;
  const { chain, terse } = parseDump(request);
  const t = new TcRequest(request, []);
  const cursor = new FilterCursor(t, terse, { prio: t.info >>> 16, protocol: t.info & 0xffff, chain });
  const entry: DumpEntry = (skb) => {
    cursor.write(skb);
  };
  while (cursor.more) yield entry;
}

/** RTM_GETCHAIN, dump. @models net/sched/cls_api.c tc_dump_chain() */
export function* dumpChain(request: RtnlRequest): Iterable<DumpEntry> {
  if (!hasTcmsg(request)) return;
  const t = parseTc(request);
  const index = t.tca[TCA.CHAIN.type]?.u32();
  const { seq, portid } = request;
  const event = { type: RTM_NEWCHAIN, flags: NLM_F_MULTI, seq, portid };
  for (let i = 0; ; i++) {
    const block = findDumpedBlock(t);
    const chain = block && visibleChains(block, index)[i];
    if (chain === undefined) return;
    yield (skb) => {
      fillChain(skb, chain, event);
    };
  }
}
