// The process that makes the recorded system calls, inside the model or on the kernel of this computer: a task with a
// table of fds, known by symbolic names as the recordings have them. For the model it stands where a real client and
// the host stand otherwise, so it answers what the socket layer of the kernel answers before a socket is asked.
import * as E from '../../../lib/uapi/asm-generic/errno.js';
import type { File } from '../../../lib/linux/fs/file.js';
import { foreignFile } from '../../../lib/linux/fs/file.js';
import type { Task } from '../../../lib/linux/kernel/task.js';
import { LocalMemory } from '../../../lib/linux/kernel/user_memory.js';
import type { Socket } from '../../../lib/linux/net/socket.js';
import type { Json } from '../input.js';
import { asNumber, asString } from '../input.js';
import { fromHex } from '../../../lib/codec/bytes.js';
import { NotModelled } from '../outcome.js';

/** Any number will do that no recording uses as a port id. */
const TGID = 1000;
/** sockaddr_storage: longer addresses do not reach a socket. */
const ADDRESS_MAX = 128;

/** What a process runs on: a Machine, or what makes a real kernel look like one. */
export interface Subject {
  socket(task: Task, family: number, type: number, protocol: number): Socket | number;
  devIoctl(task: Task, request: number, ifreq: Uint8Array): number;
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
  readonly #files = new Map<number, File>();
  readonly #names = new Map<string, number>();
  /** Open objects the model does not have: what they would have been. They can be closed, nothing else. */
  readonly #missing = new Map<string, string>();
  #uid = 0;
  #next = 100;

  constructor(subject: Subject) {
    this.subject = subject;
    const uid = (): number => this.#uid;
    this.task = {
      label: 'the recorded process',
      memory: new LocalMemory(),
      pid: TGID,
      tgid: TGID,
      get uid() {
        return uid();
      },
      get gid() {
        return uid();
      },
      capable: () => this.#uid === 0,
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

  #install(name: string, file: File): void {
    const fd = this.subject.fdOf?.(file) ?? this.#next++;
    this.#files.set(fd, file);
    this.#names.set(name, fd);
  }

  /** The socket behind a name, or the errno its absence gives. */
  socket(name: unknown): Socket | number {
    const file = this.#files.get(this.fd(name));
    if (file === undefined) return -E.EBADF;
    return 'sendmsg' in file ? (file as Socket) : -E.ENOTSOCK;
  }

  close(name: unknown): number {
    if (this.#missing.delete(String(name))) return 0;
    const socket = this.socket(name);
    if (!this.#files.delete(this.fd(name))) return -E.EBADF;
    if (typeof socket !== 'number') socket.release();
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
    else if (this.subject.make !== undefined)
      this.#install(
        name,
        this.subject.make(spec, (other) => this.fd(other)),
      );
    else if (op === 'null_device') this.#install(name, foreignFile);
    else {
      this.#missing.set(name, op === 'packet_socket' ? 'AF_PACKET sockets' : 'bpf(2)');
      this.#names.set(name, this.#next++);
    }
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
