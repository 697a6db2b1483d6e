// Requests about actions (RTM_*ACTION) built from numbers, and what comes back as short text, for a Bed.
import { expect } from 'chai';
import type { Bytes } from '../../../../lib/codec/bytes.js';
import { attrsIn, Nla } from '../../../../lib/codec/nla.js';
import * as N from '../../../../lib/uapi/linux/netlink.js';
import { TC_ACT_PIPE, TCA_ACT } from '../../../../lib/uapi/linux/pkt_cls.js';
import * as R from '../../../../lib/uapi/linux/rtnetlink.js';
import { TCA_EGRESS_REDIR, TCA_MIRRED, tc_mirred } from '../../../../lib/uapi/linux/tc_act/tc_mirred.js';
import { attr, type Bed, messagesOf, nest, textOf } from './bed.js';

/** One action: its kind, its options (inside of the nest), and whatever else. */
export const action = (kind: string, options: readonly Uint8Array[], ...more: Uint8Array[]): readonly Uint8Array[] => [
  attr(TCA_ACT.KIND.type, kind),
  nest(TCA_ACT.OPTIONS.type, ...options),
  ...more,
];

/** mirred: redirects to v1 (ifindex 2) unless told otherwise. */
export function mirred(
  fields: { index?: number; action?: number; eaction?: number; ifindex?: number } = {},
  ...more: Uint8Array[]
): readonly Uint8Array[] {
  const parms = { action: TC_ACT_PIPE, eaction: TCA_EGRESS_REDIR, ifindex: 2, ...fields };
  return action('mirred', [attr(TCA_MIRRED.PARMS.type, tc_mirred.bytes(parms))], ...more);
}

/** An action by kind and index. */
export const named = (kind: string, index: number): readonly Uint8Array[] => [
  attr(TCA_ACT.KIND.type, kind),
  attr(TCA_ACT.INDEX.type, index),
];

/** A TCA_ACT_TAB, or the contents of a classifier's ACT attribute, as `type`. */
export const table = (type: number, ...actions: (readonly Uint8Array[])[]): Uint8Array =>
  nest(type, ...actions.map((inside, i) => nest(i + 1, ...inside)));

export const tab = (...actions: (readonly Uint8Array[])[]): Uint8Array => table(R.TCA_ROOT.TAB.type, ...actions);

const body = (attributes: readonly Uint8Array[]): Uint8Array =>
  Uint8Array.from([...R.tcamsg.bytes({}), ...attributes.flatMap((bytes) => [...bytes])]);

export interface ActionAnswer {
  /** Positive errno, 0 = acknowledged. */
  readonly errno: number;
  readonly text: string | undefined;
  /** Messages to the requester before the acknowledgement, and what the group heard. */
  readonly replies: Bytes[];
  readonly events: Bytes[];
}

/** One request with NLM_F_ACK. */
export function act(bed: Bed, type: number, flags: number, ...attributes: Uint8Array[]): ActionAnswer {
  bed.monitor.drain();
  const replies = bed.client.request(type, flags | N.NLM_F_ACK, body(attributes));
  const ack = replies.pop()!;
  expect(ack.view.getUint16(4, true), 'acknowledgement').to.equal(N.NLMSG_ERROR);
  return {
    errno: Math.abs(ack.view.getInt32(N.NLMSG_HDRLEN, true)),
    text: textOf(ack),
    replies,
    events: messagesOf(bed.monitor.drain()),
  };
}

export const add = (bed: Bed, ...actions: (readonly Uint8Array[])[]): ActionAnswer =>
  act(bed, R.RTM_NEWACTION, N.NLM_F_CREATE | N.NLM_F_EXCL, tab(...actions));

/** A whole dump of a kind: its messages, the end included. */
export function dumpActions(bed: Bed, kind: string, ...attributes: Uint8Array[]): Bytes[] {
  return bed.client.request(R.RTM_GETACTION, N.NLM_F_DUMP, body([tab([attr(TCA_ACT.KIND.type, kind)]), ...attributes]));
}

/** The attributes of a message behind `header` bytes, by type. */
export function attributesOf(message: Bytes, header: number): Map<number, Nla> {
  const start = N.NLMSG_HDRLEN + header;
  const all = attrsIn(new Nla(message, start - 4, message.length - start));
  return new Map(all.map((nla) => [nla.type, nla]));
}

export const inside = (nla: Nla): Map<number, Nla> => new Map(attrsIn(nla).map((child) => [child.type, child]));

/** The actions of a message, in order, each as its attributes by type. */
export function actionsOf(message: Bytes): Map<number, Nla>[] {
  const found = attributesOf(message, R.tcamsg.size).get(R.TCA_ROOT.TAB.type);
  return found === undefined ? [] : attrsIn(found).map(inside);
}

/** `index refs/binds` of an action: the first words of its parameters, which every kind has. */
export function counts(shown: Map<number, Nla>): string {
  const parms = inside(shown.get(TCA_ACT.OPTIONS.type)!).get(TCA_MIRRED.PARMS.type)!;
  const word = (at: number): number => parms.msg.view.getInt32(parms.start + at, true);
  return `${word(0)} ${word(12)}/${word(16)}`;
}

/** The actions of a kind as `index refs/binds`. */
export const listed = (bed: Bed, kind = 'mirred'): string[] =>
  dumpActions(bed, kind)
    .filter((message) => message.view.getUint16(4, true) === R.RTM_GETACTION)
    .flatMap((message) => actionsOf(message).map(counts));
