// Remarks on an attribute that only those beside it explain: lengths and numbers that say the same twice.
import { Bytes } from '../../codec/bytes.js';
import { sock_filter } from '../../uapi/linux/filter.js';
import { TCA_BPF, TCA_U32, tc_u32_key, tc_u32_sel } from '../../uapi/linux/pkt_cls.js';
import { TCA_ACT_BPF } from '../../uapi/linux/tc_act/tc_bpf.js';
import { attributeName } from '../../wire/layout/level.js';
import type { Level, Place } from '../../wire/layout/shape.js';
import { count } from './walk.js';

type Rule = (place: Place) => string | undefined;

const payloadOf = ({ siblings }: Place, type: number): Uint8Array | undefined =>
  siblings.findLast((a) => a.type === type)?.payload;

/** The number of instructions, against the instructions. */
const opsLen =
  (ops: number): Rule =>
  (place) => {
    const { payload } = place.attribute;
    const program = payloadOf(place, ops);
    if (payload.length < 2) return undefined;
    const said = payload[0]! | (payload[1]! << 8);
    if (program === undefined) return `says ${count(said, 'instruction')}, but there are none beside it`;
    const there = program.length / sock_filter.size;
    const holds = `the program beside it holds ${Number.isInteger(there) ? there : 'no whole number'}, ${program.length} bytes`;
    return said === there ? undefined : `says ${count(said, 'instruction')}, but ${holds}: EINVAL`;
  };

/** The number of keys of a u32 selector, against its length. */
const selector: Rule = ({ attribute: { payload } }) => {
  if (payload.length < tc_u32_sel.size) return undefined;
  const { nkeys } = tc_u32_sel.get(new Bytes(payload), 0);
  const there = (payload.length - tc_u32_sel.size) / tc_u32_key.size;
  return nkeys <= there ? undefined : `nkeys says ${nkeys}, but there are bytes for ${Math.floor(there)}: EINVAL`;
};

const bpfSource: Rule = (place) =>
  payloadOf(place, TCA_BPF.OPS.type) === undefined ? undefined : 'TCA_BPF_OPS is there, too: both together are EINVAL';

const rules: Readonly<Record<string, Rule>> = {
  [TCA_BPF.OPS_LEN.name]: opsLen(TCA_BPF.OPS.type),
  [TCA_ACT_BPF.OPS_LEN.name]: opsLen(TCA_ACT_BPF.OPS.type),
  [TCA_BPF.FD.name]: bpfSource,
  [TCA_U32.SEL.name]: selector,
};

/** At most one remark. */
export function siblingRemark(level: Level, place: Place): string[] {
  const remark = rules[attributeName(level, place.attribute.type)]?.(place);
  return remark === undefined ? [] : [remark];
}
