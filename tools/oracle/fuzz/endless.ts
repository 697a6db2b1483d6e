// Requests the real kernel never comes back from, so that they are never sent: it repeats the request for a filter that
// names by its index an action which the same request is just making, without end and without heeding signals (-EAGAIN
// in tc_new_tfilter()). What is taken for one is wider than what is one: mutation can put attributes anywhere.
import { NLA_HDRLEN, NLA_TYPE_MASK } from '../../../lib/codec/nla.js';
import { Bytes } from '../../../lib/codec/bytes.js';
import { RTM_NEWTFILTER } from '../../../lib/uapi/linux/rtnetlink.js';
import { viewMessages } from '../../../lib/wire/netlink.js';

/** Type of the parameters of an action, of any kind; they begin with struct tc_gen, and that with the index. */
const PARMS = 2;
const TC_GEN = 20;

/** The indexes in everything that may be parameters: an attribute may start at any word. */
function actionIndexes(u8: Uint8Array): number[] {
  const { view } = new Bytes(u8);
  const found: number[] = [];
  for (let at = 0; at + NLA_HDRLEN + TC_GEN <= u8.length; at += 4) {
    const isParms = (view.getUint16(at + 2, true) & NLA_TYPE_MASK) === PARMS;
    if (isParms && view.getUint16(at, true) >= NLA_HDRLEN + TC_GEN) found.push(view.getUint32(at + NLA_HDRLEN, true));
  }
  return found;
}

/** Whether the kernel may repeat a request for ever: several actions, and one of them by index. */
export function isEndless(bytes: Uint8Array): boolean {
  if (!viewMessages(bytes).messages.some(({ header }) => header.nlmsg_type === RTM_NEWTFILTER)) return false;
  const indexes = actionIndexes(bytes);
  return indexes.length > 1 && indexes.some((index) => index !== 0);
}
