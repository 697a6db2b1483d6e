// include/uapi/linux/snmp.h: names of the counters that IFLA_INET6_STATS and IFLA_INET6_ICMP6STATS carry, by index. The
// first word of both is their number.

const ip6 = [
  'InReceives', 'InOctets', 'InDelivers', 'OutForwDatagrams', 'OutRequests', 'OutOctets', 'InHdrErrors',
  'InTooBigErrors', 'InNoRoutes', 'InAddrErrors', 'InUnknownProtos', 'InTruncatedPkts', 'InDiscards', 'OutDiscards',
  'OutNoRoutes', 'ReasmTimeout', 'ReasmReqds', 'ReasmOKs', 'ReasmFails', 'FragOKs', 'FragFails', 'FragCreates',
  'InMcastPkts', 'OutMcastPkts', 'InBcastPkts', 'OutBcastPkts', 'InMcastOctets', 'OutMcastOctets', 'InBcastOctets',
  'OutBcastOctets', 'InCsumErrors', 'InNoECTPkts', 'InECT1Pkts', 'InECT0Pkts', 'InCEPkts', 'ReasmOverlaps', 'OutPkts',
]; // prettier-ignore

const icmp6 = ['InMsgs', 'InErrors', 'OutMsgs', 'OutErrors', 'InCsumErrors', 'OutRateLimitHost'];

const counter =
  (names: readonly string[]) =>
  (index: number): string | undefined =>
    index === 0 ? 'number of counters' : names[index - 1];

export const ip6Counter = counter(ip6);
export const icmp6Counter = counter(icmp6);
