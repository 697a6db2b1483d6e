// Which fds of its sender a netlink message names: programs of bpf classifiers and actions, XDP programs, namespaces. Their
// numbers mean nothing without the process, so a recorder (lib/host/recorder.ts) keeps what they were.
import { IFLA, IFLA_XDP } from '../uapi/linux/if_link.js';
import { TCA_BPF } from '../uapi/linux/pkt_cls.js';
import * as rt from '../uapi/linux/rtnetlink.js';
import { TCA_ACT_BPF } from '../uapi/linux/tc_act/tc_bpf.js';
import { viewAttributes, viewMessages, type AttributeView } from '../wire/netlink.js';

/** Deeper than actions in actions of filters are ever nested. */
const DEPTH_MAX = 8;
const TCA_ACT_KIND = 1;
const TCA_ACT_OPTIONS = 2;

const KIND_BPF = [0x62, 0x70, 0x66];

function isBpf(kind: AttributeView | undefined): boolean {
  if (kind === undefined) return false;
  const { payload } = kind;
  return KIND_BPF.every((byte, i) => payload[i] === byte) && (payload.length === 3 || payload[3] === 0);
}

const s32 = ({ payload }: AttributeView): number[] =>
  payload.length < 4 ? [] : [new DataView(payload.buffer, payload.byteOffset).getInt32(0, true)];

const find = (attributes: readonly AttributeView[], type: number): AttributeView | undefined =>
  attributes.findLast((attribute) => attribute.type === type);

const fdOf = (nest: AttributeView | undefined, type: number): number[] =>
  nest === undefined
    ? []
    : viewAttributes(nest.payload)
        .attributes.filter((a) => a.type === type)
        .flatMap(s32);

/** Options of a kind `bpf` that lie anywhere in these nests: actions, whatever filter has them. */
function inActions(bytes: Uint8Array, depth: number): number[] {
  const { attributes, rest } = viewAttributes(bytes);
  if (rest.length > 3 || depth > DEPTH_MAX) return [];
  const own = isBpf(find(attributes, TCA_ACT_KIND)) ? fdOf(find(attributes, TCA_ACT_OPTIONS), TCA_ACT_BPF.FD.type) : [];
  return [...own, ...attributes.flatMap(({ payload }) => (payload.length < 8 ? [] : inActions(payload, depth + 1)))];
}

function inFilter(body: Uint8Array): number[] {
  const { attributes } = viewAttributes(body.subarray(rt.tcmsg.size));
  const options = find(attributes, rt.TCA.OPTIONS.type);
  const own = isBpf(find(attributes, rt.TCA.KIND.type)) ? fdOf(options, TCA_BPF.FD.type) : [];
  return options === undefined ? own : [...own, ...inActions(options.payload, 0)];
}

function inLink(body: Uint8Array): number[] {
  const { attributes } = viewAttributes(body.subarray(rt.ifinfomsg.size));
  const xdp = find(attributes, IFLA.XDP.type);
  return [
    ...fdOf(xdp, IFLA_XDP.FD.type),
    ...fdOf(xdp, IFLA_XDP.EXPECTED_FD.type),
    ...attributes.filter((a) => a.type === IFLA.NET_NS_FD.type).flatMap(s32),
  ];
}

/** Numbers of the fds that the messages of a datagram to NETLINK_ROUTE name, each once. */
export function fdsInMessages(datagram: Uint8Array): number[] {
  const fds = viewMessages(datagram).messages.flatMap(({ header, body }) => {
    switch (header.nlmsg_type) {
      case rt.RTM_NEWTFILTER:
        return inFilter(body);
      case rt.RTM_NEWACTION:
        return inActions(body.subarray(rt.tcamsg.size), 0);
      case rt.RTM_NEWLINK:
      case rt.RTM_SETLINK:
        return inLink(body);
      default:
        return [];
    }
  });
  return [...new Set(fds)];
}
