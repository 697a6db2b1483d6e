// What refusals that name no attribute are about: the field that the kernel looked at when it said so, and what was wrong with
// it. Texts are those of Linux 6.18.

export interface About {
  /** Member of the struct that the request opens with, or of its nlmsghdr. */
  readonly field?: string;
  readonly says: string;
}

const parent = (says: string): About => ({ field: 'tcm_parent', says });
const handle = (says: string): About => ({ field: 'tcm_handle', says });
const info = (says: string): About => ({ field: 'tcm_info', says });
const device = (says: string): About => ({ field: 'tcm_ifindex', says });
const flags = (says: string): About => ({ field: 'nlmsg_flags', says });
const text = (says: string): About => ({ says });

const noChain = text('no chain of the number in TCA_CHAIN (0 when it is not there) at this place');

const table: Readonly<Record<string, About>> = {
  "Parent Qdisc doesn't exists": parent('no queueing discipline with this handle on the interface'),
  'Qdisc not classful': parent('what is there has no classes and no place for filters'),
  "Specified class doesn't exist": parent('no such class'),
  'Failed to find specified qdisc': parent('no queueing discipline with this handle on the interface'),
  'Specified qdisc not found': parent('no queueing discipline with this handle on the interface'),
  'Cannot find specified qdisc on specified device': parent('nothing is at this place of the interface'),
  'Cannot add children to ingress/clsact qdisc': parent('clsact and ingress take filters, not queueing disciplines'),
  'Specified parent ID is reserved for ingress and clsact Qdiscs': parent('only clsact and ingress go here'),
  'Cannot move an existing qdisc to a different parent': parent('the queueing discipline of this handle is elsewhere'),
  'Cannot find specified filter chain': noChain,
  'Filter chain already exists': flags('NLM_F_EXCL is set, and the chain is there'),
  'Need both RTM_NEWTFILTER and NLM_F_CREATE to create a new filter': flags(
    'without NLM_F_CREATE a filter of this priority must be there',
  ),
  'Need both RTM_NEWCHAIN and NLM_F_CREATE to create a new chain': flags(
    'without NLM_F_CREATE the chain must be there',
  ),
  'Qdisc not found. To create specify NLM_F_CREATE flag': flags('without NLM_F_CREATE it must be there'),
  'NLM_F_REPLACE needed to override': flags('it is there; NLM_F_REPLACE changes it'),
  'Exclusivity flag on, cannot modify': flags('NLM_F_EXCL is set, and it is there'),
  'Exclusivity flag on, cannot override': flags('NLM_F_EXCL is set, and something else is there'),
  'Filter already exists': flags('NLM_F_EXCL is set, and the filter is there'),
  'Filter kind and protocol must be specified': info('the protocol (its lower half) is 0, or TCA_KIND is not there'),
  'Invalid filter command with priority of zero': info(
    'the priority (its upper half) is 0: only a request that creates may leave it to the kernel',
  ),
  'Filter with specified priority/protocol not found': info(
    'no filters of this priority, or they are of another protocol',
  ),
  'Specified filter kind does not match existing one': info('the filters of this priority are of another kind'),
  'Cannot flush filters with protocol, handle or kind set': info(
    'without a priority, no more than the chain may be said',
  ),
  'Specified filter handle not found': handle('no filter of this number'),
  'Invalid handle': handle('not a handle of this interface'),
  'Invalid minor handle': handle('the minor number of a queueing discipline is 0'),
  'Handle cannot be zero': handle('without a parent, the handle says which is meant'),
  'Invalid qdisc name: must match existing qdisc': text('TCA_KIND names another kind than what is there'),
  'Specified qdisc kind is unknown': text('the kernel has no queueing discipline called as TCA_KIND says'),
  'TC classifier not found': text('the kernel has no classifier called as TCA_KIND says'),
  'Failed to load TC action module': text('the kernel has no action called as TCA_ACT_KIND says'),
  'Specified TC action kind not found': text('the kernel has no action called as TCA_ACT_KIND says'),
  'TC action with specified index not found': text('no action of this kind has the number in TCA_ACT_INDEX'),
  'Specified TC filter name too long': text('TCA_KIND is longer than 15 characters'),
  'Block of given index was not found': parent('no shared block of this index'),
  'This filter block is shared. Please use the block index to manipulate the filters': device(
    'the block belongs to several places: TCM_IFINDEX_MAGIC_BLOCK here, and its index in tcm_parent',
  ),
  'Failed to find qdisc on specified device': device('the interface has no such queueing discipline'),
  'Invalid header length': { field: 'nlmsg_len', says: 'the message ends before the struct behind its header does' },
  'bytes leftover after parsing attributes': text('what is behind the attributes was not read: some nla_len is wrong'),
  'Unknown device type': text('the kernel has no kind of interface called as IFLA_INFO_KIND says'),
  'cls_u32: Handle specified hash table address mismatch': handle('it names another table than TCA_U32_HASH'),
  'ipv4: Device not found': { field: 'ifa_index', says: 'no interface of this index' },
  'ipv6: Unable to find the interface': { field: 'ifa_index', says: 'no interface of this index' },
  'ipv4: Local address is not supplied': text('IFA_LOCAL is missing'),
  'ipv4: Invalid prefix length': { field: 'ifa_prefixlen', says: 'longer than 32' },
  'ipv6: Invalid prefix length': { field: 'ifa_prefixlen', says: 'longer than 128' },
  'Invalid prefix for given prefix length': { field: 'rtm_dst_len', says: 'RTA_DST has bits set behind this many' },
  'FIB table does not exist': { field: 'rtm_table', says: 'no such routing table, here or in RTA_TABLE' },
  'Rule family not supported': { field: 'family', says: 'no rules of this family' },
};

/** What a text of the kernel is about, where that is known. */
export const aboutRefusal = (said: string): About | undefined => (Object.hasOwn(table, said) ? table[said] : undefined);
