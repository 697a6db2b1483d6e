// What the judged kernels do differently, as far as the bytes of a request decide it. The rules ask for a behaviour by its
// name and never compare versions in place. The model has a table of its own: this one must be able to contradict it.

export type KernelVersion = 'v4.1' | 'v6.1' | 'v6.18';
export const kernelVersions: readonly KernelVersion[] = ['v4.1', 'v6.1', 'v6.18'];

/** Behaviours by the first of the versions that shows them. */
const since = {
  /** Link requests know the attributes after IFLA_ALLMULTI. */
  'link-ipv4-sizes': 'v6.18',
  /** Neighbours know NTF_EXT_EXT_VALIDATED. */
  'neigh-ext-validated': 'v6.18',
  /** Deleting in bulk has no policy of its own. */
  'fdb-bulk-by-device': 'v6.18',
  /** IPv4 tells its multicast groups. */
  multicast4: 'v6.18',
  /** Refusals carry a text and the place of what is wrong; NETLINK_GET_STRICT_CHK exists. */
  'ext-ack': 'v6.1',
  /** NLM_F_BULK is refused where it is not supported. */
  'bulk-del': 'v6.1',
  /** The top attributes of traffic control have a policy. */
  'tca-policy': 'v6.1',
  /** TCA_CHAIN of a dump of filters has a policy. */
  'dump-chain-policy': 'v6.18',
  /** RTM_*CHAIN, TCA_CHAIN and shared blocks exist. */
  'tc-chains': 'v6.1',
  clsact: 'v6.1',
  /** RTM_DELTFILTER with priority 0 flushes a chain. */
  'filter-flush': 'v6.1',
  /** TCA_BPF_FLAGS is read, TCA_BPF_CLASSID may be missing. */
  'bpf-direct-action': 'v6.1',
  /** The 33rd action is refused. */
  'too-many-actions': 'v6.18',
  /** Actions of this kernel are judged at all. */
  'action-rules': 'v6.1',
  /** mirred takes a shared block. */
  'mirred-block': 'v6.18',
  'htb-offload': 'v6.1',
  /** Options of htb classes are parsed with extack. */
  'htb-class-texts': 'v6.18',
  /** fq_codel limits its quantum. */
  'fq-codel-batches': 'v6.1',
  /** flower knows the keys after L2TPv3 and judges the bits of its flags. */
  'flower-later-keys': 'v6.18',
  /** flower and matchall exist. */
  'later-classifiers': 'v6.1',
  /** A qdisc is not moved to another parent, which would leave its options unread. */
  'qdisc-move-refused': 'v6.18',
  /** Changes of addresses are refused with a text. */
  'address-texts': 'v6.18',
  /** RTM_GETNEIGH asks for device and address early. */
  'neigh-get-early': 'v6.18',
  /** Negative indexes of links are refused. */
  'negative-ifindex': 'v6.1',
  /** IFLA_TARGET_NETNSID is read. */
  'target-netns': 'v6.1',
  /** The namespace a link goes to is looked up before the device. */
  'early-netns': 'v6.18',
  /** The data of the kind of a link is judged before its index. */
  'late-index-check': 'v6.18',
  /** red has flags and blocks as attributes, and judges its table. */
  'red-flags': 'v6.1',
  /** Route requests know RTA_FLOWLABEL. */
  'route-flowlabel': 'v6.18',
  /** Rules take a DSCP, flow labels and masks of ports. */
  'later-rule-attributes': 'v6.18',
  /** RTM_*LINKPROP exist. */
  linkprop: 'v6.1',
} as const satisfies Readonly<Record<string, KernelVersion>>;

export type Behaviour = keyof typeof since;

/** Place of a version among the versions: older ones come first. */
export const ageOf = (version: KernelVersion): number => kernelVersions.indexOf(version);

/** The first version that shows a behaviour, by its place. */
export const firstWith: Readonly<Record<Behaviour, number>> = Object.fromEntries(
  Object.entries(since).map(([name, version]) => [name, ageOf(version)]),
) as Record<Behaviour, number>;
