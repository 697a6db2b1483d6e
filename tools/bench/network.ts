// A machine with devices, filters and queues for `npm run bench -- packets`: the requests that make them, written by numbers.
// v0 and v1 are the ends of a veth pair, i0 is an ifb.
import { Writer } from '../../lib/codec/writer.js';
import { Machine } from '../../lib/linux/machine.js';
import * as B from '../../lib/uapi/linux/bpf.js';
import { sock_filter } from '../../lib/uapi/linux/filter.js';
import { ETH_P_ALL, ETH_P_IP } from '../../lib/uapi/linux/if_ether.js';
import { IFF_UP } from '../../lib/uapi/linux/if.js';
import { IFLA, IFLA_INFO } from '../../lib/uapi/linux/if_link.js';
import * as N from '../../lib/uapi/linux/netlink.js';
import * as P from '../../lib/uapi/linux/pkt_cls.js';
import * as S from '../../lib/uapi/linux/pkt_sched.js';
import * as R from '../../lib/uapi/linux/rtnetlink.js';
import { TCA_EGRESS_REDIR, TCA_MIRRED, tc_mirred } from '../../lib/uapi/linux/tc_act/tc_mirred.js';
import { VETH_INFO } from '../../lib/uapi/linux/veth.js';
import { assemble } from '../../lib/vm/assembler.js';
import { Client, message } from './client.js';

const IPPROTO_UDP = 17;

/** Indexes: lo has 1, and the peer of a pair comes first. */
export const [V1, V0, I0] = [2, 3, 4];
const hook = (minor: number): number => ((S.TC_H_CLSACT & 0xffff0000) | minor) >>> 0;
const NEW = N.NLM_F_ACK | N.NLM_F_CREATE | N.NLM_F_EXCL;
/** 64 ns each: what classes may send at once, 25 µs at their rate. */
const BURST = 400;
const ROOM = 4096;

/** Writes attributes. */
type Put = (to: Writer) => void;

const nested = (to: Writer, type: number, put: Put): void => {
  const start = to.nest(type);
  put(to);
  to.nestEnd(start);
};

function attributesOf(put: Put): Uint8Array {
  const writer = new Writer(ROOM);
  put(writer);
  return writer.take();
}

const htons = (value: number): number => ((value & 0xff) << 8) | (value >> 8);
const bytesPerSecond = (rate: number): Uint8Array => S.tc_ratespec.bytes({ linklayer: S.TC_LINKLAYER_ETHERNET, rate });

/** Where a filter is: a device, and one of its hooks. */
export interface Place {
  readonly index: number;
  readonly hook: number;
}
export const v0Egress: Place = { index: V0, hook: hook(S.TC_H_MIN_EGRESS) };
export const v1Ingress: Place = { index: V1, hook: hook(S.TC_H_MIN_INGRESS) };

/** One classic instruction. */
export type Classic = readonly [code: number, jt: number, jf: number, k: number];

export class Network {
  readonly machine = new Machine();
  readonly #client = new Client(this.machine);

  constructor() {
    const peer = Uint8Array.of(
      ...R.ifinfomsg.bytes({}),
      ...attributesOf((to) => {
        to.put(IFLA.IFNAME, 'v1');
      }),
    );
    this.#link('v0', 'veth', (to) => {
      nested(to, IFLA_INFO.DATA.type, () => {
        to.putRaw(VETH_INFO.PEER.type, peer);
      });
    });
    this.#link('i0', 'ifb', () => {});
    for (const index of [V1, V0, I0]) this.#up(index);
    this.machine.advance(1e10);
  }

  #link(name: string, kind: string, data: Put): void {
    const attributes = attributesOf((to) => {
      to.put(IFLA.IFNAME, name);
      nested(to, IFLA.LINKINFO.type, () => {
        to.put(IFLA_INFO.KIND, kind);
        data(to);
      });
    });
    this.#client.acked(message(R.RTM_NEWLINK, NEW, R.ifinfomsg.bytes({}), attributes));
  }

  #up(index: number): void {
    const body = R.ifinfomsg.bytes({ ifi_index: index, ifi_flags: IFF_UP, ifi_change: IFF_UP });
    this.#client.acked(message(R.RTM_NEWLINK, N.NLM_F_ACK, body, new Uint8Array(0)));
  }

  #tc(type: number, kind: string, fields: Parameters<typeof R.tcmsg.bytes>[0], options?: Put): void {
    const attributes = attributesOf((to) => {
      to.put(R.TCA.KIND, kind);
      if (options !== undefined) nested(to, R.TCA.OPTIONS.type, options);
    });
    this.#client.acked(message(type, NEW, R.tcmsg.bytes(fields), attributes));
  }

  clsact(index: number): void {
    this.#tc(R.RTM_NEWQDISC, 'clsact', { tcm_ifindex: index, tcm_handle: 0xffff0000, tcm_parent: S.TC_H_CLSACT });
  }

  #filter({ index, hook: parent }: Place, kind: string, protocol: number, options: Put): void {
    const tcm_info = ((1 << 16) | htons(protocol)) >>> 0;
    this.#tc(R.RTM_NEWTFILTER, kind, { tcm_ifindex: index, tcm_parent: parent, tcm_info }, options);
  }

  /** A classic program, with a class of its own. */
  classicFilter(place: Place, program: readonly Classic[]): void {
    const insns = program.flatMap(([code, jt, jf, k]) => [...sock_filter.bytes({ code, jt, jf, k })]);
    this.#filter(place, 'bpf', ETH_P_ALL, (to) => {
      to.put(P.TCA_BPF.OPS_LEN, program.length);
      to.putRaw(P.TCA_BPF.OPS.type, Uint8Array.from(insns));
      to.put(P.TCA_BPF.CLASSID, 0x0001_0001);
    });
  }

  /** A hash map, keys of 4 bytes and values of 8: its fd. */
  hashMap(entries: number): number {
    const fields = { map_type: B.BPF_MAP_TYPE_HASH, key_size: 4, value_size: 8, max_entries: entries };
    return this.#fd(this.machine.bpf(B.BPF_MAP_CREATE, fields));
  }

  /** An extended program whose result is the verdict. */
  directAction(place: Place, text: string): void {
    const insns = assemble(text);
    const fields = { prog_type: B.BPF_PROG_TYPE_SCHED_CLS, insns, insn_cnt: insns.length / 8, license: 'GPL' };
    const fd = this.#fd(this.machine.bpf(B.BPF_PROG_LOAD, fields));
    this.#filter(place, 'bpf', ETH_P_ALL, (to) => {
      to.put(P.TCA_BPF.FD, fd);
      to.put(P.TCA_BPF.FLAGS, P.TCA_BPF_FLAG_ACT_DIRECT);
    });
  }

  #fd(result: number): number {
    if (result >= 0) return result;
    throw new Error(`bpf: errno ${-result}`);
  }

  /** u32: IPv4 of a type of service, as `u32 match ip tos TOS 0xff flowid 1:1`. */
  u32Filter(place: Place, tos: number): void {
    const sel = P.tc_u32_sel.bytes({ flags: 1, nkeys: 1 });
    const key = P.tc_u32_key.bytes({ mask: 0x00ff0000, val: tos << 16 });
    this.#filter(place, 'u32', ETH_P_IP, (to) => {
      to.put(P.TCA_U32.CLASSID, 0x0001_0001);
      to.putRaw(P.TCA_U32.SEL.type, Uint8Array.of(...sel, ...key));
    });
  }

  /** UDP of each of `count` ports alone; the last is that of the frames. */
  flowerFilters(place: Place, count: number): void {
    const F = P.TCA_FLOWER;
    for (let port = 9 + count - 1; port >= 9; port--)
      this.#filter(place, 'flower', ETH_P_IP, (to) => {
        to.putRaw(F.KEY_ETH_TYPE.type, Uint8Array.of(8, 0));
        to.putRaw(F.KEY_IP_PROTO.type, Uint8Array.of(IPPROTO_UDP));
        to.putRaw(F.KEY_UDP_DST.type, Uint8Array.of(port >> 8, port & 0xff));
      });
  }

  /** matchall: everything goes to i0. */
  redirectToIfb(place: Place): void {
    this.#filter(place, 'matchall', ETH_P_ALL, (to) => {
      nested(to, P.TCA_MATCHALL.ACT.type, () => {
        nested(to, 1, () => {
          to.put(P.TCA_ACT.KIND, 'mirred');
          nested(to, P.TCA_ACT.OPTIONS.type, () => {
            const parms = { action: P.TC_ACT_STOLEN, eaction: TCA_EGRESS_REDIR, ifindex: I0 };
            to.putRaw(TCA_MIRRED.PARMS.type, tc_mirred.bytes(parms));
          });
        });
      });
    });
  }

  /** htb as v0's root with a parent class and five below it, of so many bytes a second each; 1:11 to 1:15. */
  htb(rate: number): void {
    this.#tc(R.RTM_NEWQDISC, 'htb', { tcm_ifindex: V0, tcm_handle: 0x10000, tcm_parent: S.TC_H_ROOT }, (to) => {
      const glob = { version: S.TC_HTB_PROTOVER, rate2quantum: 10, defcls: 0x11 };
      to.putRaw(S.TCA_HTB.INIT.type, S.tc_htb_glob.bytes(glob));
    });
    this.#htbClass(0x10001, 0x10000, 5 * rate);
    for (let n = 1; n <= 5; n++) this.#htbClass(0x10010 + n, 0x10001, rate);
  }

  #htbClass(classid: number, parent: number, rate: number): void {
    this.#tc(R.RTM_NEWTCLASS, 'htb', { tcm_ifindex: V0, tcm_handle: classid, tcm_parent: parent }, (to) => {
      const times = { buffer: BURST, cbuffer: BURST, quantum: 1514 };
      const parms = { rate: bytesPerSecond(rate), ceil: bytesPerSecond(5 * rate), ...times };
      to.putRaw(S.TCA_HTB.PARMS.type, S.tc_htb_opt.bytes(parms));
    });
  }
}
