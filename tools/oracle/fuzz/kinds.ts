// The kinds a run is made of: those the recorded kernel has and the model has too. What only the kernel has is said.
import { configs } from '../../../lib/linux/config.js';
import { Machine } from '../../../lib/linux/machine.js';
import { tcLookupActionN } from '../../../lib/linux/net/sched/act_api/action.js';
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
  const split = (all: readonly string[], known: (kind: string) => boolean): [string[], string[]] => [
    all.filter(known),
    all.filter((kind) => !known(kind) && !unnamed.has(kind)),
  ];
  const q = split(qdiscs, (kind) => pktSched(net).kinds.has(kind));
  const c = split(classifiers, (kind) => tcfProtoBase(net).has(kind));
  const a = split(actions, (kind) => tcLookupActionN(net, kind) !== undefined);
  return {
    kinds: { links, qdiscs: q[0], classifiers: c[0], actions: a[0] },
    missing: [...q[1], ...c[1], ...a[1]],
  };
}
