// What an acknowledgement says of the request it echoes: the text, the attribute at fault, what is missing. Read first, so that
// the walk can say it where the attribute is.
import { Bytes } from '../../codec/bytes.js';
import { NLMSG_HDRLEN, NLMSGERR_ATTR, nlmsghdr, NLM_F_CAPPED } from '../../uapi/linux/netlink.js';
import { attributeName, textOf } from '../../wire/layout/level.js';
import { layoutOf, type Layout } from '../../wire/layout/message.js';
import { type AttributeView, viewAttributes } from '../../wire/netlink.js';
import { locate, topLevel } from './locate.js';
import { aboutRefusal, type About } from './meaning/refusals.js';
import type { Walk } from './walk.js';

export interface Refusal {
  /** Text of NLMSGERR_ATTR_MSG, '' when there is none. */
  readonly text: string;
  /** Offset of the attribute or field at fault from the header of the request. */
  readonly offset: number | undefined;
  /** Where that is, or what is missing: `TCA_RATE, at byte 72 of the request`. */
  readonly because: string | undefined;
  /** What NLMSGERR_ATTR_OFFS and the MISS_* attributes mean, by attribute type. */
  readonly meanings: ReadonlyMap<number, string>;
}

function word(run: readonly AttributeView[], type: number): number | undefined {
  const payload = run.find((a) => a.type === type)?.payload;
  return payload === undefined || payload.length < 4 ? undefined : new Bytes(payload).view.getUint32(0, true);
}

/** `TCA_OPTIONS TCA_BPF_OPS_LEN`, of the attribute at `offset` of the request. */
function pointed(request: Uint8Array | undefined, offset: number, protocol: number): string {
  if (request === undefined) return `at byte ${offset} of the request, whose payload is not here`;
  const found = locate(request, offset, protocol);
  const where = offset < NLMSG_HDRLEN ? 'the netlink header' : found?.path;
  return where === undefined ? `at byte ${offset} of the request` : `${where}, at byte ${offset} of the request`;
}

function missing(request: Uint8Array | undefined, type: number, nest: number | undefined, protocol: number): string {
  const inside = request && nest !== undefined ? locate(request, nest, protocol) : undefined;
  const level = request && (nest === undefined ? topLevel(request, protocol) : inside?.level);
  const name = level === undefined ? `an attribute of type ${type}` : attributeName(level, type);
  return inside === undefined ? `${name} is missing` : `${name} is missing in ${inside.path}`;
}

/** The request that an acknowledgement echoes, as far as it is whole; else the one that is known. */
export function requestOf(walk: Walk, body: number, layout: Layout): Uint8Array | undefined {
  if (layout.echo === undefined) return undefined;
  const [from, to] = layout.echo;
  const echoed = walk.bytes.u8.subarray(body + from, body + to);
  if (echoed.length < NLMSG_HDRLEN) return walk.request;
  const header = nlmsghdr.get(new Bytes(echoed), 0);
  const capped = (layout.context.flags & NLM_F_CAPPED) !== 0;
  if (!capped) return echoed;
  const known = walk.request;
  if (known === undefined || known.length < NLMSG_HDRLEN) return undefined;
  const other = nlmsghdr.get(new Bytes(known), 0);
  return other.nlmsg_seq === header.nlmsg_seq && other.nlmsg_type === header.nlmsg_type ? known : undefined;
}

const becauseOf = (about: About | undefined): string | undefined =>
  about && (about.field === undefined ? about.says : `${about.field}: ${about.says}`);

/** Where the field is in the request that a text is about. */
function fieldOf(request: Uint8Array | undefined, about: About | undefined, protocol: number): number | undefined {
  const field = about?.field;
  if (request === undefined || request.length < NLMSG_HDRLEN || field === undefined) return undefined;
  const inHeader = new Map(Object.entries(nlmsghdr.offsetof)).get(field);
  if (inHeader !== undefined) return inHeader;
  const { nlmsg_type, nlmsg_flags } = nlmsghdr.get(new Bytes(request), 0);
  const head = layoutOf(nlmsg_type, nlmsg_flags, request.subarray(NLMSG_HDRLEN), protocol)?.head;
  const offset = head && new Map(Object.entries(head.struct.offsetof)).get(field);
  return offset === undefined ? undefined : NLMSG_HDRLEN + offset;
}

/** What the attributes in `run` say of `request`. */
export function refusalOf(run: Uint8Array, request: Uint8Array | undefined, protocol: number): Refusal {
  const { attributes } = viewAttributes(run);
  const { MSG, OFFS, MISS_TYPE, MISS_NEST } = NLMSGERR_ATTR;
  const offset = word(attributes, OFFS.type);
  const [type, nest] = [word(attributes, MISS_TYPE.type), word(attributes, MISS_NEST.type)];
  const meanings = new Map<number, string>();
  const place = offset === undefined ? undefined : pointed(request, offset, protocol);
  const lacking = type === undefined ? undefined : missing(request, type, nest, protocol);
  if (place !== undefined) meanings.set(OFFS.type, `the attribute at fault is ${place}`);
  if (lacking !== undefined) meanings.set(MISS_TYPE.type, lacking);
  if (nest !== undefined) meanings.set(MISS_NEST.type, `it is missing inside ${pointed(request, nest, protocol)}`);
  const text = textOf(attributes, MSG.type);
  const about = offset === undefined && type === undefined ? aboutRefusal(text) : undefined;
  if (about !== undefined) meanings.set(MSG.type, about.says);
  return {
    text,
    offset: offset ?? fieldOf(request, about, protocol),
    because: place ?? lacking ?? becauseOf(about),
    meanings,
  };
}
