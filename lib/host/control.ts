// The box's side of proto/tcbox/v1/control.proto: callers connect, say hello, and start programs, send frames, ask, or
// stop the box.
// Part of the pump of the Box: nothing here blocks. A caller of another user is not answered. A caller that leaves
// before its program has ended hangs the program up, as a terminal does.
import { existsSync } from 'node:fs';
import * as abi from './abi.js';
import type { Box, Client } from './box.js';
import { accept, closeAll, hasLeft, peerOf, receive, sendNow } from './control_socket.js';
import { close, kill } from './libc.js';
import { limiter, limitsOf, limitsToSet, setLimits } from './limits.js';
import { Lineage } from './lineage.js';
import { SpawnError } from './program.js';
import type { Recorder } from './recorder.js';
import { recordBox } from './tap.js';
import {
  FromBox,
  Frames,
  PROTOCOL,
  ToBox,
  frame,
  type Ask,
  type Asked,
  type Exec,
  type Send,
  type SendAll,
  type Sent,
  type SentAll,
  type Status,
} from '../record/control.js';

const SIGHUP = 1;
/** Highest signal number. */
const NSIG = 64;
/** Exit code of a caller whose program was never tried. */
const CANNOT_START = 125;
/** Longest text of a refusal: the name of a program may be as long as all arguments. */
const LINE_MAX = 1000;

/** What the box tells of itself. */
export interface About extends Pick<Status, 'kernel' | 'config' | 'started' | 'guardian'> {
  /** Of the package. */
  readonly version: string;
}

/** A recording that is written to an fd, which its end closes. */
export interface Recording {
  readonly recorder: Recorder;
  readonly end: (status: number) => void;
}

/** What the box does with frames, netlink datagrams and recordings. */
export interface Answers {
  readonly send: (request: Send) => Sent;
  readonly sendAll: (request: SendAll) => SentAll;
  readonly ask: (request: Ask) => Asked;
  readonly record: (fd: number, argv: readonly string[]) => Recording;
}

class Caller {
  readonly fd: number;
  readonly frames = new Frames();
  readonly fds: number[] = [];
  greeted = false;
  program: Client | undefined;

  constructor(fd: number) {
    this.fd = fd;
  }
}

export class Control {
  readonly #box: Box;
  readonly #about: About;
  readonly #onStop: () => void;
  readonly #answers: Answers;
  readonly #callers = new Set<Caller>();
  readonly #limits = limitsOf('self');
  #ending = false;

  /**
   * Serves callers of the listening socket `fd` while the box is pumped; `onStop` when one asks the box to end, `answers` for
   * frames and recordings.
   */
  constructor(box: Box, fd: number, about: About, onStop: () => void, answers: Answers) {
    this.#box = box;
    this.#about = about;
    this.#onStop = onStop;
    this.#answers = answers;
    box.events.add(fd, abi.EPOLLIN, () => {
      for (let caller = accept(box.native, fd); caller !== undefined; caller = accept(box.native, fd))
        this.#greet(caller);
    });
  }

  /** From now on no program is started: the box is on its way out. */
  end(): void {
    this.#ending = true;
  }

  /** Shows a line to everyone whose program runs. */
  notice(line: string): void {
    for (const caller of this.#callers) if (caller.program !== undefined) send(caller, { notice: { line } });
  }

  #greet(fd: number): void {
    if (peerOf(fd, this.#box.native)?.uid !== process.getuid!()) {
      close(fd);
      return;
    }
    const caller = new Caller(fd);
    this.#callers.add(caller);
    this.#box.events.add(fd, abi.EPOLLIN, () => {
      this.#onReadable(caller);
    });
  }

  #onReadable(caller: Caller): void {
    try {
      while (this.#callers.has(caller)) {
        const got = receive(this.#box.native, caller.fd);
        if (got === undefined) return;
        if (got === 'end') {
          this.#drop(caller);
          return;
        }
        caller.fds.push(...got.fds);
        for (const body of caller.frames.push(got.data)) {
          this.#handle(caller, ToBox.decode(body));
          if (!this.#callers.has(caller)) return;
        }
      }
    } catch {
      // Not our protocol.
      this.#drop(caller);
    }
  }

  #handle(caller: Caller, { hello, exec, signal, query, stop, send: frame, sendAll, ask }: ToBox): void {
    if (hello !== undefined) {
      caller.greeted = hello.protocol === PROTOCOL;
      send(caller, { hello: { protocol: PROTOCOL, version: this.#about.version } });
    }
    if (!caller.greeted) {
      this.#drop(caller);
      return;
    }
    if (exec !== undefined) this.#exec(caller, exec);
    if (signal !== undefined && caller.program !== undefined && signal.number >= 1 && signal.number <= NSIG) {
      kill(signal.group ? -caller.program.pid : caller.program.pid, signal.number);
    }
    if (frame !== undefined) send(caller, { sent: this.#answers.send(frame) });
    if (sendAll !== undefined) send(caller, { sentAll: this.#answers.sendAll(sendAll) });
    if (ask !== undefined) send(caller, { asked: this.#answers.ask(ask) });
    if (query !== undefined) send(caller, { status: this.#status() });
    if (stop !== undefined) this.#onStop();
  }

  #exec(caller: Caller, request: Exec): void {
    if (caller.program !== undefined || caller.fds.length !== (request.record ? 4 : 3)) {
      this.#drop(caller);
      return;
    }
    if (this.#ending) {
      this.#refuse(caller, CANNOT_START, 'the box is being stopped');
      return;
    }
    // Whoever has left before does not want it any more.
    if (hasLeft(this.#box.native, caller.fd)) {
      this.#drop(caller);
      return;
    }
    const recording = request.record ? this.#answers.record(caller.fds.pop()!, request.argv) : undefined;
    try {
      caller.program = this.#start(request, caller, recording);
    } catch (error) {
      if (!(error instanceof SpawnError)) throw error;
      recording?.end(error.status);
      const message = existsSync(request.cwd) ? error.message : `no folder ${request.cwd} where the box is`;
      this.#refuse(caller, error.status, message);
    } finally {
      closeAll(caller.fds);
    }
  }

  #refuse(caller: Caller, status: number, why: string): void {
    const error = why.length > LINE_MAX ? `${why.slice(0, LINE_MAX)}…` : why;
    send(caller, { exited: { status, error } });
    this.#drop(caller);
  }

  #start({ argv, env, cwd, umask, limits }: Exec, caller: Caller, recording?: Recording): Client {
    const { files, others } = limitsToSet(limits, this.#limits);
    const starter = others.length === 0 ? undefined : limiter(others);
    let recorded: ((status: number) => void) | undefined;
    const program = this.#box.spawn(argv, {
      cwd,
      env: environment(env),
      stdio: [caller.fds[0]!, caller.fds[1]!, caller.fds[2]!],
      group: true,
      starter,
      umask: umask & 0o777,
      openFiles: files,
      onExit: ({ waitStatus }) => {
        caller.program = undefined;
        const status = exitCode(waitStatus!);
        recorded?.(status);
        send(caller, { exited: { status, error: '' } });
        this.#drop(caller);
      },
    });
    if (recording !== undefined) recorded = this.#record(program.pid, recording);
    if (starter === undefined) setLimits(program.pid, others);
    return program;
  }

  /** Records a program that has not made a call yet; to be called with its status. */
  #record(pid: number, { recorder, end }: Recording): (status: number) => void {
    const lineage = new Lineage(pid);
    const stop = recordBox(this.#box, { recorder, concerns: (task) => lineage.has(task) });
    return (status) => {
      stop();
      const { living } = lineage;
      if (living !== 0) recorder.lost(undefined, 'what processes do that live longer than the command', living);
      end(status);
    };
  }

  #status(): Status {
    const { guardian, kernel, config, started } = this.#about;
    const { programs, sockets } = this.#box;
    return { pid: process.pid, guardian, kernel, config, started, programs, sockets };
  }

  #drop(caller: Caller): void {
    if (!this.#callers.delete(caller)) return;
    if (caller.program !== undefined) kill(-caller.program.pid, SIGHUP);
    closeAll(caller.fds);
    this.#box.events.close(caller.fd);
  }
}

/** Frames to callers are few and small: a caller that does not read them is not waited for. */
function send({ fd }: Caller, message: FromBox): void {
  sendNow(fd, frame(FromBox.encode(message)));
}

function environment(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const at = entry.indexOf('=', 1);
      return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
    }),
  );
}

/** As a shell has it: the exit status, or 128 + n for signal n. */
function exitCode(waitStatus: number): number {
  const signal = waitStatus & 0x7f;
  return signal === 0 ? (waitStatus >> 8) & 0xff : 128 + signal;
}
