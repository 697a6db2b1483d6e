// What check says of a message: one finding a deviation, in the order of its bytes, and the verdicts that follow.
// Codes never change their meaning; codes.ts documents each with an example and the fix.

/** How much a deviation matters, the gravest first. */
export type Severity =
  /** The kernel refuses the message, with `refusal`. */
  | 'refused'
  /** Taken today by liberal parsing only: refused under strict checking. */
  | 'strict'
  /** Taken, but refused from kernel `since` on (or before it). */
  | 'version'
  /** Taken, but without effect. */
  | 'ignored'
  /** Taken and effective, in more bytes or calls than needed. */
  | 'wasteful'
  /** In a reply: the modelled kernel would not send this. */
  | 'reply';

/** The kernel's own words, predicted from the bytes alone. */
export interface Refusal {
  /** Name of the errno: `EINVAL`. */
  readonly errno: string;
  /** Text of the extended acknowledgement, where the kernel gives one. */
  readonly msg?: string;
  /** Offset of the offending attribute from its nlmsghdr, as NLMSGERR_ATTR_OFFS says it. */
  readonly badAttr?: number;
  /** Type of the attribute that is missing, and offset of the nest it is missing from. */
  readonly missType?: number;
  readonly missNest?: number;
}

export interface Finding {
  /** `TCB0123`. */
  readonly code: string;
  readonly severity: Severity;
  /** Index of the message in its datagram. */
  readonly message: number;
  /** First byte concerned, from the start of the datagram, and how many. */
  readonly offset: number;
  readonly length: number;
  /** `RTM_NEWTFILTER TCA_OPTIONS TCA_BPF_OPS_LEN`. */
  readonly path: string;
  /** One sentence: what is wrong, with the value. */
  readonly text: string;
  /** What to write instead. */
  readonly fix?: string;
  readonly refusal?: Refusal;
  /** Kernel function that judges it: `net/sched/cls_bpf.c cls_bpf_change()`. */
  readonly symbol?: string;
  /** Kernel versions of the model for which it holds; all when absent. */
  readonly versions?: readonly string[];
}

/** What one kernel does with one message, as far as its bytes decide. */
export interface Verdict {
  /** Refused by its bytes, and how; or well formed. */
  readonly refusal?: Refusal;
  /** What a well-formed request can still fail with, as it depends on objects: `ENODEV: no such device`. */
  readonly mayFail: readonly string[];
}

export interface MessageJudgement {
  /** Index and offset of the message in its datagram. */
  readonly message: number;
  readonly offset: number;
  /** `RTM_NEWTFILTER`. */
  readonly name: string;
  /** Without and with NETLINK_GET_STRICT_CHK, for the version asked for. */
  readonly liberal: Verdict;
  readonly strict: Verdict;
  /** The liberal verdict by kernel version. */
  readonly versions: Readonly<Record<string, Verdict>>;
}

export interface Judgement {
  readonly findings: readonly Finding[];
  /** The requests among the messages: what the kernel sends is refused by nobody. */
  readonly messages: readonly MessageJudgement[];
}
