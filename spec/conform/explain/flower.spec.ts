// What explain() says of the nests of flower keys: in requests that tc sent, and in those that the tc at hand cannot write.
import { expect } from 'chai';
import { fromHex } from '../../../lib/codec/bytes.js';
import { explain } from '../../../lib/conform/explain/explain.js';
import type { Region } from '../../../lib/conform/explain/region.js';
import * as cls from '../../../lib/uapi/linux/pkt_cls.js';
import { attr, kind, nest } from '../../linux/net/sched/bed.js';

/** Requests of tc 6.1. */
const sent = {
  geneve:
    'c40000002c000506a926046b00000000000000000100000000000000f2ffffff080001000b000100666c6f77657200009400' +
    '020008001a000000000506002d0012b50000200054001c000100060001000102000005000200800000000800030011223344' +
    '200055001c00010006000100ffff000005000200ff00000008000300ffffffff300003002c00010009000100676163740000' +
    '00001c00028018000200000000000000000002000000000000000000000008001600000000000600080008000000',
  vxlan:
    'a40000002c000506a926046b00000000000000000100000000000000f2ffffff080002000b000100666c6f77657200007400' +
    '020008001a000000000506002d0012b50000100054800c0002800800010007000000100055800c00028008000100ff000000' +
    '300003002c0001000900010067616374000000001c0002801800020000000000000000000200000000000000000000000800' +
    '1600000000000600080008000000',
  erspan:
    'cc0000002c000506a926046b00000000000000000100000000000000f2ffffff080003000b000100666c6f77657200009c00' +
    '020008001a000000000528005480240003800500010001000000080002000000000205000300000000000500040000000000' +
    '280055802400038005000100ff00000008000200000000ff05000300000000000500040000000000300003002c0001000900' +
    '010067616374000000001c000280180002000000000000000000020000000000000000000000080016000000000006000800' +
    '08000000',
  gtp:
    'ac0000002c000506a926046b00000000000000000100000000000000f2ffffff080004000b000100666c6f77657200007c00' +
    '020008001a0000000005180054801400048005000100010000000500020009000000180055801400048005000100ff000000' +
    '05000200ff000000300003002c0001000900010067616374000000001c000280180002000000000000000000020000000000' +
    '00000000000008001600000000000600080008000000',
  mpls:
    'b80000002c000506a926046b00000000000000000100000000000000f2ffffff884706000b000100666c6f77657200008800' +
    '0200440063801c00018005000100010000000800050064000000050004000300000024000180050001000200000008000500' +
    '1000000005000300010000000500020005000000300003002c0001000900010067616374000000001c000280180002000000' +
    '00000000000002000000000000000000000008001600000000000600080088470000',
};

const KEY = 'TCA_FLOWER_KEY_';

/** Every flower key with its value or its bytes, whatever it is in; nests are names alone. */
function* keysIn(regions: readonly Region[], bytes: Uint8Array): Generator<string> {
  for (const { name, value, remark, children = [], offset, length } of regions) {
    const isValue = children.length === 0;
    // An attribute that is no nest has its value inside, under the same name.
    if (name.startsWith(KEY) && (isValue || children.every((child) => child.name !== name))) {
      const shown = isValue ? ` ${value ?? Buffer.from(bytes.subarray(offset, offset + length)).toString('hex')}` : '';
      yield `${name.slice(KEY.length)}${shown}${remark === undefined ? '' : ` ! ${remark}`}`;
    }
    yield* keysIn(children, bytes);
  }
}

const told = (bytes: Uint8Array): string[] => [...keysIn(explain(bytes), bytes)];

/** A request for a flower filter with these keys. */
function request(...keys: Uint8Array[]): Uint8Array {
  const behind = [...kind('flower'), ...nest(2, ...keys)];
  const header = fromHex('000000002c0005060100000000000000');
  const bytes = Uint8Array.from([...header, ...fromHex('000000000100000000000000f2ffffff08000100'), ...behind]);
  bytes[0] = bytes.length;
  return bytes;
}

const NESTED = 0x8000;
const options = (type: number, ...inside: Uint8Array[]): Uint8Array =>
  nest(cls.TCA_FLOWER.KEY_ENC_OPTS.type, nest(type | NESTED, ...inside));

describe('explain: flower', () => {
  it('names options of tunnels that tc sent, and their masks', () => {
    expect(told(fromHex(sent.geneve)).slice(2, 10)).to.deep.equal([
      'ENC_OPTS',
      'ENC_OPTS_GENEVE',
      'ENC_OPT_GENEVE_CLASS 0x102',
      'ENC_OPT_GENEVE_TYPE 0x80',
      'ENC_OPT_GENEVE_DATA 11223344',
      'ENC_OPTS_MASK',
      'ENC_OPTS_GENEVE',
      'ENC_OPT_GENEVE_CLASS 0xffff',
    ]);
    expect(told(fromHex(sent.vxlan)).slice(2, 8)).to.deep.equal([
      'ENC_OPTS',
      'ENC_OPTS_VXLAN',
      'ENC_OPT_VXLAN_GBP 0x7',
      'ENC_OPTS_MASK',
      'ENC_OPTS_VXLAN',
      'ENC_OPT_VXLAN_GBP 0xff',
    ]);
    expect(told(fromHex(sent.erspan)).slice(1, 7)).to.deep.equal([
      'ENC_OPTS',
      'ENC_OPTS_ERSPAN',
      'ENC_OPT_ERSPAN_VER 1',
      'ENC_OPT_ERSPAN_INDEX 0x2',
      'ENC_OPT_ERSPAN_DIR 0',
      'ENC_OPT_ERSPAN_HWID 0',
    ]);
    expect(told(fromHex(sent.gtp)).slice(1, 5)).to.deep.equal([
      'ENC_OPTS',
      'ENC_OPTS_GTP',
      'ENC_OPT_GTP_PDU_TYPE 0x1',
      'ENC_OPT_GTP_QFI 9',
    ]);
  });

  it('names options of pfcp', () => {
    const { TYPE, SEID } = cls.TCA_FLOWER_KEY_ENC_OPT_PFCP;
    const seid = attr(SEID.type, fromHex('3412000000000080'));
    const pfcp = options(cls.TCA_FLOWER_KEY_ENC_OPTS.PFCP.type, attr(TYPE.type, Uint8Array.of(1)), seid);
    expect(told(request(pfcp))).to.deep.equal([
      'ENC_OPTS',
      'ENC_OPTS_PFCP',
      'ENC_OPT_PFCP_TYPE 1',
      'ENC_OPT_PFCP_SEID 0x8000000000001234',
    ]);
  });

  it('names the entries of a label stack, of which none overrides another', () => {
    expect(told(fromHex(sent.mpls))).to.deep.equal([
      'MPLS_OPTS',
      'MPLS_OPTS_LSE',
      'MPLS_OPT_LSE_DEPTH 1',
      'MPLS_OPT_LSE_LABEL 100',
      'MPLS_OPT_LSE_TC 3',
      'MPLS_OPTS_LSE',
      'MPLS_OPT_LSE_DEPTH 2',
      'MPLS_OPT_LSE_LABEL 16',
      'MPLS_OPT_LSE_BOS 1',
      'MPLS_OPT_LSE_TTL 5',
      'ETH_TYPE ETH_P_MPLS_UC',
    ]);
  });

  it('takes options of geneve for a list, and those of vxlan for one', () => {
    const data = (...bytes: number[]): Uint8Array =>
      nest(
        cls.TCA_FLOWER_KEY_ENC_OPTS.GENEVE.type,
        attr(cls.TCA_FLOWER_KEY_ENC_OPT_GENEVE.DATA.type, Uint8Array.from(bytes)),
      );
    const list = nest(cls.TCA_FLOWER.KEY_ENC_OPTS.type, data(1, 2, 3, 4), data(5, 6, 7, 8));
    expect(told(request(list)).join(' ')).not.to.contain('overridden');
    const vxlan = nest(cls.TCA_FLOWER_KEY_ENC_OPTS.VXLAN.type, attr(cls.TCA_FLOWER_KEY_ENC_OPT_VXLAN.GBP.type, 1));
    expect(told(request(nest(cls.TCA_FLOWER.KEY_ENC_OPTS.type, vxlan, vxlan))).join(' ')).to.contain('overridden');
  });

  it('names what connectivity fault management is matched by', () => {
    const { MD_LEVEL, OPCODE } = cls.TCA_FLOWER_KEY_CFM_OPT;
    const both = [attr(MD_LEVEL.type, Uint8Array.of(5)), attr(OPCODE.type, Uint8Array.of(3))];
    const cfm = nest(cls.TCA_FLOWER.KEY_CFM.type | NESTED, ...both);
    expect(told(request(cfm))).to.deep.equal(['CFM', 'CFM_MD_LEVEL 5', 'CFM_OPCODE 3']);
  });
});
