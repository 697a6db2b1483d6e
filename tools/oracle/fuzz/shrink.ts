// Makes a differing session small: what stands behind the difference goes first, then steps in halves and one by one,
// then attributes of the requests that are left, as long as a difference remains that nothing explains.
import { fromHex, toHex } from '../../../lib/codec/bytes.js';
import { Bytes } from '../../../lib/codec/bytes.js';
import { NLMSG_HDRLEN } from '../../../lib/uapi/linux/netlink.js';
import { viewAttributes, viewMessages } from '../../../lib/wire/netlink.js';
import type { Json } from '../../agree/input.js';
import { layoutOf } from '../../../lib/wire/layout/message.js';

type Steps = readonly Json[];

/** Whether these steps still show the difference. */
export type Shows = (steps: Steps) => boolean;

/** Drops runs of steps, long ones first. */
function fewerSteps(steps: Steps, shows: Shows): Steps {
  let best = steps;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = best.length - size; at >= 0; at -= size) {
      const without = best.toSpliced(at, size);
      if (without.length > 0 && shows(without)) best = without;
      at = Math.min(at, best.length);
    }
  }
  return best;
}

/** The request without one run of its bytes, its length corrected. */
function without(bytes: Uint8Array, from: number, to: number): string {
  const left = new Bytes(new Uint8Array(bytes.length - (to - from)));
  left.u8.set(bytes.subarray(0, from));
  left.u8.set(bytes.subarray(to), from);
  left.view.setUint32(0, left.length, true);
  return toHex(left.u8);
}

/** Requests with one of the top attributes left out; one message a datagram only. */
function smaller(send: string): string[] {
  const bytes = fromHex(send);
  const { messages, rest } = viewMessages(bytes);
  const [message] = messages;
  if (message === undefined || messages.length !== 1) return [];
  if (rest.length > 0) return [toHex(bytes.subarray(0, bytes.length - rest.length))];
  const start = layoutOf(message.header.nlmsg_type, 0, message.body)?.start ?? message.body.length;
  return viewAttributes(message.body.subarray(start)).attributes.map((a) => {
    const from = NLMSG_HDRLEN + start + a.offset;
    return without(bytes, from, from + 4 + a.payload.length + a.padding.length);
  });
}

function fewerAttributes(steps: Steps, shows: Shows): Steps {
  let best = steps;
  for (let i = 0; i < best.length; i++) {
    for (let again = true; again;) {
      again = false;
      for (const send of smaller(String(best[i]!['send']))) {
        const changed = best.with(i, { ...best[i]!, send });
        if (!shows(changed)) continue;
        best = changed;
        again = true;
        break;
      }
    }
  }
  return best;
}

/** A smallest list of steps that still shows; `steps` itself must. At most `tries` are asked. */
export function shrink(steps: Steps, shows: Shows, tries = 400): Steps {
  let left = tries;
  const asked: Shows = (candidate) => left-- > 0 && shows(candidate);
  return fewerAttributes(fewerSteps(steps, asked), asked);
}
