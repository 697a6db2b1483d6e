// How the body of a netlink message of a known type is laid out: the struct it opens with and the attribute sets
// behind it, nest by nest. It names what a view shows; nothing depends on it being complete.
import { Bytes, latin1 } from '../codec/bytes.js';
import type { Attribute } from '../codec/attrs.js';
import type { Codec } from '../codec/scalar.js';
import type { Struct } from '../codec/struct.js';
import { TCA_STATS } from '../uapi/linux/gen_stats.js';
import { IFLA, IFLA_INET, IFLA_INET6, IFLA_INFO, IFLA_PROTO_DOWN_REASON, IFLA_XDP } from '../uapi/linux/if_link.js';
import * as nl from '../uapi/linux/netlink.js';
import { TCA_ACT, TCA_BPF } from '../uapi/linux/pkt_cls.js';
import { TCA_STAB } from '../uapi/linux/pkt_sched.js';
import * as rt from '../uapi/linux/rtnetlink.js';
import type { AttributeView } from './netlink.js';

export type AnyStruct = Struct<Readonly<Record<string, Codec<unknown>>>>;

/** A run of attributes: the names of its types, and what the payload of each is, if it is a nest. */
export interface Level {
  readonly set?: { readonly $name: string; readonly $byType: readonly (Attribute | undefined)[] };
  nest?(attribute: AttributeView, siblings: readonly AttributeView[]): Level | undefined;
}

export interface Layout {
  /** The struct the body opens with. */
  readonly head?: AnyStruct;
  /** Where the attributes start in the body. */
  readonly start: number;
  readonly level: Level;
}

/** A nest of which only the shape is known. */
export const anonymous: Level = {};

const kindOf = (siblings: readonly AttributeView[]): string => {
  const kind = siblings.find((a) => a.type === rt.TCA.KIND.type)?.payload ?? new Uint8Array();
  return latin1(kind).replace(/\0.*$/, '');
};

const optionLevels: Readonly<Record<string, Level>> = { bpf: { set: TCA_BPF, nest: bpfNest } };

/** Kinds whose TCA_OPTIONS are a struct, not attributes. */
const structOptions = new Set(['pfifo', 'bfifo', 'pfifo_fast', 'prio', 'mq', 'noqueue', 'noop']);

function tcaNest({ type }: AttributeView, siblings: readonly AttributeView[]): Level | undefined {
  if (type === rt.TCA.STATS2.type) return { set: TCA_STATS };
  if (type === rt.TCA.STAB.type) return { set: TCA_STAB };
  if (type !== rt.TCA.OPTIONS.type) return undefined;
  const kind = kindOf(siblings);
  return structOptions.has(kind) ? undefined : (optionLevels[kind] ?? anonymous);
}

/** Actions by order number, each with the attributes of one action. */
const actions: Level = { nest: () => ({ set: TCA_ACT }) };

function bpfNest({ type }: AttributeView): Level | undefined {
  return type === TCA_BPF.ACT.type ? actions : undefined;
}

const tca: Level = { set: rt.TCA, nest: tcaNest };

const families: Readonly<Record<number, Level>> = { 2: { set: IFLA_INET }, 10: { set: IFLA_INET6 } };

const linkNests: Readonly<Record<number, Level>> = {
  [IFLA.LINKINFO.type]: { set: IFLA_INFO },
  [IFLA.AF_SPEC.type]: { nest: ({ type }) => families[type] },
  [IFLA.XDP.type]: { set: IFLA_XDP },
  [IFLA.PROTO_DOWN_REASON.type]: { set: IFLA_PROTO_DOWN_REASON },
};

const link: Level = { set: IFLA, nest: ({ type }) => linkNests[type] };

const tlvs: Level = {
  set: nl.NLMSGERR_ATTR,
  nest: ({ type }) =>
    type === nl.NLMSGERR_ATTR.POLICY.type ? { nest: () => ({ set: nl.NL_POLICY_TYPE_ATTR }) } : undefined,
};

const isTc = (type: number): boolean =>
  (type >= rt.RTM_NEWQDISC && type <= rt.RTM_GETTFILTER) || (type >= rt.RTM_NEWCHAIN && type <= rt.RTM_GETCHAIN);

const isLink = (type: number): boolean => type >= rt.RTM_NEWLINK && type <= rt.RTM_SETLINK;

/** Layout of a body; a type that is not known has neither struct nor attributes. */
export function layoutOf(type: number, flags: number, body: Uint8Array): Layout | undefined {
  if (type === nl.NLMSG_ERROR) return errorLayout(flags, body);
  if (type === nl.NLMSG_DONE) return { start: 4, level: tlvs };
  if (isTc(type)) return { head: rt.tcmsg as unknown as AnyStruct, start: rt.tcmsg.size, level: tca };
  if (isLink(type)) return { head: rt.ifinfomsg as unknown as AnyStruct, start: rt.ifinfomsg.size, level: link };
  return undefined;
}

/** TLVs stand behind the echoed request: its header alone, or all of it. */
function errorLayout(flags: number, body: Uint8Array): Layout | undefined {
  const head = nl.nlmsgerr as unknown as AnyStruct;
  if (body.length < nl.nlmsgerr.size) return undefined;
  const { msg } = nl.nlmsgerr.get(new Bytes(body), 0);
  const echoed = flags & nl.NLM_F_CAPPED ? nl.NLMSG_HDRLEN : nl.nlmsgAlign(msg.nlmsg_len);
  const start = flags & nl.NLM_F_ACK_TLVS ? 4 + echoed : body.length;
  return { head, start: Math.min(start, body.length), level: tlvs };
}
