// Which attribute stands at an offset of a message: what NLMSGERR_ATTR_OFFS and NLMSGERR_ATTR_MISS_NEST point to.
import { Bytes } from '../../codec/bytes.js';
import { NLA_HDRLEN } from '../../codec/nla.js';
import { NLMSG_HDRLEN, nlmsghdr } from '../../uapi/linux/netlink.js';
import { attributeName, shapeOf } from '../../wire/layout/level.js';
import { layoutOf } from '../../wire/layout/message.js';
import type { Context, Level, Shape } from '../../wire/layout/shape.js';
import { viewAttributes } from '../../wire/netlink.js';
import { DEEPEST } from './walk.js';

export interface Located {
  /** `TCA_OPTIONS TCA_BPF_OPS_LEN` */
  readonly path: string;
  /** What it is a nest of, if it is one. */
  readonly level: Level | undefined;
}

/** The attributes a shape has, and where they start in its bytes. */
function nestOf(shape: Shape): { level: Level; skip: number } | undefined {
  if (shape.is === 'attributes') return { level: shape.level, skip: 0 };
  const behind = shape.is === 'struct' ? shape.then : undefined;
  return behind?.is === 'attributes' && shape.is === 'struct'
    ? { level: behind.level, skip: shape.struct.size }
    : undefined;
}

function search(
  run: Uint8Array,
  base: number,
  level: Level,
  context: Context,
  wanted: number,
  depth = 0,
): Located | undefined {
  if (depth >= DEEPEST) return undefined;
  const { attributes } = viewAttributes(run);
  for (const attribute of attributes) {
    const at = base + attribute.offset;
    if (wanted < at || wanted >= at + NLA_HDRLEN + attribute.payload.length) continue;
    const name = attributeName(level, attribute.type);
    const nest = nestOf(shapeOf(level, { attribute, siblings: attributes, context }));
    if (wanted === at) return { path: name, level: nest?.level };
    if (nest === undefined) return undefined;
    const inside = attribute.payload.subarray(Math.min(nest.skip, attribute.payload.length));
    const found = search(inside, at + NLA_HDRLEN + nest.skip, nest.level, context, wanted, depth + 1);
    return found && { ...found, path: `${name} ${found.path}` };
  }
  return undefined;
}

/** The attribute whose header is at `offset` of `message`, which starts with its nlmsghdr. */
export function locate(message: Uint8Array, offset: number, protocol?: number): Located | undefined {
  const layout = topOf(message, protocol);
  if (layout === undefined) return undefined;
  const start = NLMSG_HDRLEN + layout.start;
  return search(message.subarray(Math.min(start, message.length)), start, layout.level, layout.context, offset);
}

/** The attributes of a message that are in no nest. */
export function topLevel(message: Uint8Array, protocol?: number): Level | undefined {
  return topOf(message, protocol)?.level;
}

function topOf(message: Uint8Array, protocol?: number): ReturnType<typeof layoutOf> {
  if (message.length < NLMSG_HDRLEN) return undefined;
  const { nlmsg_type, nlmsg_flags } = nlmsghdr.get(new Bytes(message), 0);
  return layoutOf(nlmsg_type, nlmsg_flags, message.subarray(NLMSG_HDRLEN), protocol);
}
