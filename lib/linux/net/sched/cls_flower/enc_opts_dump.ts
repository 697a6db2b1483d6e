// net/sched/cls_flower.c fl_dump_key_options(): options of a tunnel as attributes again, of the values and of the mask alike.
// Both are lists of one kind; nests carry no flag.
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { AT, type FlowKey } from '../../core/flow_dissector/flow_key.js';
import type { MessageWriter } from '../../netlink/message.js';
import * as O from './enc_opts.js';
import type { FlowMatch } from './match.js';

const KIND = P.TCA_FLOWER_KEY_ENC_OPTS;
const at = AT.encOpts;
type Put = (skb: MessageWriter, key: FlowKey) => void;

const bytes = (key: FlowKey, off: number, length: number): Uint8Array => key.u8.subarray(at + off, at + off + length);

/** Option by option. @models net/sched/cls_flower.c fl_dump_key_geneve_opt() */
function putGeneve(skb: MessageWriter, key: FlowKey): void {
  const { CLASS, TYPE, DATA } = P.TCA_FLOWER_KEY_ENC_OPT_GENEVE;
  for (let off = 0; off < key.u8[AT.encOptsLen]!;) {
    const length = (key.u8[at + off + 3]! & 0x1f) * 4;
    skb.putRaw(CLASS.type, bytes(key, off, 2));
    skb.putRaw(TYPE.type, bytes(key, off + 2, 1));
    skb.putRaw(DATA.type, bytes(key, off + 4, length));
    off += 4 + length;
  }
}

/** @models net/sched/cls_flower.c fl_dump_key_erspan_opt() */
function putErspan(skb: MessageWriter, key: FlowKey): void {
  const { VER, INDEX, DIR, HWID } = P.TCA_FLOWER_KEY_ENC_OPT_ERSPAN;
  const version = key.view.getUint32(at, true);
  skb.putRaw(VER.type, Uint8Array.of(version));
  if (version === 1) skb.putRaw(INDEX.type, bytes(key, 4, 4));
  if (version !== 2) return;
  const lower = key.u8[at + 11]!;
  skb.putRaw(DIR.type, Uint8Array.of((lower >> 3) & 1));
  skb.putRaw(HWID.type, Uint8Array.of(((key.u8[at + 10]! & 3) << 4) | (lower >> 4)));
}

function putVxlan(skb: MessageWriter, key: FlowKey): void {
  skb.putRaw(P.TCA_FLOWER_KEY_ENC_OPT_VXLAN.GBP.type, bytes(key, 0, 4));
}

function putGtp(skb: MessageWriter, key: FlowKey): void {
  const { PDU_TYPE, QFI } = P.TCA_FLOWER_KEY_ENC_OPT_GTP;
  skb.putRaw(PDU_TYPE.type, bytes(key, 0, 1));
  skb.putRaw(QFI.type, bytes(key, 1, 1));
}

function putPfcp(skb: MessageWriter, key: FlowKey): void {
  const { TYPE, SEID } = P.TCA_FLOWER_KEY_ENC_OPT_PFCP;
  skb.putRaw(TYPE.type, bytes(key, 0, 1));
  skb.putRaw(SEID.type, bytes(key, 1, 8));
}

const kinds: ReadonlyMap<number, readonly [type: number, put: Put]> = new Map([
  [O.GENEVE_BIT, [KIND.GENEVE.type, putGeneve]],
  [O.VXLAN_BIT, [KIND.VXLAN.type, putVxlan]],
  [O.ERSPAN_BIT, [KIND.ERSPAN.type, putErspan]],
  [O.GTP_BIT, [KIND.GTP.type, putGtp]],
  [O.PFCP_BIT, [KIND.PFCP.type, putPfcp]],
]);

function dumpOptions(skb: MessageWriter, attribute: number, key: FlowKey): void {
  const kind = kinds.get(key.u8[AT.encOptsType]!);
  if (key.u8[AT.encOptsLen] === 0 || kind === undefined) return;
  const [type, put] = kind;
  const list = skb.nest(attribute);
  const nest = skb.nest(type);
  put(skb, key);
  skb.nestEnd(nest);
  skb.nestEnd(list);
}

/** @models net/sched/cls_flower.c fl_dump_key_enc_opt() */
export function dumpEncOpts(skb: MessageWriter, { key, mask }: FlowMatch): void {
  dumpOptions(skb, P.TCA_FLOWER.KEY_ENC_OPTS.type, key);
  dumpOptions(skb, P.TCA_FLOWER.KEY_ENC_OPTS_MASK.type, mask);
}
