// What frames are sent through to see what flower filters match: every key that tc(8) can give, alone and with others, with
// masks, at both hooks and under a qdisc. Where a frame ends says which filter was its: they send on to w0 or i0, drop, or
// mirror to i0 and let pass. The filters are asked in the order of their numbers.
import { clsact, type Configuration, filter } from './configurations.js';

/** Where the frames of the first filter go, of the second, and so on. */
const fates = [
  'action mirred egress redirect dev w0',
  'action mirred egress redirect dev i0',
  'action drop',
  'action mirred egress mirror dev i0 pass',
  'action mirred egress mirror dev w0 pass',
  'action mirred ingress redirect dev w1',
];

/** Filters at the ingress of v1: `protocol keys`, each with the next fate. */
const flowers = (...keys: readonly string[]): string[] => [
  clsact('v1'),
  ...keys.map((one, i) => {
    const [protocol, ...rest] = one.split(' ');
    return filter('v1', 'ingress', `protocol ${protocol!} prio ${i + 1} flower ${rest.join(' ')} ${fates[i]!}`);
  }),
];
const config = (name: string, ...keys: readonly string[]): Configuration => ({ name, setup: flowers(...keys) });

const links: Configuration[] = [
  config('no key', 'ip', 'all'),
  config(
    'link addresses',
    'all dst_mac ff:ff:ff:ff:ff:ff',
    'all src_mac 02:00:00:00:00:01/ff:00:00:00:00:0f dst_mac 01:00:00:00:00:00/01:00:00:00:00:00',
    'ip dst_mac 02:00:00:00:00:02/40',
  ),
  config('device', 'all indev v0', 'all indev v1'),
  config('tag', '802.1q vlan_id 5', '802.1q vlan_prio 6', '802.1q vlan_prio 0', '802.1q vlan_ethtype arp', 'all'),
  config(
    'tag and what it carries',
    '802.1q vlan_id 5 vlan_ethtype ip ip_proto udp',
    '802.1q vlan_ethtype ipv6 ip_proto tcp',
    '802.1q vlan_ethtype ip ip_proto tcp dst_port 80',
    '802.1q vlan_ethtype ip',
  ),
  config('service tag', '802.1ad vlan_id 9', '802.1ad vlan_prio 7', '802.1ad vlan_ethtype 802.1q'),
  config(
    'inner tag',
    '802.1ad vlan_id 9 vlan_ethtype 802.1q cvlan_id 5 cvlan_ethtype ip',
    '802.1ad vlan_ethtype 802.1q cvlan_id 5',
    '802.1q vlan_ethtype 802.1q cvlan_id 5',
    '802.1q vlan_ethtype 802.1ad cvlan_prio 3',
    '802.1ad vlan_ethtype 802.1q cvlan_prio 5 cvlan_ethtype ipv6 ip_proto udp',
  ),
  config(
    'number of tags',
    'all num_of_vlans 0',
    'all num_of_vlans 1',
    'all num_of_vlans 2',
    'all num_of_vlans 3',
    'all num_of_vlans 4',
  ),
  config(
    'number of tags with keys',
    'all num_of_vlans 1 vlan_id 5',
    'all num_of_vlans 2 cvlan_id 5',
    'all num_of_vlans 2 vlan_prio 0',
  ),
  config('link addresses in a tag', '802.1q dst_mac 02:00:00:00:00:02 vlan_id 5', '802.1q src_mac 02:00:00:00:00:01'),
];

const networks: Configuration[] = [
  config(
    'protocols of ip',
    'ip ip_proto udp',
    'ip ip_proto tcp',
    'ip ip_proto icmp',
    'ip ip_proto sctp',
    'ip ip_proto 0x2f',
    'ip ip_proto 0x84',
  ),
  config(
    'protocols of ipv6',
    'ipv6 ip_proto udp',
    'ipv6 ip_proto tcp',
    'ipv6 ip_proto icmpv6',
    'ipv6 ip_proto 0x2c',
    'ipv6 ip_proto 0x3c',
  ),
  config(
    'service and lifetime',
    'ip ip_tos 0x10/0x10',
    'ip ip_ttl 1',
    'ip ip_tos 0xb8',
    'ipv6 ip_tos 0x10/0xff',
    'ipv6 ip_ttl 64 ip_tos 0x8',
    'ip ip_ttl 0x40/0x40',
  ),
  config(
    'addresses of ip',
    'ip src_ip 192.168.0.0/16',
    'ip dst_ip 192.168.2.9',
    'ip dst_ip 10.0.0.128/25',
    'ip src_ip 10.0.0.1 dst_ip 10.0.0.2 ip_proto tcp',
    'ip src_ip 10.0.0.0/31',
  ),
  config(
    'addresses of ipv6',
    'ipv6 src_ip fd00::1:0:0/96 ip_proto udp',
    'ipv6 dst_ip fe80::/16',
    'ipv6 src_ip fd00::1 dst_ip fd00::2',
    'ipv6 src_ip fd00::/8',
  ),
  config('addresses of either version in one priority', 'ip src_ip 10.0.0.1', 'ipv6 src_ip fd00::1'),
  config(
    'fragments',
    'ip ip_flags firstfrag',
    'ip ip_flags frag',
    'ipv6 ip_flags frag/firstfrag',
    'ipv6 ip_flags nofirstfrag',
    'ip ip_flags nofrag ip_proto udp',
  ),
  config(
    'fragments and ports',
    'ip ip_proto udp dst_port 6',
    'ip ip_proto tcp dst_port 80 ip_flags frag',
    'ip ip_proto udp dst_port 0/0xffff',
    'ipv6 ip_proto udp dst_port 80',
  ),
];

const transports: Configuration[] = [
  config(
    'ports of tcp',
    'ip ip_proto tcp dst_port 443',
    'ip ip_proto tcp src_port 1000 dst_port 80',
    'ip ip_proto tcp src_port 64/0xffe0',
    'ipv6 ip_proto tcp dst_port 80',
  ),
  config(
    'ports of udp',
    'ip ip_proto udp dst_port 53',
    'ip ip_proto udp src_port 1000',
    'ip ip_proto udp dst_port 0x40/0x00c0',
    'ipv6 ip_proto udp dst_port 2000 src_port 1000',
  ),
  config(
    'ports of sctp',
    'ip ip_proto sctp dst_port 2000',
    'ip ip_proto sctp dst_port 0',
    'ipv6 ip_proto sctp src_port 1000',
  ),
  config(
    'ranges of ports',
    'ip ip_proto udp dst_port 80-90',
    'ip ip_proto tcp src_port 79-99',
    'ip ip_proto udp dst_port 1-79',
    'ip ip_proto udp src_port 1-2000 dst_port 91-200',
    'ipv6 ip_proto udp dst_port 1-65535',
  ),
  {
    name: 'ranges of ports in one priority',
    setup: [
      clsact('v1'),
      ...['80-90', '85-95', '1-100', '2000-2001', '22-60000'].map((range, i) =>
        filter('v1', 'ingress', `protocol ip prio 1 flower ip_proto udp dst_port ${range} ${fates[i]!}`),
      ),
    ],
  },
  {
    name: 'ranges of both ports in one priority',
    setup: [
      clsact('v1'),
      ...[
        ['1-99', '80-90'],
        ['1000-1001', '80-90'],
        ['1000-2000', '1-3000'],
        ['1-2', '1-2'],
      ].map(([from, to], i) =>
        filter(
          'v1',
          'ingress',
          `protocol ip prio 1 flower ip_proto udp src_port ${from!} dst_port ${to!} ${fates[i]!}`,
        ),
      ),
    ],
  },
  config(
    'ports and ranges',
    'ip ip_proto udp src_port 1000 dst_port 80-90',
    'ip ip_proto tcp src_port 79-99 dst_port 85',
    'ip ip_proto udp dst_port 2000-3000 src_ip 10.0.0.1',
  ),
  config(
    'flags of tcp',
    'ip ip_proto tcp tcp_flags 0x2/0x12',
    'ip ip_proto tcp tcp_flags 0x10/0x10',
    'ip ip_proto tcp tcp_flags 0',
    'ip ip_proto tcp tcp_flags 0x100/0xf00',
    'ip ip_proto tcp tcp_flags 0xff/0xfff',
    'ipv6 ip_proto tcp tcp_flags 0x2',
  ),
  config(
    'icmp',
    'ip ip_proto icmp type 8',
    'ip ip_proto icmp type 3 code 3',
    'ip ip_proto icmp code 1/1',
    'ip ip_proto icmp type 0/240',
  ),
  config(
    'icmpv6',
    'ipv6 ip_proto icmpv6 type 128 code 0',
    'ipv6 ip_proto icmpv6 type 128/128 code 1',
    'ipv6 ip_proto icmpv6 type 135',
    'ipv6 ip_proto icmpv6',
  ),
];

const others: Configuration[] = [
  config(
    'arp',
    'arp arp_op request arp_sip 10.0.0.7',
    'arp arp_op reply arp_tip 10.0.0.0/24',
    'arp arp_sha 02:00:00:00:00:01',
    'arp arp_tha 02:00:00:00:00:22/ff:00:00:00:00:0f',
    'arp arp_op 0/1',
    'arp',
  ),
  config('rarp', 'rarp arp_op request', 'rarp arp_sip 10.0.0.0/8', 'rarp'),
  config(
    'arp in a tag',
    '802.1q vlan_id 5 vlan_ethtype arp arp_op 1',
    '802.1q vlan_ethtype arp arp_sip 10.0.0.1',
    '802.1ad vlan_ethtype 802.1q cvlan_ethtype arp arp_op reply',
  ),
  config(
    'label',
    'mpls_uc mpls_label 16 mpls_tc 5',
    'mpls_uc mpls_label 16 mpls_bos 1',
    'mpls_uc mpls_ttl 1',
    'mpls_uc mpls_bos 0',
    'mpls_mc mpls_label 16',
  ),
  config(
    'label stack',
    'mpls_uc mpls lse depth 1 label 16 lse depth 2 label 17',
    'mpls_uc mpls lse depth 2 ttl 63',
    'mpls_uc mpls lse depth 7 bos 1',
    'mpls_uc mpls lse depth 3',
    'mpls_uc mpls lse depth 2 tc 1 bos 0',
  ),
  config('label in a tag', '802.1q vlan_id 5 vlan_ethtype mpls_uc mpls_label 16', 'mpls_uc'),
  config(
    'ppp sessions',
    'ppp_ses pppoe_sid 8',
    'ppp_ses pppoe_sid 7 ppp_proto ip',
    'ppp_ses ppp_proto ipv6',
    'ppp_ses ppp_proto mpls_uc',
    'ppp_ses ppp_proto 0xc021',
    'ppp_ses pppoe_sid 7',
  ),
  config(
    'what ppp sessions carry',
    'ppp_ses ppp_proto ip ip_proto udp dst_port 2000',
    'ppp_ses ppp_proto ipv6 src_ip fd00::1',
    '802.1q vlan_ethtype ppp_ses pppoe_sid 7 ppp_proto ip',
  ),
  config('other protocols', '0x8902', '0x892f', '0x4305', '0x88ca', '0x8906', '0x1234'),
];

const O = '$O';
/** Filters that see the parameters of a tunnel, which a program before them gives. */
const tunnel = (section: string, ...keys: readonly string[]): string[] => [
  clsact('v1'),
  filter('v1', 'ingress', `protocol all prio 1 bpf da obj ${O} sec ${section}`),
  ...keys.map((one, i) => filter('v1', 'ingress', `protocol ip prio ${i + 2} flower ${one} ${fates[i]!}`)),
];

const tunnels: Configuration[] = [
  {
    name: 'tunnel of ip',
    setup: tunnel(
      'four',
      'enc_key_id 42 enc_src_ip 10.1.0.2',
      'enc_dst_ip 10.1.0.2 ip_proto tcp',
      'enc_src_ip 10.1.0.0/24 enc_key_id 42 ip_proto udp dst_port 80-99',
      'enc_tos 0x10/0xf0 ip_proto icmp',
      'enc_ttl 9 enc_dst_port 0',
    ),
  },
  {
    name: 'tunnel of ip, not matched',
    setup: tunnel(
      'four',
      'enc_key_id 43',
      'enc_dst_ip fd01::2',
      'enc_dst_port 4789',
      'enc_tos 0',
      'enc_src_ip 10.1.0.1/32 enc_ttl 8',
    ),
  },
  {
    name: 'tunnel of ipv6',
    setup: tunnel(
      'six',
      'enc_src_ip 10.1.0.1',
      'enc_dst_ip fd01::2 enc_key_id 43 ip_proto udp',
      'enc_src_ip fd01::/16',
    ),
  },
  {
    name: 'tunnel with options',
    setup: tunnel(
      'six',
      'enc_key_id 43 geneve_opts 0101:80:01020305',
      'geneve_opts 0101:80:01020304 ip_proto udp',
      'geneve_opts 0100:00:00000000/ff00:00:00000000 ip_proto tcp',
      'geneve_opts 0101:80:01020304,0101:80:01020304',
      'geneve_opts 0101:00:01020300/ffff:00:ffffff00',
    ),
  },
  {
    name: 'no tunnel',
    setup: flowers('ip enc_key_id 0', 'ip enc_dst_ip 0.0.0.0/0', 'ip enc_ttl 0x0/0xff', 'ip enc_key_id 42'),
  },
  {
    name: 'connections that nobody tracks',
    setup: flowers(
      'ip ct_state +trk',
      'ip ct_state -trk ip_proto udp',
      'ip ct_zone 5',
      'ip ct_mark 0x0/0xff ip_proto tcp',
      'ip ct_state +trk+est',
      'ip ct_label 00/ff',
    ),
  },
];

const together: Configuration[] = [
  {
    name: 'several masks in one priority',
    setup: [
      clsact('v1'),
      ...[
        'ip_proto udp',
        'ip_proto udp dst_port 2000',
        'dst_ip 10.0.0.2',
        'ip_proto tcp dst_port 80',
        'src_ip 10.0.0.0/8',
        'ip_ttl 64',
      ].map((keys, i) => filter('v1', 'ingress', `protocol ip prio 1 handle ${10 - i} flower ${keys} ${fates[i]!}`)),
    ],
    changes: [
      { before: 100, run: 'tc filter del dev v1 ingress prio 1 protocol ip handle 10 flower' },
      { before: 200, run: `tc filter add dev v1 ingress prio 1 protocol ip flower ip_proto udp ${fates[4]!}` },
      { before: 330, run: 'tc filter del dev v1 ingress prio 1' },
    ],
  },
  {
    name: 'one mask, many values',
    setup: [
      clsact('v1'),
      ...[1, 2, 6, 17, 50, 132].map((proto, i) =>
        filter('v1', 'ingress', `protocol ip prio 1 flower ip_proto 0x${proto.toString(16)} ${fates[i]!}`),
      ),
    ],
    changes: [
      {
        before: 60,
        run: `tc filter change dev v1 ingress prio 1 protocol ip handle 4 flower ip_proto icmp ${fates[2]!}`,
      },
      {
        before: 150,
        run: `tc filter change dev v1 ingress prio 1 protocol ip handle 1 flower ip_proto udp ${fates[3]!}`,
      },
      { before: 180, run: `tc filter add dev v1 ingress prio 1 protocol ip flower ip_proto tcp ${fates[0]!}` },
      {
        before: 200,
        run: `tc filter change dev v1 ingress prio 1 protocol ip handle 2 flower ip_proto tcp dst_port 5 ${fates[0]!}`,
      },
    ],
  },
  {
    name: 'skipped by hardware, refused by software',
    setup: [
      ...flowers('ip skip_hw ip_proto udp'),
      filter('v1', 'ingress', 'protocol ip prio 2 flower skip_sw ip_proto tcp action drop'),
    ],
  },
  {
    name: 'at egress',
    setup: [
      clsact('v0'),
      filter(
        'v0',
        'egress',
        'protocol ip prio 1 flower ip_proto udp dst_port 2000 action mirred egress mirror dev w0 pass',
      ),
      filter('v0', 'egress', 'protocol ipv6 prio 2 flower src_ip fd00::/8 ip_proto tcp action drop'),
      filter('v0', 'egress', 'protocol 802.1q prio 3 flower vlan_id 5 action drop'),
      filter('v0', 'egress', 'protocol all prio 4 flower indev v0 action drop'),
      filter('v0', 'egress', 'protocol all prio 5 flower num_of_vlans 2 action drop'),
      filter('v0', 'egress', 'protocol arp prio 6 flower arp_op 2 action mirred egress redirect dev w0'),
    ],
  },
  {
    name: 'chains and templates',
    setup: [
      clsact('v1'),
      'tc chain add dev v1 ingress protocol ip chain 5 flower ip_proto udp dst_port 1',
      filter('v1', 'ingress', `chain 5 protocol ip prio 1 flower ip_proto udp dst_port 2000 ${fates[0]!}`),
      filter('v1', 'ingress', 'chain 5 protocol ip prio 2 flower ip_proto tcp action goto chain 6'),
      filter('v1', 'ingress', 'chain 5 protocol ip prio 3 flower src_ip 10.0.0.1 action drop'),
      filter('v1', 'ingress', `chain 6 protocol ip prio 1 flower tcp_flags 0x2 ip_proto tcp ${fates[1]!}`),
      filter('v1', 'ingress', 'protocol ip prio 1 flower ip_ttl 64 action goto chain 5'),
    ],
  },
  {
    name: 'actions of flower',
    setup: [
      clsact('v1'),
      filter('v1', 'ingress', 'protocol ip prio 1 flower ip_proto udp action gact pass random determ drop 2'),
      filter('v1', 'ingress', 'protocol ip prio 2 flower ip_proto tcp action continue'),
      filter(
        'v1',
        'ingress',
        'protocol ip prio 3 flower action police mtu 100 conform-exceed drop/pipe action mirred egress mirror dev w0',
      ),
      filter('v1', 'ingress', 'protocol ipv6 prio 4 flower action reclassify'),
      filter('v1', 'ingress', 'protocol arp prio 5 flower classid 1:5'),
      filter('v1', 'ingress', 'protocol 802.1q prio 6 flower action trap'),
    ],
  },
  {
    name: 'classes of htb by flower',
    setup: [
      'tc qdisc add dev v0 root handle 1: htb default 3',
      ...[1, 2, 3].map(
        (n) => `tc class add dev v0 parent 1: classid 1:${n} htb rate ${n}gbit ceil 20gbit burst 1m cburst 1m`,
      ),
      filter('v0', 'parent 1:', 'protocol ip prio 1 flower ip_proto udp dst_port 1-1999 flowid 1:1'),
      filter('v0', 'parent 1:', 'protocol ip prio 2 flower ip_tos 0x10 classid 1:2'),
      filter('v0', 'parent 1:', 'protocol ipv6 prio 3 flower ip_proto icmpv6 type 128 classid 1:2 action pass'),
      filter('v0', 'parent 1:', 'protocol arp prio 4 flower arp_op request classid 1:1 action drop'),
      filter('v0', 'parent 1:', 'protocol 802.1q prio 5 flower vlan_id 5 classid 1:9'),
    ],
  },
];

export const flowerConfigurations: readonly Configuration[] = [
  ...[...links, ...networks, ...transports, ...others, ...tunnels, ...together],
];
