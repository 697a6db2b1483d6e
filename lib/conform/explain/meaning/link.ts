// Meanings of interfaces: struct ifinfomsg, IFLA_*, and what is inside them.
import type { Meanings, Told } from './meaning.js';

const BRIDGE = 7;

const changeMeaning = ({ isRequest, number }: Told): string | undefined => {
  if (!isRequest)
    return number === 0
      ? 'no flag changed'
      : number === 0xffffffff
        ? 'a new or deleted interface'
        : 'flags that changed';
  return number === 0 ? 'ifi_flags counts as a whole, unless it is 0, too' : 'bits of ifi_flags to change';
};

export const linkMeanings: Meanings = {
  ifi_family: ({ family }) => (family === BRIDGE ? 'of bridges' : undefined),
  ifi_index: ({ number, isRequest }) =>
    number === 0 && isRequest ? 'no interface by number: IFLA_IFNAME or none' : 'index of the interface',
  ifi_flags: ({ isRequest, number }) =>
    isRequest ? (number === 0 ? undefined : 'the flags to have') : 'flags and state',
  ifi_change: changeMeaning,
  IFLA_IFNAME: 'name',
  IFLA_ALT_IFNAME: 'another name of it',
  IFLA_ADDRESS: 'link address',
  IFLA_BROADCAST: 'link address that reaches all',
  IFLA_PERM_ADDRESS: 'link address it was made with',
  IFLA_MTU: 'longest packet, in bytes',
  IFLA_LINK: 'index of the interface below, or of the peer',
  IFLA_MASTER: ({ number }) =>
    number === 0 ? 'leaves its master' : 'index of the bridge, bond or the like it belongs to',
  IFLA_QDISC: 'kind of its root queueing discipline',
  IFLA_TXQLEN: 'default length of queues, in packets',
  IFLA_OPERSTATE: 'whether it works, by RFC 2863',
  IFLA_LINKINFO: 'kind of the interface, and its settings',
  IFLA_INFO_KIND: 'the kind that IFLA_INFO_DATA is for',
  IFLA_INFO_DATA: 'settings of the kind',
  VETH_INFO_PEER: 'the other end: a struct ifinfomsg and attributes of a link',
  IFLA_AF_SPEC: 'settings by address family',
  IFLA_GROUP: 'number of the group, for operations on many',
  IFLA_NET_NS_PID: 'moves to the network namespace of this process',
  IFLA_NET_NS_FD: 'moves to the network namespace of this file descriptor',
  IFLA_NEW_IFINDEX: 'index in the namespace it moved to',
  IFLA_NEW_NETNSID: 'the namespace it moved to',
  IFLA_LINK_NETNSID: 'namespace of IFLA_LINK',
  IFLA_TARGET_NETNSID: 'the namespace that is meant',
  IFLA_EXT_MASK: 'what answers are to hold or leave out',
  IFLA_PROMISCUITY: 'how many want all packets',
  IFLA_ALLMULTI: 'how many want all multicast packets',
  IFLA_NUM_TX_QUEUES: 'queues for sending',
  IFLA_NUM_RX_QUEUES: 'queues for receiving',
  IFLA_CARRIER: ({ number }) => (number === 0 ? 'no carrier' : 'carrier'),
  IFLA_CARRIER_CHANGES: 'how often the carrier came or went',
  IFLA_CARRIER_UP_COUNT: 'how often the carrier came',
  IFLA_CARRIER_DOWN_COUNT: 'how often the carrier went',
  IFLA_STATS: 'counters, cut to 32 bits',
  IFLA_STATS64: 'counters',
  IFLA_MAP: 'memory and interrupt of old hardware',
  IFLA_XDP: 'the XDP program',
  IFLA_XDP_FD: ({ number }) =>
    number === -1 ? 'take the program away' : 'file descriptor of a loaded program (type XDP)',
  IFLA_XDP_EXPECTED_FD: 'only if this program is there now',
  IFLA_XDP_PROG_ID: 'number of the loaded program',
  IFLA_XDP_ATTACHED: 'where it runs',
  IFLA_EVENT: 'why the message was sent',
  IFLA_PROP_LIST: 'further names',
  IFLA_IFALIAS: 'description',
  IFLA_MIN_MTU: 'least MTU it takes',
  IFLA_MAX_MTU: 'greatest MTU it takes (0: no limit)',
  IFLA_GSO_MAX_SIZE: 'longest packet that it cuts itself',
  IFLA_GSO_MAX_SEGS: 'most pieces of one',
  IFLA_PROTO_DOWN: 'kept down by a protocol',
  IFLA_NETNS_IMMUTABLE: ({ number }) =>
    number === 0 ? 'can move to another namespace' : 'cannot move to another namespace',
  IFLA_INET_CONF: 'sysctls of IPv4',
  IFLA_INET6_CONF: 'sysctls of IPv6',
  IFLA_INET6_STATS: 'counters of IPv6',
  IFLA_INET6_ICMP6STATS: 'counters of ICMPv6',
  IFLA_INET6_TOKEN: 'the lower half of addresses, if set',
  IFLA_INET6_ADDR_GEN_MODE: 'how addresses are made',
  IFLA_INET6_CACHEINFO: 'times of neighbour discovery',
};
