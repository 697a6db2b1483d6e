// Netlink families other than routing: the struct that the body of a message opens with, where it is small and fixed, and
// attributes without names behind it. Of generic netlink, the controller is known by name.
import { u32, u8 } from '../../codec/scalar.js';
import { flagTable, nameTable } from '../../codec/names.js';
import * as ge from '../../uapi/linux/genetlink.js';
import {
  inet_diag_msg,
  inet_diag_req_v2,
  nfgenmsg,
  SOCK_DESTROY,
  SOCK_DIAG_BY_FAMILY,
} from '../../uapi/linux/inet_diag.js';
import * as nl from '../../uapi/linux/netlink.js';
import { rtmType } from '../../uapi/linux/rtnetlink.js';
import { AF_INET, AF_INET6 } from '../../uapi/linux/socket.js';
import { anonymous, attributes, level, numbered, structure, value } from './level.js';
import type { Context, Level, StructShape, Symbols } from './shape.js';
import { family, ipProto, shown } from './values.js';

/** Head and attributes of a body. */
export interface Opening extends Symbols {
  readonly head: StructShape;
  readonly level: Level;
}

const opFlags = flagTable({
  GENL_ADMIN_PERM: 1, GENL_CMD_CAP_DO: 2, GENL_CMD_CAP_DUMP: 4, GENL_CMD_CAP_HASPOL: 8, GENL_UNS_ADMIN_PERM: 16,
}); // prettier-ignore

const row = (of: Level, name: string): Level => numbered(attributes(of), { name: (type) => `${name} ${type}` });

const controller = level(
  ge.CTRL_ATTR,
  { reads: 'net/netlink/genetlink.c ctrl_getfamily()', writes: 'net/netlink/genetlink.c ctrl_fill_info()' },
  {
    OPS: attributes(row(level(ge.CTRL_ATTR_OP, {}, { FLAGS: value(shown(u32, opFlags)) }), 'operation')),
    MCAST_GROUPS: attributes(row(level(ge.CTRL_ATTR_MCAST_GRP, {}), 'group')),
  },
);

const genericHead = structure(ge.genlmsghdr);
const controllerHead = structure(ge.genlmsghdr, { shown: { cmd: shown(u8, ge.ctrlCmd) } });
const reads = 'net/netlink/genetlink.c genl_rcv_msg()';

function generic({ type }: Context): Opening {
  if (type === ge.GENL_ID_CTRL) return { head: controllerHead, level: controller, reads };
  return { head: genericHead, level: anonymous, reads };
}

const diagRequest: Opening = {
  head: structure(inet_diag_req_v2, { shown: { sdiag_family: family, sdiag_protocol: ipProto } }),
  level: anonymous,
  reads: 'net/core/sock_diag.c sock_diag_rcv_msg()',
};
const diagAnswer: Opening = {
  head: structure(inet_diag_msg, { shown: { idiag_family: family } }),
  level: anonymous,
  writes: 'net/ipv4/inet_diag.c inet_sk_diag_fill()',
};

function diag({ type, family: of, flags }: Context): Opening | undefined {
  if (type !== SOCK_DIAG_BY_FAMILY && type !== SOCK_DESTROY) return undefined;
  if (of !== AF_INET && of !== AF_INET6) return undefined;
  return flags & nl.NLM_F_REQUEST ? diagRequest : diagAnswer;
}

const netfilter: Opening = {
  head: structure(nfgenmsg, { shown: { nfgen_family: family } }),
  level: anonymous,
  reads: 'net/netfilter/nfnetlink.c nfnetlink_rcv_msg()',
};

const families: Readonly<Record<number, (context: Context) => Opening | undefined>> = {
  [nl.NETLINK_GENERIC]: generic,
  [nl.NETLINK_SOCK_DIAG]: diag,
  [nl.NETLINK_NETFILTER]: () => netfilter,
};

/** What is known of a message of a family that is not routing. */
export const openingOf = (context: Context): Opening | undefined => families[context.protocol]?.(context);

const diagTypes = nameTable({ SOCK_DIAG_BY_FAMILY, SOCK_DESTROY });

/** `RTM_NEWTFILTER`, `NLMSG_ERROR`; the number of a type without a name. */
export function typeName(type: number, protocol: number = nl.NETLINK_ROUTE): string {
  if (type < nl.NLMSG_MIN_TYPE) return nl.nlmsgType(type);
  if (protocol === nl.NETLINK_ROUTE) return rtmType(type);
  if (protocol === nl.NETLINK_SOCK_DIAG) return diagTypes(type);
  return protocol === nl.NETLINK_GENERIC && type === ge.GENL_ID_CTRL ? 'GENL_ID_CTRL' : String(type);
}
