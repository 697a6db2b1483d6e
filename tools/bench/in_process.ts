// The model alone, without the host: RTM_NEWTFILTER with its acknowledgement, and a dump, on a socket of a machine in
// this process. All filters share a priority, have one each, or leave it to the kernel; however many there are, adding
// must not slow down. A first round warms the engine up and does not count.
import { Writer } from '../../lib/codec/writer.js';
import { Machine } from '../../lib/linux/machine.js';
import { sock_filter } from '../../lib/uapi/linux/filter.js';
import * as N from '../../lib/uapi/linux/netlink.js';
import { TCA_BPF } from '../../lib/uapi/linux/pkt_cls.js';
import { TC_H_CLSACT, TC_H_MIN_INGRESS } from '../../lib/uapi/linux/pkt_sched.js';
import { RTM_GETTFILTER, RTM_NEWQDISC, RTM_NEWTFILTER, TCA, tcmsg } from '../../lib/uapi/linux/rtnetlink.js';
import { Client, message } from './client.js';
import { busy } from './measure.js';
import type { Bench, Context, Row } from './measure.js';

const LO = 1;
const INGRESS = ((TC_H_CLSACT & 0xffff0000) | TC_H_MIN_INGRESS) >>> 0;
/** tcm_info: the priority is the upper half, protocol ETH_P_ALL the lower. */
const info = (pref: number): number => ((pref << 16) | 0x0300) >>> 0;
const INFO_AT = N.NLMSG_HDRLEN + tcmsg.offsetof.tcm_info;
const FLOWID = 0x0001_0001;
const program = [
  { code: 0x28, jt: 0, jf: 0, k: 12 },
  { code: 0x15, jt: 0, jf: 1, k: 2048 },
  { code: 0x06, jt: 0, jf: 0, k: 65537 },
  { code: 0x06, jt: 0, jf: 0, k: 0 },
];

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
  const body = tcmsg.bytes({ tcm_ifindex: LO, tcm_parent: INGRESS, tcm_info: 0 });
  return message(RTM_NEWTFILTER, N.NLM_F_ACK | N.NLM_F_CREATE | N.NLM_F_EXCL, body, attributes.take());
}

const dumpRequest = (): Uint8Array =>
  message(RTM_GETTFILTER, N.NLM_F_DUMP, tcmsg.bytes({ tcm_ifindex: LO, tcm_parent: INGRESS }), new Uint8Array(0));

function clientOfClsact(): Client {
  const client = new Client(new Machine());
  client.acked(qdiscRequest());
  return client;
}

/** How filters get their priorities, and up to how many there are. */
interface Way {
  readonly name: string;
  readonly count: number;
  /** tcm_info of the nth filter. */
  readonly info: (n: number) => number;
}

const ways: readonly Way[] = [
  { name: 'one pref', count: 50_000, info: () => info(1) },
  { name: 'rising prefs', count: 50_000, info: (n) => info(n + 1) },
  { name: 'automatic prefs', count: 16_000, info: () => info(0) },
];

/** Filters at the beginning that do not count; from there, and at the end, so many are looked at by themselves. */
const START = 1000;
const PART = 5000;

/** Microseconds a filter: of the first part, of the last, of all. */
interface Times {
  readonly first: number;
  readonly last: number;
  readonly all: number;
}

function add(client: Client, way: Way, from: number, to: number): number {
  const request = filterRequest();
  const view = new DataView(request.buffer);
  return busy(() => {
    for (let n = from; n < to; n++) {
      view.setUint32(INFO_AT, way.info(n), true);
      client.acked(request);
    }
  });
}

function addAll(way: Way): Times {
  const client = clientOfClsact();
  add(client, way, 0, START);
  const first = add(client, way, START, START + PART);
  const middle = add(client, way, START + PART, way.count - PART);
  const last = add(client, way, way.count - PART, way.count);
  return { first: first / PART, last: last / PART, all: (first + middle + last) / (way.count - START) };
}

function rowsOf(way: Way, { rounds, progress }: Context): Row[] {
  addAll(way);
  const all = Array.from({ length: 2 * rounds }, () => {
    progress();
    return addAll(way);
  });
  const least = (key: keyof Times): number => Math.min(...all.map((times) => times[key]));
  const name = `in process: RTM_NEWTFILTER with ack, ${way.name}`;
  const many = way.count.toLocaleString('en');
  return [
    { name: `${name}, up to ${many}`, value: 1e6 / least('all'), unit: '/s', least: 200_000 },
    { name: `${name}, before ${many} / after 1,000`, tcbox: least('last'), reference: least('first'), target: 1.25 },
  ];
}

const DUMPED = 10_000;
/** Dumps in a row: one takes a few milliseconds. */
const DUMPS = 10;

function dumpRow({ rounds, progress }: Context): Row {
  const client = clientOfClsact();
  add(client, ways[0]!, 0, DUMPED);
  const rates = Array.from({ length: 2 * rounds }, () => {
    progress();
    let bytes = 0;
    const time = busy(() => {
      for (let i = 0; i < DUMPS; i++) bytes += client.dumped(dumpRequest());
    });
    return bytes / time;
  });
  return { name: 'in process: dump of 10,000 filters', value: Math.max(...rates), unit: 'MB/s', least: 300 };
}

export const inProcess: Bench = (context) => [...ways.flatMap((way) => rowsOf(way, context)), dumpRow(context)];
