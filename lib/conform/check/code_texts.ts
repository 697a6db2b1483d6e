// What each code means, for people: the documentation is made of this table.
import { C, type Code } from './codes.js';

export interface CodeText {
  readonly title: string;
  /** Bytes, fields or calls that raise it. */
  readonly example: string;
  readonly fix: string;
}

const datagram: Partial<Record<Code, CodeText>> = {
  [C.shortDatagram]: {
    title: 'The datagram is shorter than one message header',
    example: 'send() of 12 bytes',
    fix: 'Send at least the 16 bytes of struct nlmsghdr.',
  },
  [C.shortMessage]: {
    title: 'nlmsg_len is less than its own header',
    example: 'nlmsg_len = 8; the kernel stops there and answers nothing',
    fix: 'Count the header of 16 bytes in nlmsg_len.',
  },
  [C.messageBeyondDatagram]: {
    title: 'nlmsg_len reaches beyond the datagram',
    example: 'nlmsg_len = 64 in a datagram of 48 bytes',
    fix: 'Set nlmsg_len to the length of the message; send that many bytes.',
  },
  [C.trailingBytes]: {
    title: 'Bytes behind the last message that are no message',
    example: 'nlmsg_len = 36 in a datagram of 44 bytes',
    fix: 'Send as many bytes as the messages have together.',
  },
  [C.messagePadding]: {
    title: 'The padding between two messages is not zero',
    example: 'nlmsg_len = 33, then 3 bytes of old memory, then the next message',
    fix: 'Clear the padding.',
  },
  [C.notARequest]: {
    title: 'NLM_F_REQUEST is missing: the message is not handled',
    example: 'RTM_NEWQDISC with nlmsg_flags = NLM_F_ACK: it is acknowledged, and nothing is done',
    fix: 'Set NLM_F_REQUEST.',
  },
  [C.controlType]: {
    title: 'A type below 16 as a request does nothing',
    example: 'nlmsg_type = NLMSG_DONE with NLM_F_REQUEST',
    fix: 'Send the type of the request.',
  },
  [C.unknownType]: {
    title: 'The kernel has no such message type',
    example: 'nlmsg_type = 200',
    fix: 'Correct nlmsg_type.',
  },
  [C.noPayload]: {
    title: 'A message without payload does nothing',
    example: 'RTM_GETLINK with nlmsg_len = 16',
    fix: 'Send at least the header of the family.',
  },
  [C.uselessFlag]: {
    title: 'A flag that changes nothing for this type',
    example: 'NLM_F_REPLACE with RTM_NEWTFILTER',
    fix: 'Leave the flag out.',
  },
  [C.unknownFlag]: {
    title: 'Bits in nlmsg_flags that mean nothing',
    example: 'nlmsg_flags = 0x8001',
    fix: 'Leave them out.',
  },
  [C.bulkDelete]: {
    title: 'NLM_F_BULK is not known for this type',
    example: 'RTM_DELQDISC with NLM_F_BULK (0x200)',
    fix: 'Delete one by one.',
  },
  [C.otherPort]: {
    title: 'nlmsg_pid is not the port of the socket',
    example: 'nlmsg_pid = getpid() on a socket that got another port; the kernel does not look at it',
    fix: 'Send 0, or what getsockname() says.',
  },
  [C.sequenceTwice]: {
    title: 'The sequence number of a request that is not answered yet',
    example: 'two requests with nlmsg_seq = 1: their answers cannot be told apart',
    fix: 'Count nlmsg_seq up with every request.',
  },
  [C.ackOfDump]: {
    title: 'NLM_F_ACK on a dump has no effect',
    example: 'RTM_GETLINK with NLM_F_DUMP | NLM_F_ACK: NLMSG_DONE ends it, no acknowledgement follows',
    fix: 'Leave NLM_F_ACK out, and wait for NLMSG_DONE.',
  },
};

const lie: Partial<Record<Code, CodeText>> = {
  [C.attributeLengthShort]: {
    title: 'nla_len is less than its own header',
    example: '`00 00 01 00`: the kernel reads no further in this run',
    fix: 'Count the header of 4 bytes in nla_len.',
  },
  [C.attributeBeyondEnd]: {
    title: 'nla_len reaches beyond its nest or message',
    example: 'nla_len = 64 with 12 bytes left: the kernel reads no further in this run',
    fix: 'Set nla_len to header and payload; update the lengths of the nests around it.',
  },
  [C.leftoverBytes]: {
    title: 'One to three bytes behind the last attribute',
    example: 'a nest of 4 + 9 bytes that holds one attribute of 8',
    fix: 'Let the enclosing length end where the last attribute ends.',
  },
  [C.dirtyPadding]: {
    title: 'The padding of an attribute is not zero',
    example: '`07 00 01 00 "v0" 00 ee`: memory of the sender leaks',
    fix: 'Clear the padding.',
  },
  [C.missingPadding]: {
    title: 'An attribute is not padded to four bytes',
    example: '`07 00 03 00 "v0" 00` followed at once by the next nla_len',
    fix: 'Begin every attribute at a multiple of four bytes; nla_len does not count the padding.',
  },
  [C.duplicate]: {
    title: 'An attribute is given twice: only the last one counts',
    example: 'TCA_KIND "htb" and later TCA_KIND "tbf"',
    fix: 'Send it once.',
  },
  [C.unknownAttribute]: {
    title: 'The kernel knows no attribute of this type here',
    example: 'nla_type = 99 in RTM_NEWQDISC',
    fix: 'Correct nla_type, or leave the attribute out.',
  },
  [C.dumpOnly]: {
    title: 'Only the kernel sends this attribute',
    example: 'TCA_STATS in a request',
    fix: 'Leave it out.',
  },
  [C.unread]: {
    title: 'The attribute has no effect beside the others',
    example: 'TCA_BPF_NAME with classic instructions',
    fix: 'Leave it out.',
  },
  [C.nestedFlag]: {
    title: 'NLA_F_NESTED on an attribute that is no nest',
    example: 'nla_type = TCA_KIND | NLA_F_NESTED',
    fix: 'Leave the flag out.',
  },
  [C.nestedFlagMissing]: {
    title: 'NLA_F_NESTED is missing where parsing is strict',
    example: 'RTM_NEWLINKPROP with IFLA_PROP_LIST without the flag',
    fix: 'Set NLA_F_NESTED on every nest.',
  },
  [C.byteorderFlag]: {
    title: 'NLA_F_NET_BYTEORDER changes nothing here',
    example: 'nla_type = TCA_CHAIN | NLA_F_NET_BYTEORDER',
    fix: 'Leave the flag out; send values in the byte order of the machine.',
  },
  [C.unsupportedStrictly]: {
    title: 'Strict checking takes no such attribute',
    example: 'IFLA_MTU in RTM_GETLINK with NETLINK_GET_STRICT_CHK',
    fix: 'Leave it out.',
  },
  [C.swappedHeader]: {
    title: 'The bytes of nla_len are exchanged',
    example: '`00 08 00 01`: written in network order',
    fix: 'Write nla_len and nla_type in the byte order of the machine.',
  },
};

const policy: Partial<Record<Code, CodeText>> = {
  [C.shortInteger]: {
    title: 'An integer is shorter than its type',
    example: 'TCA_CHAIN (u32) with a payload of 2 bytes: ERANGE',
    fix: 'Send the whole width of the type.',
  },
  [C.longInteger]: {
    title: 'An integer is longer than its type: the rest is not read',
    example: 'TCA_BPF_OPS_LEN (u16) given as 4 bytes',
    fix: 'Send the exact width; newer attributes refuse any other.',
  },
  [C.emptyString]: {
    title: 'A string of no bytes',
    example: 'TCA_KIND with nla_len = 4: ERANGE',
    fix: 'Send the string, at least its NUL.',
  },
  [C.longString]: {
    title: 'A string is longer than the kernel takes',
    example: 'IFLA_IFNAME of 16 characters: ERANGE',
    fix: 'Shorten it.',
  },
  [C.missingNul]: {
    title: 'A string without its NUL',
    example: 'TCA_BPF_NAME "prog" as 4 bytes: EINVAL',
    fix: 'Send the NUL, and count it in nla_len.',
  },
  [C.longBinary]: {
    title: 'More bytes than the kernel takes',
    example: 'TCA_ACT_COOKIE of 17 bytes: ERANGE',
    fix: 'Shorten it.',
  },
  [C.shortStruct]: {
    title: 'A struct is not whole',
    example: 'TCA_HTB_INIT with 16 of the 20 bytes of struct tc_htb_glob: ERANGE',
    fix: 'Send the whole struct.',
  },
  [C.flagWithPayload]: {
    title: 'A flag attribute with a payload',
    example: 'TCA_DUMP_INVISIBLE with 4 bytes: ERANGE',
    fix: 'Send the header alone: nla_len = 4.',
  },
  [C.shortNest]: {
    title: 'A nest of one to three bytes',
    example: 'IFLA_LINKINFO with nla_len = 6: ERANGE',
    fix: 'Put whole attributes into the nest, or none.',
  },
  [C.bitfieldSize]: {
    title: 'A bitfield does not have 8 bytes',
    example: 'TCA_ACT_FLAGS as u32: ERANGE',
    fix: 'Send struct nla_bitfield32: value and selector.',
  },
  [C.bitfieldBits]: {
    title: 'A bitfield with bits that are unknown or not selected',
    example: 'TCA_ROOT_FLAGS { value = 1, selector = 0 }: EINVAL',
    fix: 'Select every bit that is set; use no others than are known.',
  },
  [C.outOfRange]: {
    title: 'A value outside of the range of its attribute',
    example: 'IFLA_NEW_IFINDEX = 0: ERANGE',
    fix: 'Stay within the range.',
  },
  [C.reservedBits]: {
    title: 'Bits that are not to be set',
    example: 'TCA_BPF_FLAGS = 2: EINVAL',
    fix: 'Set known bits alone.',
  },
  [C.rejected]: {
    title: 'An attribute that nobody may send',
    example: 'IFLA_PERM_ADDRESS in RTM_NEWLINK: EINVAL',
    fix: 'Leave it out.',
  },
  [C.inexactInteger]: {
    title: 'Strict parsing wants the exact width of an integer',
    example: 'RTM_NEWLINKPROP with IFLA_MTU of 8 bytes: EINVAL',
    fix: 'Send the exact width.',
  },
  [C.longStruct]: {
    title: 'Bytes behind a struct that nobody reads',
    example: 'TCA_U32_SEL with one key and room for two',
    fix: 'Send the struct and no more.',
  },
};

const handlers: Partial<Record<Code, CodeText>> = {
  [C.shortHeader]: {
    title: 'The header of the family is not whole',
    example: 'RTM_NEWQDISC with 16 of the 20 bytes of struct tcmsg: EINVAL "Invalid header length"',
    fix: 'Send the whole struct behind struct nlmsghdr.',
  },
  [C.strictHeader]: {
    title: 'A header field that strict checking wants to be zero',
    example: 'RTM_GETLINK dump with ifi_change = 0xffffffff and NETLINK_GET_STRICT_CHK',
    fix: 'Leave zero what selects nothing.',
  },
  [C.headerPadding]: {
    title: 'Padding of the header is not zero',
    example: 'tcm__pad2 = 0xffff',
    fix: 'Clear it.',
  },
  [C.missingAttribute]: {
    title: 'Something the request cannot do without is missing',
    example: 'RTM_NEWACTION without TCA_ACT_TAB: EINVAL "Netlink action attributes missing"',
    fix: 'Send it.',
  },
  [C.exclusiveAttributes]: {
    title: 'Attributes that exclude each other',
    example: 'TCA_BPF_FD together with TCA_BPF_OPS and OPS_LEN: EINVAL',
    fix: 'Send one of them.',
  },
  [C.badField]: {
    title: 'A header field with a value the request cannot have',
    example: 'RTM_GETTFILTER with priority 0: ENOENT "Invalid filter command with priority of zero"',
    fix: 'Correct the field.',
  },
  [C.longName]: {
    title: 'A name has no room in 16 bytes with its NUL',
    example: 'TCA_KIND of 16 characters: EINVAL "Specified TC filter name too long"',
    fix: 'Shorten it.',
  },
  [C.badValue]: {
    title: 'An attribute with a value the request cannot have',
    example: 'TCA_CHAIN = 0x10000000: EINVAL "Specified chain index exceeds upper limit"',
    fix: 'Correct the value.',
  },
  [C.noSuchIndex]: {
    title: 'An index that no device has',
    example: 'tcm_ifindex = 0: ENODEV',
    fix: 'Send the index of the device.',
  },
  [C.unsupported]: {
    title: 'What is asked for is never done',
    example: 'RTM_NEWCHAIN with TCA_KIND "bpf": EOPNOTSUPP',
    fix: 'Ask for something else.',
  },
  [C.badAddressLength]: {
    title: 'An address of another length than its family or device has',
    example: 'NDA_DST of 4 bytes with ndm_family = AF_INET6: EINVAL "Invalid network address"',
    fix: 'Send as many bytes as the address has.',
  },
  [C.flagRefused]: {
    title: 'Flags that refuse what the request does',
    example: 'RTM_NEWQDISC with tcm_parent = 0 and NLM_F_EXCL: EEXIST',
    fix: 'Leave the flag out.',
  },
};

const options: Partial<Record<Code, CodeText>> = {
  [C.countMismatch]: {
    title: 'A count does not fit the bytes that are counted',
    example: 'TCA_BPF_OPS_LEN = 5 with 4 instructions in TCA_BPF_OPS: EINVAL',
    fix: 'Count what is sent.',
  },
  [C.classicProgram]: {
    title: 'The kernel does not take this classic program',
    example: 'a program whose last instruction is no return: EINVAL',
    fix: 'Correct the instruction.',
  },
  [C.tooManyActions]: {
    title: 'More than 32 actions',
    example: 'position 33 in TCA_ACT_TAB: EINVAL "Only 32 actions supported per filter"',
    fix: 'Send fewer.',
  },
  [C.actionGap]: {
    title: 'No action stands at position 1: nothing is done',
    example: 'RTM_DELACTION whose table begins at position 0',
    fix: 'Number actions from 1 on.',
  },
  [C.rateTable]: {
    title: 'A rate without a table that fits it',
    example: 'TCA_POLICE_TBF with a rate and no TCA_POLICE_RATE: ENOMEM',
    fix: 'Send the table of 1024 bytes, and cell_log in the rate.',
  },
  [C.sizeTable]: {
    title: 'A size table that does not fit its description',
    example: 'tsize = 512 with 512 bytes in TCA_STAB_DATA: EINVAL "Invalid size of size table"',
    fix: 'Send two bytes for each size.',
  },
  [C.zeroRate]: {
    title: 'A rate at which no packet could pass',
    example: 'tc_htb_opt.rate.rate = 0: EINVAL',
    fix: 'Send a rate above 0, and a peak above the rate.',
  },
  [C.verdict]: {
    title: 'An action with a verdict that there is not',
    example: 'tc_gact.action = 100: EINVAL "invalid control action"',
    fix: 'Send one of TC_ACT_*.',
  },
  [C.estimator]: {
    title: 'A rate estimator that there is not',
    example: 'TCA_RATE { interval = 9, ewma_log = 0 }',
    fix: 'interval from -2 to 3, ewma_log from 1 to 30.',
  },
  [C.selectorKeys]: {
    title: 'A u32 selector that is shorter than its keys',
    example: 'tc_u32_sel.nkeys = 2 with one key: EINVAL',
    fix: 'Send as many keys as nkeys says.',
  },
  [C.divisor]: {
    title: 'A u32 hash table that cannot be',
    example: 'TCA_U32_DIVISOR = 3: EINVAL "cls_u32: Divisor is not a power of 2"',
    fix: 'A power of two up to 256, and the handle of a table.',
  },
  [C.priorities]: {
    title: 'Bands of prio that cannot be',
    example: 'tc_prio_qopt.bands = 1: EINVAL',
    fix: '2 to 16 bands, and every priority in one of them.',
  },
  [C.version]: {
    title: 'Another version of a struct than the kernel takes',
    example: 'tc_htb_glob.version = 0x30011, as a dump shows it: EINVAL',
    fix: 'Send 3.',
  },
  [C.needlessTable]: {
    title: 'A rate table that the kernel does not look at',
    example: 'TCA_HTB_RTAB of 1024 bytes beside a rate that names its link layer',
    fix: 'Leave it out: since Linux 3.8 tables serve to guess the link layer of rates that name none.',
  },
};

const replies: Partial<Record<Code, CodeText>> = {
  [C.replyFlags]: {
    title: 'Flags that the kernel does not send so',
    example: 'a part of a dump without NLM_F_MULTI',
    fix: 'NLM_F_MULTI on every message of a dump, NLM_F_CAPPED on an acknowledgement.',
  },
  [C.replySequence]: {
    title: 'The answer to a request that was not sent',
    example: 'NLMSG_ERROR with nlmsg_seq = 7 when the last request had 6',
    fix: 'Repeat the nlmsg_seq of the request.',
  },
  [C.replyPort]: {
    title: 'Answers with different ports',
    example: 'nlmsg_pid = 0 in NLMSG_DONE behind parts with the port of the socket',
    fix: 'Send the port of the socket in nlmsg_pid.',
  },
  [C.replyType]: {
    title: 'A type that the kernel does not send',
    example: 'RTM_GETLINK as an answer',
    fix: 'Answer RTM_GETLINK with RTM_NEWLINK.',
  },
  [C.replyTruncated]: {
    title: 'A message of the kernel that is not whole',
    example: 'a nest whose attributes do not fill it',
    fix: 'Let lengths say what is there.',
  },
  [C.doneMalformed]: {
    title: 'NLMSG_DONE that is none',
    example: 'nlmsg_len = 16: the errno of 4 bytes is missing',
    fix: 'Send an errno, 0 or negative.',
  },
  [C.errorMalformed]: {
    title: 'NLMSG_ERROR that is none',
    example: 'error = 22: errnos are negative here',
    fix: 'A negative errno, the header of the request, the rest of it unless NLM_F_CAPPED is set.',
  },
  [C.afterDone]: {
    title: 'A part of a dump that has ended',
    example: 'RTM_NEWLINK with NLM_F_MULTI behind NLMSG_DONE of the same nlmsg_seq',
    fix: 'Send NLMSG_DONE last.',
  },
  [C.replyOrder]: {
    title: 'Attributes in another order than the kernel puts them',
    example: 'TCA_OPTIONS before TCA_KIND',
    fix: 'Keep the order; programs that read by position rely on it.',
  },
  [C.replyMissing]: {
    title: 'An attribute that the kernel always sends is missing',
    example: 'RTM_NEWQDISC without TCA_KIND',
    fix: 'Send it.',
  },
  [C.replyInputOnly]: {
    title: 'An attribute that the kernel takes and never sends',
    example: 'IFLA_EXT_MASK in RTM_NEWLINK',
    fix: 'Leave it out.',
  },
  [C.replyValue]: {
    title: 'A value of another size than the kernel sends',
    example: 'IFLA_MTU of 2 bytes; IFLA_IFNAME without its NUL',
    fix: 'Send the exact width, and the NUL of strings.',
  },
  [C.replyAlignment]: {
    title: 'nlmsg_len is no multiple of four',
    example: 'RTM_NEWLINK with nlmsg_len = 1493',
    fix: 'Pad the last attribute, too.',
  },
  [C.doneAlone]: {
    title: 'NLMSG_DONE behind the last part, where the kernel sends it apart',
    example: 'RTM_NEWQDISC and NLMSG_DONE in one datagram',
    fix: 'Send NLMSG_DONE in a datagram of its own.',
  },
  [C.unasked]: {
    title: 'An acknowledgement that was not asked for',
    example: 'NLMSG_ERROR with error = 0 for a request without NLM_F_ACK',
    fix: 'Acknowledge requests with NLM_F_ACK alone; errors are always told.',
  },
};

/** Every code. */
export const codeTexts: Readonly<Record<Code, CodeText>> = {
  ...datagram,
  ...lie,
  ...policy,
  ...handlers,
  ...options,
  ...replies,
} as Record<Code, CodeText>;
