// What bytes inside a netlink message are made of, as data: structs, values, arrays, texts, programs, runs of attributes.
// A shape says what the bytes are when there are enough of them; who walks them says what is too short or left over.
// Nothing here judges: input policies are with the declarations in uapi.
import type { Attribute } from '../../codec/attrs.js';
import type { Codec } from '../../codec/scalar.js';
import type { Struct } from '../../codec/struct.js';
import type { AttributeView } from '../netlink.js';

export type AnyCodec = Codec<unknown>;
export type AnyStruct = Struct<Readonly<Record<string, AnyCodec>>>;

/** Kernel functions: which parses the bytes of a request, which writes them into a reply. */
export interface Symbols {
  readonly reads?: string;
  readonly writes?: string;
}

/** What is known of a message before its attributes are looked at. */
export interface Context {
  /** NETLINK_ROUTE and the like. */
  readonly protocol: number;
  /** nlmsg_type and nlmsg_flags. */
  readonly type: number;
  readonly flags: number;
  /** First byte of the body: AF_INET and the like; 0 when there is none. */
  readonly family: number;
}

/** A struct, and what is behind it. Members in `shown` are shown by another codec of the same size. */
export interface StructShape {
  readonly is: 'struct';
  readonly struct: AnyStruct;
  readonly shown?: Readonly<Record<string, AnyCodec>>;
  /** What the bytes behind it are. */
  readonly then?: Shape;
  /** All of it in short, as people write it. */
  readonly inShort?: (value: Readonly<Record<string, unknown>>) => string;
}

export type Shape =
  | StructShape
  /** One value of a C type. */
  | { readonly is: 'value'; readonly codec: AnyCodec }
  /** Values or structs one after the other; `names` are those of the elements. */
  | {
      readonly is: 'array';
      readonly element: AnyCodec | StructShape;
      readonly names?: (index: number) => string | undefined;
    }
  /** Classic BPF: struct sock_filter one after the other. */
  | { readonly is: 'program' }
  /** Characters up to a NUL. */
  | { readonly is: 'text' }
  /** Octets without a known inside; `show` is their form for people. */
  | { readonly is: 'bytes'; readonly type?: string; readonly show?: (u8: Uint8Array) => string }
  /** NLA_FLAG: no payload. */
  | { readonly is: 'flag' }
  /** A run of attributes: a nest. */
  | { readonly is: 'attributes'; readonly level: Level }
  /** Structs that say their own length in their first u16, each with attributes: struct rtnexthop. */
  | { readonly is: 'records'; readonly struct: StructShape; readonly level: Level };

/** A shape, or what chooses one. */
export type ShapeRule = Shape | ((place: Place) => Shape | undefined);

/** Where an attribute stands: what decides about its payload. */
export interface Place {
  readonly attribute: AttributeView;
  /** The run it is one of, itself included. */
  readonly siblings: readonly AttributeView[];
  readonly context: Context;
}

export interface AttributeSet {
  readonly $name: string;
  readonly $max: number;
  readonly $byType: readonly (Attribute | undefined)[];
}

/** A run of attributes: the set they are of, and what each holds. */
export interface Level extends Symbols {
  readonly set?: AttributeSet;
  /** Names of types that are no attributes of a set. */
  readonly name?: (type: number) => string;
  /** What an attribute holds where its declaration does not say it all. */
  shape(place: Place): Shape | undefined;
}
