// What the names in a trace stand for: constants, attribute types and members of structs, as lib/uapi declares them.
import * as errno from '../../uapi/asm-generic/errno.js';
import * as fibRules from '../../uapi/linux/fib_rules.js';
import * as genStats from '../../uapi/linux/gen_stats.js';
import * as iff from '../../uapi/linux/if.js';
import * as ifAddr from '../../uapi/linux/if_addr.js';
import * as ifArp from '../../uapi/linux/if_arp.js';
import * as ifEther from '../../uapi/linux/if_ether.js';
import * as ifLink from '../../uapi/linux/if_link.js';
import * as neighbour from '../../uapi/linux/neighbour.js';
import * as netlink from '../../uapi/linux/netlink.js';
import * as pktCls from '../../uapi/linux/pkt_cls.js';
import * as pktSched from '../../uapi/linux/pkt_sched.js';
import * as route from '../../uapi/linux/route.js';
import * as rtnetlink from '../../uapi/linux/rtnetlink.js';
import * as socket from '../../uapi/linux/socket.js';
import * as veth from '../../uapi/linux/veth.js';
import { NLA_F_NESTED, NLA_F_NET_BYTEORDER } from '../../codec/nla.js';

/** Where a member lies in its struct. */
export interface Member {
  readonly offset: number;
  readonly size: number;
}

export interface StructShape {
  readonly name: string;
  readonly size: number;
  readonly members: ReadonlyMap<string, Member>;
}

const headers: readonly object[] = [
  netlink,
  rtnetlink,
  errno,
  socket,
  iff,
  ifLink,
  ifAddr,
  ifArp,
  ifEther,
  neighbour,
  route,
  fibRules,
  genStats,
  pktSched,
  pktCls,
  veth,
];

/** Constants that no header of lib/uapi has a use for; strace writes them for zero. */
const more: Readonly<Record<string, number>> = {
  ARPHRD_NETROM: 0,
  NLA_F_NESTED,
  NLA_F_NET_BYTEORDER,
  NETLINK_GENERIC: 16,
  RTNL_FAMILY_IPMR: 128,
};

interface AttributeLike {
  readonly name: string;
  readonly type: number;
}
interface SetLike {
  readonly $byType: readonly (AttributeLike | undefined)[];
}
interface StructLike {
  readonly name: string;
  readonly size: number;
  readonly members: Readonly<Record<string, { readonly size: number }>>;
  readonly offsetof: Readonly<Record<string, number>>;
}

const isSet = (value: unknown): value is SetLike => typeof value === 'object' && value !== null && '$byType' in value;
const isStruct = (value: unknown): value is StructLike =>
  typeof value === 'object' && value !== null && 'offsetof' in value && 'members' in value;

const shapeOf = ({ name, size, members, offsetof }: StructLike): StructShape => ({
  name,
  size,
  members: new Map(Object.entries(members).map(([key, codec]) => [key, { offset: offsetof[key]!, size: codec.size }])),
});

class Names {
  readonly #constants = new Map<string, number>(Object.entries(more));
  /** The structs that have a member of this name. */
  readonly #structs = new Map<string, StructShape[]>();

  constructor() {
    for (const header of headers) for (const [name, value] of Object.entries(header)) this.#add(name, value);
  }

  number(name: string): number | undefined {
    return this.#constants.get(name);
  }

  structs(member: string): readonly StructShape[] {
    return this.#structs.get(member) ?? [];
  }

  #add(name: string, value: unknown): void {
    if (typeof value === 'number') this.#constants.set(name, value);
    else if (isSet(value)) for (const one of value.$byType) this.#attribute(one);
    else if (isStruct(value)) this.#struct(shapeOf(value));
  }

  #attribute(attribute: AttributeLike | undefined): void {
    if (attribute !== undefined) this.#constants.set(attribute.name, attribute.type);
  }

  #struct(shape: StructShape): void {
    for (const member of shape.members.keys()) this.#structs.set(member, [...this.structs(member), shape]);
  }
}

let names: Names | undefined;
const allNames = (): Names => (names ??= new Names());

const negative = (value: number | undefined): number | undefined => (value === undefined ? undefined : -value);

/** Value of one name, of decimal, octal or hexadecimal digits, of a shift. */
function term(text: string): number | undefined {
  const shift = text.split('<<');
  if (shift.length === 2) {
    const [one, by] = [term(shift[0]!), term(shift[1]!)];
    return one === undefined || by === undefined || by > 52 ? undefined : one * 2 ** by;
  }
  if (/^-\d+$/.test(text)) return Number(text);
  if (/^-E[A-Z0-9]+$/.test(text)) return negative(allNames().number(text.slice(1)));
  if (/^0x[0-9a-f]+$/i.test(text)) return Number(text);
  if (/^\d+$/.test(text)) return text.length > 1 && text.startsWith('0') ? parseInt(text, 8) : Number(text);
  return allNames().number(text);
}

/** Value of a word: terms with bars between them are added up bit by bit. */
export function numberOf(text: string): number | undefined {
  const terms = text.split('|').map(term);
  if (terms.length === 1) return terms[0];
  let value = 0n;
  for (const one of terms) {
    if (one === undefined || one < 0) return undefined;
    value |= BigInt(one);
  }
  return Number(value);
}

/** The struct with all of these members; the one of this size, if there are several. */
export function structWith(members: readonly string[], size: number | undefined): StructShape | undefined {
  const all = allNames()
    .structs(members[0] ?? '')
    .filter((shape) => members.every((member) => shape.members.has(member)));
  return all.find((shape) => shape.size === size) ?? (size === undefined ? all[0] : undefined);
}
