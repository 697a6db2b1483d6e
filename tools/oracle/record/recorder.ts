// Records netlink vectors: plays a definition to the kernel of this computer, stores what came back in its steps, and
// masks the bytes that are known to vary. A second play must agree with the first under these masks.
import { Bytes, fromHex } from '../../../lib/codec/bytes.js';
import { NLMSG_ERROR, NLMSG_HDRLEN, NLM_F_CAPPED, nlmsghdr } from '../../../lib/uapi/linux/netlink.js';
import type { Json } from '../../agree/input.js';
import { compare } from '../../agree/netlink/compare.js';
import type { Fixup, Mask, NetlinkRecord, Result } from '../../agree/netlink/record.js';
import { netlinkRecord } from '../../agree/netlink/record.js';
import type { Volatile } from '../../agree/netlink/volatile.js';
import { volatileParts } from '../../agree/netlink/volatile.js';
import { playToKernel } from '../kernel/real_kernel.js';

/** Everything that varies between two runs on one kernel. */
export const varying: readonly Volatile[] = [
  'mac',
  'prog_id',
  'ticks',
  'tc_header',
  'inet6_cacheinfo',
  'ifa_cacheinfo',
];

/** The header and the error code that stand before an echoed request. */
const ECHO = NLMSG_HDRLEN + 4;

/** Where a refusal echoes the number of an fd. */
function echoedFds({ step, offset }: Fixup, { recv = [] }: Result): Mask[] {
  return recv.flatMap((reply, index): Mask[] => {
    if (typeof reply !== 'string') return [];
    const u8 = fromHex(reply);
    const { nlmsg_type, nlmsg_flags } = nlmsghdr.get(new Bytes(u8), 0);
    const range = [ECHO + offset, ECHO + offset + 4] as const;
    const echoes = nlmsg_type === NLMSG_ERROR && !(nlmsg_flags & NLM_F_CAPPED) && range[1] <= u8.length;
    return echoes ? [{ step, which: 'recv', index, kind: 'fd', ranges: [range] }] : [];
  });
}

export const masksOf = ({ fixups }: NetlinkRecord, results: readonly Result[]): Mask[] => [
  ...results.flatMap((result, i) => volatileParts(result, i, varying)),
  ...fixups.flatMap((fixup) => echoedFds(fixup, results[fixup.step] ?? {})),
];

/** A record as if these results had been recorded, with the masks that follow from them. */
export function withResults(record: NetlinkRecord, results: readonly Result[]): NetlinkRecord {
  const steps = record.steps.map((step, i) => ({ ...step, expected: results[i] ?? {} }));
  return { ...record, steps, mask: masksOf(record, results) };
}

const resultKeys = new Set(['send_ret', 'ret', 'errno', 'recv', 'notify', 'recv_flags', 'recv_addr', 'out']);

const withoutResult = (step: Json): Json =>
  Object.fromEntries(Object.entries(step).filter(([key]) => !resultKeys.has(key)));

/** A definition with these results in its steps. */
export function recorded(definition: Json, plan: NetlinkRecord, results: readonly Result[]): Json {
  const steps = (definition['steps'] as Json[]).map((step, i) => ({ ...withoutResult(step), ...results[i] }));
  return { ...definition, steps, mask: masksOf(plan, results) };
}

export interface Recording {
  readonly record: Json;
  /** What a second run gave otherwise; a vector must have none. */
  readonly unstable: readonly string[];
}

/** Records one definition; results it may have are left aside. Throws ShapeError, SetupError, NotModelled. */
export function record(definition: Json): Recording {
  const bare = { ...definition, steps: (definition['steps'] as Json[]).map(withoutResult), mask: [] };
  const plan = netlinkRecord(bare);
  const first = playToKernel(plan);
  const unstable = compare(withResults(plan, first), playToKernel(plan));
  return { record: recorded(bare, plan, first), unstable };
}
