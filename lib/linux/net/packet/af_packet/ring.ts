// net/packet/af_packet.c, the ring of received packets of TPACKET_V1 and V2: frames of one size in memory that the program has
// mapped. A frame belongs to the kernel or to the program, as its first word says; the kernel gives it away with a packet in
// it, the program gives it back by writing 0.
import { TP_STATUS_KERNEL, TPACKET_V1 } from '../../../../uapi/linux/if_packet.js';
import type { SharedRing } from '../../socket.js';

/** What packet_set_ring() has found to be right. */
export interface RingShape {
  readonly blockSize: number;
  readonly blocks: number;
  readonly frameSize: number;
  readonly frames: number;
}

/** A ring of either sort, as a socket has it. */
export interface RxRing {
  /** Room for one packet with its headers, bytes. */
  readonly maxFrame: number;
  /** Whether headers tell the hash of the flow. */
  readonly fillsHash: boolean;
  readonly memory: Uint8Array;
  readonly view: DataView;
  readonly shared: SharedRing | undefined;
  /** Whether a program that polls finds something. */
  readable(): boolean;
  /** Where a packet of `length` bytes, headers included, may be written; -1: nowhere. */
  take(length: number): number;
  /** What take() gave is written. */
  give(at: number, status: number): void;
  /** How often the queue was full, since the last time this was asked. */
  takeFreezes(): number;
  close(): void;
}

export class FrameRing implements RxRing {
  readonly shared: SharedRing | undefined;
  readonly memory: Uint8Array;
  readonly view: DataView;
  readonly maxFrame: number;
  readonly fillsHash = false;
  readonly #shape: RingShape;
  readonly #perBlock: number;
  readonly #statusIs64: boolean;
  #head = 0;
  #last = -1;

  constructor(shape: RingShape, version: number, shared: SharedRing | undefined) {
    this.#shape = shape;
    this.shared = shared;
    this.memory = shared?.memory ?? new Uint8Array(shape.blockSize * shape.blocks);
    this.view = new DataView(this.memory.buffer, this.memory.byteOffset, this.memory.byteLength);
    this.maxFrame = shape.frameSize;
    this.#perBlock = Math.floor(shape.blockSize / shape.frameSize);
    this.#statusIs64 = version === TPACKET_V1;
  }

  /** The last frame that was filled is still the program's. @models net/packet/af_packet.c packet_previous_frame() */
  readable(): boolean {
    return this.#last >= 0 && this.view.getUint32(this.#last, true) !== TP_STATUS_KERNEL;
  }

  /** @models net/packet/af_packet.c packet_current_frame() */
  take(): number {
    const { blockSize, frameSize, frames } = this.#shape;
    const at = Math.floor(this.#head / this.#perBlock) * blockSize + (this.#head % this.#perBlock) * frameSize;
    if (this.view.getUint32(at, true) !== TP_STATUS_KERNEL) return -1;
    this.#head = this.#head === frames - 1 ? 0 : this.#head + 1;
    return at;
  }

  /** The status comes last: it hands the frame over. */
  give(at: number, status: number): void {
    if (this.#statusIs64) this.view.setUint32(at + 4, 0, true);
    this.view.setUint32(at, status, true);
    this.#last = at;
    this.shared?.readable(true);
  }

  takeFreezes(): number {
    return 0;
  }

  close(): void {
    this.shared?.close();
  }
}
