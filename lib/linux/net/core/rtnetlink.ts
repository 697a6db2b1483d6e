// net/core/rtnetlink.c, the dispatch: who handles which message type, the capability check, the start of dumps,
// notifications. Link handlers are in rtnl_link/; traffic control registers its own.
import type { Bytes } from '../../../codec/bytes.js';
import type { Extack } from '../../../codec/extack.js';
import { EOPNOTSUPP, EPERM } from '../../../uapi/asm-generic/errno.js';
import { CAP_NET_ADMIN } from '../../../uapi/linux/capability.js';
import { NETLINK_ROUTE, NLM_F_BULK, NLM_F_DUMP, NLMSG_HDRLEN } from '../../../uapi/linux/netlink.js';
import * as T from '../../../uapi/linux/rtnetlink.js';
import { AF_INET, AF_INET6 } from '../../../uapi/linux/socket.js';
import { errno, ModelGap, refuse } from '../../errno.js';
import type { ActiveFaults } from '../../faults.js';
import type { Task } from '../../kernel/task.js';
import type { Machine } from '../../machine.js';
import type { DumpEntry } from '../netlink/af_netlink/dump.js';
import { startDump } from '../netlink/af_netlink/dump.js';
import type { Datagram } from '../netlink/af_netlink/queue.js';
import { broadcast, deliver, kernelCreds, truesizeOf } from '../netlink/af_netlink/queue.js';
import type { Handled, MessageHandler } from '../netlink/af_netlink/rcv.js';
import { receiveMessages } from '../netlink/af_netlink/rcv.js';
import type { NetlinkSock } from '../netlink/af_netlink/sock.js';
import type { KernelInput, NetlinkProtocol } from '../netlink/af_netlink/table.js';
import type { Net } from './net_namespace.js';

export type { DumpEntry };

/** One request being handled. */
export interface RtnlRequest {
  readonly machine: Machine;
  readonly net: Net;
  readonly sock: NetlinkSock;
  readonly task: Task;
  /** The message alone: offset 0 is its nlmsghdr, its length is nlmsg_len. */
  readonly msg: Bytes;
  readonly type: number;
  readonly flags: number;
  readonly seq: number;
  /** Port id of the sender's socket: where replies go. */
  readonly portid: number;
  /** The socket asked for strict checking (NETLINK_GET_STRICT_CHK). */
  readonly strict: boolean;
  /** What the handler has to say. Always there; TLVs are sent only to sockets that asked. */
  readonly extack: Extack;
}

/** Handles a request, or refuses by throwing. */
export type Doit = (request: RtnlRequest) => void;

/**
 * The messages of a dump in order. Runs as far as chunks are asked for, so it must look at live lists by index. An
 * Errno thrown inside goes into NLMSG_DONE. Messages carry NLM_F_MULTI, the request's seq and portid.
 */
export type Dumpit = (request: RtnlRequest) => Iterable<DumpEntry>;

export interface RtnlHandlers {
  readonly doit?: Doit;
  readonly dumpit?: Dumpit;
  /** Least size of the first chunk's buffer in bytes (rtnl_calcit()). */
  readonly minDumpAlloc?: (request: RtnlRequest) => number;
  /** Changes whenever the dumped list changes; makes NLM_F_DUMP_INTR. */
  readonly generation?: (net: Net) => number;
  /** RTNL_FLAG_DUMP_SPLIT_NLM_DONE: a dump that ended with messages in its chunk has no more to say in NLMSG_DONE. */
  readonly splitDone?: boolean;
  /** The dump says that it is done with its last message: NLMSG_DONE comes in the same datagram. */
  readonly joinDone?: boolean;
  /** RTNL_FLAG_BULK_DEL_SUPPORTED. */
  readonly bulkDel?: boolean;
}

/** Where a notification goes beside the group. */
export interface NotifyTo {
  /** RTNLGRP_* */
  readonly group: number;
  /** Port id of the requester; 0 = nobody asked. */
  readonly portid: number;
  /** The requester asked for a copy (NLM_F_ECHO). */
  readonly echo: boolean;
}

/** RTM_MAX: types above it are refused before anything else is looked at. */
const RTM_MAX = 123;
/** Types come in fours: NEW, DEL, GET, SET. */
const KIND_DEL = 1;
const KIND_GET = 2;
const PF_UNSPEC = 0;
const RTNL_FAMILY_MAX = 129;

/**
 * The dump of PF_UNSPEC where each family has its own: one after the other.
 *
 * @models net/core/rtnetlink.c rtnl_dump_all()
 */
export function* rtnlDumpAll(request: RtnlRequest): Iterable<DumpEntry> {
  for (const dumpit of request.net.rtnl.dumpsOf(request.type)) yield* dumpit(request);
}

/**
 * Capability over the namespace: of the sender, and of the socket's opener unless the message was addressed.
 * @models net/netlink/af_netlink.c netlink_net_capable()
 * @differs stands with its only caller
 */
function netCapable({ sender, task, addressed }: KernelInput): boolean {
  return (addressed || sender.opener.capable(CAP_NET_ADMIN)) && task.capable(CAP_NET_ADMIN);
}

const [AF_MPLS, AF_PHONET, AF_MCTP] = [28, 35, 45];
const withAddresses = [AF_PHONET, AF_MCTP];
const withRoutes = [AF_INET, AF_INET6, AF_MPLS, AF_PHONET, AF_MCTP];

/** Requests that PF_UNSPEC has no handler for in any kernel, and the families not modelled that may have one: nobody else answers. */
const answering: Readonly<Record<'doit' | 'dumpit', ReadonlyMap<number, readonly number[]>>> = {
  doit: new Map<number, readonly number[]>([
    [T.RTM_NEWADDR, withAddresses],
    [T.RTM_DELADDR, withAddresses],
    [T.RTM_GETADDR, []],
    [T.RTM_NEWROUTE, withRoutes],
    [T.RTM_DELROUTE, withRoutes],
    [T.RTM_GETMULTICAST, []],
    [T.RTM_GETANYCAST, []],
  ]),
  dumpit: new Map<number, readonly number[]>([
    [T.RTM_GETMULTICAST, []],
    [T.RTM_GETANYCAST, []],
  ]),
};

/** The rtnetlink of one network namespace. */
export class Rtnetlink {
  readonly #net: Net;
  readonly #table: NetlinkProtocol;
  readonly #handlers = new Map<number, RtnlHandlers>();

  constructor(net: Net) {
    this.#net = net;
    this.#table = net.netlink.get(NETLINK_ROUTE)!;
    const handler: MessageHandler = (input, msg, extack) => this.#handle(input, msg, extack);
    this.#table.kernelInput = (input) => {
      receiveMessages(input, handler);
    };
  }

  /** rtnl_register(): handlers of `type` (RTM_*) for `family` (PF_UNSPEC = 0 serves every family). */
  register(family: number, type: number, handlers: RtnlHandlers): void {
    this.#handlers.set((family << 16) | type, handlers);
  }

  /** What there are handlers for. */
  get registered(): { readonly family: number; readonly type: number }[] {
    return [...this.#handlers.keys()].map((key) => ({ family: key >>> 16, type: key & 0xffff }));
  }

  /** The dumps of `type` of every single family, in order of family. */
  dumpsOf(type: number): Dumpit[] {
    const found: Dumpit[] = [];
    for (let family = 1; family <= RTNL_FAMILY_MAX; family++) {
      const dumpit = this.#handlers.get((family << 16) | type)?.dumpit;
      if (dumpit !== undefined) found.push(dumpit);
    }
    return found;
  }

  /** rtnl_has_listeners(): whether anybody is in the group. */
  hasListeners(group: number): boolean {
    for (const sock of this.#table.subscribers) if (sock.groups.has(group)) return true;
    return false;
  }

  /** rtnl_notify(): to the group, without a requester that wants its own copy; then that copy. */
  notify(data: Uint8Array, to: NotifyTo): void {
    const { machine } = this.#net;
    const exclude = to.echo || !machine.has('notify-requester') ? to.portid : 0;
    const datagram = this.#datagram(data, to.group);
    const { active } = machine.faults;
    if (active === undefined || !this.#isKept(active, datagram, exclude))
      broadcast(this.#table.subscribers, datagram, exclude);
    if (to.echo) this.#sendTo(to.portid, data, to.group);
  }

  /** Whether a fault keeps a notification from its group, for a while or for ever. */
  #isKept(active: ActiveFaults, datagram: Datagram, exclude: number): boolean {
    const fault = active.notify(datagram.data[4]! | (datagram.data[5]! << 8));
    if (fault === undefined) return false;
    if (fault.delay === undefined) return true;
    const late = { ...datagram, data: datagram.data.slice() };
    this.#net.machine.work.schedule(fault.delay, 'delayed notification', () => {
      broadcast(this.#table.subscribers, late, exclude);
    });
    return true;
  }

  /** rtnl_unicast(): a reply; lost when the socket is gone. */
  unicast(data: Uint8Array, portid: number): void {
    this.#sendTo(portid, data, 0);
  }

  /** To one socket; a copy of a notification still shows its group as the sender's. */
  #sendTo(portid: number, data: Uint8Array, group: number): void {
    const sock = this.#table.byPortid.get(portid);
    if (sock !== undefined) deliver(sock, this.#datagram(data, group));
  }

  #datagram(data: Uint8Array, group: number): Datagram {
    return { data, portid: 0, group, creds: kernelCreds, truesize: truesizeOf(data.length) };
  }

  /** The handlers of a family that can do what is asked, else those of PF_UNSPEC. */
  #find(family: number, type: number, what: 'doit' | 'dumpit'): RtnlHandlers {
    const own = this.#handlers.get((family << 16) | type);
    const found = own?.[what] === undefined ? this.#handlers.get((PF_UNSPEC << 16) | type) : own;
    if (found?.[what] !== undefined) return found;
    if (answering[what].get(type)?.includes(family) === false) throw errno(EOPNOTSUPP);
    throw new ModelGap(`${T.rtmType(type)} of address family ${family}`);
  }

  /** @models net/core/rtnetlink.c rtnetlink_rcv_msg() */
  #handle(input: KernelInput, msg: Bytes, extack: Extack): Handled {
    const type = msg.view.getUint16(4, true);
    if (type > RTM_MAX) throw errno(EOPNOTSUPP);
    if (msg.length <= NLMSG_HDRLEN) return 'done';
    const kind = (type - T.RTM_BASE) & 3;
    if (kind !== KIND_GET && !netCapable(input)) throw errno(EPERM);
    const request = this.#request(input, msg, extack);
    const family = msg.u8[NLMSG_HDRLEN]!;
    if (kind === KIND_GET && request.flags & NLM_F_DUMP) {
      this.#startDump(request, this.#find(family, type, 'dumpit'));
      return 'dump';
    }
    const handlers = this.#find(family, type, 'doit');
    if (
      kind === KIND_DEL &&
      request.flags & NLM_F_BULK &&
      handlers.bulkDel !== true &&
      this.#net.machine.has('netlink-bulk-del')
    )
      refuse(extack, EOPNOTSUPP, 'Bulk delete is not supported');
    handlers.doit!(request);
    return 'done';
  }

  #request({ sender, task }: KernelInput, msg: Bytes, extack: Extack): RtnlRequest {
    return {
      machine: this.#net.machine,
      net: this.#net,
      sock: sender,
      task,
      msg,
      type: msg.view.getUint16(4, true),
      flags: msg.view.getUint16(6, true),
      seq: msg.view.getUint32(8, true),
      portid: sender.portid,
      strict: sender.strictCheck && this.#net.machine.has('rtnl-strict-dump'),
      extack,
    };
  }

  #startDump(request: RtnlRequest, handlers: RtnlHandlers): void {
    const { generation } = handlers;
    startDump(request.sock, {
      entries: handlers.dumpit!(request)[Symbol.iterator](),
      seq: request.seq,
      extack: request.extack,
      minAlloc: handlers.minDumpAlloc?.(request) ?? 0,
      splitDone: handlers.splitDone ?? false,
      joinDone: handlers.joinDone === true && this.#net.machine.has('dump-joins-done'),
      interrupted: this.#net.machine.faults.active?.interrupts(request.type) ?? false,
      generation: generation === undefined ? undefined : () => generation(this.#net),
    });
  }
}
