// One netlink message: its header, the struct its body opens with, the attributes behind it; in an acknowledgement, the request
// it echoes. A message whose length lies is walked as far as it goes, which the kernel would not do, and the region says so.
import { errnoName } from '../../uapi/asm-generic/errno.js';
import * as nl from '../../uapi/linux/netlink.js';
import { layoutOf, type Layout } from '../../wire/layout/message.js';
import { attributeRun } from './attributes.js';
import { flagsText, typeText } from './header.js';
import { meaningOf } from './meaning.js';
import { verbOf } from './meaning/message.js';
import { oneStruct } from './payload.js';
import { refusalOf, requestOf, type Refusal } from './refusal.js';
import type { Region } from './region.js';
import { isRequest as looksLikeRequest } from './sender.js';
import { quoted } from './text_value.js';
import { count, DEEPEST, given, group, leaf, padding, rest, type Spot, type Walk } from './walk.js';

type Header = ReturnType<typeof nl.nlmsghdr.get>;

/** A type that means nothing to rtnetlink but to get or list: flags of other families are told as its. */
const FOREIGN = 0xfffe;

/** The header as a group; `remark` is of its length. */
function headerRegion(walk: Walk, at: number, header: Header, isRequest: boolean, remark?: string): Region {
  const { offsetof, members } = nl.nlmsghdr;
  const { nlmsg_type: type, nlmsg_flags: flags } = header;
  const isForeign = walk.protocol !== nl.NETLINK_ROUTE && type >= nl.NLMSG_MIN_TYPE;
  const context = { protocol: walk.protocol, type: isForeign ? FOREIGN : type, flags, family: 0 };
  const texts: Readonly<Record<keyof Header, string>> = {
    nlmsg_len: String(header.nlmsg_len),
    nlmsg_type: `${typeText(type, walk.protocol)} (${type})`,
    nlmsg_flags: flagsText(type, flags, walk.protocol),
    nlmsg_seq: String(header.nlmsg_seq),
    nlmsg_pid: String(header.nlmsg_pid),
  };
  const fields = (Object.keys(texts) as (keyof Header)[]).map((name) => {
    const meaning =
      isForeign && name === 'nlmsg_type'
        ? undefined
        : meaningOf(name, { value: header[name], context, path: [], isRequest });
    const role = name === 'nlmsg_len' || name === 'nlmsg_type' ? 'frame' : 'value';
    return leaf(role, at + offsetof[name], members[name].size, name, {
      type: members[name].name,
      value: texts[name],
      ...given({
        meaning,
        remark: name === 'nlmsg_len' && remark !== undefined ? remark : walk.marks.get(at + offsetof[name]),
      }),
    });
  });
  return group('struct nlmsghdr', at, fields, { type: 'struct nlmsghdr' });
}

export interface MessageRange {
  readonly start: number;
  /** End of what nlmsg_len says, or of the bytes that are there. */
  readonly end: number;
  /** Behind the padding. */
  readonly next: number;
  readonly remark?: string | undefined;
}

/** Whether the message that is walked is a request: said by the datagram, or told from the header. */
export type Sender = boolean | undefined;

/** The region of the message at `start`; there is a whole header. */
export function messageRegion(walk: Walk, range: MessageRange, sender: Sender): Region {
  const { start, end, next, remark } = range;
  const header = nl.nlmsghdr.get(walk.bytes, start);
  const body = Math.min(start + nl.NLMSG_HDRLEN, end);
  const bytes = walk.bytes.u8.subarray(body, end);
  const layout = layoutOf(header.nlmsg_type, header.nlmsg_flags, bytes, walk.protocol);
  const isRequest = header.nlmsg_type >= nl.NLMSG_MIN_TYPE && (sender ?? looksLikeRequest(header, bytes, layout));
  const inside = { ...walk, isRequest };
  const refusal = refusalIn(inside, body, end, layout);
  const children = [
    headerRegion(walk, start, header, isRequest, remark),
    ...bodyRegions(inside, body, end, header, layout, refusal),
    ...padding(walk, end, next),
  ];
  const name = typeText(header.nlmsg_type, walk.protocol);
  const optional = {
    meaning:
      verdict(walk, body, end, header, refusal) ??
      (walk.protocol === nl.NETLINK_ROUTE ? verbOf(header.nlmsg_type, isRequest) : undefined),
    symbol: layout && (isRequest ? layout.reads : (layout.writes ?? layout.level.writes)),
    remark,
  };
  return group(name, start, children, given(optional));
}

const nothingSaid: Refusal = { text: '', offset: undefined, because: undefined, meanings: new Map() };

function refusalIn(walk: Walk, body: number, end: number, layout: Layout | undefined): Refusal {
  if (layout === undefined || layout.context.type >= nl.NLMSG_MIN_TYPE) return nothingSaid;
  const start = Math.min(body + layout.start, end);
  return refusalOf(walk.bytes.u8.subarray(start, end), requestOf(walk, body, layout), walk.protocol);
}

/** What an NLMSG_ERROR or NLMSG_DONE comes to: `refused: EINVAL, "Invalid handle" (TCA_KIND, at byte 36 of the request)`. */
function verdict(
  { bytes }: Walk,
  body: number,
  end: number,
  { nlmsg_type }: Header,
  { text, because }: Refusal,
): string | undefined {
  if ((nlmsg_type !== nl.NLMSG_ERROR && nlmsg_type !== nl.NLMSG_DONE) || end - body < 4) return undefined;
  const error = bytes.view.getInt32(body, true);
  const said = `${text === '' ? '' : `, ${quoted(text)}`}${because === undefined ? '' : ` (${because})`}`;
  if (error < 0) return `refused: ${errnoName(-error)}${said}`;
  return `${nlmsg_type === nl.NLMSG_ERROR ? 'done' : 'end of the list'}${said}`;
}

function bodyRegions(
  walk: Walk,
  body: number,
  end: number,
  header: Header,
  layout: Layout | undefined,
  refusal: Refusal,
): Region[] {
  const { nlmsg_type: type, nlmsg_flags: flags } = header;
  if (layout === undefined) return rest(body, end, 'messages of this type are not decoded');
  const spot: Spot = { context: layout.context, path: [], reads: (type & 3) === 0 ? undefined : layout.reads };
  const start = Math.min(body + layout.start, end);
  const [echoStart, echoEnd] = layout.echo ?? [layout.start, layout.start];
  const headEnd = Math.min(body + (layout.echo === undefined ? layout.start : echoStart), end);
  const said = attributeRun(walk, start, end, layout.level, spot);
  return [
    ...headRegions(walk, body, headEnd, layout, spot),
    ...echoRegions(walk, Math.min(body + echoStart, end), Math.min(body + echoEnd, end), refusal, flags),
    ...(type < nl.NLMSG_MIN_TYPE ? said.map((region) => withMeaning(region, layout, refusal)) : said),
  ];
}

function headRegions(walk: Walk, body: number, end: number, { head }: Layout, spot: Spot): Region[] {
  if (head === undefined) return rest(body, end, 'not known');
  const size = Math.min(body + head.struct.size, end);
  return [...oneStruct(walk, [body, end], head, spot), ...padding(walk, size, end)];
}

/** The attribute with what was found out about it from the request. */
function withMeaning(region: Region, { level }: Layout, { meanings }: Refusal): Region {
  const type = level.set?.$byType.findIndex((a) => a?.name === region.name) ?? -1;
  const meaning = meanings.get(type);
  return meaning === undefined ? region : { ...region, meaning };
}

function echoRegions(walk: Walk, start: number, end: number, refusal: Refusal, flags: number): Region[] {
  if (end <= start) return [];
  if (end - start < nl.NLMSG_HDRLEN) return rest(start, end, 'too short for the header of the echoed request');
  if (walk.depth >= DEEPEST) return rest(start, end, `nested deeper than ${DEEPEST} levels: not followed`);
  const header = nl.nlmsghdr.get(walk.bytes, start);
  const marks = new Map(refusal.offset === undefined ? [] : [[start + refusal.offset, markOf(refusal)]]);
  const inside = { ...walk, marks, depth: walk.depth + 1 };
  const capped = (flags & nl.NLM_F_CAPPED) !== 0;
  const stop = capped ? start + nl.NLMSG_HDRLEN : Math.min(end, start + Math.max(header.nlmsg_len, nl.NLMSG_HDRLEN));
  const missing = header.nlmsg_len - (stop - start);
  const left = missing > 0 ? `${count(missing, 'byte')} of the request are not echoed` : undefined;
  const region = capped
    ? group(
        typeText(header.nlmsg_type, walk.protocol),
        start,
        [headerRegion(inside, start, header, true)],
        given({ meaning: left }),
      )
    : messageRegion(inside, { start, end: stop, next: stop, remark: left }, true);
  return [{ ...region, name: `request ${region.name}` }, ...padding(walk, stop, end)];
}

const markOf = ({ text }: Refusal): string =>
  text === '' ? 'the kernel refuses this one' : `the kernel refuses this one: ${text}`;
