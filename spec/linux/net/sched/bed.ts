// A machine with a veth pair (v1 has ifindex 2, v0 has 3), a requester that sees texts, and a listener of the TC group;
// traffic control requests built from numbers, answers and events as short text.
import { expect } from 'chai';
import { Bytes, fromLatin1 } from '../../../../lib/codec/bytes.js';
import { NLA_HDRLEN, nlaAlign } from '../../../../lib/codec/nla.js';
import { Machine, type MachineOptions } from '../../../../lib/linux/machine.js';
import * as N from '../../../../lib/uapi/linux/netlink.js';
import { TC_H_MAJ, TC_H_MIN } from '../../../../lib/uapi/linux/pkt_sched.js';
import * as P from '../../../../lib/uapi/linux/pkt_cls.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { Client } from '../../client.js';

export const V0 = 3;
export const CREATE = N.NLM_F_CREATE;
export const ADD = N.NLM_F_CREATE | N.NLM_F_EXCL;
/** ETH_P_ALL as the lower half of tcm_info has it. */
export const PROTO_ALL = 0x0300;
export const INGRESS = 0xfffffff2;
export const EGRESS = 0xfffffff3;
export const CLSACT = 0xfffffff1;

/** One attribute: bytes, a u32 (number) or a C string. */
export function attr(type: number, value: Uint8Array | number | string): Uint8Array {
  const payload =
    typeof value === 'number'
      ? new Uint8Array(Uint32Array.of(value).buffer)
      : typeof value === 'string'
        ? fromLatin1(`${value}\0`)
        : value;
  const bytes = Bytes.zeroed(NLA_HDRLEN + nlaAlign(payload.length));
  bytes.view.setUint16(0, NLA_HDRLEN + payload.length, true);
  bytes.view.setUint16(2, type, true);
  bytes.u8.set(payload, NLA_HDRLEN);
  return bytes.u8;
}

export const nest = (type: number, ...inside: Uint8Array[]): Uint8Array =>
  attr(type, Uint8Array.from(inside.flatMap((a) => [...a])));

/** Classic instructions as attribute bytes; without arguments a program that returns -1. */
export function ops(...words: number[]): Uint8Array {
  return Uint8Array.from(words.length === 0 ? [6, 0, 0, 0, 255, 255, 255, 255] : words);
}

/** Options of a bpf filter: one program, and whatever else. */
export function bpf(program: Uint8Array = ops(), ...more: Uint8Array[]): Uint8Array {
  const length = Uint8Array.of((program.length / 8) & 255, program.length >> 11);
  return nest(R.TCA.OPTIONS.type, attr(P.TCA_BPF.OPS_LEN.type, length), attr(P.TCA_BPF.OPS.type, program), ...more);
}

export const kind = (name: string): Uint8Array => attr(R.TCA.KIND.type, name);

export interface Fields {
  readonly ifindex?: number;
  readonly handle?: number;
  readonly parent?: number;
  readonly prio?: number;
  readonly protocol?: number;
}

export interface Answer {
  /** Positive errno, 0 = acknowledged. */
  readonly errno: number;
  /** Text of the acknowledgement. */
  readonly text: string | undefined;
  /** Messages to the requester before the acknowledgement, and what the group heard. */
  readonly replies: string[];
  readonly events: string[];
}

const hex = (n: number): string => n.toString(16);
const handleText = (h: number): string => `${hex(TC_H_MAJ(h) >>> 16)}:${hex(TC_H_MIN(h))}`;

function attributesOf(bytes: Bytes, start: number): Map<number, Bytes> {
  const found = new Map<number, Bytes>();
  for (let at = start; at + NLA_HDRLEN <= bytes.length;) {
    const length = bytes.view.getUint16(at, true);
    found.set(bytes.view.getUint16(at + 2, true) & 0x3fff, bytes.slice(at + NLA_HDRLEN, at + length));
    at += nlaAlign(length);
  }
  return found;
}

/** One message: `NEWTFILTER ffff:fff2 chain 0 prio 1 handle 1`. */
export function tell(message: Bytes): string {
  const header = N.nlmsghdr.get(message, 0);
  if (header.nlmsg_type === N.NLMSG_DONE) return `DONE ${message.view.getInt32(N.NLMSG_HDRLEN, true)}`;
  const tcm = R.tcmsg.get(message, N.NLMSG_HDRLEN);
  const tca = attributesOf(message, N.NLMSG_HDRLEN + R.tcmsg.size);
  const words = [R.rtmType(header.nlmsg_type).slice(4)];
  if (header.nlmsg_type < R.RTM_NEWTFILTER) {
    const name = Buffer.from(tca.get(R.TCA.KIND.type)!.u8).toString('latin1').replace('\0', '');
    words.push(name, handleText(tcm.tcm_handle), `refs ${tcm.tcm_info}`);
  } else {
    words.push(handleText(tcm.tcm_parent), `chain ${tca.get(R.TCA.CHAIN.type)?.view.getUint32(0, true) ?? '-'}`);
    if (header.nlmsg_type < R.RTM_NEWCHAIN) words.push(`prio ${tcm.tcm_info >>> 16}`, `handle ${hex(tcm.tcm_handle)}`);
  }
  return words.join(' ');
}

/** The messages of datagrams, in order. */
export function messagesOf(datagrams: readonly string[]): Bytes[] {
  return datagrams.flatMap((datagram) => {
    const bytes = new Bytes(Uint8Array.from(Buffer.from(datagram, 'hex')));
    const found: Bytes[] = [];
    for (let at = 0; at + N.NLMSG_HDRLEN <= bytes.length;) {
      const length = bytes.view.getUint32(at, true);
      found.push(bytes.slice(at, at + length));
      at += N.nlmsgAlign(length);
    }
    return found;
  });
}

export class Bed {
  readonly machine: Machine;
  readonly client: Client;
  readonly monitor: Client;

  constructor(options: MachineOptions = {}) {
    this.machine = new Machine(options);
    this.client = new Client(this.machine, { opts: this.machine.has('netlink-ext-ack') ? [N.NETLINK_EXT_ACK] : [] });
    this.#makePair();
    this.monitor = new Client(this.machine, { tgid: 200 });
    expect(this.monitor.bind(777, 1 << (R.RTNLGRP_TC - 1))).to.equal(0);
  }

  #makePair(): void {
    const body = (name: string): Uint8Array[] => [R.ifinfomsg.bytes({}), attr(3, name)];
    const peer = nest(2, nest(1, ...body('v1')));
    const link = nest(18, attr(1, 'veth'), peer);
    const request = Uint8Array.from([...body('v0'), link].flatMap((bytes) => [...bytes]));
    expect(this.client.errnoOf(R.RTM_NEWLINK, ADD, request)).to.equal(0);
  }

  /** Sets IFF_UP of v0. */
  up(): void {
    const body = R.ifinfomsg.bytes({ ifi_index: V0, ifi_flags: 1, ifi_change: 1 });
    expect(this.client.errnoOf(R.RTM_NEWLINK, 0, body)).to.equal(0);
  }

  /** Removes the pair. */
  removeLinks(): void {
    expect(this.client.errnoOf(R.RTM_DELLINK, 0, R.ifinfomsg.bytes({ ifi_index: V0 }))).to.equal(0);
  }

  /** Body of a tcmsg request. */
  body(fields: Fields, attributes: readonly Uint8Array[]): Uint8Array {
    const { ifindex = V0, handle = 0, parent = 0, prio = 0, protocol = 0 } = fields;
    const info = ((prio << 16) | protocol) >>> 0;
    const tcm = { tcm_ifindex: ifindex | 0, tcm_handle: handle, tcm_parent: parent, tcm_info: info };
    return Uint8Array.from([...R.tcmsg.bytes(tcm), ...attributes.flatMap((bytes) => [...bytes])]);
  }

  /** One request with NLM_F_ACK. */
  tc(type: number, flags: number, fields: Fields, ...attributes: Uint8Array[]): Answer {
    this.monitor.drain();
    const replies = this.client.request(type, flags | N.NLM_F_ACK, this.body(fields, attributes));
    const ack = replies.pop()!;
    expect(ack.view.getUint16(4, true), 'acknowledgement').to.equal(N.NLMSG_ERROR);
    return {
      errno: Math.abs(ack.view.getInt32(N.NLMSG_HDRLEN, true)),
      text: textOf(ack),
      replies: messagesOf(replies.map((bytes) => Buffer.from(bytes.u8).toString('hex'))).map(tell),
      events: messagesOf(this.monitor.drain()).map(tell),
    };
  }

  /** A whole dump, as text. */
  dump(type: number, fields: Fields, ...attributes: Uint8Array[]): string[] {
    const replies = this.client.request(type, N.NLM_F_DUMP, this.body(fields, attributes));
    return messagesOf(replies.map((bytes) => Buffer.from(bytes.u8).toString('hex'))).map(tell);
  }

  qdisc(name: string, fields: Fields = { parent: CLSACT }, flags = ADD, ...attributes: Uint8Array[]): Answer {
    return this.tc(R.RTM_NEWQDISC, flags, fields, kind(name), ...attributes);
  }

  /** A bpf filter of v0's ingress, protocol all, priority 1 unless `fields` say otherwise. */
  filter(fields: Fields = {}, flags = ADD, ...attributes: Uint8Array[]): Answer {
    const options = attributes.some((a) => a[2] === R.TCA.OPTIONS.type) ? [] : [bpf()];
    const all = { parent: INGRESS, prio: 1, protocol: PROTO_ALL, ...fields };
    return this.tc(R.RTM_NEWTFILTER, flags, all, kind('bpf'), ...attributes, ...options);
  }

  filters(parent = INGRESS): string[] {
    return this.dump(R.RTM_GETTFILTER, { parent });
  }

  /** Lets everything deferred happen. */
  settle(): void {
    this.machine.advance(1_000_000_000);
  }

  /** Every object with its number of references, for comparison. */
  objects(): string[] {
    return [...this.machine.objects].map((object) => `${object.label}: ${object.refcount}`).sort();
  }
}

/** NLMSGERR_ATTR_MSG of an acknowledgement. */
export function textOf(ack: Bytes): string | undefined {
  const flags = ack.view.getUint16(6, true);
  if ((flags & N.NLM_F_ACK_TLVS) === 0) return undefined;
  const echoed = (flags & N.NLM_F_CAPPED) !== 0 ? N.NLMSG_HDRLEN : ack.view.getUint32(20, true);
  const msg = attributesOf(ack, 20 + N.nlmsgAlign(echoed)).get(N.NLMSGERR_ATTR.MSG.type);
  return msg && Buffer.from(msg.u8).toString('latin1').replace('\0', '');
}
