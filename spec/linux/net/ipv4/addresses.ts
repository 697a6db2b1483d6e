// What specs of addresses and routes share: a pair of links, requests built by hand, messages told in one line each.
import { expect } from 'chai';
import { Bytes } from '../../../../lib/codec/bytes.js';
import { attrsIn, Nla, NLA_HDRLEN } from '../../../../lib/codec/nla.js';
import { Writer } from '../../../../lib/codec/writer.js';
import type { Machine } from '../../../../lib/linux/machine.js';
import { ifaddrmsg } from '../../../../lib/uapi/linux/if_addr.js';
import { NETLINK_ADD_MEMBERSHIP, NLM_F_DUMP, NLM_F_REPLACE } from '../../../../lib/uapi/linux/netlink.js';
import { rtmsg } from '../../../../lib/uapi/linux/route.js';
import * as T from '../../../../lib/uapi/linux/rtnetlink.js';
import { AF_INET } from '../../../../lib/uapi/linux/socket.js';
import { Client } from '../../client.js';
import { CREATE, Links, newVeth } from '../core/links.js';

/** One attribute: type and payload. */
export type Attr = readonly [number, ArrayLike<number>];

export function bodyOf(header: Uint8Array, ...attributes: readonly Attr[]): Uint8Array {
  const w = new Writer(4096);
  w.append(header);
  for (const [type, payload] of attributes) w.putRaw(type, Uint8Array.from(payload));
  return w.take();
}

/** `10.0.0.1` as bytes. */
export const ip = (text: string): number[] => text.split('.').map(Number);
export const u32 = (value: number): Uint8Array => new Uint8Array(Uint32Array.of(value).buffer);

const groups = [T.RTNLGRP_IPV4_IFADDR, T.RTNLGRP_IPV4_ROUTE, T.RTNLGRP_IPV6_IFADDR, T.RTNLGRP_IPV6_ROUTE];
const names: Readonly<Record<number, string>> = {
  [T.RTM_NEWADDR]: '+addr',
  [T.RTM_DELADDR]: '-addr',
  [T.RTM_NEWROUTE]: '+route',
  [T.RTM_DELROUTE]: '-route',
};

/** `+addr 10.0.0.1/24`, `+route 10.0.0.0/24 table 254`. */
function tell(msg: Bytes): string {
  const type = msg.view.getUint16(4, true);
  const isRoute = type >= T.RTM_NEWROUTE;
  const start = 16 + (isRoute ? rtmsg.size : ifaddrmsg.size);
  const list = attrsIn(new Nla(msg, start - NLA_HDRLEN, msg.view.getUint32(0, true) - start));
  const bytes = list.find((nla) => nla.type === (isRoute ? 1 : 2))?.bytes() ?? list[0]!.bytes();
  const address = msg.u8[16] === AF_INET ? bytes.join('.') : Buffer.from(bytes).toString('hex').replace(/0{8,}/g, '~');
  const table = isRoute ? ` table ${msg.u8[20]!}` : '';
  return `${names[type] ?? type} ${address}/${msg.u8[17]!}${table}`;
}

const fromHex = (hex: string): Bytes => new Bytes(Uint8Array.from(Buffer.from(hex, 'hex')));

/** v0 (index 3) and v1 (index 2), and a listener to addresses and routes. */
export class Addresses {
  readonly machine: Machine;
  readonly links: Links;
  readonly listener: Client;

  constructor(machine: Machine) {
    this.machine = machine;
    this.links = new Links(machine);
    this.links.add(newVeth('v0', 'v1'));
    this.listener = new Client(machine, { tgid: 300 });
    for (const group of groups) expect(this.listener.setOption(NETLINK_ADD_MEMBERSHIP, group)).to.equal(0);
  }

  /** The errno of RTM_NEWADDR or RTM_DELADDR for an IPv4 address with a mask of 24 bits. */
  ask(type: number, address: string, header: Partial<Record<string, number>> = {}, ...more: readonly Attr[]): number {
    const ifm = ifaddrmsg.bytes({ ifa_family: AF_INET, ifa_prefixlen: 24, ifa_index: 3, ...header });
    const flags = type === T.RTM_NEWADDR && header['replace'] === undefined ? CREATE : NLM_F_REPLACE;
    return this.links.client.errnoOf(
      type,
      type === T.RTM_NEWADDR ? flags : 0,
      bodyOf(ifm, [2, ip(address)], [1, ip(address)], ...more),
    );
  }

  add(address: string, header: Partial<Record<string, number>> = {}, ...more: readonly Attr[]): void {
    expect(this.ask(T.RTM_NEWADDR, address, header, ...more)).to.equal(0);
  }

  /** Events since the last look. */
  events(): string[] {
    return this.listener.drain().map((hex) => tell(fromHex(hex)));
  }

  /** A dump of RTM_GETADDR or RTM_GETROUTE of one family. */
  dump(type: number, family: number = AF_INET): string[] {
    const header = new Uint8Array(type === T.RTM_GETADDR ? ifaddrmsg.size : rtmsg.size);
    header[0] = family;
    return this.links.client.request(type, NLM_F_DUMP, header).flatMap((datagram) => {
      const found: string[] = [];
      for (let at = 0; at < datagram.length; at += (datagram.view.getUint32(at, true) + 3) & ~3) {
        const msg = new Bytes(datagram.u8.slice(at, at + datagram.view.getUint32(at, true)));
        if (msg.view.getUint16(4, true) >= 16) found.push(tell(msg));
      }
      return found;
    });
  }
}
