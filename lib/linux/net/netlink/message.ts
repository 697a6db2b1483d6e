// include/net/netlink.h nlmsg_put(), nlmsg_end(), nlmsg_cancel(): building messages into one sk_buff.
import { Writer } from '../../../codec/writer.js';
import { NLMSG_HDRLEN, nlmsgAlign } from '../../../uapi/linux/netlink.js';

/** include/linux/netlink.h NLMSG_GOODSIZE on x86-64: what an ordinary reply has room for, bytes. */
export const NLMSG_GOODSIZE = 3776;

/** Appends netlink messages; `limit` is the room of the sk_buff in bytes. */
export class MessageWriter extends Writer {
  constructor(limit: number = NLMSG_GOODSIZE) {
    super(limit);
  }

  /** Starts afresh with another limit, in the same memory. */
  reset(limit: number): this {
    this.limit = limit;
    this.trim(0);
    return this;
  }

  /** Opens a message with `payload` zero bytes after its header; returns the offset of the header. */
  begin(type: number, flags: number, seq: number, portid: number, payload: number): number {
    const start = this.reserve(NLMSG_HDRLEN + nlmsgAlign(payload));
    const view = this.buffer.view;
    view.setUint32(start, NLMSG_HDRLEN + payload, true);
    view.setUint32(start + 4, (flags << 16) | type, true);
    view.setUint32(start + 8, seq, true);
    view.setUint32(start + 12, portid, true);
    return start;
  }

  /** Closes the message opened at `start`. */
  end(start: number): void {
    this.buffer.view.setUint32(start, this.length - start, true);
  }
}
