// What a message does, by its type: a request asks for it, an answer or a notification tells of it.
import * as nl from '../../../uapi/linux/netlink.js';
import * as rt from '../../../uapi/linux/rtnetlink.js';

const control: Readonly<Record<number, string>> = {
  [nl.NLMSG_NOOP]: 'nothing: skip it',
  [nl.NLMSG_ERROR]: 'the result of a request',
  [nl.NLMSG_DONE]: 'the end of a list',
  [nl.NLMSG_OVERRUN]: 'data was lost',
};

const subjects: Readonly<Record<number, string>> = {
  [rt.RTM_NEWLINK]: 'a network interface',
  [rt.RTM_NEWADDR]: 'an address of an interface',
  [rt.RTM_NEWROUTE]: 'a route',
  [rt.RTM_NEWNEIGH]: 'a neighbour (ARP, NDP, FDB)',
  [rt.RTM_NEWRULE]: 'a routing rule',
  [rt.RTM_NEWQDISC]: 'a queueing discipline',
  [rt.RTM_NEWTCLASS]: 'a traffic class',
  [rt.RTM_NEWTFILTER]: 'a traffic filter',
  [rt.RTM_NEWACTION]: 'actions',
  [rt.RTM_NEWPREFIX]: 'a prefix that a router advertised',
  [rt.RTM_NEWMULTICAST]: 'a multicast address that an interface listens to',
  [rt.RTM_NEWANYCAST]: 'an anycast address of an interface',
  [rt.RTM_NEWNEIGHTBL]: 'a table of neighbours',
  [rt.RTM_NEWADDRLABEL]: 'a label of addresses',
  [rt.RTM_NEWNETCONF]: 'settings of an interface',
  [rt.RTM_NEWMDB]: 'a multicast group of a bridge',
  [rt.RTM_NEWNSID]: 'the number of a network namespace',
  [rt.RTM_NEWSTATS]: 'statistics of an interface',
  [rt.RTM_NEWCHAIN]: 'a chain of filters',
  [rt.RTM_NEWNEXTHOP]: 'a next hop',
  [rt.RTM_NEWLINKPROP]: 'alternative names of an interface',
  [rt.RTM_NEWVLAN]: 'a VLAN of a bridge',
  [rt.RTM_NEWNEXTHOPBUCKET]: 'a bucket of a next hop group',
  [rt.RTM_NEWTUNNEL]: 'a tunnel',
};

const asked = ['adds or changes', 'deletes', 'asks for', 'changes'];
const told = ['', 'gone: ', 'asks for ', 'set: '];

/** `adds or changes a traffic filter`; undefined for types that nobody has named. */
export function verbOf(type: number, isRequest: boolean): string | undefined {
  if (type < nl.NLMSG_MIN_TYPE) return control[type];
  const subject = subjects[type & ~3];
  if (subject === undefined) return undefined;
  return isRequest ? `${asked[type & 3]!} ${subject}` : `${told[type & 3]!}${subject}`;
}
