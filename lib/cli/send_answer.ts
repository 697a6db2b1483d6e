// The box's answer to `tcbox send --in BOX`: a frame goes into the kernel, its verdict comes back as the line that is printed.
import type { Machine } from '../linux/machine.js';
import type { Send, Sent } from '../record/control.js';
import { SendError, sendInto } from './send_line.js';

/** Longest verdict: what one message to a caller may be. */
const VERDICT_MAX = 48 << 10;

/** Sends the frame; whatever cannot be sent is answered with why. */
export function answerSend(machine: Machine, { device, ingress, frame }: Send): Sent {
  try {
    const line = sendInto(machine, device, ingress, Uint8Array.from(Buffer.from(frame, 'hex')));
    const verdict = JSON.stringify(line);
    if (verdict.length <= VERDICT_MAX) return { verdict, error: '' };
    for (const destination of line.destinations) delete destination.frame;
    const shorter = JSON.stringify(line);
    if (shorter.length <= VERDICT_MAX) return { verdict: shorter, error: '' };
    return { verdict: '', error: 'its way is too long to be told' };
  } catch (error) {
    if (!(error instanceof SendError)) throw error;
    return { verdict: '', error: error.message };
  }
}
