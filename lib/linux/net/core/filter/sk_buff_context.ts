// include/uapi/linux/bpf.h struct __sk_buff: the context of programs that work on packets, as they see it. Offsets in
// bytes; a field is four bytes long unless its comment says otherwise.

export const LEN = 0;
export const PKT_TYPE = 4;
export const MARK = 8;
export const QUEUE_MAPPING = 12;
export const PROTOCOL = 16;
export const VLAN_PRESENT = 20;
export const VLAN_TCI = 24;
export const VLAN_PROTO = 28;
export const PRIORITY = 32;
export const INGRESS_IFINDEX = 36;
export const IFINDEX = 40;
export const TC_INDEX = 44;
/** Five words. */
export const CB = 48;
export const HASH = 68;
export const TC_CLASSID = 72;
export const DATA = 76;
export const DATA_END = 80;
export const NAPI_ID = 84;
export const FAMILY = 88;
export const LOCAL_PORT = 136;
export const DATA_META = 140;
/** A pointer. */
export const FLOW_KEYS = 144;
/** Eight bytes. */
export const TSTAMP = 152;
export const WIRE_LEN = 160;
export const GSO_SEGS = 164;
/** A pointer. */
export const SK = 168;
export const GSO_SIZE = 176;
/** One byte. */
export const TSTAMP_TYPE = 180;
/** Eight bytes. */
export const HWTSTAMP = 184;
/** Length of the structure. */
export const SIZE = 192;
