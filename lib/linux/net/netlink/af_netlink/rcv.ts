// The message loop of a kernel socket: cut a datagram into messages, hand each to the handler, acknowledge.
import { Bytes } from '../../../../codec/bytes.js';
import { Extack } from '../../../../codec/extack.js';
import { NLM_F_ACK, NLM_F_REQUEST, nlmsgAlign, NLMSG_HDRLEN, NLMSG_MIN_TYPE } from '../../../../uapi/linux/netlink.js';
import { errnoOf, ModelGap, refuse } from '../../../errno.js';
import type { ActiveFaults } from '../../../faults.js';
import { sendAck } from './ack.js';
import type { KernelInput } from './table.js';

/** What the handler did: answered in full, or started a dump, which is never acknowledged. */
export type Handled = 'done' | 'dump';

/** Handles one message of `input` (offset 0 is its nlmsghdr) or refuses by throwing. */
export type MessageHandler = (input: KernelInput, msg: Bytes, extack: Extack) => Handled;

/** Refuses a request that a fault is set for. */
function failOnPurpose(active: ActiveFaults, type: number, extack: Extack): void {
  const fault = active.request(type);
  if (fault !== undefined) refuse(fault.text === undefined ? undefined : extack, fault.errno, fault.text ?? '');
}

function handleOne(input: KernelInput, msg: Bytes, handler: MessageHandler): void {
  const { sender } = input;
  const { machine } = sender.net;
  const type = msg.view.getUint16(4, true);
  const flags = msg.view.getUint16(6, true);
  const extack = new Extack();
  let error = 0;
  if (flags & NLM_F_REQUEST && type >= NLMSG_MIN_TYPE) {
    try {
      const { active } = machine.faults;
      if (active !== undefined) failOnPurpose(active, type, extack);
      if (handler(input, msg, extack) === 'dump') return;
    } catch (thrown) {
      error = errnoOf(thrown);
      if (thrown instanceof ModelGap) machine.gap(thrown.what);
    }
  }
  if (error !== 0 || flags & NLM_F_ACK) sendAck(sender, msg, error, extack);
}

/**
 * Handles the messages of a datagram in order; a header that does not fit ends it silently.
 * @models net/netlink/af_netlink.c netlink_rcv_skb()
 */
export function receiveMessages(input: KernelInput, handler: MessageHandler): void {
  const all = new Bytes(input.data);
  let at = 0;
  while (all.length - at >= NLMSG_HDRLEN) {
    const length = all.view.getUint32(at, true);
    if (length < NLMSG_HDRLEN || length > all.length - at) return;
    handleOne(input, length === all.length ? all : all.slice(at, at + length), handler);
    at += nlmsgAlign(length);
  }
}
