// include/net/rtnetlink.h struct rtnl_link_ops: one kind of link that `ip link add … type KIND` makes. A new kind is
// one file under drivers/net with such an object, entered in init.ts.
import type { AttrSet } from '../../../../codec/attrs.js';
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import type { parse } from '../../../../codec/parse.js';
import type { IFLA } from '../../../../uapi/linux/if_link.js';
import type { Machine } from '../../../machine.js';
import type { MessageWriter } from '../../netlink/message.js';
import type { NetDevice } from '../net_device.js';
import type { Net } from '../net_namespace.js';

type ParsedOf<S> = S extends AttrSet<infer D> ? ReturnType<typeof parse<D>> : never;

/** Parsed IFLA_* attributes. */
export type IflaTable = ParsedOf<typeof IFLA>;

/** struct ifinfomsg of a request. */
export interface IfInfo {
  readonly ifi_index: number;
  readonly ifi_flags: number;
  readonly ifi_change: number;
}

/** struct rtnl_newlink_params: what a kind is given to make a link from. */
export interface NewlinkParams {
  readonly net: Net;
  readonly tb: IflaTable;
  /** IFLA_INFO_DATA by type; undefined when the request has none. */
  readonly data: readonly (Nla | undefined)[] | undefined;
  /** The peer's header and attributes, of kinds that make pairs. */
  readonly peer: { readonly ifm: IfInfo; readonly tb: IflaTable } | undefined;
  readonly extack: Extack;
}

export interface RtnlLinkOps {
  readonly kind: string;
  /** Initial state of a new device. */
  setup(dev: NetDevice): void;
  /** IFLA_INFO_DATA of the kind; undefined = not looked at. */
  readonly infoData?: AttrSet<object>;
  /** Type inside IFLA_INFO_DATA that describes the other end of a pair. */
  readonly peerType?: number;
  validate?(tb: IflaTable, data: readonly (Nla | undefined)[] | undefined, extack: Extack): void;
  /** Default: registerNetdevice(). */
  newlink?(dev: NetDevice, params: NewlinkParams): void;
  /** Puts what goes with `dev` on `kill`. Default: `dev` alone. */
  dellink?(dev: NetDevice, kill: NetDevice[]): void;
  changelink?(dev: NetDevice, tb: IflaTable, data: readonly (Nla | undefined)[], extack: Extack): void;
  /** Appends the content of IFLA_INFO_DATA; kinds without it show none. */
  fillInfo?(skb: MessageWriter, dev: NetDevice): void;
  /** Queues when the request does not say; default 1. */
  numTxQueues?(machine: Machine): number;
  numRxQueues?(machine: Machine): number;
}
