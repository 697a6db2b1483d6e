// The flower classifier: which keys are looked at and shown, equal filters, masks that a change must keep, refusals,
// handles and dumps. Measured on 6.1 (spec/vectors/sched). Read from the source of 6.18, not measured: the keys after
// L2TPv3, the checked bits of the flags, the attribute that "Missing flags mask" names, and the order of the checks.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as P from '../../../../lib/uapi/linux/pkt_cls.js';
import {
  RTM_DELTFILTER,
  RTM_GETCHAIN,
  RTM_GETTFILTER,
  RTM_NEWCHAIN,
  RTM_NEWTFILTER,
  TCA,
} from '../../../../lib/uapi/linux/rtnetlink.js';
import { ADD, type Answer, attr, Bed, CREATE, EGRESS, type Fields, INGRESS, kind, nest } from './bed.js';

const F = P.TCA_FLOWER;
type Key = Exclude<keyof typeof F, `$${string}`>;
/** Where TCA_OPTIONS starts in an answer: behind KIND and CHAIN. */
const OPTIONS_AT = 56;
/** ETH_P_IP as the lower half of tcm_info has it. */
const IP = 8;

const key = (name: Key, ...bytes: number[]): Uint8Array => attr(F[name].type, Uint8Array.from(bytes));
const ipv4 = key('KEY_ETH_TYPE', 8, 0);
const ipv6 = key('KEY_ETH_TYPE', 0x86, 0xdd);
const vlan = key('KEY_ETH_TYPE', 0x81, 0);
const tcp = key('KEY_IP_PROTO', 6);
const port80 = key('KEY_TCP_DST', 0, 80);
const exactly = key('KEY_TCP_DST_MASK', 255, 255);
const flags = (value: number): Uint8Array => attr(F.FLAGS.type, value);
/** An attribute inside a nest, of one byte. */
const sub = (type: number, byte: number): Uint8Array => attr(type, Uint8Array.of(byte));
const NESTED = 0x8000;
const options = (...inside: Uint8Array[]): Uint8Array => nest(TCA.OPTIONS.type, ...inside);
/** What every answer ends with. */
const end = [flags(P.TCA_CLS_FLAGS_NOT_IN_HW), attr(F.IN_HW_COUNT.type, 0)];

describe('net/sched/cls_flower', () => {
  let bed: Bed;
  const all = { parent: INGRESS, prio: 1, protocol: IP };
  const add = (fields: Fields, flag: number, ...inside: Uint8Array[]): Answer =>
    bed.tc(RTM_NEWTFILTER, flag, { ...all, ...fields }, kind('flower'), options(...inside));
  const ok = (answer: Answer): void => {
    expect(answer.errno, answer.text).to.equal(0);
  };
  const refusal = (answer: Answer, errno: number, text?: string): void => {
    expect([answer.errno, answer.text]).to.deep.equal([errno, text]);
  };
  const handles = (): string[] => bed.filters().map((line) => line.replace(/^.* handle /, ''));
  /** The options of a filter as it answers, after it was made from `inside`. */
  const shown = (...inside: Uint8Array[]): Uint8Array => {
    ok(add({ prio: 9, handle: 1 }, CREATE, ...inside));
    const body = bed.body({ ...all, prio: 9, handle: 1 }, []);
    const reply = bed.client.request(RTM_GETTFILTER, 0, body)[0]!.u8.slice(OPTIONS_AT);
    ok(bed.tc(RTM_DELTFILTER, 0, { ...all, prio: 9 }));
    return reply;
  };

  beforeEach(() => {
    bed = new Bed();
    ok(bed.qdisc('clsact'));
    bed.settle();
  });

  describe('keys', () => {
    it('are all ones where no mask is given, and shown in the order of the kernel', () => {
      const classid = attr(F.CLASSID.type, 0x10001);
      const mac = key('KEY_ETH_DST', 2, 0, 0, 0, 0, 1);
      const macMask = key('KEY_ETH_DST_MASK', 255, 255, 255, 255, 255, 255);
      expect(shown(port80, tcp, ipv4, mac, classid)).to.deep.equal(
        options(classid, mac, macMask, ipv4, tcp, port80, exactly, ...end),
      );
    });

    it('are ignored where the protocols before them do not have them', () => {
      expect(shown(tcp, port80)).to.deep.equal(options(...end));
      expect(shown(ipv4, key('KEY_IP_PROTO', 17), port80)).to.deep.equal(
        options(ipv4, key('KEY_IP_PROTO', 17), ...end),
      );
      expect(shown(ipv4, key('KEY_TCP_DST_MASK', 255, 255))).to.deep.equal(options(ipv4, ...end));
    });

    it('of addresses are those of one family', () => {
      const v4 = [key('KEY_IPV4_SRC', 10, 0, 0, 0), key('KEY_IPV4_SRC_MASK', 255, 0, 0, 0)];
      const v6 = [
        key('KEY_IPV6_DST', ...new Array<number>(16).fill(1)),
        key('KEY_IPV6_DST_MASK', ...new Array<number>(16).fill(255)),
      ];
      expect(shown(ipv6, ...v6)).to.deep.equal(options(ipv6, ...v6, ...end));
      expect(shown(ipv4, ...v6, ...v4)).to.deep.equal(options(ipv4, ...v4, ...end));
    });

    it('of a tag are cut to its bits; the ethertype shown is that of the payload', () => {
      const given = [vlan, key('KEY_VLAN_ID', 0xff, 0xff), key('KEY_VLAN_PRIO', 15), key('KEY_VLAN_ETH_TYPE', 8, 0)];
      const cut = [key('KEY_VLAN_ID', 0xff, 0x0f), key('KEY_VLAN_PRIO', 7), key('KEY_VLAN_ETH_TYPE', 8, 0)];
      expect(shown(...given, tcp)).to.deep.equal(options(ipv4, ...cut, tcp, ...end));
    });

    it('of two tags name the outer one by its ethertype', () => {
      const outer = [vlan, key('KEY_VLAN_ID', 5, 0), key('KEY_VLAN_ETH_TYPE', 0x81, 0)];
      const inner = [key('KEY_CVLAN_ID', 6, 0), key('KEY_CVLAN_ETH_TYPE', 0x86, 0xdd)];
      expect(shown(...outer, ...inner)).to.deep.equal(
        options(ipv6, outer[1]!, inner[0]!, key('KEY_VLAN_ETH_TYPE', 0x81, 0), inner[1]!, ...end),
      );
    });

    it('of fragments need a mask, of which the known bits stay', () => {
      const bits = [key('KEY_FLAGS', 0, 0, 0, 3), key('KEY_FLAGS_MASK', 0, 0, 0, 1)];
      expect(shown(ipv4, ...bits)).to.deep.equal(options(ipv4, key('KEY_FLAGS', 0, 0, 0, 1), bits[1]!, ...end));
      refusal(add({}, ADD, ipv4, bits[0]!), E.EINVAL, 'Missing flags mask');
      refusal(add({}, ADD, ipv4, key('KEY_FLAGS', 0, 0, 0, 4), bits[1]!), E.EINVAL);
    });

    it('of port ranges need both ends, in order', () => {
      const from = key('KEY_PORT_DST_MIN', 0, 80);
      const to = key('KEY_PORT_DST_MAX', 0, 90);
      expect(shown(ipv4, tcp, from, to)).to.deep.equal(options(ipv4, tcp, from, to, ...end));
      refusal(add({}, ADD, ipv4, tcp, to), E.EINVAL, 'Both min and max destination ports must be specified');
      refusal(
        add({}, ADD, ipv4, tcp, to, key('KEY_PORT_DST_MIN', 0, 90)),
        E.EINVAL,
        'Invalid destination port range (min must be strictly smaller than max)',
      );
    });

    it('of a device name one that is there', () => {
      const indev = attr(F.INDEV.type, 'v1');
      expect(shown(indev)).to.deep.equal(options(indev, ...end));
      refusal(add({}, ADD, attr(F.INDEV.type, 'nosuch')), E.ENODEV, 'Network device not found');
    });

    it('of label stacks are entries by depth; the first has attributes of its own where they can say it', () => {
      const mpls = key('KEY_ETH_TYPE', 0x88, 0x47);
      const label = attr(F.KEY_MPLS_LABEL.type, 0xfffff);
      const own = [key('KEY_MPLS_TTL', 64), key('KEY_MPLS_TC', 7), label, key('KEY_MPLS_BOS', 1)];
      expect(shown(mpls, label, own[3]!, own[1]!, own[0]!)).to.deep.equal(options(mpls, ...own, ...end));
      const entry = (...inside: Uint8Array[]): Uint8Array => nest(NESTED | 1, ...inside);
      const list = (...inside: Uint8Array[]): Uint8Array => nest(NESTED | F.KEY_MPLS_OPTS.type, ...inside);
      const second = entry(sub(1, 2), sub(2, 9), sub(3, 0), sub(4, 3), attr(5, 77));
      expect(shown(mpls, list(second))).to.deep.equal(options(mpls, list(second), ...end));
      expect(shown(mpls, list(entry(sub(1, 1), sub(2, 9))))).to.deep.equal(
        options(mpls, key('KEY_MPLS_TTL', 9), ...end),
      );
      expect(shown(mpls, list(entry(sub(1, 1))))).to.deep.equal(options(mpls, list(entry(sub(1, 1))), ...end));
      expect(shown(ipv4, label)).to.deep.equal(options(ipv4, ...end));
      const refused = (...inside: Uint8Array[]): [number, string | undefined] => {
        const { errno, text } = add({}, ADD, mpls, ...inside);
        return [errno, text];
      };
      expect([
        refused(attr(F.KEY_MPLS_LABEL.type, 0x100000)),
        refused(key('KEY_MPLS_TC', 8)),
        refused(key('KEY_MPLS_BOS', 2)),
        refused(list(second), label)[0],
        refused(nest(F.KEY_MPLS_OPTS.type, second))[0],
        refused(list(entry(sub(2, 9)))),
        refused(list(entry(sub(1, 0)))),
        refused(list(entry(sub(1, 8)))),
        refused(list(nest(NESTED | 2, sub(1, 1)))),
      ]).to.deep.equal([
        [E.EINVAL, 'Label must be between 0 and 1048575'],
        [E.EINVAL, 'Traffic Class (TC) must be between 0 and 7'],
        [E.EINVAL, 'Bottom Of Stack (BOS) must be 0 or 1'],
        E.EBADMSG,
        E.EINVAL,
        [E.EINVAL, 'Missing MPLS option "depth"'],
        [E.EINVAL, 'Invalid MPLS depth'],
        [E.EINVAL, 'Invalid MPLS depth'],
        [E.EINVAL, 'Invalid MPLS option type'],
      ]);
    });

    it('of connection tracking contradict themselves, or are taken though nothing tracks', () => {
      const state = (bits: number): Uint8Array => key('KEY_CT_STATE', bits, 0);
      const whole = [state(0b1010), key('KEY_CT_STATE_MASK', 0b1010, 0)];
      const zone = [key('KEY_CT_ZONE', 5, 0), key('KEY_CT_ZONE_MASK', 255, 255)];
      expect(shown(...whole, zone[0]!)).to.deep.equal(options(...whole, ...zone, ...end));
      refusal(add({}, ADD, state(1)), E.EINVAL, 'no trk, so no other flag can be set');
      refusal(add({}, ADD, state(0b1011)), E.EINVAL, 'new and est are mutually exclusive');
      refusal(add({}, ADD, state(0b111000)), E.EINVAL, 'when inv is set, only trk may be set');
      refusal(add({}, ADD, state(0b101001)), E.EINVAL, 'new and rpl are mutually exclusive');
      refusal(add({}, ADD, state(64)), E.EINVAL);
    });

    it('of fault management are a level and an operation', () => {
      const cfm = key('KEY_ETH_TYPE', 0x89, 0x02);
      const both = nest(NESTED | F.KEY_CFM.type, sub(1, 5), sub(2, 3));
      expect(shown(cfm, both)).to.deep.equal(options(cfm, both, ...end));
      expect(shown(ipv4, both)).to.deep.equal(options(ipv4, ...end));
      refusal(add({}, ADD, cfm, nest(NESTED | F.KEY_CFM.type, sub(1, 8))), E.ERANGE, 'integer out of range');
    });

    it('of the flags of a tunnel need a mask', () => {
      const bits = [key('KEY_ENC_FLAGS', 0, 0, 0, 12), key('KEY_ENC_FLAGS_MASK', 0, 0, 0, 4)];
      expect(shown(...bits)).to.deep.equal(options(key('KEY_ENC_FLAGS', 0, 0, 0, 4), bits[1]!, ...end));
      refusal(add({}, ADD, bits[0]!), E.EINVAL, 'Missing flags mask');
    });

    it('after those of 6.1 are skipped there, and so is the check of the flags', () => {
      bed = new Bed({ config: 'rec-6.1-uml' });
      ok(bed.qdisc('clsact'));
      const wild = [key('KEY_FLAGS', 0, 0, 0, 5), key('KEY_FLAGS_MASK', 0, 0, 0, 7)];
      const known = [key('KEY_FLAGS', 0, 0, 0, 1), key('KEY_FLAGS_MASK', 0, 0, 0, 3)];
      expect(shown(key('L2_MISS', 1), ...wild)).to.deep.equal(options(...known, ...end));
    });
  });

  describe('filters', () => {
    it('take the lowest free handle and are dumped by handle', () => {
      ok(add({ handle: 5 }, ADD, ipv4));
      ok(add({}, ADD, ipv4, tcp));
      ok(add({ handle: 0xffffffff }, ADD, ipv6));
      ok(add({ handle: 3 }, ADD, vlan));
      expect(handles()).to.deep.equal(['0', '1', '3', '5', 'ffffffff', 'DONE 0']);
    });

    it('with equal masks and masked values come once a tcf_proto', () => {
      const half = key('KEY_TCP_DST_MASK', 255, 0);
      ok(add({}, ADD, ipv4, tcp, port80, half));
      refusal(add({}, ADD, ipv4, tcp, key('KEY_TCP_DST', 0, 81), half), E.EEXIST);
      ok(add({}, ADD, ipv4, tcp, key('KEY_TCP_DST', 0, 81)));
      ok(add({ prio: 2 }, ADD, ipv4, tcp, port80, half));
      ok(add({ parent: EGRESS }, ADD, ipv4, tcp, port80, half));
    });

    it('keep their mask on change, and may become like another', () => {
      ok(add({}, ADD, ipv4, tcp, port80));
      ok(add({}, ADD, ipv4, tcp, key('KEY_TCP_DST', 0, 81)));
      refusal(add({ handle: 1 }, CREATE, ipv4, tcp), E.EINVAL);
      refusal(add({ handle: 1 }, CREATE, ipv4, tcp, port80, key('KEY_TCP_DST_MASK', 255, 0)), E.EINVAL);
      ok(add({ handle: 1 }, CREATE, ipv4, tcp, key('KEY_TCP_DST', 0, 81)));
      ok(add({}, ADD, ipv4, tcp, port80));
      ok(bed.tc(RTM_DELTFILTER, 0, { ...all, handle: 1 }));
      refusal(add({}, ADD, ipv4, tcp, key('KEY_TCP_DST', 0, 81)), E.EEXIST);
    });

    it('are refused in this order, and a refusal leaves nothing behind', () => {
      ok(add({}, ADD, ipv4));
      const before = bed.objects();
      const nowhere = attr(F.INDEV.type, 'nosuch');
      const actions = nest(F.ACT.type, nest(1, attr(1, 'nosuch')));
      const skipSw = flags(P.TCA_CLS_FLAGS_SKIP_SW);
      refusal(bed.tc(RTM_NEWTFILTER, ADD, all, kind('flower')), E.EINVAL);
      refusal(add({}, ADD, key('KEY_ETH_TYPE', 8), flags(3)), E.ERANGE);
      refusal(add({}, ADD, flags(3), actions), E.EINVAL);
      refusal(add({}, ADD, actions, nowhere), E.ENOENT, 'Failed to load TC action module');
      refusal(add({}, ADD, nowhere, ipv4, skipSw), E.ENODEV, 'Network device not found');
      refusal(add({}, ADD, ipv4, skipSw), E.EEXIST);
      refusal(add({}, ADD, ipv6, skipSw), E.EOPNOTSUPP);
      bed.settle();
      expect(bed.objects()).to.deep.equal(before);
      expect(handles()).to.deep.equal(['0', '1', 'DONE 0']);
    });

    it('free every object after a grace period', () => {
      const before = bed.objects();
      ok(add({}, ADD, ipv4, attr(F.CLASSID.type, 0x10001)));
      ok(add({ handle: 1 }, CREATE, ipv4));
      ok(add({}, ADD, ipv6));
      ok(bed.tc(RTM_DELTFILTER, 0, { ...all, handle: 1 }));
      expect(bed.tc(RTM_DELTFILTER, 0, { ...all, handle: 2 }).events.at(-1)).to.equal('DELCHAIN ffff:0 chain 0');
      bed.settle();
      expect(bed.objects()).to.deep.equal(before);
    });

    it('show little in a terse dump', () => {
      ok(add({}, ADD, ipv4, tcp));
      const terse = attr(TCA.DUMP_FLAGS.type, Uint8Array.of(1, 0, 0, 0, 1, 0, 0, 0));
      const dumped = bed.dump(RTM_GETTFILTER, { parent: INGRESS }, terse);
      expect(dumped.at(-2)).to.equal('NEWTFILTER ffff:fff2 chain 0 prio 1 handle 1');
      expect(dumped.at(-1)).to.equal('DONE 0');
    });
  });

  describe('as the template of a chain', () => {
    const chain = attr(TCA.CHAIN.type, 5);
    const template = (...inside: Uint8Array[]): Answer =>
      bed.tc(RTM_NEWCHAIN, ADD, { parent: INGRESS }, chain, kind('flower'), options(...inside));
    const under = (...inside: Uint8Array[]): Answer =>
      bed.tc(RTM_NEWTFILTER, ADD, all, kind('flower'), chain, options(...inside));

    it('shows kind and keys wherever the chain is shown', () => {
      ok(template(ipv4, tcp));
      const reply = bed.client.request(RTM_GETCHAIN, 0, bed.body({ parent: INGRESS }, [chain]))[0]!;
      expect(reply.u8.slice(36)).to.deep.equal(Uint8Array.from([...chain, ...kind('flower'), ...options(ipv4, tcp)]));
    });

    it('takes filters of its kind that look at nothing more', () => {
      ok(template(ipv4, tcp));
      ok(under(ipv4));
      ok(under(ipv4, tcp));
      refusal(under(ipv4, tcp, port80), E.EINVAL, 'cls_flower: Mask does not fit the template');
      const other = bed.tc(RTM_NEWTFILTER, ADD, { ...all, prio: 2 }, kind('matchall'), chain, options());
      refusal(other, E.EINVAL, 'Chain template is set to a different filter kind');
    });

    it('is refused like a filter, and then there is no chain', () => {
      const before = bed.objects();
      refusal(bed.tc(RTM_NEWCHAIN, ADD, { parent: INGRESS }, chain, kind('flower')), E.EINVAL);
      refusal(template(key('KEY_ETH_TYPE', 8)), E.ERANGE);
      refusal(template(attr(F.INDEV.type, 'nosuch')), E.ENODEV, 'Network device not found');
      expect(bed.objects()).to.deep.equal(before);
    });
  });

  it('does not exist in 4.1', () => {
    const old = new Bed({ version: 'v4.1' });
    expect(old.qdisc('ingress').errno).to.equal(0);
    const fields = { ...all, parent: 0xffff0000 };
    expect(old.tc(RTM_NEWTFILTER, ADD, fields, kind('flower'), options()).errno).to.equal(E.ENOENT);
  });
});
