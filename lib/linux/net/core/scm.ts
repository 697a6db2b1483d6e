// net/core/scm.c put_cmsg(): control messages that a receive gives beside the data. One writer a receive, for the families
// that have something to say; the caller has offered so many bytes of room.
import { Bytes } from '../../../codec/bytes.js';
import { cmsghdr, MSG_CTRUNC } from '../../../uapi/linux/socket.js';

const CMSG_ALIGN = 8;

/** A run of control messages; what does not fit is cut and marked MSG_CTRUNC. */
export class ControlWriter {
  readonly #out: Bytes;
  #used = 0;
  flags = 0;

  constructor(room: number) {
    this.#out = Bytes.zeroed(room);
  }

  /** @models net/core/scm.c put_cmsg() */
  put(level: number, type: number, payload: Uint8Array): void {
    const room = this.#out.length - this.#used;
    if (room < cmsghdr.size) {
      this.flags |= MSG_CTRUNC;
      return;
    }
    const full = cmsghdr.size + payload.length;
    const length = Math.min(full, room);
    if (length < full) this.flags |= MSG_CTRUNC;
    cmsghdr.set(this.#out, this.#used, { cmsg_len: BigInt(length), cmsg_level: level, cmsg_type: type });
    this.#out.u8.set(payload.subarray(0, length - cmsghdr.size), this.#used + cmsghdr.size);
    this.#used = Math.min(this.#used + ((full + CMSG_ALIGN - 1) & -CMSG_ALIGN), this.#out.length);
  }

  take(): Uint8Array {
    return this.#out.u8.subarray(0, this.#used);
  }
}
