// Bytes that vary from run to run, found by what they are: random MAC addresses, program ids, the times of actions,
// automatic handles, the time stamps of IPv6. A new recording gets its masks from here; the recordings of version 1
// have none of their own and get them when they are read.
import { Bytes, fromHex, latin1 } from '../../../lib/codec/bytes.js';
import { IFA, ifaddrmsg } from '../../../lib/uapi/linux/if_addr.js';
import { IFLA, IFLA_INET6 } from '../../../lib/uapi/linux/if_link.js';
import { NLMSG_HDRLEN } from '../../../lib/uapi/linux/netlink.js';
import { TCA_ACT, TCA_BPF } from '../../../lib/uapi/linux/pkt_cls.js';
import * as rt from '../../../lib/uapi/linux/rtnetlink.js';
import type { AttributeView, MessageView } from '../../../lib/wire/netlink.js';
import { viewAttributes, viewMessages } from '../../../lib/wire/netlink.js';
import type { Mask, Result } from './record.js';

/** Names as the masks of recordings have them. */
export type Volatile = 'mac' | 'prog_id' | 'ticks' | 'tc_header' | 'inet6_cacheinfo' | 'ifa_cacheinfo';

interface Part {
  readonly kind: Volatile;
  readonly range: readonly [from: number, to: number];
}

const AF_INET6 = 10;
/** struct tcf_t: four 64-bit times; no other attribute of an action has this length. */
const TCF_T_SIZE = 32;
/** tstamp and reachable_time of struct ifla_cacheinfo. */
const CACHEINFO_TIMES = [4, 12] as const;
/** cstamp and tstamp of struct ifa_cacheinfo. */
const IFA_CACHEINFO_TIMES = [8, 16] as const;

function partOf(kind: Volatile, a: AttributeView, base: number, [from, to]: readonly [number, number?] = [0]): Part {
  const start = base + a.offset + 4;
  return { kind, range: [start + from, start + (to ?? a.payload.length)] };
}

/** Addresses the recorder chose itself begin with this, all others are random or empty. */
const isRandomMac = (mac: Uint8Array): boolean =>
  mac.some((byte) => byte !== 0) && !(mac[0] === 2 && mac[1] === 0 && mac[2] === 0);

function inLink({ body }: MessageView, base: number): Part[] {
  const start = base + rt.ifinfomsg.size;
  return viewAttributes(body.subarray(rt.ifinfomsg.size)).attributes.flatMap((a): Part[] => {
    if (a.type === IFLA.AF_SPEC.type) return inFamilies(a, start);
    // What a link of one family has here is what the family has among those of all.
    if (a.type === IFLA.PROTINFO.type && body[0] === AF_INET6) return inInet6(a, start);
    const isMac = a.type === IFLA.ADDRESS.type || a.type === IFLA.PERM_ADDRESS.type;
    return isMac && isRandomMac(a.payload) ? [partOf('mac', a, start)] : [];
  });
}

function inFamilies(spec: AttributeView, base: number): Part[] {
  const start = base + spec.offset + 4;
  return viewAttributes(spec.payload)
    .attributes.filter((family) => family.type === AF_INET6)
    .flatMap((family) => inInet6(family, start));
}

function inInet6(family: AttributeView, base: number): Part[] {
  return viewAttributes(family.payload)
    .attributes.filter((a) => a.type === IFLA_INET6.CACHEINFO.type)
    .map((a) => partOf('inet6_cacheinfo', a, base + family.offset + 4, CACHEINFO_TIMES));
}

function inAddress({ body }: MessageView, base: number): Part[] {
  const start = base + ifaddrmsg.size;
  return viewAttributes(body.subarray(ifaddrmsg.size))
    .attributes.filter((a) => a.type === IFA.CACHEINFO.type)
    .map((a) => partOf('ifa_cacheinfo', a, start, IFA_CACHEINFO_TIMES));
}

/** Attributes in all nests below, with the offset of the run they stand in. */
function* below(payload: Uint8Array, base: number): Generator<{ a: AttributeView; base: number }> {
  const { attributes, rest } = viewAttributes(payload);
  if (rest.length !== 0) return;
  for (const a of attributes) {
    yield { a, base };
    yield* below(a.payload, base + a.offset + 4);
  }
}

const isTime = (a: AttributeView): boolean => a.payload.length === TCF_T_SIZE && a.type !== TCA_ACT.OPTIONS.type;

const timesIn = (payload: Uint8Array, base: number): Part[] =>
  [...below(payload, base)].filter(({ a }) => isTime(a)).map(({ a, base: at }) => partOf('ticks', a, at));

/** Qdiscs, classes, filters, chains. */
function inTraffic({ body }: MessageView, base: number): Part[] {
  const start = base + rt.tcmsg.size;
  const { attributes } = viewAttributes(body.subarray(rt.tcmsg.size));
  const options = attributes.find((a) => a.type === rt.TCA.OPTIONS.type);
  if (options === undefined) return [];
  const isBpf = attributes.some((a) => a.type === rt.TCA.KIND.type && latin1(a.payload) === 'bpf\0');
  const inside = start + options.offset + 4;
  const ids = viewAttributes(options.payload).attributes.filter((a) => isBpf && a.type === TCA_BPF.ID.type);
  const times = viewAttributes(options.payload).attributes.flatMap((a) =>
    a.flags !== 0 || a.payload.length > TCF_T_SIZE ? timesIn(a.payload, inside + a.offset + 4) : [],
  );
  return [...ids.map((a) => partOf('prog_id', a, inside)), ...times];
}

/** Qdiscs that the kernel names itself, from a counter all network namespaces share; and what hangs below them. */
export const isAutomatic = (handle: number): boolean => handle >>> 16 >= 0x8000 && handle >>> 16 < 0xffff;

/** Handles of qdiscs and classes, and of the qdisc inside a class; a filter's is of another kind. */
function inHeader({ body, header: { nlmsg_type } }: MessageView, base: number): Part[] {
  if (body.length < rt.tcmsg.size) return [];
  const { tcm_handle, tcm_parent, tcm_info } = rt.tcmsg.offsetof;
  const places = nlmsg_type < rt.RTM_NEWTFILTER ? [tcm_handle, tcm_parent] : [tcm_parent];
  if (nlmsg_type === rt.RTM_NEWTCLASS || nlmsg_type === rt.RTM_DELTCLASS) places.push(tcm_info);
  return places
    .filter((at) => isAutomatic(new Bytes(body).view.getUint32(at, true)))
    .map((at) => ({ kind: 'tc_header', range: [base + at, base + at + 4] }));
}

function partsOf(message: MessageView): Part[] {
  const base = message.offset + NLMSG_HDRLEN;
  switch (message.header.nlmsg_type) {
    case rt.RTM_NEWLINK:
    case rt.RTM_DELLINK:
      return inLink(message, base);
    case rt.RTM_NEWADDR:
    case rt.RTM_DELADDR:
    case rt.RTM_NEWMULTICAST:
    case rt.RTM_DELMULTICAST:
    case rt.RTM_GETMULTICAST:
      return inAddress(message, base);
    case rt.RTM_NEWACTION:
    case rt.RTM_DELACTION:
    case rt.RTM_GETACTION:
      return timesIn(message.body.subarray(rt.tcamsg.size), base + rt.tcamsg.size);
    default:
      return message.header.nlmsg_type < rt.RTM_NEWQDISC
        ? []
        : [...inHeader(message, base), ...inTraffic(message, base)];
  }
}

const always: readonly Volatile[] = ['mac', 'prog_id', 'ticks'];

/** Masks of one recorded step: one a datagram and kind. `kinds` are the parts to look for. */
export function volatileParts(expected: Result, step: number, kinds: readonly Volatile[] = always): Mask[] {
  return (['recv', 'notify'] as const).flatMap((which) =>
    (expected[which] ?? []).flatMap((reply, index): Mask[] => {
      if (typeof reply !== 'string') return [];
      const parts = viewMessages(fromHex(reply)).messages.flatMap(partsOf);
      return kinds.flatMap((kind) => {
        const ranges = parts.filter((part) => part.kind === kind).map((part) => part.range);
        return ranges.length === 0 ? [] : [{ step, which, index, kind, ranges }];
      });
    }),
  );
}
