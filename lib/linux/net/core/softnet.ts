// include/linux/netdevice.h struct softnet_data, include/linux/filter.h struct bpf_net_context: what the path of a packet
// keeps between its steps. One a machine, whose only busy CPU is number 0.
import type { Machine } from '../../machine.js';
import type { Task } from '../../kernel/task.js';
import { Backlog } from './dev/backlog.js';
import type { PacketTrace } from './dev/trace.js';
import { FlowHash } from './flow_dissector/hash.js';
import { PayloadOffset } from './flow_dissector/poff.js';
import { SkbPool } from './skbuff/pool.js';
import type { SockStruct } from './sock_struct.js';

/** Of skc_cookie in struct sock. */
const SK_COOKIE = 88;

/** Devices that may send one inside the other. */
const XMIT_RECURSION_LIMIT = 8;

/** struct bpf_redirect_info: where a program that returned TC_ACT_REDIRECT wants its packet to go. */
export class RedirectInfo {
  /** ifindex of the device. */
  target = 0;
  /** BPF_F_* */
  flags = 0;
  /** struct bpf_redir_neigh, 20 bytes: the next hop, with BPF_F_NEXTHOP. */
  readonly nextHop = new Uint8Array(20);
}

export class Softnet {
  readonly skbs: SkbPool;
  readonly backlog: Backlog;
  /** Devices that are sending, one inside the other (xmit_recursion). */
  recursion = 0;
  /** Mirrors that are at work, one inside the other. */
  mirredNest = 0;
  /** Told of the steps of each packet. */
  trace: PacketTrace | undefined;
  readonly redirect = new RedirectInfo();
  /** The CPU that everything runs on. */
  readonly cpu = 0;
  /** On whose behalf a program runs; undefined: the idle task of the CPU. */
  current: Task | undefined;

  /** Sockets of packets, by the address that programs have. */
  readonly socks = new Map<number, SockStruct>();
  readonly flowHash: FlowHash;
  readonly payloadOffset = new PayloadOffset();
  #cookies = 0;

  constructor(machine: Machine) {
    this.backlog = new Backlog(machine);
    this.skbs = new SkbPool(machine.memory);
    this.flowHash = new FlowHash(machine.entropy);
  }

  /** @models include/linux/netdevice.h dev_xmit_recursion() */
  get recursionReached(): boolean {
    return this.recursion > XMIT_RECURSION_LIMIT;
  }

  /**
   * The number of the socket at `sock`, given at the first question; 0 for none.
   *
   * @models net/core/sock_diag.c __sock_gen_cookie()
   */
  socketCookie(sock: number): number {
    if (sock === 0) return 0;
    const at = (sock + SK_COOKIE) >>> 2;
    const { u32 } = this.skbs.memory;
    if (u32[at] === 0) u32[at] = ++this.#cookies;
    return u32[at]!;
  }
}
