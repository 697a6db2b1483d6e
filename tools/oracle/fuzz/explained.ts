// Differences that are known and accepted, each with its reason. They are counted and listed, never hidden; what no
// entry explains fails the run.
import { Bytes, fromHex, toHex } from '../../../lib/codec/bytes.js';
import { IFLA, IFLA_XDP } from '../../../lib/uapi/linux/if_link.js';
import { TCA_BPF } from '../../../lib/uapi/linux/pkt_cls.js';
import {
  RTM_GETQDISC,
  RTM_GETACTION,
  RTM_NEWACTION,
  RTM_NEWLINK,
  RTM_NEWQDISC,
  RTM_NEWTFILTER,
  TCA,
  ifinfomsg,
  tcmsg,
} from '../../../lib/uapi/linux/rtnetlink.js';
import type { AttributeView, MessageView } from '../../../lib/wire/netlink.js';
import { viewAttributes, viewMessages } from '../../../lib/wire/netlink.js';
import type { Json } from '../../agree/input.js';
import type { Result } from '../../agree/netlink/record.js';
import { isAutomatic } from '../../agree/netlink/volatile.js';
import type { Difference } from './session.js';

/** More than the fds and processes that either side has. */
const FEW = 200;

const isFew = ({ payload }: AttributeView): boolean =>
  payload.length >= 4 && new Bytes(payload).view.getUint32(0, true) < FEW;

const of = (list: readonly AttributeView[], ...types: readonly number[]): AttributeView[] =>
  list.filter((a) => types.includes(a.type));

const inside = (list: readonly AttributeView[], type: number): AttributeView[] =>
  of(list, type).flatMap(({ payload }) => [...viewAttributes(payload).attributes]);

/** Attributes of a request that name an fd or a process. */
function namesIn({ header, body }: MessageView): AttributeView[] {
  const after = (size: number): AttributeView[] => [...viewAttributes(body.subarray(size)).attributes];
  if (header.nlmsg_type >= RTM_NEWQDISC) return of(inside(after(tcmsg.size), TCA.OPTIONS.type), TCA_BPF.FD.type);
  const link = after(ifinfomsg.size);
  const xdp = of(inside(link, IFLA.XDP.type), IFLA_XDP.FD.type, IFLA_XDP.EXPECTED_FD.type);
  return [...of(link, IFLA.NET_NS_FD.type, IFLA.NET_NS_PID.type), ...xdp];
}

/** The reason why a difference is accepted, or undefined. */
type Explanation = (difference: Difference) => string | undefined;

/** Reason of a difference that a slower run does not show. */
export const timing = 'deferred work of the kernel came between two requests (linkwatch, RCU); gone in a slower run';

/** Messages of replies and notifications as hex, but for link messages that nobody asked for. */
const withoutEvents = ({ recv = [], notify = [] }: Result): string =>
  [recv, notify]
    .map((replies) =>
      replies
        .flatMap((reply) => (typeof reply === 'string' ? viewMessages(fromHex(reply)).messages : []))
        .filter(({ header }) => header.nlmsg_type !== RTM_NEWLINK || header.nlmsg_seq !== 0)
        .map(({ header, body }) => `${header.nlmsg_type} ${toHex(body)}`)
        .join(),
    )
    .join(';');

/** Whether the step asks for actions, which a deleted filter lets go after a grace period. */
const concernsActions = (difference: Difference): boolean =>
  messagesAt(difference).some(({ header }) => header.nlmsg_type >= RTM_NEWACTION && header.nlmsg_type <= RTM_GETACTION);

/**
 * Whether it is what deferred work can do: link messages more or less, elsewhere, or showing another state; actions that
 * are gone already, or still there.
 */
export const looksLikeTiming = (difference: Difference): boolean =>
  concernsActions(difference) || concernsLinks(difference);

const concernsLinks = ({ lines, real, got }: Difference): boolean =>
  lines.every((line) => /RTM_NEWLINK|: \d+ datagrams |more differences|recv_flags|recv_addr/.test(line)) ||
  (real !== undefined && got !== undefined && withoutEvents(real) === withoutEvents(got));

/** What the model reports as missing, one line for people, and EOPNOTSUPP for the program. */
const gap: Explanation = ({ gaps }) =>
  gaps.length === 0
    ? undefined
    : `the model lacks ${gaps.map((what) => what.replace('not modelled: ', '')).join(', ')}`;

/** Messages of the request of the step. */
function messagesAt({ definition, step }: Difference): readonly MessageView[] {
  const send = (definition['steps'] as Json[])[step]?.['send'];
  return typeof send === 'string' ? viewMessages(fromHex(send)).messages : [];
}

const ownNumbers: Explanation = (difference) =>
  messagesAt(difference).flatMap(namesIn).some(isFew)
    ? 'names an open file or a process of the fuzzer itself, which are others in the model'
    : undefined;

function namesAutomatic({ header, body }: MessageView): boolean {
  if (header.nlmsg_type < RTM_NEWQDISC || body.length < tcmsg.size) return false;
  const { tcm_handle, tcm_parent } = tcmsg.get(new Bytes(body), 0);
  return isAutomatic(tcm_parent) || (header.nlmsg_type < RTM_NEWTFILTER && isAutomatic(tcm_handle));
}

const automatic: Explanation = (difference) =>
  messagesAt(difference).some(namesAutomatic)
    ? 'names a qdisc by an automatic handle, which come from a counter all network namespaces share'
    : undefined;

/** Messages about qdiscs as hex, automatic handles left out, in order of their bytes; undefined without any such. */
function withoutOrder({ recv = [] }: Result): string | undefined {
  const messages = recv.flatMap((reply) => (typeof reply === 'string' ? viewMessages(fromHex(reply)).messages : []));
  const bodies = messages
    .filter(({ header }) => header.nlmsg_type === RTM_NEWQDISC)
    .map(({ body }) => new Bytes(body.slice()));
  let found = false;
  for (const { view } of bodies) {
    for (const at of [tcmsg.offsetof.tcm_handle, tcmsg.offsetof.tcm_parent]) {
      if (!isAutomatic(view.getUint32(at, true))) continue;
      view.setUint32(at, 0, true);
      found = true;
    }
  }
  const texts = bodies.map(({ u8 }) => toHex(u8)).sort();
  return found ? `${messages.length} ${texts.join()}` : undefined;
}

const order: Explanation = (difference) => {
  const { real, got } = difference;
  const isDump = messagesAt(difference).some(({ header }) => header.nlmsg_type === RTM_GETQDISC);
  const mine = real && isDump ? withoutOrder(real) : undefined;
  return mine !== undefined && got !== undefined && mine === withoutOrder(got)
    ? 'a dump of qdiscs walks a hash of their handles, and automatic handles come from a shared counter'
    : undefined;
};

export const explanations: readonly Explanation[] = [gap, ownNumbers, automatic, order];

/** Why a difference is accepted; undefined = it is not. */
export function explanationOf(difference: Difference): string | undefined {
  for (const explain of explanations) {
    const reason = explain(difference);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
