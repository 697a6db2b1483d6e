// net/core/filter.c: what programs may read of sockets that helpers and contexts give them: struct bpf_sock and struct
// bpf_tcp_sock, by offset and size. No program writes there.
import * as T from '../type_flags.js';

/** struct bpf_sock */
const FAMILY = 4;
const TYPE = 8;
const PROTOCOL = 12;
const PRIORITY_END = 24;
const SRC_IP4 = 24;
const SRC_PORT = 44;
const DST_PORT = 48;
const DST_IP4 = 52;
const STATE = 72;
const RX_QUEUE_MAPPING = 76;
const SOCK_SIZE = 80;

/** struct bpf_tcp_sock */
const BYTES_RECEIVED = 80;
const BYTES_ACKED = 88;
const TCP_SOCK_END = 112;

const narrowable = new Set([FAMILY, TYPE, PROTOCOL, SRC_PORT, STATE, RX_QUEUE_MAPPING]);

const isAddress = (off: number): boolean => (off >= SRC_IP4 && off < SRC_PORT) || (off >= DST_IP4 && off < STATE);

/** @models net/core/filter.c bpf_sock_is_valid_access() @differs beside the verifier, which asks */
function sockField(off: number, size: number): number | undefined {
  if (off < 0 || off >= SOCK_SIZE || off % size !== 0) return undefined;
  if (narrowable.has(off) || isAddress(off)) return size <= 4 ? 4 : undefined;
  if (off >= DST_PORT && off < DST_PORT + 2) return size === 4 ? 4 : size <= 2 ? 2 : undefined;
  if (off >= DST_PORT + 2 && off < DST_IP4) return undefined;
  return size === 4 ? 0 : undefined;
}

/** @models net/core/filter.c bpf_tcp_sock_is_valid_access() @differs beside the verifier, which asks */
function tcpSockField(off: number, size: number): number | undefined {
  if (off < 0 || off >= TCP_SOCK_END || off % size !== 0) return undefined;
  return size === (off === BYTES_RECEIVED || off === BYTES_ACKED ? 8 : 4) ? 0 : undefined;
}

/**
 * Size of the field (0: read as it is), or undefined when the access is refused.
 *
 * @models net/core/filter.c bpf_sock_common_is_valid_access() @differs beside the verifier, which asks
 */
export function sockIsValidAccess(type: number, off: number, size: number): number | undefined {
  switch (type) {
    case T.PTR_TO_SOCKET:
      return sockField(off, size);
    case T.PTR_TO_SOCK_COMMON:
      return off >= TYPE && off < PRIORITY_END ? undefined : sockField(off, size);
    case T.PTR_TO_TCP_SOCK:
      return tcpSockField(off, size);
    default:
      return type === T.PTR_TO_XDP_SOCK && off === 0 && size === 4 ? 0 : undefined;
  }
}
