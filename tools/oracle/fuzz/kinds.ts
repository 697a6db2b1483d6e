// The kinds a run is made of: those the recorded kernel has and the model has too. What only the kernel has is said.
import { configs } from '../../../lib/linux/config.js';
import { Machine } from '../../../lib/linux/machine.js';
import { tcfProtoBase } from '../../../lib/linux/net/sched/cls_api/proto.js';
import { pktSched } from '../../../lib/linux/net/sched/sch_generic.js';
import type { Kinds } from './families.js';

export const configuration = 'rec-6.18';

export interface FoundKinds {
  readonly kinds: Kinds;
  /** Kinds of the kernel that the model lacks. */
  readonly missing: readonly string[];
}

/** noop is a kind that no request names. */
const unnamed = new Set(['noop']);

export function findKinds(): FoundKinds {
  const { net } = new Machine({ config: configuration });
  const { links = [], qdiscs = [], classifiers = [], actions = [] } = configs[configuration]!;
  const has = { qdiscs: pktSched(net).kinds, classifiers: tcfProtoBase(net), actions: new Map<string, unknown>() };
  const split = (all: readonly string[], known: ReadonlyMap<string, unknown>): [string[], string[]] => [
    all.filter((kind) => known.has(kind)),
    all.filter((kind) => !known.has(kind) && !unnamed.has(kind)),
  ];
  const [q, c, a] = [split(qdiscs, has.qdiscs), split(classifiers, has.classifiers), split(actions, has.actions)];
  return {
    kinds: { links, qdiscs: q[0], classifiers: c[0], actions: a[0] },
    missing: [...q[1], ...c[1], ...a[1]],
  };
}
