// net/core/rtnetlink.c rtnl_newlink(): makes a link, or changes the one that is named.
import type { Extack } from '../../../../codec/extack.js';
import { EEXIST, EINVAL, ENODEV, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { NLM_F_CREATE, NLM_F_ECHO, NLM_F_EXCL, NLM_F_REPLACE } from '../../../../uapi/linux/netlink.js';
import { errno, refuse } from '../../../errno.js';
import * as A from '../dev/attributes.js';
import { changeFlagsQuietly, devNotifyFlags } from '../dev/flags.js';
import { registerNetdevice, unregisterNetdevices, unregisterQueue } from '../dev/register.js';
import { NetDevice } from '../net_device.js';
import type { Net } from '../net_namespace.js';
import type { RtnlRequest } from '../rtnetlink.js';
import { combineFlags, setlink, setMaster, setOperstate } from './change.js';
import type { LinkInfo } from './linkinfo.js';
import { parseLinkInfo } from './linkinfo.js';
import type { LinkRequester } from './notify.js';
import { CHANGED_ALL, requesterOf } from './notify.js';
import type { IfInfo, IflaTable, RtnlLinkOps } from './ops.js';
import * as R from './request.js';
import { validateLinkmsg } from './validate.js';

const MAX_QUEUES = 4096;

function checkQueues(count: number, what: string, extack: Extack): void {
  if (count < 1 || count > MAX_QUEUES) refuse(extack, EINVAL, `Invalid number of ${what} queues`);
}

/** The attributes a device is born with. */
function applyAttributes(dev: NetDevice, tb: IflaTable, extack: Extack): void {
  validateLinkmsg(dev, tb, extack);
  if (tb.MTU !== undefined) {
    A.devValidateMtu(dev, tb.MTU, extack);
    dev.mtu = tb.MTU;
  }
  if (tb.ADDRESS !== undefined) {
    dev.address = tb.ADDRESS.slice(0, dev.addrLen);
    dev.addrAssignType = 'set';
  }
  if (tb.BROADCAST !== undefined) dev.broadcast = tb.BROADCAST.slice(0, dev.addrLen);
  if (tb.TXQLEN !== undefined) dev.txQueueLen = tb.TXQLEN;
  if (tb.OPERSTATE !== undefined) setOperstate(dev, tb.OPERSTATE);
  if (tb.LINKMODE !== undefined) dev.linkMode = tb.LINKMODE;
  if (tb.GROUP !== undefined) dev.group = tb.GROUP;
  if (tb.GSO_MAX_SIZE !== undefined) A.setGsoMaxSize(dev, tb.GSO_MAX_SIZE);
  if (tb.GSO_MAX_SEGS !== undefined) dev.gsoMaxSegs = tb.GSO_MAX_SEGS;
  if (tb.GRO_MAX_SIZE !== undefined) A.setGroMaxSize(dev, tb.GRO_MAX_SIZE);
  if (tb.GSO_IPV4_MAX_SIZE !== undefined) dev.gsoIpv4MaxSize = tb.GSO_IPV4_MAX_SIZE;
  if (tb.GRO_IPV4_MAX_SIZE !== undefined) dev.groIpv4MaxSize = tb.GRO_IPV4_MAX_SIZE;
}

/**
 * A new device of a kind with the attributes of a request, not yet registered; the namespace holds it.
 *
 * @models net/core/rtnetlink.c rtnl_create_link()
 */
export function createLink(net: Net, name: string, ops: RtnlLinkOps, tb: IflaTable, extack: Extack): NetDevice {
  const numTxQueues = tb.NUM_TX_QUEUES ?? ops.numTxQueues?.(net.machine) ?? 1;
  const numRxQueues = tb.NUM_RX_QUEUES ?? ops.numRxQueues?.(net.machine) ?? 1;
  checkQueues(numTxQueues, 'transmit', extack);
  checkQueues(numRxQueues, 'receive', extack);
  const dev = new NetDevice(net, name, net);
  dev.numTxQueues = numTxQueues;
  dev.numRxQueues = numRxQueues;
  dev.linkOps = ops;
  dev.linkInitializing = true;
  try {
    ops.setup(dev);
    applyAttributes(dev, tb, extack);
  } catch (refusal) {
    dev.release(net);
    throw refusal;
  }
  return dev;
}

/**
 * Sets the flags of a link that was just registered and announces it.
 *
 * @models net/core/rtnetlink.c rtnl_configure_link()
 */
export function configureLink(dev: NetDevice, ifm: IfInfo | undefined, to?: LinkRequester): void {
  const old = dev.flags;
  if (ifm !== undefined && (ifm.ifi_flags !== 0 || ifm.ifi_change !== 0))
    changeFlagsQuietly(dev, combineFlags(dev, ifm));
  const changed = dev.linkInitializing ? CHANGED_ALL : old ^ dev.flags;
  dev.linkInitializing = false;
  devNotifyFlags(dev, old, changed, to);
}

/** Undoes a link that was registered. */
function discard(dev: NetDevice, ops: RtnlLinkOps): void {
  const kill: NetDevice[] = [];
  if (ops.newlink !== undefined && ops.dellink !== undefined) ops.dellink(dev, kill);
  else unregisterQueue(dev, kill);
  unregisterNetdevices(kill);
}

/** @models net/core/rtnetlink.c rtnl_newlink_create() */
function create(request: RtnlRequest, ops: RtnlLinkOps, tb: IflaTable, info: LinkInfo): void {
  const { net, extack, flags, machine } = request;
  const ifm = R.ifInfoOf(request);
  const dev = createLink(net, tb.IFNAME ?? `${ops.kind}%d`, ops, tb, extack);
  dev.ifindex = ifm.ifi_index;
  try {
    if (ops.newlink === undefined) registerNetdevice(dev);
    else ops.newlink(dev, { net, tb, data: info.data, peer: info.peer, extack });
  } catch (refusal) {
    dev.release(net);
    throw refusal;
  }
  try {
    configureLink(dev, ifm, machine.has('rtnl-echo-link') && flags & NLM_F_ECHO ? requesterOf(request) : undefined);
    if (tb.MASTER !== undefined) setMaster(dev, tb.MASTER | 0);
  } catch (refusal) {
    discard(dev, ops);
    throw refusal;
  }
}

/** @models net/core/rtnetlink.c rtnl_changelink() */
function change(dev: NetDevice, request: RtnlRequest, tb: IflaTable, info: LinkInfo): void {
  const { flags, extack } = request;
  if (flags & NLM_F_EXCL) throw errno(EEXIST);
  if (flags & NLM_F_REPLACE) throw errno(EOPNOTSUPP);
  const late = request.machine.has('rtnl-newlink-late-check');
  if (!late) validateLinkmsg(dev, tb, extack);
  if (info.hasData) {
    if (info.ops === undefined || info.ops !== dev.linkOps || info.ops.changelink === undefined)
      throw errno(EOPNOTSUPP);
    info.ops.changelink(dev, tb, info.data ?? [], extack);
  }
  if (info.hasSlaveData) throw errno(EOPNOTSUPP);
  if (late) validateLinkmsg(dev, tb, extack);
  setlink(dev, request, tb, info.hasData);
}

/** @models net/core/rtnetlink.c rtnl_group_changelink() */
function changeGroup(request: RtnlRequest, tb: IflaTable, group: number): void {
  for (const dev of request.net.devices.filter((candidate) => candidate.group === group)) {
    validateLinkmsg(dev, tb, request.extack);
    setlink(dev, request, tb, false);
  }
}

/** @models net/core/rtnetlink.c __rtnl_newlink() */
function refuseNegativeIndex(request: RtnlRequest): void {
  if (R.ifInfoOf(request).ifi_index < 0 && request.machine.has('rtnl-negative-ifindex'))
    refuse(request.extack, EINVAL, "ifindex can't be negative");
}

/** The namespaces of a link. @differs the kernel writes this out */
function checkNets(request: RtnlRequest, tb: IflaTable): void {
  R.checkTargetNet(request, tb);
  R.checkLinkNet(tb, request.extack);
}

/** @models net/core/rtnetlink.c __rtnl_newlink() */
function newlink(request: RtnlRequest, tb: IflaTable, info: LinkInfo): void {
  const { net, flags, extack } = request;
  const ifm = R.ifInfoOf(request);
  refuseNegativeIndex(request);
  const dev = R.findDevice(net, ifm, tb);
  if (dev !== undefined) {
    change(dev, request, tb, info);
  } else if ((flags & NLM_F_CREATE) === 0) {
    if (R.namesDevice(ifm, tb) || tb.GROUP === undefined) throw errno(ENODEV);
    changeGroup(request, tb, tb.GROUP);
  } else {
    if (tb.MAP !== undefined || tb.PROTINFO !== undefined) throw errno(EOPNOTSUPP);
    if (info.ops === undefined) refuse(extack, EOPNOTSUPP, 'Unknown device type');
    if (!request.machine.has('rtnl-early-netns')) checkNets(request, tb);
    create(request, info.ops, tb, info);
  }
}

/** @models net/core/rtnetlink.c rtnl_newlink() */
export function rtnlNewlink(request: RtnlRequest): void {
  const tb = R.parseLink(request);
  R.ensureUniqueNetns(tb, request.extack);
  if (!request.machine.has('rtnl-newlink-late-check')) refuseNegativeIndex(request);
  const info = parseLinkInfo(request, tb);
  if (request.machine.has('rtnl-early-netns')) checkNets(request, tb);
  newlink(request, tb, info);
}
