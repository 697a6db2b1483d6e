// Differences that are known and accepted, each with its reason. They are counted and listed, never hidden; what no
// entry explains fails the run.
import { Bytes, fromHex } from '../../../lib/codec/bytes.js';
import { IFLA } from '../../../lib/uapi/linux/if_link.js';
import { RTM_NEWLINK, RTM_SETLINK, ifinfomsg } from '../../../lib/uapi/linux/rtnetlink.js';
import type { AttributeView } from '../../../lib/wire/netlink.js';
import { viewAttributes, viewMessages } from '../../../lib/wire/netlink.js';
import type { Json } from '../../agree/input.js';
import type { Difference } from './session.js';

const namespaceTypes: readonly number[] = [IFLA.NET_NS_FD.type, IFLA.NET_NS_PID.type];
/** More than the fds and processes that either side has. */
const FEW = 200;

const namesNamespace = ({ type, payload }: AttributeView): boolean =>
  namespaceTypes.includes(type) && payload.length >= 4 && new Bytes(payload).view.getUint32(0, true) < FEW;

/** Top attributes of the link requests of a step. */
function linkAttributes(definition: Json, step: number): AttributeView[] {
  const send = (definition['steps'] as Json[])[step]?.['send'];
  if (typeof send !== 'string') return [];
  return viewMessages(fromHex(send))
    .messages.filter(({ header }) => header.nlmsg_type >= RTM_NEWLINK && header.nlmsg_type <= RTM_SETLINK)
    .flatMap(({ body }) => [...viewAttributes(body.subarray(ifinfomsg.size)).attributes]);
}

/** The reason why a difference is accepted, or undefined. */
type Explanation = (difference: Difference) => string | undefined;

/** A difference that a second, slower run does not show: the kernel's deferred work came between two requests. */
export const timing = 'deferred work of the kernel (linkwatch) came between two requests; gone in a slower run';

/** What the model reports as missing, one line for people, and EOPNOTSUPP for the program. */
const gap: Explanation = ({ gaps }) =>
  gaps.length === 0
    ? undefined
    : `the model lacks ${gaps.map((what) => what.replace('not modelled: ', '')).join(', ')}`;

const namespace: Explanation = ({ definition, step }) =>
  linkAttributes(definition, step).some(namesNamespace)
    ? 'IFLA_NET_NS_FD or _PID names an open file or a process of the fuzzer itself, which are others in the model'
    : undefined;

export const explanations: readonly Explanation[] = [gap, namespace];

/** Why a difference is accepted; undefined = it is not. */
export function explanationOf(difference: Difference): string | undefined {
  for (const explain of explanations) {
    const reason = explain(difference);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
