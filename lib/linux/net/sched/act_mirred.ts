// net/sched/act_mirred.c: the action that sends packets to another device, or to all of a shared block, as copies or for
// good. It holds its device until the device goes; then it points to nothing.
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../codec/parse.js';
import { EINVAL, ENODEV } from '../../../uapi/asm-generic/errno.js';
import { IFF_UP } from '../../../uapi/linux/if.js';
import { TC_ACT_QUEUED, TC_ACT_SHOT, TC_ACT_STOLEN, TC_ACT_TRAP } from '../../../uapi/linux/pkt_cls.js';
import * as M from '../../../uapi/linux/tc_act/tc_mirred.js';
import { TCA_MIRRED, TCA_MIRRED_6_1 } from '../../../uapi/linux/tc_act/tc_mirred.js';
import { errno, refuse } from '../../errno.js';
import { netifRx } from '../core/dev/backlog.js';
import { netifReceiveSkb } from '../core/dev/receive.js';
import { TC_ACT_CONSUMED } from '../core/dev/tc_hook.js';
import { devQueueXmit } from '../core/dev/xmit.js';
import { devGetByIndex } from '../core/dev/table.js';
import type { NetdevEvent } from '../core/dev/notifier.js';
import type { NetDevice } from '../core/net_device.js';
import { skbPostpullRcsum, skbPostpushRcsum } from '../core/skbuff/checksum.js';
import type { SkBuff } from '../core/skbuff/sk_buff.js';
import type { MessageWriter } from '../netlink/message.js';
import { type ActionInit, type ActionResult, TcAction, type TcActionOps, tcLookupActionN } from './act_api/action.js';
import { tcfActionUpdateBstats, tcfLastuseUpdate } from './act_api/exec.js';
import { tcfTmDump } from './act_api/dump.js';
import { tcfInitAction } from './act_api/idr.js';
import { tcfBlockLookup } from './cls_api/block.js';

/** Mirrors one inside the other. */
const MIRRED_NEST_LIMIT = 4;

/** TCA_EGRESS_REDIR up to TCA_INGRESS_MIRROR. */
const knownEaction = (eaction: number): boolean => eaction >= M.TCA_EGRESS_REDIR && eaction <= M.TCA_INGRESS_MIRROR;

/** struct tcf_mirred */
class Mirred extends TcAction {
  /** TCA_*_REDIR or TCA_*_MIRROR */
  eaction = 0;
  /** Held. */
  dev: NetDevice | undefined;
  /** Index of a shared block; 0 = a device. */
  blockid = 0;

  /** @models net/sched/act_mirred.c tcf_mirred_replace_dev() */
  replaceDev(dev: NetDevice | undefined): void {
    const old = this.dev;
    this.dev = dev?.hold(this);
    old?.release(this);
  }

  /** @models net/sched/act_mirred.c tcf_mirred_release() */
  protected override cleanup(): void {
    this.replaceDev(undefined);
  }
}

function parseOptions({ net, options, extack }: ActionInit) {
  if (options === undefined) refuse(extack, EINVAL, 'act_mirred: Mirred requires attributes to be passed');
  const set = net.machine.has('mirred-block') ? TCA_MIRRED : TCA_MIRRED_6_1;
  const tb = parseNested(set, options, NL_VALIDATE_LIBERAL, extack);
  if (tb.PARMS === undefined) refuse(extack, EINVAL, 'act_mirred: Missing required mirred parameters');
  return { parm: tb.PARMS, blockid: tb.BLOCKID };
}
type Options = ReturnType<typeof parseOptions>;

/** What is refused before there is an action. */
function checkParms({ net, extack }: ActionInit, { parm, blockid }: Options, exists: boolean): void {
  if (blockid !== undefined && parm.ifindex !== 0)
    refuse(extack, EINVAL, 'act_mirred: Cannot specify Block ID and dev simultaneously');
  if (!knownEaction(parm.eaction)) refuse(extack, EINVAL, 'act_mirred: Unknown mirred option');
  if (exists || parm.ifindex !== 0 || blockid !== undefined) return;
  const blocks = net.machine.has('mirred-block');
  refuse(extack, EINVAL, `act_mirred: ${blocks ? 'Must specify device or block' : 'Specified device does not exist'}`);
}

function configure({ net }: ActionInit, { parm, blockid }: Options, mirred: Mirred): void {
  if (parm.ifindex !== 0) {
    const dev = devGetByIndex(net, parm.ifindex | 0);
    if (dev === undefined) throw errno(ENODEV);
    mirred.replaceDev(dev);
    mirred.blockid = 0;
  } else if (blockid !== undefined) {
    mirred.replaceDev(undefined);
    mirred.blockid = blockid;
  }
  mirred.eaction = parm.eaction;
}

/** @models net/sched/act_mirred.c tcf_mirred_init() */
function init(request: ActionInit): ActionResult {
  const options = parseOptions(request);
  const { index, action: verdict } = options.parm;
  return tcfInitAction<Mirred>(request, 'mirred', {
    index,
    verdict,
    check: (exists) => {
      checkParms(request, options, exists);
    },
    make: (fresh) => new Mirred(fresh),
    configure: (mirred) => {
      configure(request, options, mirred);
    },
  });
}

/** @models net/sched/act_mirred.c tcf_mirred_dump() */
function dump(action: Mirred, skb: MessageWriter, ref: number): void {
  const { index, refcount, bindcnt, action: verdict, eaction, dev, blockid } = action;
  skb.put(TCA_MIRRED.PARMS, {
    index,
    capab: 0,
    action: verdict,
    refcnt: refcount - ref,
    bindcnt,
    eaction,
    ifindex: dev?.ifindex ?? 0,
  });
  if (blockid !== 0) skb.put(TCA_MIRRED.BLOCKID, blockid);
  tcfTmDump(skb, action, TCA_MIRRED.TM.type, TCA_MIRRED.PAD.type);
}

const isRedirect = (eaction: number): boolean => eaction === M.TCA_EGRESS_REDIR || eaction === M.TCA_INGRESS_REDIR;
const wantsIngress = (eaction: number): boolean => eaction === M.TCA_INGRESS_REDIR || eaction === M.TCA_INGRESS_MIRROR;

/** Whether the packet itself may go: nobody looks at it afterwards. @models net/sched/act_mirred.c tcf_mirred_can_reinsert() */
const canReinsert = (verdict: number): boolean =>
  verdict === TC_ACT_SHOT || verdict === TC_ACT_STOLEN || verdict === TC_ACT_QUEUED || verdict === TC_ACT_TRAP;

/** Where the packet starts when it gets there: at the network header on the way in, at the link header on the way out. */
function moveStart(skb: SkBuff, atIngress: boolean, toNetwork: boolean): void {
  const atNetwork = skb.networkOffset === 0;
  if (atNetwork === toNetwork) return;
  const macLen = atIngress ? skb.macLen : skb.networkOffset;
  if (toNetwork) {
    const { data } = skb;
    skb.pull(macLen);
    skbPostpullRcsum(skb, data, macLen);
  } else {
    skb.push(macLen);
    skbPostpushRcsum(skb, skb.data, macLen);
  }
}

/** Nonzero: it did not get there. @models net/sched/act_mirred.c tcf_mirred_forward() */
function forward(skb: SkBuff, atIngress: boolean, toIngress: boolean): number {
  if (!toIngress) return devQueueXmit(skb);
  const { machine } = skb.dev!.net;
  const direct = machine.has('mirred-ingress-by-place') ? atIngress : machine.softnet.mirredNest <= 1;
  return direct ? netifReceiveSkb(skb) : netifRx(skb);
}

/** @models net/sched/act_mirred.c tcf_mirred_to_dev() */
function toDev(skb: SkBuff, mirred: Mirred, dev: NetDevice, eaction: number): number {
  const { action: verdict } = mirred;
  const redirect = isRedirect(eaction);
  const { atIngress } = skb;
  const reinsert = atIngress && redirect && canReinsert(verdict);
  const up = (dev.flags & IFF_UP) !== 0 && dev.carrier;
  const sent = !up ? undefined : reinsert ? skb : skb.pool.clone(skb);
  if (sent === undefined) {
    mirred.qstats.overlimits++;
    return redirect ? TC_ACT_SHOT : verdict;
  }
  const toIngress = wantsIngress(eaction);
  if (toIngress && !atIngress) sent.dst = undefined;
  moveStart(sent, atIngress, toIngress);
  sent.skbIif = skb.dev!.ifindex;
  sent.dev = dev;
  if (redirect) {
    sent.setRedirected(sent.atIngress);
    if (sent.fromIngress) sent.clearTimestamp();
  }
  if (forward(sent, atIngress, toIngress) !== 0) mirred.qstats.overlimits++;
  return reinsert ? TC_ACT_CONSUMED : verdict;
}

/** Devices of a block in the order of their indexes, the one the packet is at excepted. */
function portsFor(skb: SkBuff, ports: ReadonlySet<number>): NetDevice[] {
  const { net, ifindex } = skb.dev!;
  const others = [...ports].filter((port) => port !== ifindex).sort((a, b) => a - b);
  return others.map((port) => devGetByIndex(net, port)).filter((dev) => dev !== undefined);
}

/** Copies to all devices of the block; what is redirected goes to the last. @models net/sched/act_mirred.c tcf_blockcast() */
function toBlock(skb: SkBuff, mirred: Mirred): number {
  const { eaction, action: verdict } = mirred;
  const ports = tcfBlockLookup(skb.dev!.net, mirred.blockid)?.ports;
  if (ports === undefined || ports.size === 0) {
    mirred.qstats.overlimits++;
    return isRedirect(eaction) ? TC_ACT_SHOT : verdict;
  }
  const devices = portsFor(skb, ports);
  const last = isRedirect(eaction) ? devices.pop() : undefined;
  const copies = wantsIngress(eaction) ? M.TCA_INGRESS_MIRROR : M.TCA_EGRESS_MIRROR;
  for (const dev of devices) toDev(skb, mirred, dev, copies);
  return last === undefined ? verdict : toDev(skb, mirred, last, eaction);
}

/** Its device is gone. */
function withoutDevice({ qstats, eaction, action, table }: Mirred): number {
  qstats.overlimits++;
  return isRedirect(eaction) && !table.machine.has('mirred-no-target-goes-on') ? TC_ACT_SHOT : action;
}

/** @models net/sched/act_mirred.c tcf_mirred_act() */
function act(action: Mirred, skb: SkBuff): number {
  const { softnet } = action.table.machine;
  if (softnet.mirredNest >= MIRRED_NEST_LIMIT) return TC_ACT_SHOT;
  softnet.mirredNest++;
  try {
    tcfLastuseUpdate(action);
    tcfActionUpdateBstats(action, skb);
    if (action.blockid !== 0) return toBlock(skb, action);
    if (action.dev !== undefined) return toDev(skb, action, action.dev, action.eaction);
    return withoutDevice(action);
  } finally {
    softnet.mirredNest--;
  }
}

export const actMirredOps: TcActionOps = {
  kind: 'mirred',
  init,
  act,
  dump,
  fillSize: () => M.tc_mirred.size + 4,
  offloadable: () => true,
};

/** A device goes: nothing points to it any more. @models net/sched/act_mirred.c mirred_device_event() */
export function mirredDeviceEvent(dev: NetDevice, event: NetdevEvent): void {
  if (event !== 'UNREGISTER') return;
  for (const action of tcLookupActionN(dev.net, actMirredOps.kind)?.inOrder() ?? [])
    if (action instanceof Mirred && action.dev === dev) action.replaceDev(undefined);
}
