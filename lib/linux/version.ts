// Which kernel a machine is. One table says what each modelled version does differently; model code asks by the name
// of the behaviour and never compares versions in place.

export type KernelVersion = 'v4.1' | 'v6.1' | 'v6.18';
export const kernelVersions: readonly KernelVersion[] = ['v4.1', 'v6.1', 'v6.18'];

interface Behaviour {
  /** First modelled version that has it. */
  readonly since: KernelVersion;
  /** What changes for a caller. */
  readonly what: string;
}

export const behaviours = {
  'netlink-ext-ack': {
    since: 'v6.1',
    what: 'NETLINK_CAP_ACK, EXT_ACK, GET_STRICT_CHK, LIST_MEMBERSHIPS, LISTEN_ALL_NSID exist; NLMSG_ERROR has flags and TLVs',
  },
  'netlink-ack-aligned': { since: 'v6.1', what: 'the echoed request in NLMSG_ERROR is padded to four bytes' },
  'netlink-empty-enodata': { since: 'v6.1', what: 'sending zero bytes fails with ENODATA instead of returning 0' },
  'netlink-random-autobind': {
    since: 'v6.1',
    what: 'a taken autobind port falls back to a random start, not to -4097',
  },
  'netlink-dump-32k': { since: 'v6.1', what: 'dump chunks grow to 32448 bytes instead of 16384' },
  'netlink-bulk-del': { since: 'v6.1', what: 'NLM_F_BULK on a DEL type without support is refused' },
  'notify-requester': {
    since: 'v6.1',
    what: 'a requester in the notified group gets the notification even without NLM_F_ECHO',
  },
  'qdisc-bulk': {
    since: 'v6.1',
    what: 'a qdisc that serves several queues of a device gives up to nine packets at a time',
  },
  'so-later-options': { since: 'v6.1', what: 'sockets know the options after SO_ATTACH_BPF' },
  'so-last-options': {
    since: 'v6.18',
    what: 'sockets know the options after SO_RCVMARK; SO_REUSEPORT is for internet sockets',
  },
  'dump-offs-in-done': { since: 'v6.18', what: 'NLMSG_DONE of a failed dump carries the offset beside the text' },
  'dump-joins-done': {
    since: 'v6.18',
    what: 'dumps of neighbours, rules, namespace ids and IPv6 addresses end in the datagram of their last message',
  },
  'dump-done-unasked': { since: 'v6.18', what: 'NLMSG_DONE of a link dump repeats no warning about the request' },
  'rtnl-strict-dump': { since: 'v6.1', what: 'NETLINK_GET_STRICT_CHK is obeyed by link, address and route dumps' },
  'rtnl-echo-link': { since: 'v6.18', what: 'RTM_NEWLINK and RTM_DELLINK with NLM_F_ECHO return a copy' },
  'rtnl-newlink-late-check': {
    since: 'v6.18',
    what: 'RTM_NEWLINK refuses the data of a kind before it looks at the index and, of a link that exists, at the rest',
  },
  'rtnl-getlink-sync': { since: 'v6.18', what: 'RTM_GETLINK handles a waiting change of carrier before it answers' },
  'ifla-limits': {
    since: 'v6.1',
    what: 'link messages show MTU limits, segmentation limits, carrier counts, XDP and alternative names',
  },
  'ifla-ipv4-sizes': {
    since: 'v6.18',
    what: 'link requests know the attributes after ALLMULTI; before, they are of an unknown type',
  },
  'ifla-limit-texts': {
    since: 'v6.18',
    what: 'sizes and counts of segments that are too big are refused with a text, before anything is changed, of new links too',
  },
  'rtnl-early-netns': {
    since: 'v6.18',
    what: 'the namespace a link is to go to is looked up before the device, instead of when it goes',
  },
  'virtual-big-tso': { since: 'v6.18', what: 'dummy and ifb take segments of up to 524280 bytes' },
  'rtnl-negative-ifindex': { since: 'v6.1', what: 'no link is made with a negative index' },
  'rename-while-up': { since: 'v6.18', what: 'a link may be renamed while it is up' },
  'ifla-lockless-first': {
    since: 'v6.18',
    what: 'link messages put what is read without the lock first, the qdisc and the map last',
  },
  'ifla-stats64-padded': { since: 'v6.1', what: '64-bit link counters are aligned where the architecture wants it' },
  'tca-policy': { since: 'v6.1', what: 'the top TCA attributes are validated' },
  'tc-chains': {
    since: 'v6.1',
    what: 'filter chains, shared blocks, RTM_*CHAIN; every filter message carries TCA_CHAIN',
  },
  'tc-extack': { since: 'v6.1', what: 'traffic control explains its refusals' },
  'tc-later-classifiers': { since: 'v6.1', what: 'the classifiers flower and matchall exist' },
  'flower-later-keys': {
    since: 'v6.18',
    what: 'flower knows the keys after L2TPv3 and checks the bits of its flags',
  },
  'route-flowlabel': { since: 'v6.18', what: 'route requests know RTA_FLOWLABEL' },
  'rule-later-attributes': { since: 'v6.18', what: 'routing rules take a DSCP, flow labels and masks of ports' },
  clsact: { since: 'v6.1', what: 'the clsact qdisc exists' },
  'noqueue-visible': { since: 'v6.1', what: 'noqueue is an ordinary qdisc that dumps show' },
  'veth-queues': { since: 'v6.1', what: 'a veth has a queue for each CPU instead of one' },
  'iff-no-queue': { since: 'v6.1', what: 'virtual devices ask for no queue: veth gets noqueue' },
  'filter-flush': { since: 'v6.1', what: 'RTM_DELTFILTER with priority 0 flushes a chain' },
  'filter-notify-request-flags': { since: 'v6.1', what: 'filter notifications carry the flags of the request' },
  'filter-del-full-body': { since: 'v6.1', what: 'RTM_DELTFILTER notifications show the whole filter' },
  'auto-prio-enospc': { since: 'v6.18', what: 'an automatic priority that is taken gives ENOSPC instead of EINVAL' },
  'bpf-direct-action': { since: 'v6.1', what: 'TCA_BPF_FLAGS and FLAGS_GEN are read; CLASSID is optional' },
  'bpf-handle-idr': { since: 'v6.1', what: 'automatic bpf handles are the lowest free instead of a counter' },
  'tc-block-ports': { since: 'v6.18', what: 'a device is bound to a shared filter block once' },
  'tc-ingress-children-texts': {
    since: 'v6.18',
    what: 'children of clsact and ingress are refused with a text of their own',
  },
  'tc-kind-mismatch-text': { since: 'v6.18', what: 'a wrong qdisc kind is refused with the longer text' },
  'tc-dump-chain-policy': { since: 'v6.18', what: 'a dump of filters wants four bytes of TCA_CHAIN' },
  'tc-proto-mismatch-text': { since: 'v6.18', what: 'a wrong protocol of a filter is refused with a text of its own' },
  'tc-ext-warn-msg': { since: 'v6.1', what: 'notifications repeat the warning of the request in TCA_EXT_WARN_MSG' },
  'tc-hw-offload': { since: 'v6.1', what: 'qdisc messages carry TCA_HW_OFFLOAD' },
  'tc-too-many-actions': { since: 'v6.18', what: 'a 33rd action is refused instead of ignored' },
  'tc-action-idr': { since: 'v6.1', what: 'actions are numbered for each namespace; 4.1 is not modelled' },
  'tc-action-asks-hardware': {
    since: 'v6.18',
    what: 'a dump of actions asks hardware about each, which every later message about it shows',
  },
  'tc-action-del-forgets': {
    since: 'v6.18',
    what: 'RTM_DELACTION that is refused keeps references to the actions it has not come to',
  },
  'tc-action-eagain': {
    since: 'v6.18',
    what: 'an index that is being taken is refused; before, the kernel waits for it without end',
  },
  'tc-action-inherits-flags': {
    since: 'v6.18',
    what: 'an action that a filter made takes over the skip flags of the filter, and must not name others',
  },
  'mirred-ingress-by-place': {
    since: 'v6.18',
    what: 'mirred queues a packet that it takes in from the way out; before, one that a mirred inside another takes in',
  },
  'mirred-no-target-goes-on': {
    since: 'v6.18',
    what: 'a redirect whose device is gone lets the packet have the verdict; before, it is dropped',
  },
  'mirred-block': { since: 'v6.18', what: 'mirred takes a shared block for a device' },
  'tfilter-notify-grows': { since: 'v6.1', what: 'the message about a filter may be of any size' },
  'qdisc-hash': {
    since: 'v6.1',
    what: 'child qdiscs are dumped by hash bucket, newest first, instead of oldest first',
  },
  'qdisc-graft-before-notify': { since: 'v6.1', what: 'notifications count references as they are after the graft' },
  'qdisc-exclusive-create': {
    since: 'v6.1',
    what: 'CREATE and EXCL with another kind replace a qdisc, not only CREATE and REPLACE',
  },
  'qdisc-move-refused': { since: 'v6.18', what: 'a qdisc is not regrafted under another parent' },
  'tc-hook-without-filters': {
    since: 'v6.18',
    what: 'a hook interrupts delivery even when it has no filter: what nobody but a listener wants is counted as dropped',
  },
  'noop-counts': { since: 'v6.18', what: 'packets for a device without carrier are counted as dropped' },
  'pfifo-fast-ring': { since: 'v6.1', what: 'pfifo_fast refuses a device whose transmit queue has no length' },
  'htb-offload': {
    since: 'v6.1',
    what: 'htb may be offloaded: OFFLOAD is read, and the qdisc takes the references of the queues itself',
  },
  'htb-class-texts': { since: 'v6.18', what: 'htb says why it refuses a class, and warns of odd quanta in the answer' },
  'psched-mpu': { since: 'v6.1', what: 'rates keep the least packet size (mpu) they were given' },
  'fq-codel-batches': {
    since: 'v6.1',
    what: 'fq_codel has a batch size, a memory limit and a limit of the quantum; its statistics are longer',
  },
  'red-flags': {
    since: 'v6.1',
    what: 'red has all of its flags, and blocks of what it drops or marks, as attributes; it judges its table',
  },
  'neigh-get-early': {
    since: 'v6.18',
    what: 'RTM_GETNEIGH asks for the device first, and names the type of a missing address instead of a text',
  },
  'neigh-ext-validated': { since: 'v6.18', what: 'neighbours know NTF_EXT_EXT_VALIDATED' },
  'fdb-bulk-by-device': {
    since: 'v6.18',
    what: 'the attributes of deleting in bulk are judged by the device, not by a common policy',
  },
  'inet-multicast-dump': {
    since: 'v6.18',
    what: 'RTM_GETMULTICAST serves IPv4; joining and leaving a group is told to RTNLGRP_IPV4_MCADDR, RTNLGRP_IPV6_MCADDR',
  },
  'inet-addr-texts': { since: 'v6.18', what: 'changes of addresses are refused with a text' },
  'fib-lowest-unicast': { since: 'v6.1', what: 'the lowest address of a subnet is no broadcast address' },
  'bpf-objects': {
    since: 'v6.1',
    what: 'bpf(2) has commands after PROG_LOAD: pins, ids, BTF, links; maps and programs have names',
  },
  'bpf-token': {
    since: 'v6.18',
    what: 'bpf(2) knows tokens; what MAP_CREATE and PROG_LOAD need is asked late, by kind',
  },
  'bpf-freeze-asks-mode': {
    since: 'v6.18',
    what: 'BPF_MAP_FREEZE wants an fd that may write, no capability, and no fields of the kernel in the value',
  },
  'bpf-arena': { since: 'v6.18', what: 'there are arenas, and maps of storage for cgroups' },
  'bpf-map-hash': { since: 'v6.18', what: 'maps may belong to one program by its digest, and have one themselves' },
  'bpf-division-goes-on': { since: 'v6.1', what: 'dividing by a register that is 0 does not end a program' },
  'bpf-tcx': {
    since: 'v6.18',
    what: 'programs are attached to devices without a qdisc: BPF_TCX_INGRESS, BPF_TCX_EGRESS',
  },
  'tag-sha256': { since: 'v6.18', what: 'program tags are SHA-256 instead of SHA-1' },
} as const satisfies Readonly<Record<string, Behaviour>>;

export type BehaviourName = keyof typeof behaviours;

/** Whether `version` shows the behaviour. */
export function has(version: KernelVersion, name: BehaviourName): boolean {
  return kernelVersions.indexOf(version) >= kernelVersions.indexOf(behaviours[name].since);
}

/** The set of behaviours of a version, for machines to ask quickly. */
export function behavioursOf(version: KernelVersion): ReadonlySet<BehaviourName> {
  const names = Object.keys(behaviours) as BehaviourName[];
  return new Set(names.filter((name) => has(version, name)));
}
