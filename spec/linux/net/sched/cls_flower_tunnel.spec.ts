// Options of tunnels as keys of a flower filter: values and masks of each kind side by side, what is missing, what does not
// fit. Read from the source of 6.18; Geneve, VXLAN, ERSPAN and GTP are as 6.1 has them, too.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as P from '../../../../lib/uapi/linux/pkt_cls.js';
import { RTM_DELTFILTER, RTM_GETTFILTER, RTM_NEWTFILTER, TCA } from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, attr, Bed, INGRESS, kind, nest } from './bed.js';

const F = P.TCA_FLOWER;
const OPTIONS_AT = 56;
const NESTED = 0x8000;
const fields = { parent: INGRESS, prio: 1, protocol: 0x300, handle: 1 };
const sub = (type: number, ...bytes: number[]): Uint8Array => attr(type, Uint8Array.from(bytes));
const list = (...inside: Uint8Array[]): Uint8Array => nest(F.KEY_ENC_OPTS.type, ...inside);
const masks = (...inside: Uint8Array[]): Uint8Array => nest(F.KEY_ENC_OPTS_MASK.type, ...inside);
const end = [attr(F.FLAGS.type, P.TCA_CLS_FLAGS_NOT_IN_HW), attr(F.IN_HW_COUNT.type, 0)];

const geneve = (...inside: Uint8Array[]): Uint8Array => nest(1, ...inside);
const option = [sub(1, 1, 2), sub(2, 0x80), sub(3, 1, 2, 3, 4)];
const allOnes = [sub(1, 255, 255), sub(2, 255), sub(3, 255, 255, 255, 255)];

describe('net/sched/cls_flower: options of tunnels', () => {
  let bed: Bed;
  const add = (...inside: Uint8Array[]): readonly [errno: number, text: string | undefined] => {
    const { errno, text } = bed.tc(RTM_NEWTFILTER, ADD, fields, kind('flower'), nest(TCA.OPTIONS.type, ...inside));
    return [errno, text];
  };
  const shown = (...inside: Uint8Array[]): Uint8Array => {
    expect(add(...inside)).to.deep.equal([0, undefined]);
    const reply = bed.client.request(RTM_GETTFILTER, 0, bed.body(fields, []))[0]!.u8.slice(OPTIONS_AT);
    expect(bed.tc(RTM_DELTFILTER, 0, fields).errno).to.equal(0);
    return reply;
  };
  const options = (...inside: Uint8Array[]): Uint8Array => nest(TCA.OPTIONS.type, ...inside, ...end);

  beforeEach(() => {
    bed = new Bed();
    expect(bed.qdisc('clsact').errno).to.equal(0);
  });

  it('of Geneve come in any number, and are shown in one nest', () => {
    const two = [geneve(...option), geneve(...option)];
    const both = geneve(...option, ...option);
    expect(shown(list(...two))).to.deep.equal(options(list(both), masks(geneve(...allOnes, ...allOnes))));
    const lax = [sub(1, 255, 0), sub(3, 0, 0, 0, 255)];
    const lazy = geneve(lax[0]!, sub(2, 255), lax[1]!, ...allOnes);
    expect(shown(list(...two), masks(geneve(...lax)))).to.deep.equal(options(list(both), masks(lazy)));
  });

  it('of Geneve are refused where something is missing or too long', () => {
    const missing = 'Missing tunnel key geneve option class, type or data';
    expect(add(list(geneve(option[0]!, option[1]!)))).to.deep.equal([E.EINVAL, missing]);
    const short = 'Tunnel key geneve option data is less than 4 bytes long';
    expect(add(list(geneve(option[0]!, option[1]!, sub(3, 1))))).to.deep.equal([E.ERANGE, short]);
    const odd = 'Tunnel key geneve option data is not a multiple of 4 bytes long';
    expect(add(list(geneve(option[0]!, option[1]!, sub(3, 1, 2, 3, 4, 5))))).to.deep.equal([E.ERANGE, odd]);
    const long = geneve(option[0]!, option[1]!, sub(3, ...new Array<number>(124).fill(7)));
    expect(add(list(long, long))).to.deep.equal([E.ERANGE, 'Tunnel options exceeds max size']);
    const longer = geneve(sub(3, 1, 2, 3, 4, 5, 6, 7, 8));
    expect(add(list(geneve(...option)), masks(longer))).to.deep.equal([E.EINVAL, 'Key and mask miss aligned']);
    const other = masks(nest(NESTED | 2, attr(1, 5)));
    expect(add(list(geneve(...option)), other)).to.deep.equal([E.EINVAL, 'Non-geneve option type for mask']);
    expect(add(list(geneve(...option)), masks())).to.deep.equal([E.EINVAL, 'Invalid nested attribute for masks']);
  });

  it('of VXLAN are bits of a policy', () => {
    const vxlan = (value: number): Uint8Array => nest(NESTED | 2, attr(1, value));
    const plain = (value: number): Uint8Array => nest(2, attr(1, value));
    expect(shown(list(vxlan(0xffff_ffff)))).to.deep.equal(options(list(plain(0x48_ffff)), masks(plain(0xffff_ffff))));
    expect(shown(list(vxlan(5)), masks(vxlan(7)))).to.deep.equal(options(list(plain(5)), masks(plain(7))));
    expect(add(list(vxlan(1), vxlan(1)))).to.deep.equal([E.EINVAL, 'Duplicate type for vxlan options']);
    expect(add(list(nest(NESTED | 2)))).to.deep.equal([E.EINVAL, 'Missing tunnel key vxlan option gbp']);
    expect(add(list(plain(1)))).to.deep.equal([E.EINVAL, 'NLA_F_NESTED is missing']);
  });

  it('of ERSPAN are of two versions; a mask that is not given is one of the first', () => {
    const first = [sub(1, 1), sub(2, 0, 0, 1, 0)];
    const second = [sub(1, 2), sub(3, 1), sub(4, 0x2a)];
    const erspan = (...inside: Uint8Array[]): Uint8Array => nest(NESTED | 3, ...inside);
    const none = masks(nest(3, sub(1, 1), sub(2, 0, 0, 0, 0)));
    expect(shown(list(erspan(...first)))).to.deep.equal(options(list(nest(3, ...first)), none));
    expect(shown(list(erspan(...second)), masks(erspan(sub(1, 2))))).to.deep.equal(
      options(list(nest(3, ...second)), masks(nest(3, sub(1, 2), sub(3, 1), sub(4, 0x3f)))),
    );
    const missing = 'Missing tunnel key erspan option';
    expect(add(list(erspan(sub(2, 0, 0, 0, 1))))).to.deep.equal([E.EINVAL, `${missing} ver`]);
    expect(add(list(erspan(sub(1, 1))))).to.deep.equal([E.EINVAL, `${missing} index`]);
    expect(add(list(erspan(sub(1, 2), sub(3, 1))))).to.deep.equal([E.EINVAL, `${missing} dir or hwid`]);
    expect(add(list(erspan(sub(1, 3))))).to.deep.equal([E.EINVAL, 'Tunnel key erspan option ver is incorrect']);
  });

  it('of GTP and PFCP are of fixed size', () => {
    const gtp = [sub(1, 1), sub(2, 9)];
    expect(shown(list(nest(NESTED | 4, ...gtp)), masks(nest(NESTED | 4, sub(2, 15))))).to.deep.equal(
      options(list(nest(4, ...gtp)), masks(nest(4, sub(1, 255), sub(2, 15)))),
    );
    const seid = sub(2, 1, 2, 3, 4, 5, 6, 7, 8);
    expect(shown(list(nest(NESTED | 5, sub(1, 1), seid)))).to.deep.equal(
      options(list(nest(5, sub(1, 1), seid)), masks(nest(5, sub(1, 255), sub(2, ...new Array<number>(8).fill(255))))),
    );
    const text = 'cls_flower: Missing tunnel key gtp option pdu type or qfi';
    expect(add(list(nest(NESTED | 4, gtp[0]!)))).to.deep.equal([E.EINVAL, text]);
    expect(add(list(nest(7)))).to.deep.equal([E.EINVAL, 'Unknown tunnel option type']);
  });

  it('of PFCP are unknown to 6.1', () => {
    bed = new Bed({ config: 'rec-6.1-uml' });
    expect(bed.qdisc('clsact').errno).to.equal(0);
    expect(add(list(nest(NESTED | 5, sub(1, 1))))).to.deep.equal([E.EINVAL, 'Unknown tunnel option type']);
  });
});
