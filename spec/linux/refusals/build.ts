// Requests written down as trees: a message type, a struct, attributes in order.
import { Bytes, fromLatin1 } from '../../../lib/codec/bytes.js';
import type { Codec } from '../../../lib/codec/scalar.js';
import { u32 } from '../../../lib/codec/scalar.js';
import { TCA, tcmsg } from '../../../lib/uapi/linux/rtnetlink.js';
import type { Attribute, Message } from '../../../tools/oracle/fuzz/message.js';
import { nestOf, nothing } from '../../../tools/oracle/fuzz/message.js';

export interface Case {
  readonly name: string;
  /** What has to be asked for first. */
  readonly before: readonly Message[];
  readonly request: Message;
  /** Why a refusal may leave some of it done. */
  readonly partly?: string;
}

/** Indexes of the pair that is there. */
export const [V1, V0] = [2, 3];

/** nlmsg_flags. */
export const ACK = 5;
export const ADD = 0x605;
export const REPLACE = 0x505;
export const DUMP = 0x301;

export const encoded = <T>(codec: Codec<T>, value: T): Uint8Array => {
  const to = Bytes.zeroed(codec.size);
  codec.set(to, 0, value);
  return to.u8;
};

type Value = number | string | Uint8Array | readonly Attribute[];

/** An attribute: a u32, a C string, bytes, or a nest. */
export function a(declared: { readonly type: number } | number, value: Value): Attribute {
  const type = typeof declared === 'number' ? declared : declared.type;
  if (typeof value === 'number') return { type, value: encoded(u32, value) };
  if (typeof value === 'string') return { type, value: fromLatin1(`${value}\0`) };
  return { type, value: value instanceof Uint8Array ? value : nestOf(value) };
}

export function message(type: number, flags: number, head: Uint8Array, attributes: readonly Attribute[] = []): Message {
  return { type, flags, head, attributes, rest: nothing };
}

/** Fields of a tcmsg; tcm_ifindex is V0 unless told. */
export interface Fields {
  readonly ifindex?: number;
  readonly handle?: number;
  readonly parent?: number;
  readonly info?: number;
}

/** A request of traffic control. */
export const tc = (type: number, flags: number, fields: Fields, ...attributes: Attribute[]): Message => {
  const { ifindex: tcm_ifindex = V0, handle: tcm_handle = 0, parent: tcm_parent = 0, info: tcm_info = 0 } = fields;
  return message(type, flags, tcmsg.bytes({ tcm_ifindex, tcm_handle, tcm_parent, tcm_info }), attributes);
};
export const kind = (name: string): Attribute => a(TCA.KIND, name);
export const options = (...inside: Attribute[]): Attribute => a(TCA.OPTIONS, inside);
