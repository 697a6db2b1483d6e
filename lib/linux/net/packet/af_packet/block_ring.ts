// net/packet/af_packet.c, the ring of received packets of TPACKET_V3 (prb_*): blocks that are filled with packets one behind
// the other and given to the program when they are full, or some time after their first packet. When the program has all of
// them the queue is frozen until it gives one back.
import * as P from '../../../../uapi/linux/if_packet.js';
import { NSEC_PER_MSEC, realTime, type Work } from '../../../clock.js';
import type { Machine } from '../../../machine.js';
import type { SharedRing } from '../../socket.js';
import type { RingShape, RxRing } from './ring.js';

/** Bytes of struct tpacket_block_desc, and offsets in it. */
export const BLOCK_HEADER = 48;
const OFFSET_TO_PRIV = 4;
const BLOCK_STATUS = 8;
const NUM_PKTS = 12;
const OFFSET_TO_FIRST_PKT = 16;
const BLK_LEN = 20;
const SEQ_NUM = 24;
const TS_FIRST_PKT = 32;
const TS_LAST_PKT = 40;
/** Offsets in struct tpacket3_hdr. */
const TP_NEXT_OFFSET = 0;
const TP_SEC = 4;
const TP_STATUS = 20;
/** What packets in a block are aligned to. */
const V3_ALIGNMENT = 8;
/** How long a block stays open when nobody said, ms (DEFAULT_PRB_RETIRE_TOV). */
const RETIRE_TOV = 8;

const align = (bytes: number): number => (bytes + V3_ALIGNMENT - 1) & -V3_ALIGNMENT;

export interface BlockOptions {
  readonly machine: Machine;
  /** Until a block that is not full is given away, ms; 0: the kernel chooses. */
  readonly timeout: number;
  /** Bytes of each block that are the program's own. */
  readonly priv: number;
  readonly fillsHash: boolean;
  /** Called when a block was given away. */
  ready(): void;
}

export class BlockRing implements RxRing {
  readonly shared: SharedRing | undefined;
  readonly memory: Uint8Array;
  readonly view: DataView;
  readonly maxFrame: number;
  readonly fillsHash: boolean;
  readonly #options: BlockOptions;
  readonly #shape: RingShape;
  readonly #first: number;
  #active = 0;
  #next = 0;
  #last = -1;
  #sequence = 1;
  #frozen = false;
  #freezes = 0;
  #timer: Work | undefined;

  constructor(shape: RingShape, options: BlockOptions, shared: SharedRing | undefined) {
    this.#shape = shape;
    this.#options = options;
    this.shared = shared;
    this.memory = shared?.memory ?? new Uint8Array(shape.blockSize * shape.blocks);
    this.view = new DataView(this.memory.buffer, this.memory.byteOffset, this.memory.byteLength);
    this.#first = BLOCK_HEADER + align(options.priv);
    this.fillsHash = options.fillsHash;
    this.maxFrame = shape.blockSize - this.#first;
    this.#open();
  }

  /** The block before the active one is still the program's. @models net/packet/af_packet.c prb_previous_blk_num() */
  readable(): boolean {
    const { blockSize, blocks } = this.#shape;
    const before = (this.#active === 0 ? blocks : this.#active) - 1;
    return this.view.getUint32(before * blockSize + BLOCK_STATUS, true) !== P.TP_STATUS_KERNEL;
  }

  /** @models net/packet/af_packet.c __packet_lookup_frame_in_block() */
  take(length: number): number {
    if (this.#frozen && !this.#thaw()) return -1;
    const room = align(length);
    if (this.#next + room >= this.#end) {
      this.#retire(0);
      if (!this.#dispatch()) return -1;
    }
    return this.#fill(room);
  }

  give(at: number, status: number): void {
    this.view.setUint32(at + TP_STATUS, status, true);
  }

  takeFreezes(): number {
    const freezes = this.#freezes;
    this.#freezes = 0;
    return freezes;
  }

  close(): void {
    this.#timer?.cancel();
    this.shared?.close();
  }

  get #start(): number {
    return this.#active * this.#shape.blockSize;
  }

  get #end(): number {
    return this.#start + this.#shape.blockSize;
  }

  get #inUse(): boolean {
    return this.view.getUint32(this.#start + BLOCK_STATUS, true) !== P.TP_STATUS_KERNEL;
  }

  /** @models net/packet/af_packet.c prb_open_block() */
  #open(): void {
    const { view } = this;
    const start = this.#start;
    view.setUint32(start, P.TPACKET_V3, true);
    view.setUint32(start + OFFSET_TO_PRIV, BLOCK_HEADER, true);
    view.setUint32(start + NUM_PKTS, 0, true);
    view.setUint32(start + OFFSET_TO_FIRST_PKT, this.#first, true);
    view.setUint32(start + BLK_LEN, this.#first, true);
    view.setUint32(start + SEQ_NUM, this.#sequence, true);
    view.setUint32(start + SEQ_NUM + 4, Math.floor(this.#sequence++ / 2 ** 32), true);
    const { clock } = this.#options.machine;
    const { sec, nsec } = realTime(clock, clock.now());
    view.setUint32(start + TS_FIRST_PKT, sec, true);
    view.setUint32(start + TS_FIRST_PKT + 4, nsec, true);
    this.#next = start + this.#first;
    this.#last = -1;
    this.#frozen = false;
  }

  /** @models net/packet/af_packet.c prb_fill_curr_block() */
  #fill(room: number): number {
    const { view } = this;
    const at = this.#next;
    const start = this.#start;
    view.setUint32(at + TP_NEXT_OFFSET, room, true);
    view.setUint32(start + BLK_LEN, view.getUint32(start + BLK_LEN, true) + room, true);
    view.setUint32(start + NUM_PKTS, view.getUint32(start + NUM_PKTS, true) + 1, true);
    this.#next += room;
    this.#last = at;
    const { machine, timeout } = this.#options;
    this.#timer ??= machine.work.schedule((timeout === 0 ? RETIRE_TOV : timeout) * NSEC_PER_MSEC, 'packet ring', () => {
      this.#timer = undefined;
      if (this.#last < 0 || this.#frozen) return;
      this.#retire(P.TP_STATUS_BLK_TMO);
      this.#dispatch();
    });
    return at;
  }

  /** The block is the program's. @models net/packet/af_packet.c prb_close_block() */
  #retire(status: number): void {
    const { view } = this;
    const start = this.#start;
    if (this.#last >= 0) {
      view.setUint32(this.#last + TP_NEXT_OFFSET, 0, true);
      for (const part of [0, 4])
        view.setUint32(start + TS_LAST_PKT + part, view.getUint32(this.#last + TP_SEC + part, true), true);
    }
    view.setUint32(start + BLOCK_STATUS, P.TP_STATUS_USER | status, true);
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#active = this.#active === this.#shape.blocks - 1 ? 0 : this.#active + 1;
    this.shared?.readable(true);
    this.#options.ready();
  }

  /** @models net/packet/af_packet.c prb_dispatch_next_block() */
  #dispatch(): boolean {
    if (!this.#inUse) {
      this.#open();
      return true;
    }
    this.#frozen = true;
    this.#freezes++;
    return false;
  }

  #thaw(): boolean {
    if (this.#inUse) return false;
    this.#open();
    return true;
  }
}
