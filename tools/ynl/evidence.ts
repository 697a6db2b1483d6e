// What the recordings of real kernels say of attributes: how long each is in what the kernel sends. Which side of a difference
// is wrong is shown by them, never by the declarations.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from '../../lib/conform/explain/explain.js';
import type { Region } from '../../lib/conform/explain/region.js';
import { fromHex } from '../../lib/codec/bytes.js';
import { NETLINK_ROUTE, NLMSG_ERROR } from '../../lib/uapi/linux/netlink.js';

const NLA_HDRLEN = 4;
const TYPE = 4;

/** Payload lengths of the attributes by name, each with how many there were. */
export type Lengths = Map<string, Map<number, number>>;

interface Recorded {
  readonly steps: readonly { readonly recv?: readonly unknown[]; readonly notify?: readonly unknown[] }[];
}

function count(regions: readonly Region[], names: ReadonlySet<string>, into: Lengths): void {
  for (const { role, name, children = [] } of regions) {
    if (role === 'group' && names.has(name)) {
      const length = Number(lengthOf(children)) - NLA_HDRLEN;
      const lengths = into.get(name) ?? new Map<number, number>();
      into.set(name, lengths.set(length, (lengths.get(length) ?? 0) + 1));
    }
    count(children, names, into);
  }
}

function lengthOf(children: readonly Region[]): string | undefined {
  for (const child of children) {
    if (child.name === 'nla_len') return child.value;
    const inside = lengthOf(child.children ?? []);
    if (inside !== undefined) return inside;
  }
  return undefined;
}

/** Of the attributes of these names in the recordings of `folder`. Errors are left out: they repeat requests. */
export function recordedLengths(folder: string, names: ReadonlySet<string>): Lengths {
  const lengths: Lengths = new Map();
  for (const file of readdirSync(folder).filter((name) => /6\.18\.jsonl$/.test(name))) {
    for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
      if (line === '') continue;
      const { steps } = JSON.parse(line) as Recorded;
      for (const datagram of steps.flatMap(({ recv = [], notify = [] }) => [...recv, ...notify])) {
        const bytes = typeof datagram === 'string' ? fromHex(datagram) : undefined;
        if (bytes === undefined || bytes[TYPE] === NLMSG_ERROR) continue;
        const origin = { file, offset: 0 };
        count(explain({ bytes, direction: 'reply', protocol: NETLINK_ROUTE, origin }), names, lengths);
      }
    }
  }
  return lengths;
}
