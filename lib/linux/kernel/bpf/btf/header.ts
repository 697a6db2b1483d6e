// kernel/bpf/btf.c: the header of a BTF and where its two sections lie: types and strings, without gap or overlap, behind
// the header and up to the end. Strings begin and end with a NUL.
import { Bytes } from '../../../../codec/bytes.js';
import { E2BIG, EINVAL, ENOTSUPP } from '../../../../uapi/asm-generic/errno.js';
import { BTF_MAGIC, BTF_VERSION, btf_header } from '../../../../uapi/linux/btf.js';
import type { BtfCheckEnv } from './check_env.js';

const BTF_MAX_NAME_OFFSET = 0x00ffffff;
/** Up to and with hdr_len. */
const HDR_LEN_END = 8;

/** struct btf_header, zero where the given one is shorter. */
export interface BtfHeader {
  readonly hdrLen: number;
  readonly typeOff: number;
  readonly typeLen: number;
  readonly strOff: number;
  readonly strLen: number;
}

/** @models kernel/bpf/btf.c btf_parse_hdr() */
export function parseHeader(env: BtfCheckEnv): BtfHeader {
  const { data, view } = env.types;
  if (data.length < HDR_LEN_END) env.fail(EINVAL, 'hdr_len not found');
  const hdrLen = view.getUint32(4, true);
  if (data.length < hdrLen) env.fail(EINVAL, 'btf_header not found');
  if (data.subarray(btf_header.size, Math.max(hdrLen, btf_header.size)).some((byte) => byte !== 0))
    env.fail(E2BIG, 'Unsupported btf_header');
  const bytes = Bytes.zeroed(btf_header.size);
  bytes.u8.set(data.subarray(0, Math.min(hdrLen, btf_header.size)));
  const header = btf_header.get(bytes, 0);
  if (env.log.needed) env.log.write(shown(header, data.length));
  if (header.magic !== BTF_MAGIC) env.fail(EINVAL, 'Invalid magic');
  if (header.version !== BTF_VERSION) env.fail(ENOTSUPP, 'Unsupported version');
  if (header.flags !== 0) env.fail(ENOTSUPP, 'Unsupported flags');
  if (data.length === header.hdr_len) env.fail(EINVAL, 'No data');
  checkSections(env, header);
  const { hdr_len, type_off: typeOff, type_len: typeLen, str_off: strOff, str_len: strLen } = header;
  return { hdrLen: hdr_len, typeOff, typeLen, strOff, strLen };
}

type Header = ReturnType<typeof btf_header.get>;

function shown(header: Header, total: number): string {
  const { magic, version, flags, hdr_len, type_off, type_len, str_off, str_len } = header;
  const first = `magic: 0x${magic.toString(16)}\nversion: ${version}\nflags: 0x${flags.toString(16)}\nhdr_len: ${hdr_len}\n`;
  return `${first}type_off: ${type_off}\ntype_len: ${type_len}\nstr_off: ${str_off}\nstr_len: ${str_len}\nbtf_total_size: ${total}\n`;
}

/** @models kernel/bpf/btf.c btf_check_sec_info() */
function checkSections(env: BtfCheckEnv, header: Header): void {
  const sections = [
    { off: header.type_off, len: header.type_len },
    { off: header.str_off, len: header.str_len },
  ].sort((a, b) => (a.off - b.off) | 0 || (a.len - b.len) | 0);
  const expected = (env.types.data.length - header.hdr_len) >>> 0;
  let total = 0;
  for (const { off, len } of sections) {
    if (expected < off) env.fail(EINVAL, 'Invalid section offset');
    if (total < off) env.fail(EINVAL, 'Unsupported section found');
    if (total > off) env.fail(EINVAL, 'Section overlap found');
    if (expected - total < len) env.fail(EINVAL, 'Total section length too long');
    total += len;
  }
  if (expected !== total) env.fail(EINVAL, 'Unsupported section found');
}

/** @models kernel/bpf/btf.c btf_parse_str_sec() */
export function parseStrings(env: BtfCheckEnv, { hdrLen, strOff, strLen }: BtfHeader): void {
  const { types } = env;
  const start = hdrLen + strOff;
  if (start + strLen !== types.data.length) env.fail(EINVAL, 'String section is not at the end');
  const bad = strLen === 0 || strLen - 1 > BTF_MAX_NAME_OFFSET || types.data.at(-1) !== 0;
  if (bad || types.data[start] !== 0) env.fail(EINVAL, 'Invalid string section');
  types.strings = start;
  types.strLen = strLen;
}
