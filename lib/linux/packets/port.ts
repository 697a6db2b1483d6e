// A device as the owner of a machine sees it from outside: frames go in on the side of the stack (transmit) or of the wire
// (receive), and what passes can be watched. Each entry runs the machine until nothing moves any more.
import { EINVAL, EMSGSIZE, ENETDOWN, ENOBUFS } from '../../uapi/asm-generic/errno.js';
import { ETH_HLEN, ETH_P_ALL } from '../../uapi/linux/if_ether.js';
import { IFF_UP } from '../../uapi/linux/if.js';
import { netifReceiveSkb } from '../net/core/dev/receive.js';
import { RX_BYTES, RX_PACKETS } from '../net/core/dev/stats.js';
import { devAddPack, devRemovePack } from '../net/core/dev/tap.js';
import { devQueueXmit } from '../net/core/dev/xmit.js';
import type { Machine } from '../machine.js';
import type { NetDevice } from '../net/core/net_device.js';
import { ethTypeVlan } from '../net/core/skbuff/vlan.js';
import type { SkBuff } from '../net/core/skbuff/sk_buff.js';
import { ethTypeTrans } from '../net/ethernet/eth_type_trans.js';
import { frameOf, packetOf, setHeaders } from './frame.js';
import { Tracer } from './tracer.js';
import type { PacketsFollowed, PacketVerdict } from './verdict.js';

/** What a socket could have said of a packet before it is sent. */
export interface FrameOptions {
  /** SO_MARK */
  readonly mark?: number;
  /** SO_PRIORITY */
  readonly priority?: number;
  /** The queue of a device that has several; without it the packet's flow decides. */
  readonly queue?: number;
}

/** Is given each frame; it is the listener's own. */
export type FrameListener = (frame: Uint8Array) => void;

const PACKET_OUTGOING = 4;
const VLAN_HLEN = 4;

/** A tag is not reckoned to a frame's length. */
const isTagged = (frame: Uint8Array): boolean => ethTypeVlan((frame[12]! << 8) | frame[13]!);

/** What a packet socket refuses: 0, or an errno. */
function refusal({ flags, mtu }: NetDevice, frame: Uint8Array): number {
  if ((flags & IFF_UP) === 0) return ENETDOWN;
  if (frame.length < ETH_HLEN) return EINVAL;
  return frame.length > mtu + ETH_HLEN + (isTagged(frame) ? VLAN_HLEN : 0) ? EMSGSIZE : 0;
}

/** NET_XMIT_* or a negative errno. */
function transmitPacket(dev: NetDevice, frame: Uint8Array, options: FrameOptions, tracer?: Tracer): number {
  const refused = refusal(dev, frame);
  if (refused !== 0) return -refused;
  const skb = packetOf(dev, frame);
  if (skb === undefined) return -ENOBUFS;
  setHeaders(skb, frame);
  skb.mark = options.mark ?? 0;
  skb.priority = options.priority ?? 0;
  skb.queueMapping = options.queue === undefined ? 0 : options.queue + 1;
  tracer?.follow(skb);
  return devQueueXmit(skb);
}

/** NET_RX_* or a negative errno. The frame counts as one the driver has received. */
function receivePacket(dev: NetDevice, frame: Uint8Array, tracer?: Tracer): number {
  if ((dev.flags & IFF_UP) === 0) return -ENETDOWN;
  if (frame.length < ETH_HLEN) return -EINVAL;
  const skb = packetOf(dev, frame);
  if (skb === undefined) return -ENOBUFS;
  tracer?.follow(skb);
  dev.stats[RX_PACKETS]!++;
  dev.stats[RX_BYTES]! += frame.length;
  skb.protocol = ethTypeTrans(skb, dev);
  return netifReceiveSkb(skb);
}

/** The clone of a packet that a tap was given, as a frame; the clone is freed. */
function takeFrame(skb: SkBuff): Uint8Array {
  const frame = frameOf(skb);
  skb.pool.free(skb);
  return frame;
}

/** Follows what moves while `run` works, and what comes of it. Gives what `run` returned, and the way. */
function traced<T>(machine: Machine, run: (tracer: Tracer) => T): { result: T; tracer: Tracer } {
  const { softnet } = machine;
  const { trace, skbs } = softnet;
  const { onFree } = skbs;
  const tracer = new Tracer();
  softnet.trace = tracer.onStep;
  skbs.onFree = tracer.onFree;
  try {
    const result = run(tracer);
    softnet.backlog.run();
    tracer.finish();
    return { result, tracer };
  } finally {
    softnet.trace = trace;
    skbs.onFree = onFree;
  }
}

/** Follows whatever moves while `run` works: packets that waited in queues, when time is moved on. */
export function followPackets(machine: Machine, run: () => void): PacketsFollowed {
  const { path, destinations } = traced(machine, run).tracer;
  return { path, destinations };
}

export class DevicePort {
  readonly #dev: NetDevice;

  constructor(dev: NetDevice) {
    this.#dev = dev;
  }

  get name(): string {
    return this.#dev.name;
  }

  /** Sends a frame, from its link header on, as a packet socket would. Throws ModelGap where it meets what is not modelled. */
  transmit(frame: Uint8Array, options: FrameOptions = {}): PacketVerdict {
    return this.#traced('transmit', (tracer) => transmitPacket(this.#dev, frame, options, tracer));
  }

  /** A frame comes in from the wire. Throws ModelGap where it meets what is not modelled. */
  receive(frame: Uint8Array): PacketVerdict {
    return this.#traced('receive', (tracer) => receivePacket(this.#dev, frame, tracer));
  }

  /**
   * Sends many frames without following them, which is much faster; how many had result 0. `onResult` is told of each.
   * Throws ModelGap where one meets what is not modelled.
   */
  transmitAll(frames: Iterable<Uint8Array>, onResult?: (result: number) => void): number {
    return this.#untraced(frames, transmitUntraced, onResult);
  }

  /** The same for frames that come in. */
  receiveAll(frames: Iterable<Uint8Array>, onResult?: (result: number) => void): number {
    return this.#untraced(frames, receivePacket, onResult);
  }

  /**
   * Calls `listener` with each frame that comes in, before any filter sees it, as tcpdump would; the returned function ends
   * that. What a filter lets through to the protocols is among the destinations of a verdict.
   */
  onReceive(listener: FrameListener): () => void {
    return this.#tap((skb) => skb.pktType !== PACKET_OUTGOING, listener);
  }

  /** The same for each frame that the driver is given: what filters and queues have let out, when they do. */
  onTransmit(listener: FrameListener): () => void {
    return this.#tap((skb) => skb.pktType === PACKET_OUTGOING, listener);
  }

  #tap(wanted: (skb: SkBuff) => boolean, listener: FrameListener): () => void {
    const { net } = this.#dev;
    const handler = {
      type: ETH_P_ALL,
      dev: this.#dev,
      receive: (skb: SkBuff): void => {
        const take = wanted(skb);
        const frame = takeFrame(skb);
        if (take) listener(frame);
      },
    };
    devAddPack(net, handler);
    return () => {
      devRemovePack(net, handler);
    };
  }

  #traced(direction: 'transmit' | 'receive', send: (tracer: Tracer) => number): PacketVerdict {
    const { result, tracer } = traced(this.#dev.net.machine, send);
    const { path, destinations, classid } = tracer;
    return { device: this.name, direction, result, ...(classid === undefined ? {} : { classid }), path, destinations };
  }

  #untraced(
    frames: Iterable<Uint8Array>,
    send: (dev: NetDevice, frame: Uint8Array) => number,
    onResult?: (result: number) => void,
  ): number {
    let good = 0;
    // Arrays by their index: an iterator makes an object for each frame.
    if (Array.isArray(frames)) {
      const list = frames as readonly Uint8Array[];
      for (let i = 0; i < list.length; i++) if (this.#one(list[i]!, send, onResult)) good++;
    } else for (const frame of frames) if (this.#one(frame, send, onResult)) good++;
    return good;
  }

  #one(
    frame: Uint8Array,
    send: (dev: NetDevice, frame: Uint8Array) => number,
    onResult: ((result: number) => void) | undefined,
  ): boolean {
    const dev = this.#dev;
    const result = send(dev, frame);
    dev.net.machine.softnet.backlog.run();
    onResult?.(result);
    return result === 0;
  }
}

const noOptions: FrameOptions = {};
const transmitUntraced = (dev: NetDevice, frame: Uint8Array): number => transmitPacket(dev, frame, noOptions);
