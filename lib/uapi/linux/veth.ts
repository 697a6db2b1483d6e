// include/uapi/linux/veth.h: IFLA_INFO_DATA of a veth pair.
import { attrs } from '../../codec/attrs.js';
import { opaque } from '../../codec/kind.js';

/** The peer: a struct ifinfomsg and IFLA_* attributes; input policy of drivers/net/veth.c veth_policy. */
export const VETH_INFO = attrs('VETH_INFO', { PEER: [1, opaque(16)] });
