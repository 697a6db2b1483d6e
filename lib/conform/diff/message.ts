// A message as diff compares it: what it says, by names, without how that is laid out. Lengths, padding, flags of nests, the
// order of attributes, sequence numbers and ports are gone; numbers that a kernel gave out (devices, fds, ids) are replaced
// by what they stand for. Made from the regions of explain, so that whatever explain knows is compared by its meaning.
import { RTM_NEWLINK } from '../../uapi/linux/rtnetlink.js';
import type { Datagram, Direction } from '../datagram.js';
import { explain } from '../explain/explain.js';
import type { Region } from '../explain/region.js';

export interface Said {
  readonly name: string;
  readonly value?: string;
  readonly children?: readonly Said[];
}

export interface Message {
  readonly name: string;
  readonly direction: Direction;
  readonly datagram: Datagram;
  /** Of its header, in the datagram. */
  readonly offset: number;
  /** Which of the compared messages of its side it is, from 1. */
  readonly number: number;
  readonly said: readonly Said[];
  /** Equal for messages that say the same. */
  readonly key: string;
}

/** Devices by number. */
const devices = new Set(
  'ifi_index tcm_ifindex ifa_index ndm_ifindex ifindex IFLA_LINK IFLA_MASTER RTA_OIF RTA_IIF rtnh_ifindex NHA_OIF NDA_IFINDEX NDA_MASTER IFLA_NEW_IFINDEX'.split(
    ' ',
  ),
);
const fds = /^(?:TCA_(?:ACT_)?BPF_FD|IFLA_XDP_(?:EXPECTED_)?FD|IFLA_NET_NS_FD|IFLA_NET_NS_PID)$/;
const ids = /^(?:TCA_(?:ACT_)?BPF_ID|IFLA_XDP(?:_DRV|_SKB|_HW)?_PROG_ID)$/;
/** Different in every run of the same program. */
const counts =
  /^(?:TCA_X?STATS2?|IFLA_STATS(?:64)?|IFLA_INET6_(?:STATS|ICMP6STATS)|[A-Z0-9_]*CACHEINFO|[A-Z0-9_]*_TM)$/;
const addresses = /^IFLA_(?:PERM_)?ADDRESS$/;
const headerOnly = new Set(['nlmsg_seq', 'nlmsg_pid']);

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

const isAttribute = ({ children = [] }: Region): boolean =>
  children[0]?.role === 'frame' && children[0].name === 'nla_len';

/** Loopback is the same everywhere. */
const LOOPBACK = 1;

const u16 = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);

/** Names of devices by their numbers, as answers and notifications tell them. */
export function deviceNames(datagrams: readonly Datagram[]): Map<number, string> {
  const names = new Map<number, string>();
  for (const datagram of datagrams) {
    if (datagram.direction === 'request' || u16(datagram.bytes, 4) !== RTM_NEWLINK) continue;
    for (const region of explain(datagram)) learn(region, names);
  }
  return names;
}

function learn({ name, children = [] }: Region, names: Map<number, string>): void {
  if (name !== 'RTM_NEWLINK') return;
  const header = children.find((child) => child.name === 'struct ifinfomsg');
  const index = Number(header?.children?.find((child) => child.name === 'ifi_index')?.value);
  const text = children.find((child) => child.name === 'IFLA_IFNAME')?.children?.find(({ role }) => role === 'value');
  if (index > LOOPBACK && text?.value !== undefined && !names.has(index))
    names.set(index, `device ${text.value.replaceAll('"', '')}`);
}

/** What one side of a comparison knows of the numbers in it. */
export class Side {
  /** By number: the name of the device, or which one it was to be seen. */
  readonly #devices: Map<number, string>;
  readonly #all: boolean;
  #number = 0;

  /** `all`: numbers that differ in every run, too. */
  constructor(all: boolean, names: ReadonlyMap<number, string>) {
    this.#all = all;
    this.#devices = new Map(names);
  }

  *messages(datagram: Datagram): Generator<Message, void> {
    const { direction } = datagram;
    for (const region of explain(datagram)) {
      if (region.role === 'padding') continue;
      const said = this.#children(region, datagram, region.name);
      const key = `${direction} ${region.name} ${JSON.stringify(said)}`;
      yield {
        name: region.name || 'bytes',
        direction,
        datagram,
        offset: region.offset,
        number: ++this.#number,
        said,
        key,
      };
    }
  }

  #children(region: Region, datagram: Datagram, message: string): Said[] {
    const all: { readonly said: Said; readonly attribute: boolean }[] = [];
    for (const child of region.children ?? []) {
      const said = this.#said(child, datagram, message);
      if (said !== undefined) all.push({ said, attribute: isAttribute(child) });
    }
    // The kernel finds attributes by their types; equal types keep their order.
    const attributes = all.filter(({ attribute }) => attribute).map(({ said }) => said);
    attributes.sort((a, b) => (a.name < b.name ? -1 : Number(a.name > b.name)));
    return [...all.filter(({ attribute }) => !attribute).map(({ said }) => said), ...attributes];
  }

  #said(region: Region, datagram: Datagram, message: string): Said | undefined {
    const { role, name, value, children } = region;
    if (role === 'frame' || role === 'padding' || headerOnly.has(name)) return undefined;
    if (role === 'rest') return { name: 'bytes', value: hex(bytesOf(region, datagram)) };
    if (message === 'NLMSG_ERROR' && (name === 'nlmsg_flags' || name.startsWith('request'))) return undefined;
    if (!this.#all && datagram.direction !== 'request' && (counts.test(name) || addresses.test(name))) return undefined;
    if (children === undefined || (role === 'group' && value !== undefined))
      return { name, value: this.#value(name, value ?? hex(bytesOf(region, datagram))) };
    const inner = this.#children(region, datagram, message);
    const [only] = inner;
    // The value of an attribute has the attribute's name.
    if (inner.length === 1 && only!.name === name) return only;
    return { name, children: inner };
  }

  #value(name: string, value: string): string {
    if (devices.has(name)) return this.#device(value);
    if (fds.test(name)) return 'an fd';
    return !this.#all && ids.test(name) ? 'an id' : value;
  }

  #device(value: string): string {
    const index = Number(value.split(' ')[0]);
    if (!Number.isInteger(index) || index <= LOOPBACK) return value;
    const known = this.#devices.get(index) ?? `device #${this.#devices.size + 1}`;
    this.#devices.set(index, known);
    return known;
  }
}

const bytesOf = ({ offset, length }: Region, { bytes }: Datagram): Uint8Array =>
  bytes.subarray(offset, offset + length);
