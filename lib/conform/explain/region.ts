// What explain says of a datagram: regions that cover each of its bytes exactly once, in order, with nests around them.
// Text, JSON and HTML are views of this tree; they say nothing that is not in it.

export type RegionRole =
  /** A header (nlmsghdr, tcmsg, nlattr …), a message, an attribute, a nest: has children that cover it. */
  | 'group'
  /** A value of a field or an attribute. */
  | 'value'
  /** nla_len, nla_type, nlmsg_len …: lengths and types that frame others. */
  | 'frame'
  /** Alignment bytes. */
  | 'padding'
  /** Bytes behind the last message or attribute that are neither. */
  | 'rest';

export interface Region {
  readonly role: RegionRole;
  /** From the start of the datagram, in bytes. */
  readonly offset: number;
  readonly length: number;
  /** uapi name: `tcm_handle`, `TCA_BPF_FD`, `struct tcmsg`; `` for padding and rest. */
  readonly name: string;
  /** C type of a value: `u32`, `be16`, `struct sock_filter[4]`. */
  readonly type?: string;
  /** The value in the field's own form: `1:10`, `ETH_P_IP`, `NLM_F_REQUEST|NLM_F_ACK`. */
  readonly value?: string;
  /** What it means in this message, one sentence. */
  readonly meaning?: string;
  /** The kernel function that reads or writes it. */
  readonly symbol?: string;
  /** What is odd about it: bytes of a pad that are not zero, a length that lies. */
  readonly remark?: string;
  readonly children?: readonly Region[];
}
