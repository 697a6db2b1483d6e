// A caller's end of a connection to a box: frames out, messages back. Boxes that nobody serves any more are found here,
// because their socket refuses: their files are removed, and they count as unknown.
import { Socket } from 'node:net';
import { close } from '../host/libc.js';
import { connectTo, peerOf, sendAll } from '../host/control_socket.js';
import { HostError } from '../host/host_error.js';
import { EAGAIN, ECONNREFUSED, ENOENT, EPIPE } from '../uapi/asm-generic/errno.js';
import { FromBox, Frames, PROTOCOL, ToBox, frame, mismatch } from '../record/control.js';
import { boxFolder, checkName, locked, removeFiles, socketPath } from './boxes.js';
import { version } from './version.js';

export class Connection {
  /** The process that serves the box. */
  readonly pid: number | undefined;
  readonly #socket: Socket;
  #greeted = false;

  constructor(fd: number) {
    this.pid = peerOf(fd)?.pid;
    this.#socket = new Socket({ fd });
  }

  /** Whether the box has begun to work on the request. */
  get greeted(): boolean {
    return this.#greeted;
  }

  /** Calls `onMessage` for each message but hello, then `onEnd` once: with what went wrong, or nothing. */
  listen(onMessage: (message: FromBox) => void, onEnd: (problem?: string) => void): void {
    const frames = new Frames();
    const socket = this.#socket;
    let ended = false;
    const end = (problem?: string): void => {
      if (ended) return;
      ended = true;
      socket.destroy();
      onEnd(problem);
    };
    socket.on('data', (data: Buffer) => {
      try {
        for (const body of frames.push(data)) {
          const message = FromBox.decode(body);
          this.#greeted = true;
          const problem = message.hello && mismatch(message.hello, { protocol: PROTOCOL, version: version() });
          if (problem !== undefined) end(problem);
          if (ended) return;
          if (message.hello === undefined) onMessage(message);
        }
      } catch (error) {
        end(`it answers nonsense (${(error as Error).message})`);
      }
    });
    socket.on('error', () => {
      end();
    });
    socket.on('close', () => {
      end();
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  send(message: ToBox): void {
    this.#socket.write(frame(ToBox.encode(message)));
  }
}

/** The socket of a box, or undefined when there is no such box (any more). */
export function reach(folder: string, name: string): number | undefined {
  const path = socketPath(folder, name);
  let fd = connectTo(path);
  if (fd === -ECONNREFUSED) {
    fd = locked(folder, () => {
      const again = connectTo(path);
      if (again === -ECONNREFUSED) removeFiles(folder, name);
      return again;
    });
  }
  if (fd >= 0) return fd;
  if (fd === -ENOENT || fd === -ECONNREFUSED) return undefined;
  if (fd === -EAGAIN) throw new HostError('busy', `box '${name}' takes nobody in`, 'its process is stopped or stuck');
  throw new HostError('connect', `box '${name}' cannot be reached (errno ${-fd})`, `see ${path}`);
}

/** Sends hello and a request to a box, with fds. Throws a HostError when there is no such box. */
export function call(name: string, request: ToBox, fds: readonly number[] = []): Connection {
  checkName(name);
  const fd = reach(boxFolder(), name);
  if (fd === undefined) throw new HostError('unknown', `no box '${name}'`, 'tcbox ls shows those there are');
  return requestOn(fd, request, fds);
}

/** The same on a socket that is connected already. A box that hangs up at once has said why before. */
export function requestOn(fd: number, request: ToBox, fds: readonly number[]): Connection {
  const hello = frame(ToBox.encode({ hello: { protocol: PROTOCOL, version: version() } }));
  const body = frame(ToBox.encode(request));
  const error = sendAll(fd, Buffer.concat([hello, body]), fds);
  if (error === 0 || error === -EPIPE) return new Connection(fd);
  close(fd);
  throw new HostError('send', `a box does not listen (errno ${-error})`, 'try again');
}
