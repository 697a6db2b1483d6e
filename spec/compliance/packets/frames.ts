// The frames that every configuration of the compliance suite sends: made by rule, the same on every computer. Each has a
// name that says what it is; the names are what reports and recordings speak of.
export interface Frame {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** Hardware addresses: of the other end, of the sender, of nobody here, of a group, of everybody. */
const DESTINATIONS: Readonly<Record<string, readonly number[]>> = {
  host: [2, 0, 0, 0, 0, 2],
  other: [2, 0, 0, 0, 0, 0x99],
  self: [2, 0, 0, 0, 0, 1],
  multicast: [1, 0, 0x5e, 0, 0, 1],
  multicast6: [0x33, 0x33, 0, 0, 0, 1],
  broadcast: [255, 255, 255, 255, 255, 255],
};
const SENDER = [2, 0, 0, 0, 0, 1];

export const be16 = (value: number): number[] => [(value >> 8) & 0xff, value & 0xff];

/** Bytes that differ from place to place. */
export const payload = (length: number, seed: number): number[] =>
  Array.from({ length }, (_, i) => (i * 7 + seed * 31 + (i >> 8)) & 0xff);

/** Internet checksum of the parts, padded. */
function checksum(bytes: readonly number[], start = 0): number {
  let sum = start;
  for (let i = 0; i < bytes.length; i += 2) sum += (bytes[i]! << 8) | (bytes[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

interface Ip {
  readonly tos?: number;
  readonly protocol?: number;
  readonly fragment?: number;
  readonly options?: readonly number[];
  readonly ttl?: number;
  readonly badSum?: boolean;
  readonly version?: number;
  readonly totalLength?: number;
}

const SOURCE4 = [10, 0, 0, 1];
const TARGET4 = [10, 0, 0, 2];
const SOURCE6 = [0xfd, ...Array<number>(14).fill(0), 1];
const TARGET6 = [0xfd, ...Array<number>(14).fill(0), 2];

export function ipv4(body: readonly number[], ip: Ip = {}): number[] {
  const { tos = 0, protocol = 17, fragment = 0, options = [], ttl = 64, version = 4 } = ip;
  const length = 20 + options.length;
  const total = ip.totalLength ?? length + body.length;
  const head = [(version << 4) | (length / 4), tos, ...be16(total), 0x12, 0x34, ...be16(fragment), ttl, protocol];
  const sum = checksum([...head, 0, 0, ...SOURCE4, ...TARGET4, ...options]) ^ (ip.badSum === true ? 0x5555 : 0);
  return [...head, ...be16(sum), ...SOURCE4, ...TARGET4, ...options, ...body];
}

export const ipv6 = (body: readonly number[], next = 17, tclass = 0, extension: readonly number[] = []): number[] => [
  ...[0x60 | (tclass >> 4), ((tclass & 15) << 4) | 1, 0x23, 0x45],
  ...[...be16(extension.length + body.length), next, 64, ...SOURCE6, ...TARGET6, ...extension, ...body],
];

export function udp(sport: number, dport: number, data: readonly number[], bad = false): number[] {
  const head = [...be16(sport), ...be16(dport), ...be16(8 + data.length)];
  const pseudo = [...SOURCE4, ...TARGET4, 0, 17, ...be16(8 + data.length)];
  return [...head, ...be16(checksum([...pseudo, ...head, 0, 0, ...data]) ^ (bad ? 0x1111 : 0)), ...data];
}

export const tcp = (sport: number, dport: number, flags: number, data: readonly number[]): number[] => [
  ...[...be16(sport), ...be16(dport), 0, 0, 0, 1, 0, 0, 0, 2, 0x50, flags, 0x20, 0, 0xab, 0xcd, 0, 0],
  ...data,
];

export const icmp = (type: number, data: readonly number[]): number[] => {
  const head = [type, 0, 0, 0, 0, 1, 0, 2, ...data];
  return [type, 0, ...be16(checksum(head)), ...head.slice(4)];
};

const arp = (operation: number): number[] => [
  ...[0, 1, 8, 0, 6, 4, ...be16(operation), ...SENDER, ...SOURCE4, 0, 0, 0, 0, 0, 0, ...TARGET4],
];

export const ethernet = (type: number, body: readonly number[], to = 'host'): number[] => [
  ...[...DESTINATIONS[to]!, ...SENDER, ...be16(type), ...body],
];

export const tag = (tpid: number, tci: number, type: number, body: readonly number[], to = 'host'): number[] =>
  ethernet(tpid, [...be16(tci), ...be16(type), ...body], to);

export const IPV4 = 0x0800;
export const IPV6 = 0x86dd;
export const ARP = 0x0806;
export const VLAN = 0x8100;
export const SERVICE_VLAN = 0x88a8;

export type Named = readonly [name: string, bytes: readonly number[]];

/** What is carried, without a tag. */
const packets: readonly (readonly [name: string, type: number, body: readonly number[]])[] = [
  ['udp', IPV4, ipv4(udp(1000, 2000, payload(18, 1)))],
  ['tcp syn', IPV4, ipv4(tcp(1000, 80, 2, []), { protocol: 6 })],
  ['tcp data', IPV4, ipv4(tcp(1000, 443, 0x18, payload(100, 2)), { protocol: 6 })],
  ['icmp', IPV4, ipv4(icmp(8, payload(56, 3)), { protocol: 1 })],
  ['udp6', IPV6, ipv6(udp(1000, 2000, payload(30, 4)))],
  ['tcp6', IPV6, ipv6(tcp(1000, 80, 2, payload(9, 5)), 6)],
  ['icmp6', IPV6, ipv6(icmp(128, payload(32, 6)), 58)],
  ['arp request', ARP, arp(1)],
  ['arp reply', ARP, arp(2)],
];

const plain = (): Named[] =>
  packets.flatMap(([name, type, body]) =>
    Object.keys(DESTINATIONS).map((to): Named => [`${name} to ${to}`, ethernet(type, body, to)]),
  );

const tagged = (): Named[] =>
  packets.flatMap(([name, type, body]): Named[] => [
    [`vlan 5 ${name}`, tag(VLAN, 5, type, body)],
    [`vlan 7 pcp 6 ${name}`, tag(VLAN, 0xc007, type, body)],
    [`vlan 4095 dei ${name}`, tag(VLAN, 0x1fff, type, body, 'broadcast')],
    [`priority tag ${name}`, tag(VLAN, 0x6000, type, body)],
    [`null tag ${name}`, tag(VLAN, 0, type, body)],
    [`service vlan 9 ${name}`, tag(SERVICE_VLAN, 9, type, body)],
    [`service priority tag ${name}`, tag(SERVICE_VLAN, 0xe000, type, body)],
    [`qinq ${name}`, tag(SERVICE_VLAN, 9, VLAN, [...be16(5), ...be16(type), ...body])],
    [`vlan in vlan ${name}`, tag(VLAN, 9, VLAN, [...be16(5), ...be16(type), ...body])],
    [`priority tag before vlan ${name}`, tag(VLAN, 0x2000, VLAN, [...be16(5), ...be16(type), ...body])],
    [`three tags ${name}`, tag(SERVICE_VLAN, 1, SERVICE_VLAN, [0, 2, ...be16(VLAN), 0, 3, ...be16(type), ...body])],
  ]);

const services = (): Named[] => [
  ...[0, 4, 8, 16, 32, 46 << 2, 0xff].map((tos): Named => [
    `tos ${tos}`,
    ethernet(IPV4, ipv4(udp(1, 2, payload(4, tos)), { tos })),
  ]),
  ...[8, 16, 0xb8].map((tos): Named => [`tclass ${tos}`, ethernet(IPV6, ipv6(udp(1, 2, payload(4, tos)), 17, tos))]),
  ...[1, 22, 53, 80, 443, 1024, 8080, 65535].map((port): Named => [
    `udp port ${port}`,
    ethernet(IPV4, ipv4(udp(port, port, payload(10, port & 7)))),
  ]),
  ...[2, 4, 41, 47, 50, 89, 132, 255].map((protocol): Named => [
    `ip protocol ${protocol}`,
    ethernet(IPV4, ipv4(payload(24, protocol), { protocol })),
  ]),
];

const fragments = (): Named[] => [
  ['first fragment', ethernet(IPV4, ipv4(udp(5, 6, payload(64, 1)), { fragment: 0x2000 }))],
  ['middle fragment', ethernet(IPV4, ipv4(payload(64, 2), { fragment: 0x2009 }))],
  ['last fragment', ethernet(IPV4, ipv4(payload(30, 3), { fragment: 0x0011 }))],
  ["don't fragment", ethernet(IPV4, ipv4(udp(5, 6, payload(20, 4)), { fragment: 0x4000 }))],
  ['ip options', ethernet(IPV4, ipv4(udp(5, 6, payload(20, 5)), { options: [7, 7, 4, 0, 0, 0, 0, 0] }))],
  ['most ip options', ethernet(IPV4, ipv4(udp(5, 6, payload(20, 6)), { options: Array<number>(40).fill(1) }))],
  ['hop by hop', ethernet(IPV6, ipv6(udp(5, 6, payload(8, 7)), 0, 0, [17, 0, 5, 2, 0, 0, 1, 0]))],
  ['fragment header', ethernet(IPV6, ipv6(payload(40, 8), 44, 0, [17, 0, 0, 1, 1, 2, 3, 4]))],
  ['routing header', ethernet(IPV6, ipv6(udp(5, 6, payload(8, 9)), 43, 0, [17, 0, 253, 0, 0, 0, 0, 0]))],
  ['no next header', ethernet(IPV6, ipv6([], 59))],
];

const wrong = (): Named[] => [
  ['bad ip checksum', ethernet(IPV4, ipv4(udp(5, 6, payload(20, 1)), { badSum: true }))],
  ['bad udp checksum', ethernet(IPV4, ipv4(udp(5, 6, payload(20, 2), true)))],
  ['ip version 5', ethernet(IPV4, ipv4(udp(5, 6, payload(20, 3)), { version: 5 }))],
  ['total length beyond the frame', ethernet(IPV4, ipv4(udp(5, 6, payload(20, 4)), { totalLength: 1400 }))],
  ['total length below the header', ethernet(IPV4, ipv4(udp(5, 6, payload(20, 5)), { totalLength: 12 }))],
  ['trailer', [...ethernet(IPV4, ipv4(udp(5, 6, payload(4, 6)))), ...payload(18, 7)]],
  ['ttl 0', ethernet(IPV4, ipv4(udp(5, 6, payload(20, 8)), { ttl: 0 }))],
  ['ipv4 inside ipv6 type', ethernet(IPV6, ipv4(udp(5, 6, payload(20, 9))))],
  ['ipv6 inside ipv4 type', ethernet(IPV4, ipv6(udp(5, 6, payload(20, 10))))],
  ['from everybody', [...DESTINATIONS['host']!, 255, 255, 255, 255, 255, 255, ...be16(IPV4), ...ipv4([1, 2, 3])]],
];

const short = (): Named[] => [
  ...[0, 1, 6, 12, 13, 14, 15, 16, 17, 18, 19, 20, 24, 30, 33, 34, 35, 41, 42, 48, 53, 54, 59, 60].map(
    (length): Named => [`${length} bytes`, ethernet(IPV4, ipv4(udp(5, 6, payload(18, length)))).slice(0, length)],
  ),
  ...[14, 15, 16, 17, 18, 19, 22, 38].map((length): Named => [
    `tag in ${length} bytes`,
    tag(VLAN, 5, IPV4, ipv4(udp(5, 6, payload(18, length)))).slice(0, length),
  ]),
  ...[18, 20, 21, 22, 26].map((length): Named => [
    `two tags in ${length} bytes`,
    tag(SERVICE_VLAN, 5, VLAN, [0, 6, 8, 0, ...ipv4(udp(5, 6, payload(18, length)))]).slice(0, length),
  ]),
  ...[14, 20, 40, 53].map((length): Named => [
    `ipv6 in ${length} bytes`,
    ethernet(IPV6, ipv6(udp(5, 6, payload(18, length)))).slice(0, length),
  ]),
];

/** `length`: of the packet behind the link header. */
const ofLength = (length: number): number[] => ipv4(udp(7, 8, payload(length - 28, length & 63)));

const long = (): Named[] => [
  ...[256, 576, 1000, 1024, 1280, 1484, 1500, 1501, 1504, 2000, 4000, 4096, 8000, 8996, 8999, 9000].map(
    (length): Named => [`${length} bytes of ip`, ethernet(IPV4, ofLength(length))],
  ),
  ...[9001, 9002, 9004, 9005, 9018, 10_000, 16_000].map((length): Named => [
    `${length} bytes of ip`,
    ethernet(IPV4, ofLength(length)),
  ]),
  ...[8996, 9000, 9001].map((length): Named => [`vlan ${length} bytes of ip`, tag(VLAN, 5, IPV4, ofLength(length))]),
  ...[8996, 9000].map((length): Named => [
    `service vlan ${length} bytes of ip`,
    tag(SERVICE_VLAN, 5, IPV4, ofLength(length)),
  ]),
  ...[8992, 8996, 9000].map((length): Named => [
    `vlan in vlan ${length} bytes of ip`,
    tag(VLAN, 5, VLAN, [0, 6, 8, 0, ...ofLength(length)]),
  ]),
];

const others = (): Named[] => [
  ...[0, 1, 3, 4, 46, 100, 0x5dc, 0x5dd, 0x5ff].map((length): Named => [
    `802.3 length ${length}`,
    ethernet(length, [0x42, 0x42, 3, ...payload(43, 1)]),
  ]),
  ['802.3 snap', ethernet(46, [0xaa, 0xaa, 3, 0, 0, 0, 8, 0, ...ipv4(payload(10, 2))])],
  ['802.3 ipx', ethernet(46, [0xff, 0xff, ...payload(44, 3)])],
  ['802.3 one byte', ethernet(1, [0x42])],
  ['802.3 inside a tag', tag(VLAN, 5, 46, [0x42, 0x42, 3, ...payload(43, 4)])],
  ['802.3 ipx inside a tag', tag(VLAN, 5, 46, [0xff, 0xff, ...payload(43, 5)])],
  ...[0x600, 0x0805, 0x1234, 0x8035, 0x8847, 0x8863, 0x8864, 0x888e, 0x88cc, 0x88f7, 0x9000, 0x9100, 0xffff].map(
    (type): Named => [`type ${type.toString(16)}`, ethernet(type, payload(50, type & 31))],
  ),
  ...['multicast', 'broadcast', 'other'].map((to): Named => [
    `type 88b5 to ${to}`,
    ethernet(0x88b5, payload(46, 6), to),
  ]),
];

/** All frames, in the order in which they are sent. */
export function frames(): readonly Frame[] {
  const all = [plain, tagged, services, fragments, wrong, short, long, others].flatMap((group) => group());
  return all.map(([name, bytes]) => ({ name, bytes: Uint8Array.from(bytes) }));
}
