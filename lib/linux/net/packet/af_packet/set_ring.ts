// net/packet/af_packet.c packet_set_ring(): PACKET_RX_RING makes and ends the ring of a socket. While it has one, packets go
// there and not into the queue.
import { Bytes } from '../../../../codec/bytes.js';
import * as E from '../../../../uapi/asm-generic/errno.js';
import * as P from '../../../../uapi/linux/if_packet.js';
import { errno } from '../../../errno.js';
import { registerProtHook, unregisterProtHook } from './bind.js';
import { BLOCK_HEADER, BlockRing } from './block_ring.js';
import { FrameRing, type RingShape, type RxRing } from './ring.js';
import type { PacketSock } from './sock.js';

const PAGE = 4096;
/** Headers of a frame, sockaddr_ll included, by version. */
export const TPACKET_HDRLEN = [52, 52, 68] as const;
/** Most bytes a ring may have here. */
const RING_MAX = 1 << 30;

/** @differs the checks of packet_set_ring() */
function checkShape(sock: PacketSock, { blockSize, blocks, frameSize, frames }: RingShape, priv: number): void {
  const least = TPACKET_HDRLEN[sock.version as 0 | 1 | 2] + sock.reserve;
  if (blockSize === 0 || blockSize > 0x7fffffff || blockSize % PAGE !== 0) throw errno(E.EINVAL);
  if (sock.version === P.TPACKET_V3 && blockSize < BLOCK_HEADER + Math.ceil(priv / 8) * 8 + least)
    throw errno(E.EINVAL);
  if (frameSize < least || frameSize % P.TPACKET_ALIGNMENT !== 0) throw errno(E.EINVAL);
  const perBlock = Math.floor(blockSize / frameSize);
  if (perBlock === 0 || perBlock * blocks !== frames) throw errno(E.EINVAL);
  if (blockSize * blocks > RING_MAX) throw errno(E.ENOMEM);
}

/** What struct tpacket_req3 has beside the shape. */
interface BlockRequest {
  readonly tp_retire_blk_tov: number;
  readonly tp_sizeof_priv: number;
  readonly tp_feature_req_word: number;
}

const noBlocks: BlockRequest = { tp_retire_blk_tov: 0, tp_sizeof_priv: 0, tp_feature_req_word: 0 };

function makeRing(sock: PacketSock, shape: RingShape, request: BlockRequest): RxRing {
  const shared = sock.shareRing?.(shape.blockSize * shape.blocks);
  if (sock.shareRing !== undefined && shared === undefined) throw errno(E.ENOMEM);
  if (sock.version !== P.TPACKET_V3) return new FrameRing(shape, sock.version, shared);
  const options = {
    machine: sock.net.machine,
    timeout: request.tp_retire_blk_tov,
    priv: request.tp_sizeof_priv,
    fillsHash: (request.tp_feature_req_word & P.TP_FT_REQ_FILL_RXHASH) !== 0,
    ready: () => sock.dataReady?.(),
  };
  return new BlockRing(shape, options, shared);
}

/** The ring in place of the one before; what waited in the queue is gone. */
function swap(sock: PacketSock, ring: RxRing | undefined): void {
  const { running } = sock;
  unregisterProtHook(sock);
  sock.ring?.close();
  sock.ring = ring;
  sock.receiveQueue.length = 0;
  sock.rmem = 0;
  if (running) registerProtHook(sock);
}

/**
 * 0; a refusal throws.
 *
 * @models net/packet/af_packet.c packet_set_ring()
 */
export function setRing(sock: PacketSock, optval: Uint8Array): number {
  const isV3 = sock.version === P.TPACKET_V3;
  if (optval.length < (isV3 ? P.tpacket_req3.size : P.tpacket_req.size)) throw errno(E.EINVAL);
  const req = P.tpacket_req.get(new Bytes(optval), 0);
  if (sock.ring?.shared?.mapped === true) throw errno(E.EBUSY);
  if (req.tp_block_nr === 0) {
    if (req.tp_frame_nr !== 0) throw errno(E.EINVAL);
    swap(sock, undefined);
    return 0;
  }
  if (sock.ring !== undefined) throw errno(E.EBUSY);
  const request: BlockRequest = isV3 ? P.tpacket_req3.get(new Bytes(optval), 0) : noBlocks;
  const shape: RingShape = {
    blockSize: req.tp_block_size,
    blocks: req.tp_block_nr,
    frameSize: req.tp_frame_size,
    frames: req.tp_frame_nr,
  };
  checkShape(sock, shape, request.tp_sizeof_priv);
  swap(sock, makeRing(sock, shape, request));
  return 0;
}
