// What a kernel answered to a datagram, in one line: its errors with their texts, what it acknowledged, and what else it sent.
import { errnoName } from '../../uapi/asm-generic/errno.js';
import { latin1 } from '../../codec/bytes.js';
import {
  NLM_F_ACK_TLVS,
  NLM_F_CAPPED,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSGERR_ATTR,
  nlmsgAlign,
} from '../../uapi/linux/netlink.js';
import { messageName } from '../../wire/difference.js';
import { type MessageView, viewAttributes, viewMessages } from '../../wire/netlink.js';

const ERROR = 4;
const HEADER = 16;

/** The text of the extended acknowledgement behind an error. */
function textOf({ header, body }: MessageView): string | undefined {
  if ((header.nlmsg_flags & NLM_F_ACK_TLVS) === 0 || body.length < ERROR + HEADER) return undefined;
  const view = new DataView(body.buffer, body.byteOffset, body.length);
  const echoed = (header.nlmsg_flags & NLM_F_CAPPED) === 0 ? view.getUint32(ERROR, true) : HEADER;
  if (echoed > body.length) return undefined;
  const { attributes } = viewAttributes(body.subarray(ERROR + nlmsgAlign(echoed)));
  const message = attributes.find(({ type }) => type === NLMSGERR_ATTR.MSG.type);
  return message && latin1(message.payload).replace(/\0$/, '');
}

function errorText(message: MessageView): string {
  const { body } = message;
  const error = body.length < ERROR ? 0 : new DataView(body.buffer, body.byteOffset, ERROR).getInt32(0, true);
  const text = textOf(message);
  return (error === 0 ? 'acknowledged' : errnoName(-error)) + (text === undefined ? '' : ` "${text}"`);
}

/** `result` of sending, then what was received; `more` datagrams were received that are not here. */
export function answerText(result: number, datagrams: readonly Uint8Array[], more = 0): string {
  if (result < 0) return `not taken, ${errnoName(-result)}`;
  const counts = new Map<string, number>();
  for (const datagram of datagrams)
    for (const message of viewMessages(datagram).messages) {
      const { nlmsg_type } = message.header;
      if (nlmsg_type === NLMSG_DONE) continue;
      const name = nlmsg_type === NLMSG_ERROR ? errorText(message) : messageName(nlmsg_type);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  const parts = [...counts].map(([name, count]) => (count === 1 ? name : `${count} × ${name}`));
  if (more > 0) parts.push(`${more} more datagrams`);
  return parts.join(', ') || 'no answer';
}
