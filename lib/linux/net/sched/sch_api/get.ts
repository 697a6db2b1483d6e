// net/sched/sch_api.c tc_get_qdisc() and tc_dump_qdisc(): RTM_DELQDISC, RTM_GETQDISC of one, and the dump of all. The
// answer to a GET goes to the group; the requester sees it only by ECHO or membership.
import { EINVAL, ENOENT } from '../../../../uapi/asm-generic/errno.js';
import { NLM_F_MULTI } from '../../../../uapi/linux/netlink.js';
import { TC_H_INGRESS, TC_H_MAJ, TC_H_ROOT } from '../../../../uapi/linux/pkt_sched.js';
import { RTM_DELQDISC, RTM_NEWQDISC, TCA } from '../../../../uapi/linux/rtnetlink.js';
import { refuse } from '../../../errno.js';
import type { NetDevice } from '../../core/net_device.js';
import type { DumpEntry, RtnlRequest } from '../../core/rtnetlink.js';
import { MessageWriter } from '../../netlink/message.js';
import type { Qdisc } from '../sch_generic.js';
import { dumpIgnore, fillQdisc, notifyTc } from './fill.js';
import { qdiscGraft } from './graft.js';
import { qdiscHashOrder, qdiscLeaf, qdiscLookup } from './lookup.js';
import { checkKind } from './modify.js';
import { parseTc, type TcRequest } from './request.js';

interface Found {
  readonly q: Qdisc;
  /** Whose class `q` hangs under, if it is not at the device. */
  readonly parent: Qdisc | undefined;
}

function findByParent(t: TcRequest, dev: NetDevice): Found {
  const { extack } = t.request;
  const clid = t.parent;
  let parent: Qdisc | undefined;
  let q: Qdisc | undefined;
  if (clid === TC_H_ROOT) {
    q = dev.qdisc;
  } else if (TC_H_MAJ(clid) === TC_H_MAJ(TC_H_INGRESS)) {
    q = dev.ingressQueue?.qdisc;
  } else {
    parent = qdiscLookup(dev, TC_H_MAJ(clid));
    if (parent === undefined) refuse(extack, ENOENT, 'Failed to find qdisc with specified classid');
    q = qdiscLeaf(parent, clid, extack);
  }
  if (q === undefined) refuse(extack, ENOENT, 'Cannot find specified qdisc on specified device');
  if (t.handle !== 0 && q.handle !== t.handle) refuse(extack, EINVAL, 'Invalid handle');
  return { q, parent };
}

function findByHandle(t: TcRequest, dev: NetDevice): Found {
  const q = qdiscLookup(dev, t.handle);
  if (q === undefined) refuse(t.request.extack, ENOENT, 'Failed to find qdisc with specified handle');
  return { q, parent: undefined };
}

function answer(request: RtnlRequest, clid: number, q: Qdisc): void {
  if (dumpIgnore(q, false)) return;
  const skb = new MessageWriter();
  fillQdisc(skb, request, q, { type: RTM_NEWQDISC, flags: 0, clid });
  notifyTc(request, skb);
}

/** RTM_DELQDISC and RTM_GETQDISC. @models net/sched/sch_api.c tc_get_qdisc() */
export function getQdisc(request: RtnlRequest): void {
  const t = parseTc(request);
  const dev = t.dev();
  const { q, parent } = t.parent === 0 ? findByHandle(t, dev) : findByParent(t, dev);
  checkKind(t, q);
  if (request.type !== RTM_DELQDISC) {
    answer(request, t.parent, q);
    return;
  }
  if (t.parent === 0) refuse(request.extack, EINVAL, 'Classid cannot be zero');
  if (q.handle === 0) refuse(request.extack, ENOENT, 'Cannot delete qdisc with handle of zero');
  qdiscGraft(t, dev, parent, t.parent, undefined, q);
}

/** The `i`th of root, children by hash bucket, ingress. */
function qdiscAt(dev: NetDevice, i: number): Qdisc | undefined {
  if (i === 0) return dev.qdisc;
  const children = qdiscHashOrder(dev);
  return i <= children.length ? children[i - 1] : i === children.length + 1 ? dev.ingressQueue?.qdisc : undefined;
}

/** Every qdisc of every device, whatever tcm_ifindex says. @models net/sched/sch_api.c tc_dump_qdisc() */
export function* dumpQdisc(request: RtnlRequest): Iterable<DumpEntry> {
  const t = parseTc(request);
  const dumpInvisible = t.tca[TCA.DUMP_INVISIBLE.type] !== undefined;
  for (let d = 0; d < request.net.devices.length; d++) {
    for (let i = 0; ; i++) {
      const dev = request.net.devices[d];
      const q = dev && qdiscAt(dev, i);
      if (q === undefined) break;
      if (dumpIgnore(q, dumpInvisible)) continue;
      yield (skb) => {
        fillQdisc(skb, request, q, { type: RTM_NEWQDISC, flags: NLM_F_MULTI, clid: q.parent });
      };
    }
  }
}
