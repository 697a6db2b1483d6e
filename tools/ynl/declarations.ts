// What lib/uapi declares of rtnetlink, by the kernel's names: structs, sets of attributes, numbers of messages. A set that is
// declared for several kernels or requests counts as all of them together.
import type { Attribute, AttrSet } from '../../lib/codec/attrs.js';
import type { Codec } from '../../lib/codec/scalar.js';
import type { Struct } from '../../lib/codec/struct.js';
import * as gen_stats from '../../lib/uapi/linux/gen_stats.js';
import * as if_link from '../../lib/uapi/linux/if_link.js';
import * as pkt_cls from '../../lib/uapi/linux/pkt_cls.js';
import * as pkt_sched from '../../lib/uapi/linux/pkt_sched.js';
import * as rtnetlink from '../../lib/uapi/linux/rtnetlink.js';
import * as tc_bpf from '../../lib/uapi/linux/tc_act/tc_bpf.js';
import * as tc_csum from '../../lib/uapi/linux/tc_act/tc_csum.js';
import * as tc_gact from '../../lib/uapi/linux/tc_act/tc_gact.js';
import * as tc_mirred from '../../lib/uapi/linux/tc_act/tc_mirred.js';
import * as tc_skbedit from '../../lib/uapi/linux/tc_act/tc_skbedit.js';
import * as tc_vlan from '../../lib/uapi/linux/tc_act/tc_vlan.js';

export type AnyStruct = Struct<Readonly<Record<string, Codec<unknown>>>>;

const headers: readonly Readonly<Record<string, unknown>>[] = [
  ...[gen_stats, if_link, pkt_cls, pkt_sched, rtnetlink, tc_bpf, tc_csum, tc_gact, tc_mirred, tc_skbedit, tc_vlan],
];

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

export const structs: ReadonlyMap<string, AnyStruct> = new Map(
  headers.flatMap((header) =>
    Object.values(header)
      .filter((value): value is AnyStruct => isObject(value) && 'members' in value && 'offsetof' in value)
      .map((found) => [found.name, found] as const),
  ),
);

type AnySet = AttrSet<Readonly<Record<string, unknown>>>;

/** Declarations of each attribute by its number. */
export type DeclaredSet = ReadonlyMap<number, readonly Attribute[]>;

function collect(): Map<string, Map<number, Attribute[]>> {
  const sets = new Map<string, Map<number, Attribute[]>>();
  for (const value of headers.flatMap((header) => Object.values(header))) {
    if (!isObject(value) || !('$byType' in value)) continue;
    const { $name, $byType } = value as AnySet;
    const set = sets.get($name) ?? new Map<number, Attribute[]>();
    sets.set($name, set);
    for (const attribute of $byType)
      if (attribute !== undefined) set.set(attribute.type, [...(set.get(attribute.type) ?? []), attribute]);
  }
  return sets;
}

export const sets: ReadonlyMap<string, DeclaredSet> = collect();

/** RTM_* by name. */
export const messages: ReadonlyMap<string, number> = new Map(
  Object.entries(rtnetlink).flatMap(([name, value]): [string, number][] =>
    name.startsWith('RTM_') && typeof value === 'number' ? [[name, value]] : [],
  ),
);
