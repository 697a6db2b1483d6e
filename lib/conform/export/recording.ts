// Datagrams of any format as a recording: what `tcbox convert` makes of a trace or a capture. Sockets are those the source
// tells apart; what it does not know is left empty, and what it lost is said.
import type { Ancillary, Fd, HeaderToWrite } from '../../record/recording.js';
import { RecordingWriter, Where } from '../../record/recording.js';
import { AF_NETLINK, NETLINK_ROUTE, SOL_NETLINK } from '../../uapi/linux/netlink.js';
import type { Datagram } from '../datagram.js';

const SOCK_RAW = 3;
const NANOS_PER_SECOND = 1_000_000_000n;
const none = new Uint8Array(0);
const ON = Uint8Array.of(1, 0, 0, 0);
const OFF = new Uint8Array(4);
/** Replies, and notifications of the first group: a capture does not say which group. */
const fromKernel = Uint8Array.of(AF_NETLINK, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
const fromGroup = Uint8Array.of(AF_NETLINK, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0);

interface Socket {
  readonly number: number;
  readonly options: Set<number>;
}

export class RecordingExporter {
  readonly #write: (bytes: Uint8Array) => void;
  readonly #recorder: string;
  readonly #sockets = new Map<string, Socket>();
  /** Made when the time of the first datagram is known. */
  #made: RecordingWriter | undefined;
  #start = 0n;

  constructor(write: (bytes: Uint8Array) => void, { recorder }: Pick<HeaderToWrite, 'recorder'>) {
    this.#write = write;
    this.#recorder = recorder;
  }

  get #writer(): RecordingWriter {
    const times = {
      startSeconds: Number(this.#start / NANOS_PER_SECOND),
      startNanos: Number(this.#start % NANOS_PER_SECOND),
    };
    this.#made ??= new RecordingWriter(this.#write, { recorder: this.#recorder, where: Where.IMPORT, ...times });
    return this.#made;
  }

  datagram(datagram: Datagram): void {
    const { bytes: data, direction, lost = [] } = datagram;
    if (this.#made === undefined) this.#start = datagram.time ?? 0n;
    const since = (datagram.time ?? this.#start) - this.#start;
    // A source may be out of order.
    const time = since < 0n ? 0 : Number(since);
    const socket = this.#socketOf(datagram, time).number;
    const common = { socket, data, ancillary: [] as Ancillary[], flags: 0, result: data.length };
    if (direction === 'request' || direction === 'unknown')
      this.#writer.entry({ time, sent: { ...common, address: none, fds: [] as Fd[], unanswered: true } });
    else {
      const address = direction === 'notification' ? fromGroup : fromKernel;
      this.#writer.entry({ time, received: { ...common, address, resultFlags: 0, length: data.length } });
    }
    for (const what of lost) this.#writer.entry({ time, lost: { what, count: 0, socket } });
  }

  /** Something of the source that is no datagram and should be one. */
  problem(what: string): void {
    this.#writer.entry({ lost: { what, count: 0, socket: 0 } });
  }

  end(): void {
    this.#writer.end();
  }

  #socketOf({ socket: name = '', protocol = NETLINK_ROUTE, options = [] }: Datagram, time: number): Socket {
    const key = `${protocol} ${name}`;
    let socket = this.#sockets.get(key);
    if (socket === undefined) {
      socket = { number: this.#sockets.size + 1, options: new Set() };
      this.#sockets.set(key, socket);
      const open = { socket: socket.number, family: AF_NETLINK, type: SOCK_RAW, protocol, result: 0, earlier: true };
      this.#writer.entry({ time, open });
    }
    for (const name of options) if (!socket.options.has(name)) this.#option(socket, name, ON, time);
    for (const name of socket.options) if (!options.includes(name)) this.#option(socket, name, OFF, time);
    return socket;
  }

  #option({ number, options }: Socket, name: number, value: Uint8Array, time: number): void {
    if (value === ON) options.add(name);
    else options.delete(name);
    this.#writer.entry({ time, option: { socket: number, level: SOL_NETLINK, name, value, result: 0 } });
  }
}
