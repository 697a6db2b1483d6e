// The box's answers to `tcbox send --in BOX`: a frame goes into the kernel, its verdict comes back as the line that is printed.
// Of many frames only their number comes back.
import type { Machine } from '../linux/machine.js';
import type { Send, SendAll, Sent, SentAll } from '../record/control.js';
import { SendError, sendInto, sendUntoldInto } from './send_line.js';

/** Longest verdict: what one message to a caller may be. */
const VERDICT_MAX = 48 << 10;

const bytesOf = (frame: string): Uint8Array => Uint8Array.from(Buffer.from(frame, 'hex'));

/** Sends the frame; whatever cannot be sent is answered with why. */
export function answerSend(machine: Machine, { device, ingress, frame }: Send): Sent {
  try {
    const line = sendInto(machine, device, ingress, bytesOf(frame));
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

/** Sends the frames until one cannot be sent; the answer says why. */
export function answerSendAll(machine: Machine, { device, ingress, frames }: SendAll): SentAll {
  const answer = { frames: 0, passed: 0, error: '' };
  try {
    for (const frame of frames) {
      if (sendUntoldInto(machine, device, ingress, bytesOf(frame))) answer.passed++;
      answer.frames++;
    }
  } catch (error) {
    if (!(error instanceof SendError)) throw error;
    answer.error = error.message;
  }
  return answer;
}
