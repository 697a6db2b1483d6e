// The model alone, without the host: RTM_NEWTFILTER with its acknowledgement, and a dump, on a socket of a machine in
// this process. The rate is taken at the start and after 50,000 filters: adding must not slow down.
import { Writer } from '../../lib/codec/writer.js';
import { LocalTask } from '../../lib/linux/kernel/local_task.js';
import { Machine } from '../../lib/linux/machine.js';
import type { Socket } from '../../lib/linux/net/socket.js';
import { sock_filter } from '../../lib/uapi/linux/filter.js';
import * as N from '../../lib/uapi/linux/netlink.js';
import { TCA_BPF } from '../../lib/uapi/linux/pkt_cls.js';
import { TC_H_CLSACT, TC_H_MIN_INGRESS } from '../../lib/uapi/linux/pkt_sched.js';
import { RTM_GETTFILTER, RTM_NEWQDISC, RTM_NEWTFILTER, TCA, tcmsg } from '../../lib/uapi/linux/rtnetlink.js';
import { elapsed } from './measure.js';
import type { Bench, Rate } from './measure.js';

const LO = 1;
const INGRESS = ((TC_H_CLSACT & 0xffff0000) | TC_H_MIN_INGRESS) >>> 0;
/** pref 1, protocol all. */
const PREF_1 = 0x0001_0300;
const FLOWID = 0x0001_0001;
const program = [
  { code: 0x28, jt: 0, jf: 0, k: 12 },
  { code: 0x15, jt: 0, jf: 1, k: 2048 },
  { code: 0x06, jt: 0, jf: 0, k: 65537 },
  { code: 0x06, jt: 0, jf: 0, k: 0 },
];

function message(type: number, flags: number, body: Uint8Array, attributes: Uint8Array): Uint8Array {
  const nlmsg_len = N.NLMSG_HDRLEN + body.length + attributes.length;
  const header = N.nlmsghdr.bytes({ nlmsg_len, nlmsg_type: type, nlmsg_flags: N.NLM_F_REQUEST | flags, nlmsg_seq: 1 });
  return Uint8Array.of(...header, ...body, ...attributes);
}

function qdiscRequest(): Uint8Array {
  const attributes = new Writer(256);
  attributes.put(TCA.KIND, 'clsact');
  const body = tcmsg.bytes({ tcm_ifindex: LO, tcm_handle: 0xffff0000, tcm_parent: TC_H_CLSACT });
  return message(RTM_NEWQDISC, N.NLM_F_ACK | N.NLM_F_CREATE | N.NLM_F_EXCL, body, attributes.take());
}

function filterRequest(): Uint8Array {
  const attributes = new Writer(1024);
  attributes.put(TCA.KIND, 'bpf');
  const options = attributes.nest(TCA.OPTIONS.type);
  attributes.put(TCA_BPF.OPS_LEN, program.length);
  attributes.putRaw(TCA_BPF.OPS.type, Uint8Array.of(...program.flatMap((insn) => [...sock_filter.bytes(insn)])));
  attributes.put(TCA_BPF.CLASSID, FLOWID);
  attributes.nestEnd(options);
  const body = tcmsg.bytes({ tcm_ifindex: LO, tcm_parent: INGRESS, tcm_info: PREF_1 });
  return message(RTM_NEWTFILTER, N.NLM_F_ACK | N.NLM_F_CREATE | N.NLM_F_EXCL, body, attributes.take());
}

const dumpRequest = (): Uint8Array =>
  message(RTM_GETTFILTER, N.NLM_F_DUMP, tcmsg.bytes({ tcm_ifindex: LO, tcm_parent: INGRESS }), new Uint8Array(0));

class Client {
  readonly #task = new LocalTask();
  readonly #socket: Socket;

  constructor(machine: Machine) {
    const socket = machine.socket(this.#task, N.AF_NETLINK, 3, N.NETLINK_ROUTE);
    if (typeof socket === 'number') throw new Error(`socket: errno ${-socket}`);
    this.#socket = socket;
  }

  /** Sends a request and takes its acknowledgement. */
  acked(data: Uint8Array): void {
    this.#send(data);
    const received = this.#receive();
    const error = new DataView(received.buffer, received.byteOffset).getInt32(N.NLMSG_HDRLEN, true);
    if (error !== 0) throw new Error(`refused: errno ${-error}`);
  }

  /** Sends a dump request and takes all of it; the number of bytes. */
  dumped(data: Uint8Array): number {
    this.#send(data);
    let total = 0;
    for (;;) {
      const received = this.#receive();
      total += received.length;
      if (new DataView(received.buffer, received.byteOffset).getUint16(4, true) === N.NLMSG_DONE) return total;
    }
  }

  #send(data: Uint8Array): void {
    const sent = this.#socket.sendmsg(this.#task, { name: null, data, flags: 0 });
    if (sent !== data.length) throw new Error(`sendmsg: ${sent}`);
  }

  #receive(): Uint8Array {
    const received = this.#socket.recvmsg(this.#task, 32768, 0, 0);
    if (typeof received === 'number') throw new Error(`recvmsg: ${received}`);
    return received.data;
  }
}

/** Adds `count` filters; how many a second. */
function addRate(client: Client, count: number): number {
  const request = filterRequest();
  const time = elapsed(() => {
    for (let i = 0; i < count; i++) client.acked(request);
  });
  return (count / time) * 1e6;
}

interface Round {
  readonly first: number;
  readonly last: number;
  readonly dump: number;
}

function round(): Round {
  const machine = new Machine();
  const client = new Client(machine);
  client.acked(qdiscRequest());
  const first = addRate(client, 10_000);
  let bytes = 0;
  const time = elapsed(() => (bytes = client.dumped(dumpRequest())));
  addRate(client, 35_000);
  return { first, last: addRate(client, 5000), dump: bytes / time };
}

export const inProcess: Bench = ({ rounds, progress }) => {
  const all: Round[] = [];
  for (let i = 0; i < rounds; i++) {
    all.push(round());
    progress();
  }
  const most = (name: string, key: keyof Round, unit: string): Rate => ({
    name: `in process: ${name}`,
    rate: Math.max(...all.map((one) => one[key])),
    unit,
  });
  return [
    most('RTM_NEWTFILTER with ack, the first 10,000', 'first', '/s'),
    most('RTM_NEWTFILTER with ack, after 45,000', 'last', '/s'),
    most('dump of 10,000 filters', 'dump', 'MB/s'),
  ];
};
