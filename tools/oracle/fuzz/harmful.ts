// Requests that are never sent, since they harm the kernel they are sent to. Two are known on 6.18. It repeats without
// end, and without heeding signals, a request for a filter that names by its index an action which the same request is
// just making (-EAGAIN in tc_new_tfilter()). And it uses an action after freeing it when one RTM_DELACTION names it
// three times (tcf_action_delete()). What is taken for harmful is wider than what is: mutation puts attributes anywhere.
import { NLA_HDRLEN, NLA_TYPE_MASK } from '../../../lib/codec/nla.js';
import { Bytes } from '../../../lib/codec/bytes.js';
import { TCA_ACT } from '../../../lib/uapi/linux/pkt_cls.js';
import { RTM_DELACTION, RTM_NEWTFILTER } from '../../../lib/uapi/linux/rtnetlink.js';
import { viewMessages } from '../../../lib/wire/netlink.js';

/** Type of the parameters of an action, of any kind; they begin with struct tc_gen, and that with the index. */
const PARMS = 2;
const TC_GEN = 20;

/** The first words of everything that may be an attribute of a type with at least `size` bytes: one may start anywhere. */
function firstWords(u8: Uint8Array, type: number, size: number): number[] {
  const { view } = new Bytes(u8);
  const found: number[] = [];
  for (let at = 0; at + NLA_HDRLEN + size <= u8.length; at += 4) {
    const isType = (view.getUint16(at + 2, true) & NLA_TYPE_MASK) === type;
    if (isType && view.getUint16(at, true) >= NLA_HDRLEN + size) found.push(view.getUint32(at + NLA_HDRLEN, true));
  }
  return found;
}

/** Several actions, and one of them by index. */
function isEndless(bytes: Uint8Array): boolean {
  const indexes = firstWords(bytes, PARMS, TC_GEN);
  return indexes.length > 1 && indexes.some((index) => index !== 0);
}

/** One index three times. */
function deletesThrice(bytes: Uint8Array): boolean {
  const indexes = firstWords(bytes, TCA_ACT.INDEX.type, 4);
  return indexes.some((index) => indexes.filter((other) => other === index).length > 2);
}

/** Whether a request may harm the kernel. */
export function isHarmful(bytes: Uint8Array): boolean {
  const types = new Set(viewMessages(bytes).messages.map(({ header }) => header.nlmsg_type));
  return (types.has(RTM_NEWTFILTER) && isEndless(bytes)) || (types.has(RTM_DELACTION) && deletesThrice(bytes));
}
