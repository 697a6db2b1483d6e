// Frames with headers that the flow dissector knows and the frames of every configuration have not: label stacks, PPP over
// Ethernet, tunnels, fault management, chains of IPv6 headers, and headers that end too early. What flower filters look at
// is in them in several values.
import * as F from './frames.js';
import type { Frame, Named } from './frames.js';

const { be16, ethernet, icmp, IPV4, ipv4, IPV6, ipv6, payload, tag, tcp, udp, VLAN, SERVICE_VLAN } = F;

const MPLS = 0x8847;
const PPPOE = 0x8864;

/** An entry of a label stack. */
const label = (value: number, tc: number, bottom: boolean, ttl: number): number[] => [
  ...[value >> 12, (value >> 4) & 0xff, ((value & 15) << 4) | (tc << 1) | (bottom ? 1 : 0), ttl],
];
const inner = ipv4(udp(1000, 2000, payload(20, 3)));
const inner6 = ipv6(udp(1000, 2000, payload(20, 4)));

const mpls = (): Named[] => [
  ['mpls 16', ethernet(MPLS, [...label(16, 0, true, 64), ...inner])],
  ['mpls 16 tc 5', ethernet(MPLS, [...label(16, 5, true, 64), ...inner])],
  ['mpls 17 ttl 1', ethernet(MPLS, [...label(17, 0, true, 1), ...inner])],
  ['mpls 16 multicast', ethernet(0x8848, [...label(16, 0, true, 64), ...inner])],
  ['mpls 16, 17', ethernet(MPLS, [...label(16, 0, false, 64), ...label(17, 2, true, 63), ...inner])],
  ['mpls 0xfffff, 17', ethernet(MPLS, [...label(0xfffff, 7, false, 255), ...label(17, 2, true, 63), ...inner])],
  ['mpls of three', ethernet(MPLS, [...[1, 2, 3].flatMap((n) => label(n, n, n === 3, 9)), ...inner])],
  ['mpls of seven', ethernet(MPLS, [...[1, 2, 3, 4, 5, 6, 7].flatMap((n) => label(n, n, n === 7, 9)), ...inner])],
  ['mpls of nine', ethernet(MPLS, [...[1, 2, 3, 4, 5, 6, 7, 8, 9].flatMap((n) => label(n, 1, n === 9, 9)), ...inner])],
  [
    'mpls without bottom',
    ethernet(
      MPLS,
      [1, 2].flatMap((n) => label(n, 0, false, 9)),
    ),
  ],
  ['mpls cut', ethernet(MPLS, [0, 1, 0])],
  ['mpls in vlan 5', tag(VLAN, 5, MPLS, [...label(16, 0, true, 64), ...inner])],
];

const pppoe = (sid: number, proto: number, body: readonly number[], version = 0x11, code = 0): number[] => [
  ...[version, code, ...be16(sid), ...be16(body.length + 2), ...be16(proto), ...body],
];

const ppp = (): Named[] => [
  ['pppoe 7 ip', ethernet(PPPOE, pppoe(7, 0x21, inner))],
  ['pppoe 8 ip', ethernet(PPPOE, pppoe(8, 0x21, inner))],
  ['pppoe 7 ipv6', ethernet(PPPOE, pppoe(7, 0x57, inner6))],
  ['pppoe 7 mpls', ethernet(PPPOE, pppoe(7, 0x281, [...label(16, 0, true, 64), ...inner]))],
  ['pppoe 7 mpls multicast', ethernet(PPPOE, pppoe(7, 0x283, [...label(16, 0, true, 64), ...inner]))],
  ['pppoe 7 lcp', ethernet(PPPOE, pppoe(7, 0xc021, [1, 1, 0, 4]))],
  ['pppoe 7 compressed', ethernet(PPPOE, [0x11, 0, 0, 7, 0, 21, 0x21, ...inner])],
  ['pppoe of version 2', ethernet(PPPOE, pppoe(7, 0x21, inner, 0x12))],
  ['pppoe of a code', ethernet(PPPOE, pppoe(7, 0x21, inner, 0x11, 0xa7))],
  ['pppoe cut', ethernet(PPPOE, pppoe(7, 0x21, []).slice(0, 7))],
  ['pppoe in vlan 5', tag(VLAN, 5, PPPOE, pppoe(7, 0x21, inner))],
];

const withPorts = (protocol: number, from: number, to: number, more = 24): number[] => {
  const body = [...be16(from), ...be16(to), ...payload(more, protocol & 7)];
  return ethernet(IPV4, ipv4(body, { protocol }));
};

const ports = (): Named[] => [
  ...[78, 79, 80, 81, 90, 91, 99, 100, 101, 200].flatMap((port): Named[] => [
    [`udp to ${port}`, ethernet(IPV4, ipv4(udp(1000, port, payload(10, 1))))],
    [`tcp from ${port} to 85`, ethernet(IPV4, ipv4(tcp(port, 85, 0x10, []), { protocol: 6 }))],
  ]),
  ...[33, 132, 136].flatMap((protocol): Named[] => [
    [`ports of protocol ${protocol}`, withPorts(protocol, 1000, 2000)],
    [`ports of protocol ${protocol}, cut`, withPorts(protocol, 1000, 2000).slice(0, 36)],
  ]),
  ['sctp6', ethernet(IPV6, ipv6([...be16(1000), ...be16(2000), ...payload(20, 1)], 132))],
  ['tcp first fragment', ethernet(IPV4, ipv4(tcp(1000, 80, 2, []), { protocol: 6, fragment: 0x2000 }))],
  ['tcp with ip options', ethernet(IPV4, ipv4(tcp(1000, 80, 2, []), { protocol: 6, options: [1, 1, 1, 0] }))],
];

const tcpWith = (flags: number, offset = 0x50): number[] => {
  const header = tcp(1000, 80, flags & 0xff, []);
  header[12] = offset | (flags >> 8);
  return header;
};

const transport = (): Named[] => [
  ...[0, 1, 2, 4, 8, 0x10, 0x12, 0x18, 0x20, 0x29, 0x40, 0x80, 0xff, 0x100, 0xfff].map((flags): Named => [
    `tcp flags ${flags.toString(16)}`,
    ethernet(IPV4, ipv4(tcpWith(flags), { protocol: 6 })),
  ]),
  ['tcp header of 16', ethernet(IPV4, ipv4(tcpWith(2, 0x40), { protocol: 6 }))],
  ['tcp cut', ethernet(IPV4, ipv4(tcpWith(2).slice(0, 16), { protocol: 6 }))],
  ...[0, 3, 5, 11, 13].map((type): Named => [
    `icmp ${type}`,
    ethernet(IPV4, ipv4([type, type & 3, ...icmp(type, payload(8, 1)).slice(2)], { protocol: 1 })),
  ]),
  ['icmp cut', ethernet(IPV4, ipv4([3, 1, 0, 0], { protocol: 1 }))],
  ...[1, 129, 133, 135, 136].map((type): Named => [
    `icmpv6 ${type}`,
    ethernet(IPV6, ipv6([type, type & 3, ...icmp(type, payload(20, 1)).slice(2)], 58)),
  ]),
  ['l2tp 7', ethernet(IPV4, ipv4([0, 0, 0, 7, ...payload(16, 1)], { protocol: 115 }))],
  ['esp 7', ethernet(IPV4, ipv4([0, 0, 0, 7, ...payload(16, 1)], { protocol: 50 }))],
  ['ah 7', ethernet(IPV4, ipv4([17, 4, 0, 0, 0, 0, 0, 7, ...payload(16, 1)], { protocol: 51 }))],
];

const tunnels = (): Named[] => [
  ['ip in ip', ethernet(IPV4, ipv4(inner, { protocol: 4 }))],
  ['ip6 in ip', ethernet(IPV4, ipv4(inner6, { protocol: 41 }))],
  ['ip in ip6', ethernet(IPV6, ipv6(inner, 4))],
  ['mpls in ip', ethernet(IPV4, ipv4([...label(16, 0, true, 64), ...inner], { protocol: 137 }))],
  ['gre ip', ethernet(IPV4, ipv4([0, 0, 8, 0, ...inner], { protocol: 47 }))],
  ['gre with key', ethernet(IPV4, ipv4([0x20, 0, 8, 0, 0, 0, 0, 5, ...inner], { protocol: 47 }))],
  ['gre ethernet', ethernet(IPV4, ipv4([0, 0, 0x65, 0x58, ...ethernet(IPV4, inner)], { protocol: 47 }))],
  ['batman', ethernet(0x4305, [0x40, 15, 1, 0, ...payload(6, 1), ...ethernet(IPV4, inner)])],
  ['batman broadcast', ethernet(0x4305, [0x01, 15, 1, 0, ...payload(6, 1), ...ethernet(IPV4, inner)])],
  ['hsr', ethernet(0x892f, [0, 60, 0, 1, ...be16(IPV4), ...inner])],
  ['prp', ethernet(0x88fb, [0, 60, 0, 1, ...be16(IPV4), ...inner])],
  ['cfm', ethernet(0x8902, [0xa0, 1, 4, 70, ...payload(20, 1)])],
  ['tipc', ethernet(0x88ca, payload(40, 1))],
  ['fcoe', ethernet(0x8906, payload(60, 1))],
  ['fcoe cut', ethernet(0x8906, payload(20, 1))],
];

/** Options of a hop or of the destination, or of routing: `next` behind `length` times 8 bytes. */
const extension = (next: number, length = 1): number[] => [next, length - 1, ...payload(8 * length - 2, 0)];

const ipv6s = (): Named[] => [
  [
    'three headers',
    ethernet(IPV6, ipv6(udp(5, 80, []), 0, 0, [...extension(43), ...extension(60), ...extension(17, 2)])),
  ],
  [
    'twenty headers',
    ethernet(
      IPV6,
      ipv6(
        udp(5, 80, []),
        60,
        0,
        [...Array<number>(19).fill(60), 17].flatMap((next) => extension(next)),
      ),
    ),
  ],
  [
    'fourteen headers',
    ethernet(
      IPV6,
      ipv6(
        udp(5, 80, []),
        60,
        0,
        [...Array<number>(13).fill(60), 17].flatMap((next) => extension(next)),
      ),
    ),
  ],
  ['header beyond the end', ethernet(IPV6, ipv6([17, 200, 0, 0], 60))],
  ['header cut', ethernet(IPV6, ipv6([17], 60))],
  ['first fragment of ipv6', ethernet(IPV6, ipv6([17, 0, 0, 1, 1, 2, 3, 4, ...udp(5, 80, payload(8, 1))], 44))],
  ['last fragment of ipv6', ethernet(IPV6, ipv6([17, 0, 0, 0x48, 1, 2, 3, 4, ...payload(8, 1)], 44))],
  ['fragment header cut', ethernet(IPV6, ipv6([17, 0, 0, 1], 44))],
  ['hop options in ipv4', ethernet(IPV4, ipv4(udp(5, 80, []), { protocol: 0 }))],
];

const arp = (hardware: number, operation: number, sip: number, tip: number): number[] => [
  ...[...be16(hardware), 8, 0, 6, 4, ...be16(operation)],
  ...[2, 0, 0, 0, 0, 0x11, 10, 0, 0, sip, 2, 0, 0, 0, 0, 0x22, 10, 0, 0, tip],
];

const arps = (): Named[] => [
  ['arp 1 of 7 for 8', ethernet(F.ARP, arp(1, 1, 7, 8))],
  ['arp 2 of 9 for 8', ethernet(F.ARP, arp(1, 2, 9, 8))],
  ['arp 3', ethernet(F.ARP, arp(1, 3, 7, 8))],
  ['arp of other hardware', ethernet(F.ARP, arp(6, 1, 7, 8))],
  ['arp cut', ethernet(F.ARP, arp(1, 1, 7, 8).slice(0, 26))],
  ['rarp', ethernet(0x8035, arp(1, 1, 7, 8))],
];

/** Other addresses and lifetimes than those of the other frames. */
function elsewhere(body: readonly number[], at: number, ...bytes: readonly number[]): number[] {
  const changed = [...body];
  changed.splice(at, bytes.length, ...bytes);
  return changed;
}

const addresses = (): Named[] => [
  ['from 192.168.1.9', ethernet(IPV4, elsewhere(inner, 12, 192, 168, 1, 9))],
  ['to 192.168.2.9', ethernet(IPV4, elsewhere(inner, 16, 192, 168, 2, 9))],
  ['to 10.0.0.130', ethernet(IPV4, elsewhere(inner, 16, 10, 0, 0, 130))],
  ['from fd::1:5', ethernet(IPV6, elsewhere(inner6, 20, 0, 1, 0, 5))],
  ['to fe80::2', ethernet(IPV6, elsewhere(inner6, 24, 0xfe, 0x80))],
  ['ttl 1', ethernet(IPV4, ipv4(udp(1, 2, []), { ttl: 1 }))],
  ['ttl 255 tos 28', ethernet(IPV4, ipv4(udp(1, 2, []), { ttl: 255, tos: 0x28 }))],
  ['ihl 4', ethernet(IPV4, elsewhere(inner, 0, 0x44))],
  ['ihl 15', ethernet(IPV4, elsewhere(inner, 0, 0x4f))],
];

const tags = (): Named[] => [
  ['four tags', tag(VLAN, 1, VLAN, [0, 2, ...be16(VLAN), 0, 3, ...be16(VLAN), 0, 4, ...be16(IPV4), ...inner])],
  ['service vlan in vlan', tag(VLAN, 5, SERVICE_VLAN, [0x60, 6, ...be16(IPV4), ...inner])],
  ['vlan 5 in service vlan 9 pcp 3', tag(SERVICE_VLAN, 0x6009, VLAN, [0xa0, 5, ...be16(IPV6), ...inner6])],
];

/** All of them, in the order in which they are sent. */
export function flowerFrames(): readonly Frame[] {
  const groups = [mpls, ppp, ports, transport, tunnels, ipv6s, arps, addresses, tags];
  return groups.flatMap((group) => group()).map(([name, bytes]) => ({ name, bytes: Uint8Array.from(bytes) }));
}
