// From a shape to the regions of the bytes that have it. Whoever calls gives the range; what is missing or left over in it is
// said, and every byte of it is in a region.
import { toHex } from '../../codec/bytes.js';
import { nlaAlign } from '../../codec/nla.js';
import { sock_filter } from '../../uapi/linux/filter.js';
import type { AnyCodec, Shape, StructShape } from '../../wire/layout/shape.js';
import { attributeRun } from './attributes.js';
import { classicCode, classicText } from './classic.js';
import { meaningOf } from './meaning.js';
import type { Region } from './region.js';
import { padding, count, given, group, leaf, rest, type Spot, type Walk } from './walk.js';
import { textRegions } from './text_value.js';

export type Range = readonly [start: number, end: number];

/** The regions of a payload; `name` is that of the attribute or member it is the value of. */
export function payload(walk: Walk, [start, end]: Range, shape: Shape, name: string, spot: Spot): Region[] {
  switch (shape.is) {
    case 'value':
      return scalar(walk, [start, end], shape.codec, name);
    case 'struct':
      return structure(walk, [start, end], shape, spot);
    case 'array':
      return array(walk, [start, end], shape, spot);
    case 'program':
      return program(walk, [start, end], name);
    case 'text':
      return textRegions(walk, start, end, name);
    case 'bytes':
      return octets(walk, [start, end], shape, name);
    case 'flag':
      return rest(start, end, 'a flag has no value: the kernel reads nothing here');
    case 'attributes':
      return attributeRun(walk, start, end, shape.level, spot);
    case 'records':
      return records(walk, [start, end], shape, spot);
  }
}

/** Value and meaning of a member; struct inside struct and arrays have regions of their own. */
function member(walk: Walk, at: number, codec: AnyCodec, name: string, spot: Spot): Region {
  if ('members' in codec)
    return group(
      name,
      at,
      members(
        walk,
        [at, at + codec.size],
        codec as StructShape['struct'],
        {},
        { ...spot, path: [...spot.path, codec.name] },
      ),
    );
  const value = codec.get(walk.bytes, at);
  const optional = given({
    type: codec.name,
    value: codec.show(value),
    meaning: meaningOf(name, { value, ...spot, isRequest: walk.isRequest }),
    remark: walk.marks.get(at),
  });
  return leaf('value', at, codec.size, name, optional);
}

function scalar(walk: Walk, [start, end]: Range, codec: AnyCodec, name: string): Region[] {
  const length = end - start;
  if (length < codec.size)
    return rest(start, end, `too short for ${codec.name}: ${count(codec.size - length, 'byte')} missing`);
  const region = leaf('value', start, codec.size, name, {
    type: codec.name,
    value: codec.show(codec.get(walk.bytes, start)),
  });
  const tail = rest(
    start + codec.size,
    end,
    `longer than ${codec.name}: only the first ${count(codec.size, 'byte')} count`,
  );
  return [region, ...tail];
}

const isPad = (name: string): boolean => /pad\d*$/.test(name);

/** The members that are whole in the range, with the holes between them. */
function members(
  walk: Walk,
  [start, end]: Range,
  struct: StructShape['struct'],
  shown: Readonly<Record<string, AnyCodec>>,
  spot: Spot,
): Region[] {
  const found: Region[] = [];
  let at = start;
  const offsets = new Map(Object.entries(struct.offsetof));
  for (const [name, declared] of Object.entries(struct.members)) {
    const codec = shown[name] ?? declared;
    const offset = start + offsets.get(name)!;
    if (offset + codec.size > end) return [...found, ...short(at, end, struct)];
    found.push(...padding(walk, at, offset));
    at = offset + codec.size;
    found.push(...(isPad(name) ? padding(walk, offset, at, name) : [member(walk, offset, codec, name, spot)]));
  }
  return [...found, ...padding(walk, at, Math.min(end, start + struct.size))];
}

const short = (at: number, end: number, { name }: StructShape['struct']): Region[] =>
  rest(at, end, `the struct ${name} ends here, before its next member is whole`);

/** One struct, as a group of its members. */
export function oneStruct(walk: Walk, [start, end]: Range, shape: StructShape, spot: Spot): Region[] {
  const { struct, shown = {}, inShort } = shape;
  const stop = Math.min(end, start + struct.size);
  if (stop <= start) return [];
  const missing = start + struct.size - stop;
  const said =
    missing > 0
      ? { remark: `${count(missing, 'byte')} of the struct are missing` }
      : given({ value: inShort?.(struct.get(walk.bytes, start)) });
  const inside = { ...spot, path: [...spot.path, struct.name] };
  const name = `struct ${struct.name}`;
  return [group(name, start, members(walk, [start, stop], struct, shown, inside), { type: name, ...said })];
}

/** A struct, and what is declared to follow it. */
export function structure(walk: Walk, [start, end]: Range, shape: StructShape, spot: Spot): Region[] {
  const size = shape.struct.size;
  const behind = Math.min(end, start + size);
  const tail =
    shape.then === undefined
      ? rest(behind, end, `behind the struct ${shape.struct.name}: nobody reads this`)
      : payload(walk, [behind, end], shape.then, shape.struct.name, spot);
  return [...oneStruct(walk, [start, end], shape, spot), ...tail];
}

type ArrayShape = Extract<Shape, { is: 'array' }>;

/** Elements of a row without names of their own. */
const ROW = 8;

function array(walk: Walk, [start, end]: Range, { element, names }: ArrayShape, spot: Spot): Region[] {
  const found: Region[] = [];
  const size = 'is' in element ? element.struct.size : element.size;
  const step = names === undefined && !('is' in element) ? ROW : 1;
  const total = Math.floor((end - start) / size);
  for (let index = 0; index < total; index += step) {
    const [at, length] = [start + index * size, Math.min(step, total - index)];
    const name = names?.(index) ?? (length === 1 ? `[${index}]` : `[${index}..${index + length - 1}]`);
    found.push(
      'is' in element
        ? { ...oneStruct(walk, [at, at + size], element, spot)[0]!, name }
        : row(walk, at, length, element, name),
    );
  }
  return [...found, ...rest(start + total * size, end, 'too short for another element')];
}

function row({ bytes }: Walk, at: number, length: number, element: AnyCodec, name: string): Region {
  const values = Array.from({ length }, (_, i) => element.show(element.get(bytes, at + i * element.size)));
  const type = length === 1 ? element.name : `${element.name}[${length}]`;
  return leaf('value', at, length * element.size, name, { type, value: values.join(', ') });
}

function program(walk: Walk, [start, end]: Range, of: string): Region[] {
  const total = Math.floor((end - start) / sock_filter.size);
  const found = Array.from({ length: total }, (_, index) =>
    instruction(walk, start + index * sock_filter.size, index, of),
  );
  const at = start + total * sock_filter.size;
  return [...found, ...rest(at, end, `too short for an instruction of ${sock_filter.size} bytes`)];
}

function instruction({ bytes }: Walk, at: number, index: number, of: string): Region {
  const insn = sock_filter.get(bytes, at);
  const text = classicText(insn, index);
  const { offsetof, members: codecs } = sock_filter;
  const show = {
    code: classicCode(insn.code),
    jt: String(insn.jt),
    jf: String(insn.jf),
    k: `0x${insn.k.toString(16)}`,
  };
  const children = Object.entries(codecs).map(([name, codec]) =>
    leaf('value', at + offsetof[name as keyof typeof show], codec.size, name, {
      type: codec.name,
      value: show[name as keyof typeof show],
    }),
  );
  return group(
    `insn ${index}`,
    at,
    children,
    given({
      type: 'struct sock_filter',
      value: text,
      meaning: meaningOf(`${of} ret`, { value: text, context: undefined, path: [], isRequest: true }),
      remark: text === undefined ? 'no instruction of classic BPF: the kernel refuses the program' : undefined,
    }),
  );
}

type OctetsShape = Extract<Shape, { is: 'bytes' }>;

function octets({ bytes }: Walk, [start, end]: Range, { show = toHex, type }: OctetsShape, name: string): Region[] {
  if (end <= start) return [];
  const u8 = bytes.u8.subarray(start, end);
  const optional = show === toHex ? {} : { value: show(u8) };
  return [leaf('value', start, end - start, name, { type: type ?? `u8[${end - start}]`, ...optional })];
}

type RecordsShape = Extract<Shape, { is: 'records' }>;

/** Structs that begin with their own length, in 16 bits. */
function records(walk: Walk, [start, end]: Range, { struct, level }: RecordsShape, spot: Spot): Region[] {
  const found: Region[] = [];
  const { size, name } = struct.struct;
  let at = start;
  while (end - at >= size) {
    const length = walk.bytes.view.getUint16(at, true);
    if (length < size || length > end - at) break;
    const inside = attributeRun(walk, at + size, at + length, level, spot);
    const next = Math.min(end, at + nlaAlign(length));
    const parts = [...oneStruct(walk, [at, at + size], struct, spot), ...inside, ...padding(walk, at + length, next)];
    found.push(group(name, at, parts));
    at = next;
  }
  return [...found, ...rest(at, end, `no ${name}: its length cannot be`)];
}
