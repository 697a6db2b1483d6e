// Where recordings of a box get what they hold: the supervisor tells its tap of every call on a modelled socket and of every
// bpf(2) call, as it is answered. There is a tap only while something is recorded, so that it costs nothing otherwise. Any
// number of recordings may go on at a time, each of some of the clients.
import type { Box } from './box.js';
import type { ClientTask } from './clients.js';
import type { ImportedMsg } from './msghdr.js';
import type { Placeholder } from './placeholder.js';
import { ancillaryOf, type BegunCall, type CallerView, type Recorder, type ReturnedCall } from './recorder.js';
import { MSG_PEEK, MSG_TRUNC, SOCK_TYPE_MASK } from './abi.js';
import { fdInfoOf, type FdInfo } from '../record/bpf_call.js';
import type { Option, Sent } from '../record/recording.js';
import { BpfFile } from '../linux/kernel/bpf/file.js';
import type { Received, SendRequest } from '../linux/net/socket.js';
import { EAGAIN } from '../uapi/asm-generic/errno.js';
import { AF_NETLINK } from '../uapi/linux/netlink.js';

/** A recording of the clients for which `concerns` holds. */
export interface TappedRecording {
  readonly recorder: Recorder;
  readonly concerns: (task: ClientTask) => boolean;
}

const none = new Uint8Array(0);

class TaskView implements CallerView {
  readonly #task: ClientTask;

  constructor(task: ClientTask) {
    this.#task = task;
  }

  get pid(): number {
    return this.#task.pid;
  }

  get tgid(): number {
    return this.#task.tgid;
  }

  read(address: number, length: number): Uint8Array | undefined {
    return this.#task.memory.read(address, length);
  }

  describe(fd: number): FdInfo | undefined {
    const file = this.#task.fget(fd);
    if (file === undefined) return undefined;
    if (file instanceof BpfFile) return fdInfoOf(file.kind, file.showFdinfo());
    return { kind: file.kind === 'netns' ? 'net' : '', id: 0 };
  }
}

/** A bpf(2) call of recorded clients. */
export class TappedCall {
  readonly #view: CallerView;
  readonly #begun: readonly (readonly [Recorder, BegunCall])[];
  #returned: readonly ReturnedCall[] = [];

  constructor(view: CallerView, recorders: readonly Recorder[], cmd: number, uattr: number, size: number) {
    this.#view = view;
    this.#begun = recorders.map((recorder) => [recorder, recorder.bpfBegins(view, cmd, uattr, size)]);
  }

  /** The kernel has done it; the caller does not know yet. */
  returns(): void {
    this.#returned = this.#begun.map(([recorder, begun]) => recorder.bpfReturns(this.#view, begun));
  }

  ends(result: number): void {
    this.#begun.forEach(([recorder, begun], i) => {
      recorder.bpf(this.#view, begun, this.#returned[i]!, result);
    });
  }
}

export class Tap {
  readonly #recordings = new Set<TappedRecording>();

  get size(): number {
    return this.#recordings.size;
  }

  add(recording: TappedRecording): void {
    this.#recordings.add(recording);
  }

  delete(recording: TappedRecording): void {
    this.#recordings.delete(recording);
  }

  opened(task: ClientTask, placeholder: Placeholder): void {
    if (placeholder.socket.family !== AF_NETLINK) return;
    for (const recorder of this.#of(task)) open(recorder, task, placeholder, false);
  }

  refused(task: ClientTask, family: number, type: number, protocol: number, result: number): void {
    if (family !== AF_NETLINK) return;
    const entry = { family, type: type & SOCK_TYPE_MASK, protocol, result, earlier: false };
    for (const recorder of this.#of(task)) recorder.open(task, undefined, entry);
  }

  bound(task: ClientTask, placeholder: Placeholder, address: Uint8Array, connect: boolean, result: number): void {
    const name = placeholder.socket.getname(connect);
    const entry = { address, connect, result, name: typeof name === 'number' ? none : name };
    for (const recorder of this.#on(task, placeholder)) recorder.bind(task, placeholder, entry);
  }

  option(task: ClientTask, placeholder: Placeholder, option: Omit<Option, 'socket'>): void {
    for (const recorder of this.#on(task, placeholder)) recorder.option(task, placeholder, option);
  }

  /** `msg` is what the datagram was imported from. */
  sent(task: ClientTask, placeholder: Placeholder, request: SendRequest, msg: ImportedMsg, result: number): void {
    const recorders = this.#on(task, placeholder);
    if (recorders.length === 0) return;
    const { name, flags } = request;
    // Memory is read through the arena, where the request lies.
    const [data, address] = [request.data.slice(), name?.slice() ?? none];
    const view = new TaskView(task);
    const control = msg.controllen === 0 ? none : (view.read(msg.control, msg.controllen) ?? none);
    request.data.set(data);
    const sent = { data, address, ancillary: ancillaryOf(control), flags, result, unanswered: false };
    this.#send(recorders, view, placeholder, sent);
  }

  /** By write(2), which had returned already. */
  written(placeholder: Placeholder, bytes: Uint8Array, result: number): void {
    const { task } = placeholder;
    const sent = { data: bytes.slice(), address: none, ancillary: [], flags: 0, result, unanswered: true };
    this.#send(this.#on(task, placeholder), new TaskView(task), placeholder, sent);
  }

  #send(
    recorders: readonly Recorder[],
    view: CallerView,
    placeholder: Placeholder,
    sent: Omit<Sent, 'socket' | 'fds'>,
  ): void {
    for (const recorder of recorders) recorder.sent(view, placeholder, sent);
  }

  received(task: ClientTask, placeholder: Placeholder, flags: number, r: Received | number): void {
    if (r === -EAGAIN) return;
    const recorders = this.#on(task, placeholder);
    if (recorders.length === 0) return;
    const given = flags >>> 0;
    if (typeof r === 'number') {
      const error = { data: none, address: none, ancillary: [], flags: given, resultFlags: 0, result: r, length: 0 };
      for (const recorder of recorders) recorder.received(task, placeholder, error);
      return;
    }
    const { name, ret: result, data } = r;
    const cut = (r.flags & MSG_TRUNC) !== 0 && (flags & MSG_TRUNC) === 0;
    const entry = {
      ...{ data: (flags & MSG_PEEK) === 0 ? data : none, address: name, ancillary: ancillaryOf(r.control) },
      ...{ flags: given, resultFlags: r.flags >>> 0, result, length: cut ? 0 : result },
    };
    for (const recorder of recorders) recorder.received(task, placeholder, entry);
  }

  /** By read(2), which shows no address. */
  read(placeholder: Placeholder, data: Uint8Array): void {
    const { task } = placeholder;
    const { length } = data;
    const entry = { data, address: none, ancillary: [], flags: 0, resultFlags: 0, result: length, length };
    for (const recorder of this.#on(task, placeholder)) recorder.received(task, placeholder, entry);
  }

  takeBack(): void {
    for (const { recorder } of this.#recordings) recorder.takeBack();
  }

  closed(placeholder: Placeholder): void {
    for (const { recorder } of this.#recordings) recorder.closed(placeholder);
  }

  lost(placeholder: Placeholder, what: string, count: number): void {
    for (const recorder of this.#on(placeholder.task, placeholder))
      recorder.lost(placeholder.task, what, count, placeholder);
  }

  /** Undefined when nobody records the caller. */
  bpf(task: ClientTask, cmd: number, uattr: number, size: number): TappedCall | undefined {
    const recorders = this.#of(task);
    return recorders.length === 0 ? undefined : new TappedCall(new TaskView(task), recorders, cmd, uattr, size);
  }

  #of(task: ClientTask): Recorder[] {
    const found: Recorder[] = [];
    for (const recording of this.#recordings) if (recording.concerns(task)) found.push(recording.recorder);
    return found;
  }

  /** Those of a call on a netlink socket; one that was open before gets its number now. */
  #on(task: ClientTask, placeholder: Placeholder): Recorder[] {
    if (placeholder.socket.family !== AF_NETLINK) return [];
    const recorders = this.#of(task);
    for (const recorder of recorders) if (!recorder.knows(placeholder)) open(recorder, task, placeholder, true);
    return recorders;
  }
}

/** From now on the recording is told what clients of the box say to the kernel, until what is returned is called. */
export function recordBox(box: Box, { recorder, concerns }: TappedRecording): () => void {
  const tap = (box.tap ??= new Tap());
  const own: TappedRecording = { recorder, concerns: (task) => !box.isErrand(task.tgid) && concerns(task) };
  tap.add(own);
  return () => {
    tap.delete(own);
    if (tap.size === 0) box.tap = undefined;
  };
}

function open(recorder: Recorder, task: ClientTask, placeholder: Placeholder, earlier: boolean): void {
  const { family, type, protocol } = placeholder.socket;
  recorder.open(task, placeholder, { family, type, protocol, result: placeholder.clientFd, earlier });
}
