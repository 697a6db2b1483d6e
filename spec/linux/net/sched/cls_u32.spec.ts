// The u32 classifier: handles of tables and filters, links, what a change keeps, refusals in their order, deletion,
// dumps, and who holds a table. The answers are those recorded on 6.18 in spec/vectors/sched.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_ECHO } from '../../../../lib/uapi/linux/netlink.js';
import * as P from '../../../../lib/uapi/linux/pkt_cls.js';
import { RTM_DELTFILTER, RTM_GETTFILTER, RTM_NEWTFILTER, TCA } from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, type Answer, attr, Bed, CREATE, EGRESS, type Fields, INGRESS, kind, nest, PROTO_ALL } from './bed.js';

const { TCA_U32 } = P;
const ROOT = 0x80000000;
const TABLE = 0x80100000;
/** Where TCA_OPTIONS starts in an answer: behind KIND and CHAIN. */
const OPTIONS_AT = 52;

/** A selector of `nkeys` keys that are all zero. */
function sel(nkeys = 1, rest = 0): Uint8Array {
  const bytes = new Uint8Array(P.tc_u32_sel.size + nkeys * P.tc_u32_key.size + rest);
  bytes[P.tc_u32_sel.offsetof.nkeys] = nkeys;
  return attr(TCA_U32.SEL.type, bytes);
}

const options = (...inside: Uint8Array[]): Uint8Array => nest(TCA.OPTIONS.type, ...inside);
const hash = (handle: number): Uint8Array => attr(TCA_U32.HASH.type, handle);
const link = (handle: number): Uint8Array => attr(TCA_U32.LINK.type, handle);
const divisor = (buckets: number): Uint8Array => attr(TCA_U32.DIVISOR.type, buckets);
const flags = (value: number): Uint8Array => attr(TCA_U32.FLAGS.type, value);
const classid = (value: number): Uint8Array => attr(TCA_U32.CLASSID.type, value);

describe('net/sched/cls_u32', () => {
  let bed: Bed;
  const all = { parent: INGRESS, prio: 1, protocol: PROTO_ALL };

  /** RTM_NEWTFILTER with these options. */
  const add = (fields: Fields, flag: number, ...inside: Uint8Array[]): Answer =>
    bed.tc(RTM_NEWTFILTER, flag, { ...all, ...fields }, kind('u32'), options(...inside));
  const del = (fields: Fields): Answer => bed.tc(RTM_DELTFILTER, 0, { ...all, ...fields });
  const handles = (fields: Fields = {}): string[] =>
    bed.dump(RTM_GETTFILTER, { parent: INGRESS, ...fields }).map((line) => line.replace(/^.* handle /, ''));
  const ok = (answer: Answer): void => {
    expect(answer.errno, answer.text).to.equal(0);
  };
  const refusal = (answer: Answer, errno: number, text?: string): void => {
    expect([answer.errno, answer.text]).to.deep.equal([errno, text && `cls_u32: ${text}`]);
  };

  beforeEach(() => {
    bed = new Bed({ config: 'rec-6.18' });
    ok(bed.qdisc('clsact'));
    bed.settle();
  });

  describe('handles', () => {
    it('begin at 800::800 and take the lowest free node', () => {
      for (let i = 0; i < 3; i++) ok(add({}, ADD, sel()));
      ok(del({ handle: 0x80000801 }));
      ok(add({}, ADD, sel()));
      expect(handles()).to.deep.equal(['0', '80000000', '80000800', '80000801', '80000802', 'DONE 0']);
    });

    it('are exactly what is asked for, in order of nodes', () => {
      for (const handle of [5, 0x80000003, 0xfff]) ok(add({ handle }, ADD, sel()));
      expect(handles()).to.deep.equal(['0', '80000000', '80000003', '80000005', '80000fff', 'DONE 0']);
    });

    it('go below 800 when those above are taken, until none is left', () => {
      for (let i = 0; i < 0xfff; i++) ok(add({}, ADD, sel(0)));
      refusal(add({}, ADD, sel(0)), E.ENOSPC, 'Hash table node ID pool exhausted');
      ok(del({ handle: 0x80000001 }));
      expect(add({}, ADD, sel(0)).events).to.deep.equal(['NEWTFILTER ffff:fff2 chain 0 prio 1 handle 80000001']);
    });

    it('take the bucket from the hash, not from the handle', () => {
      ok(add({}, ADD, divisor(4)));
      ok(add({ handle: TABLE | 0x2001 }, ADD, sel(), hash(TABLE | 0x3000)));
      refusal(add({ handle: TABLE | 0x2001 }, ADD, sel(), hash(TABLE | 0x3000)), E.ENOSPC);
      expect(handles()).to.deep.equal(['0', '80100000', '80103001', '80000000', 'DONE 0']);
    });

    it('of tables count on, and a table of the same number may come twice', () => {
      ok(add({ prio: 2 }, ADD, sel()));
      ok(add({ prio: 2 }, ADD, divisor(1)));
      ok(add({}, ADD, divisor(1)));
      ok(del({ prio: 2, handle: TABLE }));
      ok(add({ handle: 0x80400000 }, ADD, divisor(2)));
      expect(add({}, ADD, divisor(8)).events[0]).to.contain('handle 80400000');
      expect(handles().slice(0, 5)).to.deep.equal(['0', '80400000', '80400000', '80300000', '80200000']);
    });
  });

  it('makes only a root table without options', () => {
    const answer = bed.tc(RTM_NEWTFILTER, ADD, all, kind('u32'));
    expect(answer.events).to.deep.equal(['NEWCHAIN ffff:0 chain 0', 'NEWTFILTER ffff:fff2 chain 0 prio 1 handle 0']);
    expect(handles()).to.deep.equal(['0', '80000000', 'DONE 0']);
    refusal(
      bed.tc(RTM_NEWTFILTER, ADD, { ...all, handle: 1 }, kind('u32')),
      E.EINVAL,
      'Filter handle requires options',
    );
  });

  it('refuses in this order, and a refusal leaves nothing behind', () => {
    ok(add({}, ADD, sel()));
    ok(add({}, ADD, divisor(2)));
    const before = bed.objects();
    refusal(add({}, ADD, flags(3), divisor(3)), E.EINVAL, 'Invalid filter flags');
    refusal(add({}, ADD, flags(4)), E.EINVAL, 'Invalid filter flags');
    refusal(add({ handle: 1 }, ADD, divisor(3)), E.EINVAL, 'Divisor is not a power of 2');
    refusal(add({ handle: 1 }, ADD, divisor(512)), E.EINVAL, 'Exceeded maximum 256 hash buckets');
    refusal(add({ handle: 1 }, ADD, divisor(1)), E.EINVAL, 'Divisor can only be used on a hash table');
    refusal(add({}, ADD, divisor(1), flags(P.TCA_CLS_FLAGS_SKIP_SW)), E.EINVAL);
    refusal(add({}, ADD, hash(0x90000000)), E.EINVAL, 'Specified hash table not found');
    refusal(add({}, ADD, hash(ROOT | 0x1000)), E.EINVAL, 'Specified hash table buckets exceed configured value');
    refusal(add({ handle: 0x90000001 }, ADD), E.EINVAL, 'Handle specified hash table address mismatch');
    refusal(add({}, ADD), E.EINVAL, 'Selector not specified');
    refusal(add({}, ADD, attr(TCA_U32.SEL.type, Uint8Array.of(0, 0, 1, ...new Uint8Array(28)))), E.EINVAL);
    refusal(add({}, ADD, sel(), link(TABLE | 1)), E.EINVAL, 'u32 Link handle must be a hash table');
    refusal(add({}, ADD, sel(), link(0x90000000)), E.EINVAL, 'Link hash table not found');
    refusal(add({}, ADD, sel(), link(ROOT)), E.EINVAL, 'Not linking to root node');
    const nowhere = add({}, ADD, sel(), attr(TCA_U32.INDEV.type, 'nosuch'), link(ROOT));
    expect([nowhere.errno, nowhere.text]).to.deep.equal([E.EINVAL, 'Network device not found']);
    refusal(add({ handle: TABLE }, CREATE, sel()), E.EINVAL, 'Key node id cannot be zero');
    refusal(add({ handle: 0x80000800 }, CREATE, flags(1)), E.EINVAL, 'Key node flags do not match passed flags');
    bed.settle();
    expect(bed.objects()).to.deep.equal(before);
    expect(handles()).to.deep.equal(['0', '80100000', '80000000', '80000800', 'DONE 0']);
  });

  it('accepts a filter that no hardware takes and that software must skip', () => {
    ok(add({}, ADD, sel(), flags(P.TCA_CLS_FLAGS_SKIP_SW)));
  });

  it('unmakes the tcf_proto whose first filter is refused', () => {
    const before = bed.objects();
    refusal(add({}, ADD), E.EINVAL, 'Selector not specified');
    expect(bed.objects()).to.deep.equal(before);
  });

  describe('a change', () => {
    const TARGET = 0x80000800;
    const shown = (): Uint8Array => {
      const reply = bed.client.request(RTM_GETTFILTER, 0, bed.body({ ...all, handle: TARGET }, []))[0]!;
      return reply.u8.slice(OPTIONS_AT);
    };

    it('keeps keys, link and device, but not the class', () => {
      ok(add({}, ADD, divisor(1)));
      ok(add({}, ADD, sel(2), link(TABLE), classid(0x10001), attr(TCA_U32.INDEV.type, 'v1')));
      ok(add({ handle: TARGET }, CREATE, sel(1)));
      const kept = options(sel(2), hash(ROOT), link(TABLE), flags(8), attr(TCA_U32.INDEV.type, 'v1'));
      expect(shown()).to.deep.equal(kept);
      ok(add({ handle: TARGET }, CREATE, link(0), classid(0x10002)));
      expect(shown()).to.deep.equal(
        options(sel(2), hash(ROOT), classid(0x10002), flags(8), attr(TCA_U32.INDEV.type, 'v1')),
      );
    });

    it('tells of the filter as it was', () => {
      ok(add({}, ADD, sel(), classid(0x10001)));
      const body = bed.body({ ...all, handle: TARGET }, [kind('u32'), options(classid(0x10002))]);
      const echo = bed.client.request(RTM_NEWTFILTER, CREATE | NLM_F_ECHO, body)[0]!;
      expect(echo.u8.slice(OPTIONS_AT)).to.deep.equal(options(sel(), hash(ROOT), classid(0x10001), flags(8)));
      expect(shown()).to.deep.equal(options(sel(), hash(ROOT), classid(0x10002), flags(8)));
    });

    it('holds the table it links to, not the one before', () => {
      ok(add({}, ADD, divisor(1)));
      ok(add({}, ADD, divisor(1)));
      ok(add({}, ADD, sel(), link(TABLE)));
      refusal(del({ handle: TABLE }), E.EBUSY, 'Can not delete in-use filter');
      ok(add({ handle: TARGET }, CREATE, link(0x80200000)));
      refusal(del({ handle: TABLE }), E.EBUSY, 'Can not delete in-use filter');
      bed.settle();
      ok(del({ handle: TABLE }));
      refusal(del({ handle: 0x80200000 }), E.EBUSY, 'Can not delete in-use filter');
    });
  });

  describe('deletion', () => {
    it('of the last filter takes the tcf_proto, tables and all', () => {
      ok(add({}, ADD, divisor(1)));
      ok(add({}, ADD, sel()));
      const events = del({ handle: 0x80000800 }).events;
      expect(events).to.deep.equal(['DELTFILTER ffff:fff2 chain 0 prio 1 handle 80000800', 'DELCHAIN ffff:0 chain 0']);
      expect(handles()).to.deep.equal(['DONE 0']);
    });

    it('of one filter leaves the tcf_proto when another priority has u32 filters', () => {
      ok(add({}, ADD, sel()));
      ok(add({ prio: 2 }, ADD, sel()));
      ok(del({ handle: 0x80000800 }));
      expect(handles()).to.deep.equal(['0', '80000000', '0', '80100000', '80100800', 'DONE 0']);
    });

    it('of a root table is refused, of another takes its filters', () => {
      ok(add({}, ADD, sel()));
      ok(add({}, ADD, divisor(4)));
      ok(add({}, ADD, sel(), hash(TABLE | 0x2000)));
      refusal(del({ handle: ROOT }), E.EINVAL, 'Not allowed to delete root node');
      refusal(del({ handle: P.TC_U32_ROOT }), E.EINVAL, 'Not allowed to delete root node');
      ok(del({ handle: TABLE }));
      expect(handles()).to.deep.equal(['0', '80000000', '80000800', 'DONE 0']);
    });

    it('of a priority leaves its tables to the others', () => {
      ok(add({}, ADD, divisor(4)));
      ok(add({ prio: 2 }, ADD, sel(), hash(TABLE)));
      ok(del({}));
      expect(handles()).to.deep.equal(['0', '80200000', 'DONE 0']);
      ok(add({ prio: 2 }, ADD, sel(), link(TABLE)));
      refusal(del({ prio: 2, handle: TABLE }), E.EBUSY, 'Can not delete in-use filter');
      ok(add({}, ADD, sel()));
      expect(handles().slice(0, 5)).to.deep.equal(['0', '80300000', '80300800', '80100000', '80100800']);
    });

    it('of everything frees every object after a grace period', () => {
      const before = bed.objects();
      ok(add({}, ADD, divisor(4)));
      ok(add({ prio: 2 }, ADD, sel(), link(TABLE)));
      ok(add({ parent: EGRESS }, ADD, sel(), hash(TABLE), link(TABLE)));
      ok(del({ prio: 0, protocol: 0 }));
      ok(del({ prio: 0, protocol: 0, parent: EGRESS }));
      bed.settle();
      expect(bed.objects()).to.deep.equal(before);
    });

    it('of the device frees every object', () => {
      const empty = new Bed();
      ok(add({}, ADD, divisor(4)));
      ok(add({}, ADD, sel(), link(TABLE)));
      for (const each of [bed, empty]) {
        each.removeLinks();
        each.settle();
      }
      expect(bed.objects()).to.deep.equal(empty.objects());
    });
  });

  it('has the tables of both sides of clsact in common, and dumps them by priority', () => {
    ok(add({}, ADD, sel()));
    ok(add({ parent: EGRESS }, ADD, sel()));
    const both = ['0', '80100000', '80100800', '80000000', '80000800', 'DONE 0'];
    expect(handles()).to.deep.equal(both);
    expect(handles({ parent: EGRESS })).to.deep.equal(both);
  });

  it('shows nothing more in a terse dump, which fails', () => {
    ok(add({}, ADD, sel()));
    const terse = attr(TCA.DUMP_FLAGS.type, Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0));
    const dumped = bed.dump(RTM_GETTFILTER, { parent: INGRESS }, terse);
    expect(dumped).to.deep.equal(['NEWTFILTER ffff:fff2 chain 0 prio 1 handle 0', `DONE ${-E.EMSGSIZE}`]);
  });

  it('runs out of tables', () => {
    for (let i = 0; i < 0x7fe; i++) ok(add({}, ADD, divisor(1)));
    expect(add({}, ADD, divisor(1)).errno).to.equal(E.ENOMEM);
    const before = bed.objects();
    expect(add({ prio: 2 }, ADD, sel()).errno).to.equal(E.ENOMEM);
    expect(bed.objects()).to.deep.equal(before);
  });

  it('counts hits and looks at marks where the kernel was built so', () => {
    bed = new Bed({ config: 'rec-6.1-uml' });
    ok(bed.qdisc('clsact'));
    const mark = attr(TCA_U32.MARK.type, Uint8Array.of(1, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0));
    ok(add({}, ADD, sel(), mark));
    const reply = bed.client.request(RTM_GETTFILTER, 0, bed.body({ ...all, handle: 0x80000800 }, []))[0]!;
    const cleared = attr(TCA_U32.MARK.type, Uint8Array.of(1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0));
    const counters = attr(TCA_U32.PCNT.type, new Uint8Array(24));
    const expected = options(sel(), hash(ROOT), flags(8), cleared, counters);
    expect(reply.u8.slice(OPTIONS_AT)).to.deep.equal(expected);
  });

  it('of 4.1 is not modelled, and says so', () => {
    const gaps: string[] = [];
    const old = new Bed({ version: 'v4.1', onGap: (what) => gaps.push(what) });
    expect(old.qdisc('ingress').errno).to.equal(0);
    const before = old.objects();
    const fields = { ...all, parent: 0xffff0000 };
    expect(old.tc(RTM_NEWTFILTER, ADD, fields, kind('u32'), options(sel())).errno).to.equal(E.EOPNOTSUPP);
    expect(gaps).to.deep.equal(['u32 filters of 4.1']);
    expect(old.objects()).to.deep.equal(before);
  });
});
