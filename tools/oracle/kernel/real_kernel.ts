// The kernel of this computer as a subject of recordings: each instance is a new, empty network namespace that this
// thread enters. Only inside private namespaces (isolation.ts); the machine's own network is never played to.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import type { File } from '../../../lib/linux/fs/file.js';
import type { Task } from '../../../lib/linux/kernel/task.js';
import type { Socket } from '../../../lib/linux/net/socket.js';
import type { Json } from '../../agree/input.js';
import type { Subject } from '../../agree/netlink/process.js';
import type { RunCommand } from '../../agree/netlink/play.js';
import { play } from '../../agree/netlink/play.js';
import type { NetlinkRecord, Result } from '../../agree/netlink/record.js';
import { clientPath } from '../../agree/programs.js';
import * as calls from './calls.js';
import { isIsolated } from './isolation.js';
import { makeObject } from './objects.js';
import { KernelSocket } from './socket.js';

/** An open file that is no socket. */
interface KernelFile extends File {
  readonly fd: number;
}

const ipv6 = (which: string): string => `/proc/sys/net/ipv6/conf/${which}/disable_ipv6`;

export class RealKernel implements Subject {
  readonly #sockets: KernelSocket[] = [];
  readonly #files: KernelFile[] = [];
  #uid = 0;

  /** Enters a new network namespace; devices in it have IPv6, or not. Throws where that is not allowed. */
  constructor({ ipv6: hasIpv6 }: { readonly ipv6: boolean }) {
    if (!isIsolated()) throw new Error('the real kernel is only driven inside private namespaces');
    const entered = calls.newNetwork();
    if (entered < 0) throw new Error(`unshare(CLONE_NEWNET) gives errno ${-entered}`);
    for (const which of ['all', 'default']) writeFileSync(ipv6(which), hasIpv6 ? '0' : '1');
  }

  socket(_task: Task, family: number, type: number, protocol: number): Socket | number {
    const fd = calls.socket(family, type, protocol);
    if (fd < 0) return fd;
    const socket = new KernelSocket(fd, family, type, protocol);
    this.#sockets.push(socket);
    return socket;
  }

  devIoctl(): number {
    throw new Error('an ioctl goes to its socket');
  }

  advance(ns: number): void {
    if (ns > 0) calls.sleep(ns);
  }

  make(spec: Json, fdOf: (name: unknown) => number): File {
    const file: KernelFile = { kind: 'foreign', fd: makeObject(spec, fdOf) };
    this.#files.push(file);
    return file;
  }

  fdOf(file: File): number {
    return (file as KernelFile | KernelSocket).fd;
  }

  become(uid: number): void {
    if (uid === this.#uid) return;
    const ret = calls.setUid(uid);
    if (ret < 0) throw new Error(`setresuid(${uid}) gives errno ${-ret}`);
    this.#uid = uid;
  }

  /** Runs a command in the namespace. */
  readonly run: RunCommand = (command) => {
    const env = { ...process.env, PATH: clientPath, LC_ALL: 'C' };
    const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', command], { env, encoding: 'latin1' });
    return { status, signal: null, stdout, stderr };
  };

  /** Closes what is open; the namespace goes with its last user. */
  close(): void {
    this.become(0);
    for (const socket of this.#sockets) socket.release();
    for (const { fd } of this.#files) calls.close(fd);
  }
}

/** The results of a record on this kernel. */
export function playToKernel(record: NetlinkRecord): Result[] {
  const kernel = new RealKernel({ ipv6: record.ipv6 === true });
  try {
    return play(record, kernel, kernel.run);
  } finally {
    kernel.close();
  }
}
