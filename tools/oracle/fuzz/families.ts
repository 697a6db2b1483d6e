// The families of requests: links, qdiscs, classes, filters, chains, actions. Each gives a message that is plausible as
// a whole: its type, flags that fit it, the struct it opens with, and the attributes it is read for.
import * as rt from '../../../lib/uapi/linux/rtnetlink.js';
import type { Vocabulary } from './attributes.js';
import { attributesOf } from './attributes.js';
import { setNamed } from './declared.js';
import type { Message } from './message.js';
import { nothing } from './message.js';
import type { Random } from './random.js';
import { handleOf, kindWord, vocabulary } from './words.js';

/** Kinds that both sides have. */
export interface Kinds {
  readonly links: readonly string[];
  readonly qdiscs: readonly string[];
  readonly classifiers: readonly string[];
  readonly actions: readonly string[];
}

/** What a session has that its requests can refer to. */
export interface Scene {
  readonly kinds: Kinds;
  /** The root of the first device is htb 1: with classes 1:1 and 1:10, and not clsact alone. */
  readonly classful: boolean;
}

export type Maker = (r: Random, scene: Scene) => Message;

const newFlags = [
  0x605, 0x605, 0x605, 0x605, 0x605, 0x405, 0x405, 0x405, 0x505, 0x505, 0x505, 0x60d, 0x5, 0x205, 0x105, 0x705,
];
const dumpFlags = [0x301, 0x305, 0x301, 0x101, 0x201, 0x5];
const CREATE_EXCL_ACK = 0x605;

/** Requests of a family are new, delete, get in this order, and set for links. */
const flagsByVerb = [newFlags, [5, 5, 5, 0xd, 1], [5, 5, ...dumpFlags], newFlags] as const;
const flagsOf = (r: Random, type: number): number => r.pick(flagsByVerb[(type & 3) as 0 | 1 | 2 | 3]);

/** Requests about things that are not there are rare, so that most reach deep. */
const device = (r: Random): number => (r.chance(0.88) ? 3 : r.pick([2, 2, 1, 4, 0, 99, -1]));

const clsactParents = [0xfffffff2, 0xfffffff3];
const oddParents = [0xfffffff1, 0xffff0000, 0, 0xffffffff, 0xffff0001, 0x20000];
const classParents = [0xffffffff, 0x10000, 0x10000, 0x10000, 0x10001, 0x10010, 0x10002];

/** Where filters and chains hang. */
function parentOf(r: Random, { classful }: Scene): number {
  if (r.chance(0.1)) return r.pick(oddParents);
  return r.pick(r.chance(classful ? 0.8 : 0.1) ? classParents : clsactParents);
}

const isDump = (flags: number): boolean => (flags & 0x300) === 0x300;

function tc(
  r: Random,
  type: number,
  head: Parameters<typeof rt.tcmsg.bytes>[0],
  more: Partial<Pick<Vocabulary, 'usage' | 'words'>>,
): Message {
  const flags = flagsOf(r, type);
  const usage = isDump(flags) ? { ...more.usage, TCA_KIND: 0.2, TCA_OPTIONS: 0.02 } : more.usage;
  return {
    type,
    flags,
    head: rt.tcmsg.bytes(head),
    attributes: attributesOf(vocabulary(r, { ...more, ...(usage && { usage }) }), setNamed('TCA')!),
    rest: nothing,
  };
}

const rare = { TCA: 0.003, TCA_RATE: 0.03, TCA_STAB: 0.03 };

/** A u32 filter is named by table, bucket and node, others by small numbers. */
const filterHandles = [
  0, 0, 0, 0, 0, 0, 1, 1, 2, 5, 0x80000000, 0x80000800, 0x80000801, 0x00100000, 0x00200001, 0xffffffff,
];

const filter: Maker = (r, scene) => {
  const { kinds } = scene;
  const type = Number(r.weighted({ [rt.RTM_NEWTFILTER]: 6, [rt.RTM_DELTFILTER]: 2, [rt.RTM_GETTFILTER]: 2 }));
  const isNew = type === rt.RTM_NEWTFILTER;
  const priority = r.chance(0.88) ? r.pick([0, 1, 1, 1, 2, 2, 100]) : r.pick([49152, 49151, 65535]);
  const protocol = r.chance(0.93) ? 0x0300 : r.pick([0x0008, 0x0008, 0xdd86, 0]);
  const head = {
    tcm_ifindex: device(r),
    tcm_handle: isNew && r.chance(0.6) ? 0 : r.pick(filterHandles),
    tcm_parent: parentOf(r, scene),
    tcm_info: ((priority << 16) | protocol) >>> 0,
  };
  return tc(r, type, r.chance(0.03) ? { ...head, tcm_ifindex: -1, tcm_parent: r.pick([1, 2, 7]) } : head, {
    usage: { ...rare, TCA_KIND: isNew ? 0.98 : 0.6, TCA_OPTIONS: isNew ? 0.97 : 0.1, TCA_CHAIN: 0.15 },
    words: { TCA_KIND: kindWord(kinds.classifiers), TCA_ACT_KIND: kindWord(kinds.actions) },
  });
};

const chain: Maker = (r, scene) => {
  const { kinds } = scene;
  const type = Number(r.weighted({ [rt.RTM_NEWCHAIN]: 3, [rt.RTM_DELCHAIN]: 1, [rt.RTM_GETCHAIN]: 1.5 }));
  const head = { tcm_ifindex: device(r), tcm_parent: parentOf(r, scene) };
  return tc(r, type, head, {
    usage: { ...rare, TCA_KIND: 0.15, TCA_OPTIONS: 0.1, TCA_CHAIN: 0.9 },
    words: { TCA_KIND: kindWord(kinds.classifiers), TCA_ACT_KIND: kindWord(kinds.actions) },
  });
};

/** Where a kind belongs, nine times of ten. */
function placeOf(r: Random, kind: string, { classful }: Scene): number {
  if (r.chance(0.1)) return r.pick([0xfffffff1, 0xffffffff, 0, 0xffff0000, handleOf(r)]);
  if (kind === 'clsact' || kind === 'ingress') return 0xfffffff1;
  return r.chance(classful ? 0.25 : 0.8) ? 0xffffffff : r.pick([0x10001, 0x10002, 0x10010, 0x10010, 0x10000]);
}

const qdisc: Maker = (r, scene) => {
  const { kinds } = scene;
  const type = Number(r.weighted({ [rt.RTM_NEWQDISC]: 5, [rt.RTM_DELQDISC]: 2, [rt.RTM_GETQDISC]: 2 }));
  const kind = r.pick(kinds.qdiscs);
  const own = r.pick([0, 0, 0x10000, 0x10000, 0x20000, 0x300000, 0xffff0000]);
  const head = {
    tcm_ifindex: device(r),
    tcm_handle: r.chance(0.85) ? own : handleOf(r),
    tcm_parent: placeOf(r, kind, scene),
  };
  const none = kind === 'clsact' || kind === 'ingress' || kind === 'noqueue' || kind === 'mq' || kind === 'pfifo_fast';
  return tc(r, type, head, {
    usage: {
      ...rare,
      TCA_KIND: type === rt.RTM_NEWQDISC ? 0.97 : 0.5,
      TCA_OPTIONS: none ? 0.15 : 0.85,
      TCA_INGRESS_BLOCK: none ? 0.1 : 0.01,
      TCA_EGRESS_BLOCK: none ? 0.1 : 0.01,
      TCA_DUMP_INVISIBLE: type === rt.RTM_GETQDISC ? 0.3 : 0.02,
      TCA_HTB_PARMS: 0.03,
      TCA_HTB_RTAB: 0.02,
      TCA_HTB_CTAB: 0.02,
    },
    words: { TCA_KIND: kindWord([kind]) },
  });
};

const classful: Maker = (r, { kinds }) => {
  const type = Number(r.weighted({ [rt.RTM_NEWTCLASS]: 5, [rt.RTM_DELTCLASS]: 2, [rt.RTM_GETTCLASS]: 2 }));
  const ids = [0, 0x10001, 0x10001, 0x10002, 0x10010, 0x10011, 0x20001, 0x10000, 0xffff0000, 0xfffffff2, 0x1];
  const head = {
    tcm_ifindex: device(r),
    tcm_handle: r.chance(0.85) ? r.pick([0x10001, 0x10002, 0x10010, 0x10011, 0x10020]) : r.pick(ids),
    tcm_parent: r.chance(0.85) ? r.pick([0x10000, 0x10000, 0x10001, 0x10001, 0x10010, 0]) : r.pick(oddParents),
  };
  return tc(r, type, head, {
    usage: { ...rare, TCA_KIND: 0.7, TCA_OPTIONS: type === rt.RTM_NEWTCLASS ? 0.93 : 0.1, TCA_HTB_INIT: 0.02 },
    words: { TCA_KIND: kindWord(kinds.qdiscs.includes('htb') ? ['htb'] : kinds.qdiscs) },
  });
};

const action: Maker = (r, { kinds }) => {
  const type = Number(r.weighted({ [rt.RTM_NEWACTION]: 4, [rt.RTM_DELACTION]: 2, [rt.RTM_GETACTION]: 3 }));
  const usage = { TCA_ROOT_TAB: 0.97, TCA_ACT_INDEX: type === rt.RTM_NEWACTION ? 0.05 : 0.8 };
  return {
    type,
    flags: flagsOf(r, type),
    head: rt.tcamsg.bytes({}),
    attributes: attributesOf(
      vocabulary(r, { usage: { TCA_ROOT: 0.1, ...usage }, words: { TCA_ACT_KIND: kindWord(kinds.actions) } }),
      setNamed('TCA_ROOT')!,
    ),
    rest: nothing,
  };
};

const interfaceFlags = [0, 0, 0, 1, 1, 0x100, 0x1001, 0x80, 0x1000, 0x2, 0x200];

const link: Maker = (r, { kinds }) => {
  const type = Number(
    r.weighted({ [rt.RTM_NEWLINK]: 4, [rt.RTM_SETLINK]: 4, [rt.RTM_DELLINK]: 1, [rt.RTM_GETLINK]: 3 }),
  );
  const flags = r.pick(interfaceFlags);
  const isNew = type === rt.RTM_NEWLINK && r.chance(0.4);
  const head = rt.ifinfomsg.bytes({
    ifi_index: isNew && r.chance(0.7) ? 0 : r.pick([3, 3, 3, 2, 2, 0, 1, 99, -1, 7, 4]),
    ifi_flags: flags,
    ifi_change: r.pick([0, 0, 1, 1, 0xffffffff, 0x100, flags]),
  });
  const usage = { IFLA_LINKINFO: isNew ? 0.9 : 0.04, IFLA_IFNAME: isNew ? 0.4 : 0.1 };
  return {
    type,
    flags: isNew ? r.pick([CREATE_EXCL_ACK, CREATE_EXCL_ACK, 0x405, 0x60d]) : flagsOf(r, type),
    head,
    attributes: attributesOf(
      vocabulary(r, { usage, words: { IFLA_INFO_KIND: kindWord(kinds.links) } }),
      setNamed('IFLA')!,
    ),
    rest: nothing,
  };
};

/** By name; which of them a sequence is made of is its mode. */
export const families = { link, qdisc, class: classful, filter, chain, action } as const;
export type FamilyName = keyof typeof families;
