// The process that makes the recorded system calls, inside the model or on the kernel of this computer: a task with a
// table of fds, known by symbolic names as the recordings have them. For the model it stands where a real client and
// the host stand otherwise, so it answers what the socket layer of the kernel answers before a socket is asked.
import * as E from '../../../lib/uapi/asm-generic/errno.js';
import type { File } from '../../../lib/linux/fs/file.js';
import { foreignFile } from '../../../lib/linux/fs/file.js';
import type { Task } from '../../../lib/linux/kernel/task.js';
import { LocalMemory } from '../../../lib/linux/kernel/user_memory.js';
import type { Socket } from '../../../lib/linux/net/socket.js';
import { BpfFile, LinkFile, MapFile, ProgFile } from '../../../lib/linux/kernel/bpf/file.js';
import type { BpfPaths } from '../../../lib/linux/kernel/bpf/inode.js';
import * as B from '../../../lib/uapi/linux/bpf.js';
import { bpf_attr_id } from '../../../lib/uapi/linux/bpf_attr.js';
import type { Json } from '../input.js';
import { asNumber, asString } from '../input.js';
import { Bytes, fromHex, fromLatin1 } from '../../../lib/codec/bytes.js';
import { SOCKADDR_LL_SIZE } from '../../../lib/uapi/linux/if_packet.js';
import { IFR_IFRU, IFREQ_SIZE } from '../../../lib/uapi/linux/if.js';
import { AF_PACKET, SOCK_RAW } from '../../../lib/uapi/linux/socket.js';
import { SIOCGIFINDEX } from '../../../lib/uapi/linux/sockios.js';
import { mapCreateAttr, progLoadAttr } from '../syscalls/objects.js';
import { NotModelled } from '../outcome.js';

/** Any number will do that no recording uses as a port id. */
const TGID = 1000;
/** sockaddr_storage: longer addresses do not reach a socket. */
const ADDRESS_MAX = 128;

/** What a process runs on: a Machine, or what makes a real kernel look like one. */
export interface Subject {
  socket(task: Task, family: number, type: number, protocol: number): Socket | number;
  devIoctl(task: Task, request: number, ifreq: Uint8Array): number;
  /** bpf(2); a subject without it makes no programs and maps but by make(). */
  bpf?(task: Task, cmd: number, uattr: number, size: number): number | BpfFile;
  /** Lets `ns` of its time pass. */
  advance(ns: number): void;
  /** Makes an object of a recording that is no socket; without it, programs and maps are missing. */
  make?(spec: Json, fdOf: (name: unknown) => number): File;
  /** The fd number of a file that has one of its own. */
  fdOf?(file: File): number | undefined;
  /** setresuid(2), for a subject that judges the caller itself. */
  become?(uid: number): void;
}

export class Process {
  readonly subject: Subject;
  readonly task: Task;
  /** Standard input and output are open, and of no interest. */
  readonly #files = new Map<number, File>([0, 1, 2].map((fd) => [fd, foreignFile]));
  readonly #names = new Map<string, number>();
  /** Open objects the model does not have: what they would have been. They can be closed, nothing else. */
  readonly #missing = new Map<string, string>();
  /** Ids of programs as they were when the recorder looked. */
  readonly #ids = new Map<string, number>();
  readonly memory = new LocalMemory();
  /** Capabilities it has given up. */
  dropped: ReadonlySet<number> = new Set();
  #uid = 0;
  #next = 100;

  /** `pins`: where its paths lead. */
  constructor(subject: Subject, pins?: BpfPaths) {
    this.subject = subject;
    const uid = (): number => this.#uid;
    this.task = {
      label: 'the recorded process',
      memory: this.memory,
      pins,
      pid: TGID,
      tgid: TGID,
      get uid() {
        return uid();
      },
      get gid() {
        return uid();
      },
      capable: (cap) => this.#uid === 0 && !this.dropped.has(cap),
      fget: (fd) => this.#files.get(fd),
    };
  }

  /** setresuid(2): capabilities go with uid 0. */
  become(uid: number): void {
    this.#uid = uid;
    this.subject.become?.(uid);
  }

  /** The fd number behind a symbolic name; throws NotModelled for an open object that the model does not have. */
  fd(name: unknown): number {
    if (typeof name === 'number') return name;
    const missing = this.#missing.get(String(name));
    if (missing !== undefined) throw new NotModelled(missing);
    const fd = this.#names.get(String(name));
    if (fd === undefined) throw new NotModelled(`object '${String(name)}', which nothing made`);
    return fd;
  }

  /** Opens a socket under a name; 0 or a negative errno. */
  open(name: string, family: number, type: number, protocol: number): number {
    const socket = this.subject.socket(this.task, family, type, protocol);
    if (typeof socket === 'number') return socket;
    this.#install(name, socket);
    return 0;
  }

  #install(name: string, file: File): number {
    const fd = this.subject.fdOf?.(file) ?? this.#next++;
    this.#files.set(fd, file);
    this.#names.set(name, fd);
    return fd;
  }

  /** The open file behind a name, if it is open. */
  file(name: unknown): File | undefined {
    return this.#files.get(this.fd(name));
  }

  /** bpf(2) with attributes that lie at `uattr`; a new fd gets the name, and its number is returned. */
  bpf(cmd: number, uattr: number, size: number, name: string): number {
    if (this.subject.bpf === undefined) throw new NotModelled('bpf(2)');
    const result = this.subject.bpf(this.task, cmd, uattr, size);
    return typeof result === 'number' ? result : this.#install(name, result);
  }

  /** Notes the id of a program, which its file may not outlive. */
  rememberId(name: unknown): number {
    const file = this.file(name);
    if (!(file instanceof ProgFile)) return -E.EINVAL;
    this.#ids.set(String(name), file.prog.id);
    return 0;
  }

  /** BPF_PROG_GET_FD_BY_ID of a program that is open or was noted; the fd is closed at once. */
  progGetFdById(name: unknown): number {
    const id = this.#ids.get(String(name)) ?? this.idOf(name);
    const uattr = this.memory.map(bpf_attr_id.bytes({ start_id: id }));
    const fd = this.bpf(B.BPF_PROG_GET_FD_BY_ID, uattr, bpf_attr_id.size, 'by id');
    return fd < 0 ? fd : this.close('by id');
  }

  /** The id of an open program, map or link. */
  idOf(name: unknown): number {
    const file = this.file(name);
    if (file instanceof ProgFile) return file.prog.id;
    if (file instanceof MapFile) return file.map.id;
    return file instanceof LinkFile ? file.link.id : 0;
  }

  /** The socket behind a name, or the errno its absence gives. */
  socket(name: unknown): Socket | number {
    const file = this.#files.get(this.fd(name));
    if (file === undefined) return -E.EBADF;
    return 'sendmsg' in file ? (file as Socket) : -E.ENOTSOCK;
  }

  close(name: unknown): number {
    if (this.#missing.delete(String(name))) return 0;
    const file = this.file(name);
    if (file === undefined) return -E.EBADF;
    this.#files.delete(this.fd(name));
    if (file instanceof BpfFile) file.close();
    else if ('sendmsg' in file) (file as Socket).release();
    return 0;
  }

  bind(name: unknown, address: Uint8Array, length: number): number {
    return this.#addressed(name, address, length, (socket, addr) => socket.bind(this.task, addr));
  }

  connect(name: unknown, address: Uint8Array, length: number): number {
    return this.#addressed(name, address, length, (socket, addr) => socket.connect(this.task, addr));
  }

  #addressed(
    name: unknown,
    address: Uint8Array,
    length: number,
    call: (socket: Socket, address: Uint8Array) => number,
  ): number {
    const socket = this.socket(name);
    if (typeof socket === 'number') return socket;
    if (length < 0 || length > ADDRESS_MAX) return -E.EINVAL;
    const given = new Uint8Array(length);
    given.set(address.subarray(0, length));
    return call(socket, given);
  }

  send(name: unknown, data: Uint8Array, flags: number, address: Uint8Array | null): number {
    const socket = this.socket(name);
    if (typeof socket === 'number') return socket;
    if (address !== null && address.length > ADDRESS_MAX) return -E.EINVAL;
    return socket.sendmsg(this.task, { name: address?.length ? address : null, data, flags });
  }

  /** Makes an object of a recording. One that the model does not have is noticed when something looks at it. */
  make(spec: Json): void {
    const name = asString(spec['fd'], 'objects.fd');
    const op = asString(spec['op'], 'objects.op');
    if (op === 'socket') this.#makeSocket(name, spec);
    else if (op === 'packet_socket' && this.subject.make === undefined) this.#makePacketSocket(name, spec);
    else if (this.subject.make !== undefined)
      this.#install(
        name,
        this.subject.make(spec, (other) => this.fd(other)),
      );
    else if (op === 'null_device') this.#install(name, foreignFile);
    else if (this.subject.bpf !== undefined && op === 'map_create') this.#makeBpf(name, B.BPF_MAP_CREATE, spec);
    else if (this.subject.bpf !== undefined && op === 'prog_load') this.#makeBpf(name, B.BPF_PROG_LOAD, spec);
    else {
      this.#missing.set(name, 'bpf(2)');
      this.#names.set(name, this.#next++);
    }
  }

  #makeBpf(name: string, cmd: number, spec: Json): void {
    const build = cmd === B.BPF_MAP_CREATE ? mapCreateAttr : progLoadAttr;
    const attr = build(spec, this.memory, (other) => this.fd(other));
    const made = this.bpf(cmd, this.memory.map(attr), attr.length, name);
    if (made === -E.EOPNOTSUPP) throw new NotModelled(`object ${name}`);
    if (made < 0) throw new Error(`object ${name}: bpf() gives ${E.errnoName(-made)}`);
  }

  /** A raw socket that gets `protocol` of one device. */
  #makePacketSocket(name: string, spec: Json): void {
    const protocol = asNumber(spec['protocol'], 'objects.protocol');
    const opened = this.open(name, AF_PACKET, SOCK_RAW, 0);
    if (opened < 0) throw new Error(`object ${name}: socket() gives ${E.errnoName(-opened)}`);
    const ifreq = new Uint8Array(IFREQ_SIZE);
    ifreq.set(fromLatin1(asString(spec['dev'], 'objects.dev')));
    const found = this.subject.devIoctl(this.task, SIOCGIFINDEX, ifreq);
    const address = Bytes.zeroed(SOCKADDR_LL_SIZE);
    address.view.setUint16(0, AF_PACKET, true);
    address.view.setUint16(2, protocol);
    address.view.setInt32(4, new Bytes(ifreq).view.getInt32(IFR_IFRU, true), true);
    const bound = found < 0 ? found : this.bind(name, address.u8, SOCKADDR_LL_SIZE);
    if (bound < 0) throw new Error(`object ${name}: bind() gives ${E.errnoName(-bound)}`);
  }

  #makeSocket(name: string, spec: Json): void {
    const number = (key: string): number => asNumber(spec[key], `objects.${key}`);
    const opened = this.open(name, number('domain'), number('type'), number('protocol'));
    if (opened < 0) throw new Error(`object ${name}: socket() gives ${E.errnoName(-opened)}`);
    if (spec['bind'] === undefined) return;
    const address = fromHex(asString(spec['bind'], 'objects.bind'));
    const bound = this.bind(name, address, address.length);
    if (bound < 0) throw new Error(`object ${name}: bind() gives ${E.errnoName(-bound)}`);
  }
}
