// A run of attributes: header, payload and padding of each, and what is left behind the last.
import { NLA_F_NESTED, NLA_F_NET_BYTEORDER, NLA_HDRLEN, NLA_TYPE_MASK } from '../../codec/nla.js';
import { anonymous, attributeName, shapeOf, textOf } from '../../wire/layout/level.js';
import type { Level, Place, Shape } from '../../wire/layout/shape.js';
import { type AttributeView, viewAttributes } from '../../wire/netlink.js';
import { meaningOf } from './meaning.js';
import { payload } from './payload.js';
import type { Region } from './region.js';
import { siblingRemark } from './sibling.js';
import { count, DEEPEST, given, group, leaf, padding, rest, type Spot, type Walk } from './walk.js';

export function attributeRun(walk: Walk, start: number, end: number, level: Level, spot: Spot): Region[] {
  if (end <= start) return [];
  if (walk.depth >= DEEPEST) return rest(start, end, `nested deeper than ${DEEPEST} levels: not followed`);
  const inside = { ...walk, depth: walk.depth + 1 };
  const { attributes, rest: left } = viewAttributes(walk.bytes.u8.subarray(start, end));
  const found = attributes.map((attribute) =>
    one(inside, start + attribute.offset, level, { attribute, siblings: attributes, context: spot.context }, spot),
  );
  return [...found, ...broken(walk, end - left.length, end, level)];
}

function one(walk: Walk, at: number, level: Level, place: Place, spot: Spot): Region {
  const { attribute } = place;
  const name = attributeName(level, attribute.type);
  const shape = shapeOf(level, place);
  const [start, end] = [at + NLA_HDRLEN, at + NLA_HDRLEN + attribute.payload.length];
  const inside = { ...spot, path: [...spot.path, name] };
  const children = [
    ...header(walk, at, name, attribute),
    ...payload(walk, [start, end], shape, name, inside),
    ...padding(walk, end, end + attribute.padding.length),
  ];
  const optional = {
    type: typeName(shape),
    value: shape.is === 'flag' ? 'set' : undefined,
    meaning: meaningOf(name, { value: valueOf(walk, start, attribute, shape), ...spot, isRequest: walk.isRequest }),
    symbol: symbolOf(walk, level, shape, spot),
    remark: remarkOf(walk, at, level, place),
  };
  return group(name, at, children, given(optional));
}

function header({ bytes }: Walk, at: number, name: string, { type, flags, payload }: AttributeView): Region[] {
  const bits = [
    ...(flags & NLA_F_NESTED ? ['NLA_F_NESTED'] : []),
    ...(flags & NLA_F_NET_BYTEORDER ? ['NLA_F_NET_BYTEORDER'] : []),
  ];
  const length = bytes.view.getUint16(at, true);
  return [
    leaf('frame', at, 2, 'nla_len', {
      type: 'u16',
      value: String(length),
      meaning: `header and ${count(payload.length, 'byte')}`,
    }),
    leaf('frame', at + 2, 2, 'nla_type', { type: 'u16', value: [`${name} (${type})`, ...bits].join('|') }),
  ];
}

function typeName(shape: Shape): string {
  switch (shape.is) {
    case 'value':
      return shape.codec.name;
    case 'struct':
      return `struct ${shape.struct.name}`;
    case 'array':
      return `${'is' in shape.element ? `struct ${shape.element.struct.name}` : shape.element.name}[]`;
    case 'program':
      return 'struct sock_filter[]';
    case 'text':
      return 'char[]';
    case 'bytes':
      return shape.type ?? 'u8[]';
    case 'flag':
      return 'flag';
    case 'attributes':
      return 'nest';
    case 'records':
      return `struct ${shape.struct.struct.name}[]`;
  }
}

/** The value, of shapes that have one and when the payload is long enough for it. */
function valueOf({ bytes }: Walk, start: number, { payload }: AttributeView, shape: Shape): unknown {
  if (shape.is === 'value') return payload.length < shape.codec.size ? undefined : shape.codec.get(bytes, start);
  if (shape.is === 'text') return textOf([{ type: 0, payload } as AttributeView], 0);
  return shape.is === 'bytes' && payload.length > 0 ? payload : undefined;
}

/** What reads the attributes of a nest, or of this run. */
function symbolOf({ isRequest }: Walk, level: Level, shape: Shape, spot: Spot): string | undefined {
  const at = shape.is === 'attributes' ? shape.level : level;
  const own = spot.path.length === 0 ? (spot.reads ?? level.reads) : level.reads;
  if (isRequest && at === level) return own;
  return isRequest ? (at.reads ?? own) : (at.writes ?? level.writes);
}

function remarkOf(walk: Walk, at: number, level: Level, place: Place): string | undefined {
  const remarks = [
    walk.marks.get(at),
    undecoded(place, shapeOf(level, place)),
    ...(walk.isRequest ? requestRemarks(level, place) : []),
    ...siblingRemark(level, place),
  ].filter((text) => text !== undefined);
  return remarks.length === 0 ? undefined : remarks.join('; ');
}

/** Attributes that are there, but that nobody has declared. */
const undecoded = ({ attribute }: Place, shape: Shape): string | undefined =>
  shape.is === 'attributes' && shape.level === anonymous && attribute.payload.length > 0
    ? 'what is inside is not known: attributes have numbers alone'
    : undefined;

function requestRemarks({ set }: Level, { attribute: { type }, siblings, attribute }: Place): string[] {
  if (set === undefined) return [];
  const declared = set.$byType[type];
  if (declared === undefined) return ['no attribute of this set: skipped, or refused where the kernel is strict'];
  if (declared.kind.type === 'reject') return ['the kernel refuses this attribute in requests'];
  if (declared.direction === 'dump') return ['the kernel only sends this attribute: it does not read it'];
  const last = siblings.findLast((sibling) => sibling.type === type);
  return last === attribute || rows.has(declared.name) ? [] : ['overridden by a later attribute of the same type'];
}

/** Attributes that stand several times side by side. */
const rows: ReadonlySet<string> = new Set([
  'IFLA_ALT_IFNAME',
  'IFLA_VLAN_QOS_MAPPING',
  'TCA_FLOWER_KEY_ENC_OPTS_GENEVE',
  'TCA_FLOWER_KEY_MPLS_OPTS_LSE',
]);

/** What is no attribute any more. */
function broken({ bytes }: Walk, at: number, end: number, level: Level): Region[] {
  if (end - at < NLA_HDRLEN) return rest(at, end, 'too short for the header of an attribute');
  const length = bytes.view.getUint16(at, true);
  const type = bytes.view.getUint16(at + 2, true) & NLA_TYPE_MASK;
  const name = attributeName(level, type);
  const why =
    length < NLA_HDRLEN
      ? `${length} is less than the header itself`
      : `${length} reaches ${count(length - (end - at), 'byte')} beyond the end`;
  const children = [
    leaf('frame', at, 2, 'nla_len', { type: 'u16', value: String(length), remark: why }),
    leaf('frame', at + 2, 2, 'nla_type', { type: 'u16', value: `${name} (${type})` }),
    ...rest(at + NLA_HDRLEN, end, 'not parsed'),
  ];
  return [group(name, at, children, { remark: `nla_len ${why}: the kernel stops parsing here` })];
}
