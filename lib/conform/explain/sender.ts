// Who sent a message, told from its bytes where nothing else says it: a request has NLM_F_REQUEST; but a notification of traffic
// control has the flags of the request that caused it, and is told by attributes that only the kernel sends, or only the kernel
// sends so. What is left undecided is taken for a request.
import { NETLINK_ROUTE, NLM_F_REQUEST, NLMSG_MIN_TYPE, type nlmsghdr } from '../../uapi/linux/netlink.js';
import { RTM_DELTFILTER, RTM_NEWTFILTER, TCA } from '../../uapi/linux/rtnetlink.js';
import { shapeOf } from '../../wire/layout/level.js';
import type { Layout } from '../../wire/layout/message.js';
import type { Context, Level } from '../../wire/layout/shape.js';
import { viewAttributes } from '../../wire/netlink.js';

type Header = ReturnType<typeof nlmsghdr.get>;

/** Nests inside nests that are looked into. */
const DEEP = 2;

function hasKernelAttribute(run: Uint8Array, level: Level, context: Context, depth: number): boolean {
  const { attributes } = viewAttributes(run);
  return attributes.some((attribute) => {
    if (level.set?.$byType[attribute.type]?.direction === 'dump') return true;
    if (depth >= DEEP) return false;
    const shape = shapeOf(level, { attribute, siblings: attributes, context });
    return shape.is === 'attributes' && hasKernelAttribute(attribute.payload, shape.level, context, depth + 1);
  });
}

/**
 * Whether a filter says that it is of chain 0, right behind its kind: the kernel always names the chain there, programs name one
 * only where it is another.
 */
function namesChainZero(run: Uint8Array, { protocol, type }: Context): boolean {
  if (protocol !== NETLINK_ROUTE || (type !== RTM_NEWTFILTER && type !== RTM_DELTFILTER)) return false;
  const [kind, chain] = viewAttributes(run).attributes;
  return kind?.type === TCA.KIND.type && chain?.type === TCA.CHAIN.type && chain.payload.every((byte) => byte === 0);
}

/** Whether a program sent it. */
export function isRequest(header: Header, body: Uint8Array, layout: Layout | undefined): boolean {
  if (header.nlmsg_type < NLMSG_MIN_TYPE || (header.nlmsg_flags & NLM_F_REQUEST) === 0) return false;
  // The kernel sends the port of the requester; most requests have none.
  if (header.nlmsg_pid === 0 || layout === undefined) return true;
  const run = body.subarray(Math.min(layout.start, body.length));
  return !namesChainZero(run, layout.context) && !hasKernelAttribute(run, layout.level, layout.context, 0);
}
