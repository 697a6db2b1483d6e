// One booted kernel: version, configuration, clock, entropy, objects, network namespace. Nothing of the model lives
// outside a machine, so any number of them stand side by side.
import * as E from '../uapi/asm-generic/errno.js';
import { AF_NETLINK } from '../uapi/linux/netlink.js';
import { AF_PACKET, SOCK_MAX } from '../uapi/linux/socket.js';
import type { Clock } from './clock.js';
import { DeferredWork, ManualClock, NSEC_PER_MSEC } from './clock.js';
import type { KernelConfig } from './config.js';
import { configs } from './config.js';
import { Entropy } from './entropy.js';
import { Events } from './events.js';
import type { Fault } from './faults.js';
import { Faults } from './faults.js';
import type { BpfFile } from './kernel/bpf/file.js';
import { BpfIds } from './kernel/bpf/ids.js';
import { bpfKallsyms } from './kernel/bpf/ksym.js';
import { PinTree } from './kernel/bpf/inode.js';
import { type BpfAttr, localBpf } from './kernel/bpf/local_call.js';
import { Scratch } from './kernel/bpf/syscall/scratch.js';
import { sysBpf } from './kernel/bpf/syscall/syscall.js';
import { LocalTask } from './kernel/local_task.js';
import { kallsyms } from './kernel/kallsyms.js';
import { procNet } from './net/core/net_procfs.js';
import type { Task } from './kernel/task.js';
import { devGetByName } from './net/core/dev/table.js';
import { devIoctl } from './net/core/dev_ioctl.js';
import type { Net } from './net/core/net_namespace.js';
import { Softnet } from './net/core/softnet.js';
import { setupNet } from './net/core/setup_net.js';
import { netlinkCreate } from './net/netlink/af_netlink/create.js';
import { inetIoctl } from './net/ipv4/af_inet.js';
import { packetCreate } from './net/packet/af_packet/create.js';
import { MapTable } from './kernel/bpf/map_table.js';
import { Memory } from '../vm/memory.js';
import { Vm } from '../vm/vm.js';
import { MessageWriter } from './net/netlink/message.js';
import type { Socket } from './net/socket.js';
import { DevicePort, followPackets } from './packets/port.js';
import type { PacketsFollowed } from './packets/verdict.js';
import type { ObjectTable } from './object.js';
import { ObjectList } from './object.js';
import type { BehaviourName, KernelVersion } from './version.js';
import { behavioursOf } from './version.js';

/** How long an RCU grace period takes on a quiet machine, nanoseconds. */
const GRACE_PERIOD = 4 * NSEC_PER_MSEC;

export interface MachineOptions {
  /** Default: the version of the configuration. */
  readonly version?: KernelVersion;
  /** A configuration, or the name of one. Default `full`. */
  readonly config?: string | KernelConfig;
  /** Default: a ManualClock. */
  readonly clock?: Clock;
  readonly entropy?: Entropy;
  /** CPUs that per-CPU values have room for, as those who read them reckon. Default: those of the configuration. */
  readonly possibleCpus?: number | undefined;
  /** Told once of each request that is not modelled. */
  readonly onGap?: (what: string) => void;
  /** What goes wrong on purpose from the start; more by `machine.faults.add()`. */
  readonly faults?: readonly Fault[];
  /** Decides where faults with a `chance` strike. */
  readonly faultSeed?: number;
}

/** One object at one moment. */
export interface ObjectSnapshot {
  readonly label: string;
  readonly refcount: number;
  readonly holders: readonly string[];
}

function configOf(config: string | KernelConfig): KernelConfig {
  if (typeof config !== 'string') return config;
  const found = configs[config];
  if (found === undefined)
    throw new RangeError(`unknown configuration '${config}': one of ${Object.keys(configs).join(', ')}`);
  return found;
}

export class Machine implements ObjectTable {
  readonly label = 'kernel';
  readonly version: KernelVersion;
  readonly config: KernelConfig;
  readonly possibleCpus: number;
  readonly clock: Clock;
  /** Deferred work, in order of time. */
  readonly work: DeferredWork;
  readonly entropy: Entropy;
  readonly events = new Events();
  readonly faults: Faults;
  /** A buffer for messages that are built and copied out at once; whoever writes starts with reset(). */
  readonly scratch = new MessageWriter(Infinity);
  /** Every live object. */
  readonly objects = new ObjectList();
  /** The initial network namespace. */
  readonly net: Net;
  /** Programs, maps and links by number. */
  readonly bpfIds = new BpfIds();
  /** Maps by the address that programs have. */
  readonly bpfMaps = new MapTable();
  /** Memory for the bpf() call that runs. */
  readonly bpfScratch = new Scratch();
  /** Pins, for tasks that have no paths of their own. */
  readonly pins = new PinTree();
  #memory: Memory | undefined;
  #vm: Vm | undefined;
  #softnet: Softnet | undefined;
  #init: LocalTask | undefined;
  readonly #behaviours: ReadonlySet<BehaviourName>;
  readonly #gaps = new Set<string>();
  readonly #onGap: ((what: string) => void) | undefined;

  /** Boots a kernel. Throws RangeError for an unknown configuration name. */
  constructor(options: MachineOptions = {}) {
    this.config = configOf(options.config ?? 'full');
    this.possibleCpus = options.possibleCpus ?? this.config.cpus;
    this.version = options.version ?? this.config.version;
    this.#behaviours = behavioursOf(this.version);
    this.clock = options.clock ?? new ManualClock();
    this.work = new DeferredWork(this.clock);
    this.entropy = options.entropy ?? new Entropy();
    this.#onGap = options.onGap;
    this.faults = new Faults(options.faultSeed);
    this.net = setupNet(this);
    for (const fault of options.faults ?? []) this.faults.add(fault);
  }

  /** The linear memory of programs, maps and packets; made at the first use. */
  get memory(): Memory {
    return (this.#memory ??= new Memory());
  }

  /** What runs programs; made at the first use. */
  get vm(): Vm {
    return (this.#vm ??= new Vm(this.memory));
  }

  /** What the path of packets keeps; made at the first use. */
  get softnet(): Softnet {
    return (this.#softnet ??= new Softnet(this));
  }

  /** Whether this kernel shows a behaviour of the version table. */
  has(name: BehaviourName): boolean {
    return this.#behaviours.has(name);
  }

  /** socket(2) without the fd: a socket, or a negative errno. `type` carries no SOCK_CLOEXEC or SOCK_NONBLOCK. */
  socket(task: Task, family: number, type: number, protocol: number): Socket | number {
    const failed = this.faults.active?.call('socket') ?? 0;
    if (failed !== 0) return -failed;
    if (type < 0 || type >= SOCK_MAX) return -E.EINVAL;
    if (family === AF_NETLINK) return netlinkCreate(this.net, task, type, protocol);
    if (family === AF_PACKET) return packetCreate(this.net, task, type, protocol);
    this.gap(`socket family ${family}`);
    return -E.EAFNOSUPPORT;
  }

  /** A device, for frames from outside. Throws RangeError when there is none of this name. */
  device(name: string): DevicePort {
    const dev = devGetByName(this.net, name);
    if (dev === undefined) throw new RangeError(`no device '${name}'`);
    return new DevicePort(dev);
  }

  /**
   * Follows all packets that move while `run` works: what queues let go while it calls advance(), say. Whatever waits at
   * its end without having moved is not told of.
   */
  follow(run: () => void): PacketsFollowed {
    return followPackets(this, run);
  }

  /** What /proc/net/NAME holds; undefined when the file is not modelled. */
  procNet(name: string): string | undefined {
    return procNet(this.net, name);
  }

  /** What /proc/kallsyms holds. */
  kallsyms(): string {
    return kallsyms() + bpfKallsyms(this.bpfIds);
  }

  /** An interface ioctl(2) (SIOCGIF*, SIOCSIF*) on any socket; `ifreq` (40 bytes) is changed in place. */
  devIoctl(task: Task, request: number, ifreq: Uint8Array): number {
    const failed = this.faults.active?.call('ioctl') ?? 0;
    return failed !== 0 ? -failed : devIoctl(this.net, task, request, ifreq);
  }

  /** What an AF_INET socket is asked of IPv4 by ioctl(2): as devIoctl(), -ENOIOCTLCMD for everything else. */
  inetIoctl(task: Task, request: number, arg: Uint8Array): number {
    return inetIoctl(this.net, task, request, arg);
  }

  /** A task in this process with every capability; its files are those that bpf(cmd, attr) opens. */
  get init(): LocalTask {
    return (this.#init ??= new LocalTask({ tgid: 1 }));
  }

  /**
   * bpf(2): what the call returns, a negative errno included, or a new file, which the caller installs as an fd with
   * O_CLOEXEC and closes at its last close.
   */
  bpf(task: Task, cmd: number, uattr: number, size: number): number | BpfFile;
  /** bpf(2) as the task `init`: an fd or another number, or a negative errno. */
  bpf(cmd: number, attr: BpfAttr | Uint8Array): number;
  bpf(first: Task | number, second: number | BpfAttr | Uint8Array, uattr = 0, size = 0): number | BpfFile {
    if (typeof first === 'number') return localBpf(this, this.init, first, second as BpfAttr | Uint8Array);
    return sysBpf(this, first, second as number, uattr, size);
  }

  /** call_rcu(): runs `run` after a grace period. `name` is for views. */
  callRcu(name: string, run: () => void): void {
    this.work.schedule(GRACE_PERIOD, name, run);
  }

  /** Time of the earliest deferred work in ns of the clock, Infinity when nothing waits. */
  nextDeadline(): number {
    return this.work.nextDeadline();
  }

  /** Runs all deferred work that is due. */
  runDue(): void {
    this.work.runDue();
  }

  /**
   * Moves a manual clock forward by `ns`, running deferred work at its own time on the way. Throws TypeError when the
   * machine runs on another clock.
   */
  advance(ns: number): void {
    const clock = this.clock;
    if (!(clock instanceof ManualClock)) throw new TypeError('only a manual clock can be advanced');
    const end = clock.now() + ns;
    for (let next = this.nextDeadline(); next <= end; next = this.nextDeadline()) {
      clock.set(next);
      this.runDue();
    }
    clock.set(end);
  }

  /** Every live object with everyone who holds a reference to it, in order of creation. */
  snapshot(): ObjectSnapshot[] {
    return Array.from(this.objects, (object) => ({
      label: object.label,
      refcount: object.refcount,
      holders: object.holders.map((holder) => holder.label),
    }));
  }

  /** Reports, once each, a request that is not modelled. */
  gap(what: string): void {
    if (this.#gaps.has(what)) return;
    this.#gaps.add(what);
    if (this.events.sink !== undefined) this.events.emit({ type: 'gap', what });
    this.#onGap?.(what);
  }
}
