// What specs of links share: request bodies built by hand, and link messages taken apart.
import { expect } from 'chai';
import { Bytes } from '../../../../lib/codec/bytes.js';
import { attrsIn, Nla, NLA_HDRLEN } from '../../../../lib/codec/nla.js';
import { Writer } from '../../../../lib/codec/writer.js';
import type { Machine } from '../../../../lib/linux/machine.js';
import type { NetDevice } from '../../../../lib/linux/net/core/net_device.js';
import { devGetByName } from '../../../../lib/linux/net/core/dev/table.js';
import type { IflaTable } from '../../../../lib/linux/net/core/rtnl_link/ops.js';
import { IFLA, IFLA_INFO } from '../../../../lib/uapi/linux/if_link.js';
import { IFF_UP } from '../../../../lib/uapi/linux/if.js';
import { NLM_F_CREATE, NLM_F_EXCL } from '../../../../lib/uapi/linux/netlink.js';
import { ifinfomsg, RTM_DELLINK, RTM_NEWLINK, RTNLGRP_LINK } from '../../../../lib/uapi/linux/rtnetlink.js';
import { VETH_INFO } from '../../../../lib/uapi/linux/veth.js';
import type { StructValue } from '../../../../lib/codec/struct.js';
import { Client } from '../../client.js';

export type IfInfoMsg = StructValue<typeof ifinfomsg.members>;
type Fill = (w: Writer) => void;

const nothing: Fill = () => {};

/** A struct ifinfomsg and attributes. */
export function linkBody(header: Partial<IfInfoMsg> = {}, fill: Fill = nothing): Uint8Array {
  const w = new Writer(65536);
  w.append(ifinfomsg.bytes(header));
  fill(w);
  return w.take();
}

/** IFLA_LINKINFO with a kind and its data. */
export function putKind(w: Writer, kind: string, data?: Fill): void {
  const info = w.nest(IFLA.LINKINFO.type);
  w.put(IFLA_INFO.KIND, kind);
  if (data !== undefined) {
    const nest = w.nest(IFLA_INFO.DATA.type);
    data(w);
    w.nestEnd(nest);
  }
  w.nestEnd(info);
}

/** A new link; `fill` adds attributes before the kind. */
export function newLink(name: string, kind: string, fill: Fill = nothing): Uint8Array {
  return linkBody({}, (w) => {
    w.put(IFLA.IFNAME, name);
    fill(w);
    putKind(w, kind);
  });
}

export function newVeth(
  name: string,
  peer: string,
  fill: Fill = nothing,
  peerHeader: Partial<IfInfoMsg> = {},
): Uint8Array {
  return linkBody({}, (w) => {
    w.put(IFLA.IFNAME, name);
    fill(w);
    putKind(w, 'veth', (data) => {
      const nest = data.nest(VETH_INFO.PEER.type);
      data.append(ifinfomsg.bytes(peerHeader));
      data.put(IFLA.IFNAME, peer);
      data.nestEnd(nest);
    });
  });
}

export const CREATE = NLM_F_CREATE | NLM_F_EXCL;

/** One RTM_NEWLINK or RTM_DELLINK taken apart. */
export interface LinkMessage {
  readonly type: number;
  readonly seq: number;
  readonly pid: number;
  readonly info: IfInfoMsg;
  readonly tb: IflaTable;
  /** Attribute types in order. */
  readonly order: readonly number[];
}

export function linkMessage(msg: Bytes): LinkMessage {
  const length = msg.view.getUint32(0, true);
  // What users may not send is read all the same: this is what the kernel sent.
  const attributes = attrsIn(new Nla(msg, 32 - NLA_HDRLEN, length - 32));
  const tb: Record<string, unknown> = {};
  for (const nla of attributes) {
    const attribute = IFLA.$byType[nla.type];
    if (attribute !== undefined) tb[attribute.key] = attribute.kind.read(nla);
  }
  return {
    type: msg.view.getUint16(4, true),
    seq: msg.view.getUint32(8, true),
    pid: msg.view.getUint32(12, true),
    info: ifinfomsg.get(msg, 16),
    tb: tb as IflaTable,
    order: attributes.map(({ type }) => type),
  };
}

/** A machine's requester and a listener to link events. */
export class Links {
  readonly machine: Machine;
  readonly client: Client;
  readonly listener: Client;

  constructor(machine: Machine) {
    this.machine = machine;
    this.client = new Client(machine);
    expect(this.client.bind(4242)).to.equal(0);
    this.listener = new Client(machine, { tgid: 200 });
    expect(this.listener.bind(777, 1 << (RTNLGRP_LINK - 1))).to.equal(0);
  }

  /** Makes a link and drops its events. */
  add(body: Uint8Array): void {
    expect(this.client.errnoOf(RTM_NEWLINK, CREATE, body)).to.equal(0);
    this.listener.drain();
  }

  change(header: Partial<IfInfoMsg>, fill?: Fill): number {
    return Math.abs(this.client.errnoOf(RTM_NEWLINK, 0, linkBody(header, fill)));
  }

  delete(ifi_index: number): number {
    return this.client.errnoOf(RTM_DELLINK, 0, linkBody({ ifi_index }));
  }

  /** Brings a link up or takes it down. */
  up(ifi_index: number, up = true): void {
    expect(this.change({ ifi_index, ifi_flags: up ? IFF_UP : 0, ifi_change: IFF_UP })).to.equal(0);
  }

  /** Events since the last look. */
  events(): LinkMessage[] {
    return this.listener.drain().map((hex) => linkMessage(new Bytes(Uint8Array.from(Buffer.from(hex, 'hex')))));
  }

  device(name: string): NetDevice {
    const dev = devGetByName(this.machine.net, name);
    expect(dev, name).to.not.equal(undefined);
    return dev!;
  }
}
