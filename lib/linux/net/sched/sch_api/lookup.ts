// net/sched/sch_api.c, the part lookups: qdiscs of a device by handle, children by class, kinds by name.
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import { ENOENT, EOPNOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { refuse } from '../../../errno.js';
import { nlaIs } from '../../../lib/nlattr.js';
import { type NetDevice, NetdevQueue } from '../../core/net_device.js';
import type { Net } from '../../core/net_namespace.js';
import { pktSched, type Qdisc, type QdiscOps, TCQ_F_BUILTIN } from '../sch_generic.js';

function matchFromRoot(root: Qdisc, handle: number): Qdisc | undefined {
  if ((root.flags & TCQ_F_BUILTIN) !== 0) return undefined;
  if (root.handle === handle) return root;
  return root.dev.qdiscHash.find(handle);
}

/**
 * The qdisc of `dev` with this handle; 0 is nobody's.
 *
 * @models net/sched/sch_api.c qdisc_lookup()
 */
export function qdiscLookup(dev: NetDevice, handle: number): Qdisc | undefined {
  if (handle === 0) return undefined;
  return matchFromRoot(dev.qdisc, handle) ?? (dev.ingressQueue && matchFromRoot(dev.ingressQueue.qdisc, handle));
}

/**
 * The child under a class, if it has one. Refuses classless qdiscs and unknown classes.
 *
 * @models net/sched/sch_api.c qdisc_leaf()
 */
export function qdiscLeaf(parent: Qdisc, classid: number, extack: Extack): Qdisc | undefined {
  const cops = parent.ops.classOps;
  if (cops === undefined) refuse(extack, EOPNOTSUPP, 'Parent qdisc is not classful');
  const cl = cops.find(parent, classid);
  if (cl === 0) refuse(extack, ENOENT, 'Specified class not found');
  return cops.leaf(parent, cl);
}

/** @models net/sched/sch_api.c qdisc_lookup_ops() */
export function qdiscLookupOps(net: Net, kind: Nla | undefined): QdiscOps | undefined {
  if (kind === undefined) return undefined;
  for (const ops of pktSched(net).kinds.values()) if (nlaIs(kind, ops.id)) return ops;
  return undefined;
}

/**
 * The ingress queue, made if there is none yet; it stays for the life of the device.
 *
 * @models net/core/dev.c dev_ingress_queue_create()
 * @differs stands with what it makes a queue of
 */
export function devIngressQueueCreate(dev: NetDevice): NetdevQueue {
  return (dev.ingressQueue ??= new NetdevQueue(dev, 'ingress queue', pktSched(dev.net).noop));
}

/**
 * The children of the root in the order a dump shows them.
 *
 * @differs the kernel walks its hash table
 */
export function qdiscHashOrder(dev: NetDevice): readonly Qdisc[] {
  return dev.net.machine.has('qdisc-hash') ? dev.qdiscHash.byBucket : dev.qdiscHash.oldestFirst;
}
