// net/sched/sch_api.c and cls_api.c, how every traffic control request begins: the header, the attributes, the device.
import type { Nla } from '../../../../codec/nla.js';
import type { AttrSet } from '../../../../codec/attrs.js';
import { NL_VALIDATE_LIBERAL, parse } from '../../../../codec/parse.js';
import { EINVAL, ENODEV } from '../../../../uapi/asm-generic/errno.js';
import { NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { TCA, TCA_4_1, tcmsg } from '../../../../uapi/linux/rtnetlink.js';
import { errno, refuse } from '../../../errno.js';
import type { Holder } from '../../../events.js';
import { devGetByIndex } from '../../core/dev/table.js';
import type { NetDevice } from '../../core/net_device.js';
import type { Net } from '../../core/net_namespace.js';
import type { RtnlRequest } from '../../core/rtnetlink.js';

const { tcm_ifindex, tcm_handle, tcm_parent, tcm_info } = tcmsg.offsetof;
const ATTRS_START = NLMSG_HDRLEN + tcmsg.size;

/** A parsed tcmsg request. Attributes are looked up by type: `tca[TCA.KIND.type]`. It is the holder of what it uses. */
export class TcRequest implements Holder {
  readonly request: RtnlRequest;
  readonly tca: readonly (Nla | undefined)[];

  constructor(request: RtnlRequest, tca: readonly (Nla | undefined)[]) {
    this.request = request;
    this.tca = tca;
  }

  get label(): string {
    return `request type ${this.request.type} of port ${this.request.portid}`;
  }

  get ifindex(): number {
    return this.#word(tcm_ifindex) | 0;
  }

  get handle(): number {
    return this.#word(tcm_handle);
  }

  get parent(): number {
    return this.#word(tcm_parent);
  }

  get info(): number {
    return this.#word(tcm_info);
  }

  #word(offset: number): number {
    return this.request.msg.view.getUint32(NLMSG_HDRLEN + offset, true);
  }

  get net(): Net {
    return this.request.net;
  }

  /** Whether the message asks for all of `flags` (NLM_F_*). */
  wants(flags: number): boolean {
    return (this.request.flags & flags) === flags;
  }

  /** A u32 attribute, or `otherwise`. */
  u32(type: number, otherwise: number): number {
    return this.tca[type]?.u32() ?? otherwise;
  }

  /** The device of tcm_ifindex. Refuses (ENODEV) when there is none. */
  dev(): NetDevice {
    const dev = devGetByIndex(this.net, this.ifindex);
    if (dev === undefined) throw errno(ENODEV);
    return dev;
  }
}

/**
 * Parses a request, judging its attributes by `policy`. Refuses a short header and what the policy refuses; bytes that
 * are left over make a warning.
 *
 * @models include/net/netlink.h nlmsg_parse_deprecated()
 */
export function parseTc(request: RtnlRequest, policy: AttrSet<object> = TCA): TcRequest {
  const { msg, extack, machine } = request;
  if (msg.length < ATTRS_START) refuse(extack, EINVAL, 'Invalid header length');
  const set: AttrSet<object> = machine.has('tca-policy') ? policy : TCA_4_1;
  return new TcRequest(request, parse(set, msg, ATTRS_START, msg.length, NL_VALIDATE_LIBERAL, extack).$nla);
}

/**
 * Whether the message has a whole tcmsg; dumps of filters, classes and chains end empty when it has not.
 *
 * @differs the kernel calls nlmsg_msg_size() in place
 */
export function hasTcmsg(request: RtnlRequest): boolean {
  return request.msg.length >= ATTRS_START;
}
