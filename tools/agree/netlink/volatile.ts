// Bytes of version-1 recordings that vary from run to run. Those files have no masks, so the varying parts are found
// by what they are: random MAC addresses, program ids, the times of actions.
import { fromHex } from '../../../lib/codec/bytes.js';
import { TCA_ACT, TCA_BPF } from '../../../lib/uapi/linux/pkt_cls.js';
import { RTM_DELLINK, RTM_NEWLINK, RTM_NEWQDISC, TCA, ifinfomsg, tcmsg } from '../../../lib/uapi/linux/rtnetlink.js';
import { NLMSG_HDRLEN } from '../../../lib/uapi/linux/netlink.js';
import type { AttributeView, MessageView } from '../../../lib/wire/netlink.js';
import { viewAttributes, viewMessages } from '../../../lib/wire/netlink.js';
import type { Mask, Result } from './record.js';

type Range = readonly [from: number, to: number];

const IFLA_ADDRESS = 1;
const IFLA_PERM_ADDRESS = 54;
/** struct tcf_t: four 64-bit times; no other attribute of an action has this length. */
const TCF_T_SIZE = 32;

const payloadOf = (a: AttributeView, base: number): Range => [
  base + a.offset + 4,
  base + a.offset + 4 + a.payload.length,
];

/** Addresses the recorder chose itself begin with this, all others are random or empty. */
const isRandomMac = (mac: Uint8Array): boolean =>
  mac.some((byte) => byte !== 0) && !(mac[0] === 2 && mac[1] === 0 && mac[2] === 0);

function inLink({ body }: MessageView, base: number): Range[] {
  return viewAttributes(body.subarray(ifinfomsg.size))
    .attributes.filter((a) => a.type === IFLA_ADDRESS || a.type === IFLA_PERM_ADDRESS)
    .filter((a) => isRandomMac(a.payload))
    .map((a) => payloadOf(a, base + ifinfomsg.size));
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

function inFilter({ body }: MessageView, base: number): Range[] {
  const options = viewAttributes(body.subarray(tcmsg.size)).attributes.find((a) => a.type === TCA.OPTIONS.type);
  if (options === undefined) return [];
  const start = base + tcmsg.size + options.offset + 4;
  return [...below(options.payload, start)]
    .filter(({ a, base: at }) => (at === start ? a.type === TCA_BPF.ID.type && a.payload.length === 4 : isTime(a)))
    .map(({ a, base: at }) => payloadOf(a, at));
}

const isTime = (a: AttributeView): boolean => a.payload.length === TCF_T_SIZE && a.type !== TCA_ACT.OPTIONS.type;

function volatileRanges(datagram: string): Range[] {
  return viewMessages(fromHex(datagram)).messages.flatMap((message) => {
    const base = message.offset + NLMSG_HDRLEN;
    const { nlmsg_type } = message.header;
    if (nlmsg_type === RTM_NEWLINK || nlmsg_type === RTM_DELLINK) return inLink(message, base);
    return nlmsg_type >= RTM_NEWQDISC ? inFilter(message, base) : [];
  });
}

/** Masks of one recorded step. */
export function volatileParts(expected: Result, step: number): Mask[] {
  return (['recv', 'notify'] as const).flatMap((which) =>
    (expected[which] ?? []).flatMap((reply, index): Mask[] => {
      const ranges = typeof reply === 'string' ? volatileRanges(reply) : [];
      return ranges.length === 0 ? [] : [{ step, which, index, ranges }];
    }),
  );
}
