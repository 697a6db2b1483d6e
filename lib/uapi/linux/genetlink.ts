// include/uapi/linux/genetlink.h: the header of generic netlink, and the attributes of its controller.
import { attrs } from '../../codec/attrs.js';
import { nested, nlaU16, nlaU32, string } from '../../codec/kind.js';
import { nameTable } from '../../codec/names.js';
import { u16, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

/** nlmsg_type of the controller; other families are given theirs when they come up. */
export const GENL_ID_CTRL = 0x10;

export const genlmsghdr = struct('genlmsghdr', { cmd: u8, version: u8, reserved: u16 });

export const ctrlCmd = nameTable({
  CTRL_CMD_UNSPEC: 0, CTRL_CMD_NEWFAMILY: 1, CTRL_CMD_DELFAMILY: 2, CTRL_CMD_GETFAMILY: 3, CTRL_CMD_NEWOPS: 4,
  CTRL_CMD_DELOPS: 5, CTRL_CMD_GETOPS: 6, CTRL_CMD_NEWMCAST_GRP: 7, CTRL_CMD_DELMCAST_GRP: 8, CTRL_CMD_GETMCAST_GRP: 9,
  CTRL_CMD_GETPOLICY: 10,
}); // prettier-ignore

export const CTRL_ATTR = attrs('CTRL_ATTR', {
  FAMILY_ID: [1, nlaU16],
  FAMILY_NAME: [2, string(15)],
  VERSION: [3, nlaU32],
  HDRSIZE: [4, nlaU32],
  MAXATTR: [5, nlaU32],
  OPS: [6, nested],
  MCAST_GROUPS: [7, nested],
  POLICY: [8, nested],
  OP_POLICY: [9, nested],
  OP: [10, nlaU32],
});

export const CTRL_ATTR_OP = attrs('CTRL_ATTR_OP', { ID: [1, nlaU32], FLAGS: [2, nlaU32] });
export const CTRL_ATTR_MCAST_GRP = attrs('CTRL_ATTR_MCAST_GRP', { NAME: [1, string()], ID: [2, nlaU32] });
