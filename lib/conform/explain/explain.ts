// explain(): every byte of a datagram in a tree of regions. It never throws and never leaves a byte out, whatever the bytes are;
// nothing here judges (that is check's), but what is odd is remarked on.
import { Bytes } from '../../codec/bytes.js';
import { NETLINK_KOBJECT_UEVENT, NETLINK_ROUTE, NLMSG_HDRLEN, nlmsghdr } from '../../uapi/linux/netlink.js';
import { viewMessages } from '../../wire/netlink.js';
import type { Datagram, Direction } from '../datagram.js';
import { messageRegion, type Sender } from './message.js';
import type { Region } from './region.js';
import { textRegions } from './text_value.js';
import { count, rest, type Walk } from './walk.js';

export interface ExplainOptions {
  /** NETLINK_ROUTE and the like; NETLINK_ROUTE when neither this nor the datagram says it. */
  readonly protocol?: number;
  /** Who sent it; told from each header when neither this nor the datagram says it. */
  readonly direction?: Direction;
  /** The request that this answers: an acknowledgement that echoes only its header is explained with it. */
  readonly request?: Uint8Array;
}

const isDatagram = (input: Datagram | Uint8Array): input is Datagram => !(input instanceof Uint8Array);

const senders: Readonly<Record<Direction, Sender>> = {
  request: true,
  reply: false,
  notification: false,
  unknown: undefined,
};

/** What every byte of the datagram is, in order: regions side by side, with regions inside them. */
export function explain(input: Datagram | Uint8Array, options: ExplainOptions = {}): Region[] {
  const datagram = isDatagram(input) ? input : undefined;
  const bytes = new Bytes(isDatagram(input) ? input.bytes : input);
  const protocol = options.protocol ?? datagram?.protocol ?? NETLINK_ROUTE;
  const walk: Walk = { bytes, protocol, isRequest: false, marks: new Map(), request: options.request, depth: 0 };
  if (protocol === NETLINK_KOBJECT_UEVENT) return uevent(walk);
  return stream(walk, senders[options.direction ?? datagram?.direction ?? 'unknown']);
}

function stream(walk: Walk, sender: Sender): Region[] {
  const { u8 } = walk.bytes;
  const { messages, rest: left } = viewMessages(u8);
  const found = messages.map(({ offset, body, padding }) => {
    const end = offset + NLMSG_HDRLEN + body.length;
    return messageRegion(walk, { start: offset, end, next: end + padding.length }, sender);
  });
  return [...found, ...broken(walk, u8.length - left.length, sender)];
}

/** What is no message: the kernel stops here without a word. */
function broken(walk: Walk, start: number, sender: Sender): Region[] {
  const end = walk.bytes.length;
  if (end - start < NLMSG_HDRLEN) return rest(start, end, 'too short for the header of a message: not read');
  const { nlmsg_len } = nlmsghdr.get(walk.bytes, start);
  if (nlmsg_len < NLMSG_HDRLEN) {
    const why = `nlmsg_len ${nlmsg_len} is less than the header itself: the kernel stops here without a word`;
    const header = messageRegion(
      walk,
      { start, end: start + NLMSG_HDRLEN, next: start + NLMSG_HDRLEN, remark: why },
      sender,
    );
    return [header, ...rest(start + NLMSG_HDRLEN, end, 'not read')];
  }
  const beyond = count(nlmsg_len - (end - start), 'byte');
  const remark = `nlmsg_len ${nlmsg_len} reaches ${beyond} beyond the end: the kernel stops here without a word`;
  return [messageRegion(walk, { start, end, next: end, remark }, sender)];
}

/** Kernel events are texts, one behind the other. */
function uevent(walk: Walk): Region[] {
  const { u8 } = walk.bytes;
  const found: Region[] = [];
  for (let at = 0; at < u8.length;) {
    const nul = u8.indexOf(0, at);
    const end = nul < 0 ? u8.length : nul + 1;
    found.push(...textRegions(walk, at, end, found.length === 0 ? 'event' : 'variable'));
    at = end;
  }
  return found;
}
