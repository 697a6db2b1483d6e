// net/sched/cls_api.c and include/net/sch_generic.h, the part tcf_proto: all filters of one priority and one protocol in
// a chain, and the operations of their kind. A tcf_proto is counted: the chain holds one reference, a request that
// works on it another; the last one destroys its filters.
import { ENOENT } from '../../../../uapi/asm-generic/errno.js';
import { refuse } from '../../../errno.js';
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import type { Holder } from '../../../events.js';
import { nlaHolds } from '../../../lib/nlattr.js';
import { KObject } from '../../../object.js';
import { type Net, netGeneric } from '../../core/net_namespace.js';
import type { SkBuff } from '../../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../../netlink/message.js';
import type { TcRequest } from '../sch_api/request.js';
import type { ClassRef } from '../sch_generic.js';
import type { ClassifyResult } from './classify.js';
import type { TcfChain } from './chain.js';
import { chainPut } from './chain.js';

/** One filter. Its kind says more. */
export abstract class TcfFilter extends KObject {
  abstract readonly handle: number;
}

/** What change() is to do. */
export interface FilterChange<F extends TcfFilter = TcfFilter> {
  readonly t: TcRequest;
  readonly tp: TcfProto;
  /** Class the request is attached to. */
  readonly base: ClassRef;
  /** tcm_handle: 0 = give one. */
  readonly handle: number;
  /** The filter that has the handle already. */
  readonly old: F | undefined;
}

/** What a chain's filters are judged by, as their kind keeps it. */
export interface TemplateOps {
  /** From the options of an RTM_NEWCHAIN. */
  create(t: TcRequest): unknown;
  /** Appends TCA_OPTIONS. */
  dump(net: Net, priv: unknown, skb: MessageWriter): void;
}

/**
 * struct tcf_proto_ops: one kind of classifier. Refusals are thrown; then nothing has changed. A kind declares its
 * functions with its own type of filter: it is only ever given its own.
 */
export interface TcfProtoOps {
  readonly kind: string;
  /** Sets up what the kind keeps. A refusal here unmakes the tcf_proto. */
  init(tp: TcfProto): void;
  /** Removes every filter. */
  destroy(tp: TcfProto): void;
  get(tp: TcfProto, handle: number): TcfFilter | undefined;
  /** Creates a filter, or puts a new one in the place of `old`; returns what to tell of, if anything. */
  change(change: FilterChange): TcfFilter | undefined;
  /** Removes a filter; returns whether the tcf_proto goes with it. */
  delete(tp: TcfProto, filter: TcfFilter, extack: Extack): boolean;
  /** The filter after `filter` in order of dumps; the first without. */
  next(tp: TcfProto, filter: TcfFilter | undefined): TcfFilter | undefined;
  /** The verdict of the filters on a packet, TC_ACT_UNSPEC when none matches; the class goes to `res`. */
  classify?(tp: TcfProto, skb: SkBuff, res: ClassifyResult): number;
  /** Appends TCA_OPTIONS; the handle is in the header already. */
  dump(tp: TcfProto, filter: TcfFilter, skb: MessageWriter): void;
  /** Templates of chains, for kinds that have them. */
  readonly template?: TemplateOps;
  /** A dump counts a filter that did not fit its chunk as shown, so that nobody sees it. */
  readonly losesUnfit?: boolean;
  /** Appends what a terse dump shows. Without it a terse dump fails. */
  terseDump?(tp: TcfProto, filter: TcfFilter, skb: MessageWriter): void;
}

/** What tells a tcf_proto from the others. */
export interface ProtoKey {
  readonly prio: number;
  readonly protocol: number;
  /** Parent of the request. */
  readonly classid: number;
}

export class TcfProto extends KObject {
  readonly ops: TcfProtoOps;
  readonly chain: TcfChain;
  /** Upper half of tcm_info, 1 to 65535. */
  readonly prio: number;
  /** Lower half of tcm_info: ethertype in network byte order. */
  readonly protocol: number;
  /** Parent it was made for; kernels without blocks show it. */
  readonly classid: number;
  /** What the kind keeps (tp->root). */
  root: unknown = undefined;
  /** Bumped whenever the order of the filters changes, for dumps that go on later. */
  version = 0;
  /** The kind has set it up. */
  #ready = false;

  /** `creator` holds it; the new tcf_proto holds `chain`. A kind that refuses leaves nothing behind. */
  constructor(chain: TcfChain, ops: TcfProtoOps, key: ProtoKey, creator: Holder) {
    super(chain.block.net.machine, creator);
    this.ops = ops;
    this.prio = key.prio;
    this.protocol = key.protocol;
    this.classid = key.classid;
    this.chain = chain.hold(this);
    try {
      ops.init(this);
      this.#ready = true;
    } finally {
      if (!this.#ready) this.release(creator);
    }
  }

  get label(): string {
    return `tcf_proto ${this.ops.kind} prio ${this.prio}`;
  }

  /** @models net/sched/cls_api.c tcf_proto_destroy() */
  protected destroy(): void {
    if (this.#ready) this.ops.destroy(this);
    chainPut(this.chain, this);
  }
}

/** Kinds by name, as register_tcf_proto_ops() was called. */
export const tcfProtoBase = netGeneric((): Map<string, TcfProtoOps> => new Map());

/**
 * The operations of a kind. Refuses (ENOENT) what is not there; a kind that the configuration promises and the model
 * lacks is reported as well.
 *
 * @models net/sched/cls_api.c tcf_proto_lookup_ops()
 */
export function tcfProtoLookupOps(net: Net, kind: Nla, extack: Extack): TcfProtoOps {
  for (const ops of tcfProtoBase(net).values()) if (nlaHolds(kind, ops.kind)) return ops;
  const { machine } = net;
  for (const name of machine.config.classifiers ?? []) if (nlaHolds(kind, name)) machine.gap(`classifier kind ${name}`);
  refuse(extack, ENOENT, 'TC classifier not found');
}
