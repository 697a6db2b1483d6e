// include/linux/netlink.h struct netlink_ext_ack: what a refusal (or a warning) says beside its errno. The code that
// refuses fills it where the kernel function at that place is given one; af_netlink turns it into TLVs.
import type { AttributeKind } from './kind.js';

export class Extack {
  /** Human-readable text; undefined = none. */
  msg: string | undefined;
  /** Offset of the offending attribute's header from the start of its nlmsghdr; undefined = none. */
  badAttr: number | undefined;
  /** The input policy the offending attribute failed. */
  policy: AttributeKind | undefined;
  /** Type of a missing attribute, and offset of the nest it is missing from (undefined = top level). */
  missType: number | undefined;
  missNest: number | undefined;
  /** At most 20 opaque bytes. */
  cookie: Uint8Array | undefined;

  /** True when there is nothing to report. */
  get isEmpty(): boolean {
    return (
      this.msg === undefined && this.badAttr === undefined && this.missType === undefined && this.cookie === undefined
    );
  }

  /** Names the offending attribute by the offset of its header. */
  setBad(msg: string | undefined, badAttr: number | undefined, policy?: AttributeKind): void {
    if (msg !== undefined) this.msg = msg;
    this.badAttr = badAttr;
    this.policy = policy;
  }
}
