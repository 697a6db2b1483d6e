// net/core/rtnetlink.c do_setlink() and rtnl_setlink(): changing a link. Each attribute takes effect in its turn; a
// refusal leaves the earlier ones done.
import { attrsIn, NLA_HDRLEN } from '../../../../codec/nla.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../../codec/parse.js';
import { EINVAL, ENODEV, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { BPF_PROG_TYPE_XDP } from '../../../../uapi/linux/bpf.js';
import * as L from '../../../../uapi/linux/if_link.js';
import * as IF from '../../../../uapi/linux/if.js';
import { AF_INET } from '../../../../uapi/linux/socket.js';
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import { errno, ModelGap, refuse } from '../../../errno.js';
import { progGetType } from '../../../kernel/bpf/syscall/fd.js';
import type { Task } from '../../../kernel/task.js';
import { inetSetLinkAf } from '../../ipv4/devinet/in_device.js';
import { inet6SetLinkAf } from '../../ipv6/addrconf/inet6_dev.js';
import * as A from '../dev/attributes.js';
import { devChangeFlags, netdevStateChange, operUp } from '../dev/flags.js';
import { devChangeName, devSetAlias } from '../dev/name.js';
import { devGetByIndex } from '../dev/table.js';
import type { NetDevice } from '../net_device.js';
import { GSO_MAX_SEGS } from '../net_device.js';
import type { RtnlRequest } from '../rtnetlink.js';
import type { IfInfo, IflaTable } from './ops.js';
import * as R from './request.js';
import { validateLinkmsg } from './validate.js';

/** One change in progress. `notify` asks for an event at the end, if the device is up. */
interface Change {
  readonly dev: NetDevice;
  readonly ifm: IfInfo;
  readonly tb: IflaTable;
  readonly task: Task;
  readonly extack: Extack;
  notify: boolean;
}

const RX_FLAGS = IF.IFF_PROMISC | IF.IFF_ALLMULTI;

/** @models net/core/rtnetlink.c rtnl_dev_combine_flags() */
export function combineFlags(dev: NetDevice, { ifi_flags, ifi_change }: IfInfo): number {
  if (ifi_change === 0) return ifi_flags;
  const current = (dev.flags & ~RX_FLAGS) | (dev.gflags & RX_FLAGS);
  return (ifi_flags & ifi_change) | (current & ~ifi_change);
}

/** @models net/core/rtnetlink.c rtnl_set_operstate() */
export function setOperstate(dev: NetDevice, transition: number): void {
  let { operstate } = dev;
  const waits: number[] = [IF.IF_OPER_DORMANT, IF.IF_OPER_TESTING, IF.IF_OPER_UNKNOWN];
  if (transition === IF.IF_OPER_UP && waits.includes(operstate) && !dev.dormant && !dev.testing) operstate = transition;
  else if ((transition === IF.IF_OPER_TESTING || transition === IF.IF_OPER_DORMANT) && operUp(dev))
    operstate = transition;
  if (operstate === dev.operstate) return;
  dev.operstate = operstate;
  netdevStateChange(dev);
}

/**
 * No device has a master, and none can be one.
 *
 * @models net/core/rtnetlink.c do_set_master()
 */
export function setMaster(dev: NetDevice, ifindex: number): void {
  if (ifindex === 0) return;
  throw errno(devGetByIndex(dev.net, ifindex) === undefined ? EINVAL : EOPNOTSUPP);
}

/** Names, numbers and addresses. */
function setIdentity(change: Change): void {
  const { dev, ifm, tb, extack } = change;
  if (tb.MAP !== undefined) throw errno(EOPNOTSUPP);
  if (tb.ADDRESS !== undefined) A.devSetMacAddress(dev, tb.ADDRESS);
  if (tb.MTU !== undefined) A.devSetMtu(dev, tb.MTU, extack);
  if (tb.GROUP !== undefined) {
    dev.group = tb.GROUP;
    change.notify = true;
  }
  if (ifm.ifi_index > 0 && tb.IFNAME !== undefined && tb.IFNAME !== '') devChangeName(dev, tb.IFNAME);
  if (tb.IFALIAS !== undefined) {
    devSetAlias(dev, tb.IFALIAS);
    change.notify = true;
  }
  if (tb.BROADCAST !== undefined) A.devSetBroadcast(dev, tb.BROADCAST);
}

function setLimits({ dev, tb }: Change): void {
  if (tb.TXQLEN !== undefined) A.devChangeTxQueueLen(dev, tb.TXQLEN);
  if ((tb.GSO_MAX_SIZE ?? 0) > dev.tsoMaxSize) throw errno(EINVAL);
  if (tb.GSO_MAX_SIZE !== undefined && tb.GSO_MAX_SIZE !== dev.gsoMaxSize) A.setGsoMaxSize(dev, tb.GSO_MAX_SIZE);
  if ((tb.GSO_MAX_SEGS ?? 0) > Math.min(GSO_MAX_SEGS, dev.tsoMaxSegs)) throw errno(EINVAL);
  if (tb.GSO_MAX_SEGS !== undefined) dev.gsoMaxSegs = tb.GSO_MAX_SEGS;
  if (tb.GRO_MAX_SIZE !== undefined && tb.GRO_MAX_SIZE !== dev.groMaxSize) A.setGroMaxSize(dev, tb.GRO_MAX_SIZE);
  if (tb.GSO_IPV4_MAX_SIZE !== undefined) dev.gsoIpv4MaxSize = tb.GSO_IPV4_MAX_SIZE;
  if (tb.GRO_IPV4_MAX_SIZE !== undefined) dev.groIpv4MaxSize = tb.GRO_IPV4_MAX_SIZE;
}

function setState(change: Change): void {
  const { dev, ifm, tb } = change;
  if (ifm.ifi_flags !== 0 || ifm.ifi_change !== 0) devChangeFlags(dev, combineFlags(dev, ifm));
  if (tb.MASTER !== undefined) setMaster(dev, tb.MASTER | 0);
  if (tb.CARRIER !== undefined) {
    if (dev.ops.changeCarrier === undefined) throw errno(EOPNOTSUPP);
    dev.ops.changeCarrier(dev, tb.CARRIER !== 0);
  }
  setLimits(change);
  if (tb.OPERSTATE !== undefined) setOperstate(dev, tb.OPERSTATE);
  if (tb.LINKMODE !== undefined) {
    if (dev.linkMode !== tb.LINKMODE) change.notify = true;
    dev.linkMode = tb.LINKMODE;
  }
}

/** IFLA_VF_INFO, inside IFLA_VFINFO_LIST. */
const IFLA_VF_INFO = 1;

/** Virtual functions and ports: no device here has any. */
function refuseHardware({ tb }: Change): void {
  const first = tb.VFINFO_LIST === undefined ? undefined : attrsIn(tb.VFINFO_LIST)[0];
  if (first !== undefined) throw errno(first.type !== IFLA_VF_INFO || first.len < NLA_HDRLEN ? EINVAL : EOPNOTSUPP);
  if (tb.VF_PORTS !== undefined || tb.PORT_SELF !== undefined) throw errno(EOPNOTSUPP);
}

function setAfSpec(change: Change, spec: Nla): void {
  for (const af of attrsIn(spec)) {
    if (af.type === AF_INET) inetSetLinkAf(change.dev, af);
    else inet6SetLinkAf(change.dev, af, change.extack);
    change.notify = true;
  }
}

/**
 * Detaching is all that can be asked for: that programs for XDP run is not modelled.
 *
 * @models net/core/rtnetlink.c do_setlink() IFLA_XDP
 */
function setXdp(change: Change, nest: Nla): void {
  const xdp = parseNested(L.IFLA_XDP, nest, NL_VALIDATE_LIBERAL, undefined);
  if (xdp.ATTACHED !== undefined || xdp.PROG_ID !== undefined) throw errno(EINVAL);
  const modes = (xdp.FLAGS ?? 0) & L.XDP_FLAGS_MODES;
  if ((xdp.FLAGS ?? 0) & ~L.XDP_FLAGS_MASK || modes & (modes - 1)) throw errno(EINVAL);
  if (xdp.FD === undefined) return;
  if (xdp.FD >= 0) {
    progGetType(change.task, xdp.FD, BPF_PROG_TYPE_XDP);
    throw new ModelGap('IFLA_XDP_FD: XDP programs');
  }
  change.notify = true;
}

function setRest(change: Change): void {
  const { tb, extack } = change;
  refuseHardware(change);
  if (tb.AF_SPEC !== undefined) setAfSpec(change, tb.AF_SPEC);
  if (tb.PROTO_DOWN !== undefined || tb.PROTO_DOWN_REASON !== undefined)
    refuse(extack, EOPNOTSUPP, 'Protodown not supported by device');
  if (tb.XDP !== undefined) setXdp(change, tb.XDP);
}

/**
 * Changes `dev` as the request says. `notify` asks for an event even if nothing below does.
 *
 * @models net/core/rtnetlink.c do_setlink()
 */
export function setlink(dev: NetDevice, request: RtnlRequest, tb: IflaTable, notify: boolean): void {
  const change: Change = { dev, ifm: R.ifInfoOf(request), tb, task: request.task, extack: request.extack, notify };
  if (!request.machine.has('rtnl-early-netns')) R.checkTargetNet(request, tb);
  try {
    setIdentity(change);
    setState(change);
    setRest(change);
  } finally {
    if (change.notify) netdevStateChange(dev);
  }
}

/** @models net/core/rtnetlink.c rtnl_setlink() */
export function rtnlSetlink(request: RtnlRequest): void {
  const tb = R.parseLink(request);
  R.ensureUniqueNetns(tb, request.extack);
  if (request.machine.has('rtnl-early-netns')) R.checkTargetNet(request, tb);
  const ifm = R.ifInfoOf(request);
  if (!R.namesDevice(ifm, tb)) throw errno(EINVAL);
  const dev = R.findDevice(request.net, ifm, tb);
  if (dev === undefined) throw errno(ENODEV);
  validateLinkmsg(dev, tb, request.extack);
  setlink(dev, request, tb, false);
}
