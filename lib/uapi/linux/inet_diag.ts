// include/uapi/linux/inet_diag.h, sock_diag.h and netfilter/nfnetlink.h: what messages of these families open with.
import { be16, bytes, u32, u8 } from '../../codec/scalar.js';
import { struct } from '../../codec/struct.js';

export const SOCK_DIAG_BY_FAMILY = 20;
export const SOCK_DESTROY = 21;

/** Both ends of a socket. */
export const inet_diag_sockid = struct('inet_diag_sockid', {
  idiag_sport: be16,
  idiag_dport: be16,
  idiag_src: bytes(16),
  idiag_dst: bytes(16),
  idiag_if: u32,
  idiag_cookie: bytes(8),
});

/** The request. */
export const inet_diag_req_v2 = struct('inet_diag_req_v2', {
  sdiag_family: u8,
  sdiag_protocol: u8,
  idiag_ext: u8,
  pad: u8,
  idiag_states: u32,
  id: inet_diag_sockid,
});

/** The answer. */
export const inet_diag_msg = struct('inet_diag_msg', {
  idiag_family: u8,
  idiag_state: u8,
  idiag_timer: u8,
  idiag_retrans: u8,
  id: inet_diag_sockid,
  idiag_expires: u32,
  idiag_rqueue: u32,
  idiag_wqueue: u32,
  idiag_uid: u32,
  idiag_inode: u32,
});

export const nfgenmsg = struct('nfgenmsg', { nfgen_family: u8, version: u8, res_id: be16 });
