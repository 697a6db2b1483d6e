// Dumps: a handler's messages in chunks, the first within sendmsg(), each further one when the receiver has made room.
// Chunks grow with the buffers the receiver offers.
import { Extack } from '../../../../codec/extack.js';
import { WriterFull } from '../../../../codec/writer.js';
import { EBUSY, EMSGSIZE, ENOBUFS } from '../../../../uapi/asm-generic/errno.js';
import {
  NLM_F_ACK_TLVS,
  NLM_F_DUMP_INTR,
  NLM_F_MULTI,
  nlmsgAlign,
  NLMSG_DONE,
  NLMSG_HDRLEN,
} from '../../../../uapi/linux/netlink.js';
import { errno, errnoOf, ModelGap } from '../../../errno.js';
import type { Machine } from '../../../machine.js';
import type { MessageWriter } from '../message.js';
import { NLMSG_GOODSIZE } from '../message.js';
import { putTlvs } from './ack.js';
import { kernelCreds, queueTail, truesizeOf } from './queue.js';
import type { NetlinkSock } from './sock.js';

/** One message of a dump, written into the chunk; called again with an empty chunk when it did not fit. */
export type DumpEntry = (skb: MessageWriter) => void;

export interface DumpState {
  readonly entries: Iterator<DumpEntry>;
  /** The entry that did not fit the last chunk. */
  pending: DumpEntry | undefined;
  readonly seq: number;
  /** What the handler has to say; shown in NLMSG_DONE. */
  extack: Extack;
  readonly minAlloc: number;
  /** Changes with the dumped list; undefined = never checked. */
  generation: (() => number) | undefined;
  /** The next message is to be marked as if the list had changed. */
  interrupted: boolean;
  /**
   * The handler is not called again once a chunk with messages has ended it: what it said is forgotten, no change seen.
   * Older kernels call it again, which judges the request again and says the same; they see no change either.
   */
  readonly splitDone: boolean;
  /** NLMSG_DONE follows in the last chunk, where there is room. */
  readonly joinDone: boolean;
  /** Flags of NLMSG_DONE beside NLM_F_MULTI. */
  answerFlags: number;
  /** Generation at the last check; undefined before the first. */
  seen: number | undefined;
}

/** sizeof(int) after the header: the error in NLMSG_DONE. */
const DONE_PAYLOAD = 4;

/** Greatest chunk in bytes: what fits a 32 KiB (4.1: 16 KiB) buffer. @differs an expression in netlink_recvmsg() */
export function maxDumpChunk(machine: Machine): number {
  return machine.has('netlink-dump-32k') ? 32448 : 16384;
}

/**
 * Starts a dump and builds its first chunk; refuses with EBUSY while another runs.
 *
 * @models net/netlink/af_netlink.c __netlink_dump_start()
 */
export function startDump(sock: NetlinkSock, dump: Omit<DumpState, 'pending' | 'seen' | 'answerFlags'>): void {
  if (sock.dump !== undefined) throw errno(EBUSY);
  sock.dump = { ...dump, pending: undefined, seen: undefined, answerFlags: 0 };
  dumpChunk(sock);
}

/** Flags that the running dump of `sock` puts into NLMSG_DONE. @models include/linux/netlink.h nlmsg_put_answer() */
export function dumpAnswers(sock: NetlinkSock, flags: number): void {
  if (sock.dump !== undefined) sock.dump.answerFlags |= flags;
}

/** nl_dump_check_consistent(): marks the messages from `start` on once the dumped list has changed. */
function markInterrupted(dump: DumpState, skb: MessageWriter, start: number): void {
  let changed = dump.interrupted;
  dump.interrupted = false;
  if (dump.generation !== undefined) {
    const now = dump.generation();
    changed ||= dump.seen !== undefined && dump.seen !== now;
    dump.seen = now;
  }
  if (!changed) return;
  const { view } = skb.buffer;
  for (let at = start; at < skb.length; at += nlmsgAlign(view.getUint32(at, true)))
    view.setUint16(at + 6, view.getUint16(at + 6, true) | NLM_F_DUMP_INTR, true);
}

/** Runs the entry; false when the chunk is full. An entry that does not fit an empty chunk is EMSGSIZE. */
function writeEntry(dump: DumpState, skb: MessageWriter, entry: DumpEntry): boolean {
  const start = skb.length;
  try {
    entry(skb);
  } catch (thrown) {
    skb.trim(start);
    if (!(thrown instanceof WriterFull)) throw thrown;
    if (start === 0) throw errno(EMSGSIZE);
    dump.pending = entry;
    return false;
  }
  // An entry whose subject is gone writes nothing; the next message shows the change.
  if (skb.length > start) markInterrupted(dump, skb, start);
  return true;
}

/** Fills a chunk; true when the dump goes on after it. */
function fill(dump: DumpState, skb: MessageWriter): boolean {
  for (;;) {
    let entry = dump.pending;
    dump.pending = undefined;
    if (entry === undefined) {
      const next = dump.entries.next();
      if (next.done === true) return false;
      entry = next.value;
    }
    if (!writeEntry(dump, skb, entry)) return true;
  }
}

function putDone(sock: NetlinkSock, dump: DumpState, skb: MessageWriter, error: number): void {
  const start = skb.begin(NLMSG_DONE, NLM_F_MULTI | dump.answerFlags, dump.seq, sock.portid, DONE_PAYLOAD);
  skb.buffer.view.setInt32(start + NLMSG_HDRLEN, -error, true);
  markInterrupted(dump, skb, start);
  if (sock.extAck && dump.extack.msg !== undefined) {
    const { view } = skb.buffer;
    view.setUint16(start + 6, view.getUint16(start + 6, true) | NLM_F_ACK_TLVS, true);
    const withPlace = sock.net.machine.has('dump-offs-in-done');
    putTlvs(skb, dump.extack, withPlace && error !== 0, sock.net.machine.config.padAttributes);
    skb.end(start);
  }
}

function send(sock: NetlinkSock, skb: MessageWriter, alloc: number): void {
  queueTail(sock, { data: skb.take(), portid: 0, group: 0, creds: kernelCreds, truesize: truesizeOf(alloc) });
}

/**
 * Builds and queues the next chunk of the running dump. NLMSG_DONE comes in a datagram of its own, unless the handler
 * says with its last message that it is done.
 * @models net/netlink/af_netlink.c netlink_dump()
 */
export function dumpChunk(sock: NetlinkSock): void {
  const { dump } = sock;
  if (dump === undefined) return;
  if (sock.rmem >= sock.opts.rcvbuf) {
    sock.err = ENOBUFS;
    return;
  }
  const least = Math.max(dump.minAlloc, NLMSG_GOODSIZE);
  const alloc = Math.max(least, sock.maxRecvmsgLen);
  const skb = sock.net.machine.scratch.reset(alloc);
  let error = 0;
  try {
    const more = fill(dump, skb);
    const joins = !more && dump.joinDone && alloc - skb.length >= NLMSG_HDRLEN + DONE_PAYLOAD;
    if (more || (skb.length > 0 && !joins)) {
      if (!more && dump.splitDone) {
        if (sock.net.machine.has('dump-done-unasked')) dump.extack = new Extack();
        dump.generation = undefined;
      }
      send(sock, skb, alloc);
      return;
    }
  } catch (thrown) {
    error = errnoOf(thrown);
    if (thrown instanceof ModelGap) sock.net.machine.gap(thrown.what);
    if (skb.length > 0) {
      dump.pending = () => {
        throw errno(error);
      };
      send(sock, skb, alloc);
      return;
    }
  }
  sock.dump = undefined;
  putDone(sock, dump, skb, error);
  send(sock, skb, alloc);
}
