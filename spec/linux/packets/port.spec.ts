// Frames from outside: what `transmit()` and `receive()` tell of their way, against devices and filters made by requests.
import { expect } from 'chai';
import { toHex } from '../../../lib/codec/bytes.js';
import type { Machine } from '../../../lib/linux/machine.js';
import { frameChanges } from '../../../lib/linux/packets/changes.js';
import { verdictJson, verdictName, type PacketsFollowed } from '../../../lib/linux/packets/verdict.js';
import { EINVAL, EMSGSIZE, ENETDOWN } from '../../../lib/uapi/asm-generic/errno.js';
import * as P from '../../../lib/uapi/linux/pkt_cls.js';
import { TC_H_ROOT } from '../../../lib/uapi/linux/pkt_sched.js';
import { ifinfomsg, RTM_NEWLINK, RTM_NEWTCLASS, RTM_NEWTFILTER, TCA } from '../../../lib/uapi/linux/rtnetlink.js';
import { TCA_EGRESS_MIRROR, TCA_INGRESS_REDIR } from '../../../lib/uapi/linux/tc_act/tc_mirred.js';
import { mirred } from '../net/sched/actions.js';
import { ADD, attr, Bed, bpf, CLSACT, EGRESS, INGRESS, kind, nest, ops, PROTO_ALL, V0 } from '../net/sched/bed.js';
import { htb, htbClass, rateOf, tbf } from '../net/sched/shaping.js';

const V1 = 2;
const { TCA_MATCHALL } = P;

/** A frame of 60 bytes for the broadcast address, IPv4 by its type. */
function frame(...bytes: number[]): Uint8Array {
  const made = new Uint8Array(60);
  made.fill(0xff, 0, 6);
  made.set([2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0x10], 6);
  made.set(bytes, 16);
  return made;
}

/** A value of a step; a program is its kind. */
const word = (value: unknown): string =>
  typeof value === 'object' && value !== null && 'kind' in value ? String(value.kind) : String(value);

const steps = ({ path }: PacketsFollowed): string[] =>
  path.map(({ packet, ...rest }) => {
    const told = Object.entries<unknown>(rest).filter(([key]) => key !== 'changed');
    return [packet, ...told.map(([, value]) => word(value))].join(' ');
  });

const ends = ({ destinations }: PacketsFollowed): string[] =>
  destinations.map(({ packet, fate, device, why = '' }) => `${packet} ${fate} ${device} ${why}`.trim());

describe('packets', () => {
  let bed: Bed;
  let machine: Machine;
  const up = (index: number): void => {
    const body = ifinfomsg.bytes({ ifi_index: index, ifi_flags: 1, ifi_change: 1 });
    expect(bed.client.errnoOf(RTM_NEWLINK, 0, body)).to.equal(0);
  };
  const filter = (kindName: string, fields: object, ...options: Uint8Array[]): void => {
    const { errno, text } = bed.tc(RTM_NEWTFILTER, ADD, fields, kind(kindName), ...options);
    expect(errno, text).to.equal(0);
  };
  const at = (ifindex: number, parent: number, prio = 1) => ({ ifindex, parent, prio, protocol: PROTO_ALL });
  const clsact = (ifindex: number): void => {
    expect(bed.qdisc('clsact', { ifindex, parent: CLSACT }).errno).to.equal(0);
  };
  const options = (...inside: Uint8Array[]): Uint8Array => nest(TCA.OPTIONS.type, ...inside);

  beforeEach(() => {
    bed = new Bed();
    ({ machine } = bed);
    up(V0);
    up(V1);
    bed.settle();
  });
  afterEach(() => {
    expect(machine.softnet.skbs.inUse).to.equal(0);
    expect(machine.softnet.trace).to.equal(undefined);
    expect(machine.softnet.skbs.onFree).to.equal(undefined);
  });

  it('there is no device of another name', () => {
    expect(() => machine.device('em7')).to.throw(RangeError, "no device 'em7'");
  });

  it('go from one end of a pair to the protocols of the other', () => {
    const verdict = machine.device('v0').transmit(frame());
    expect(verdict.result).to.equal(0);
    expect(steps(verdict)).to.deep.equal(['0 transmit v0', '0 receive v1', '0 deliver v1']);
    expect(ends(verdict)).to.deep.equal(['0 received v1']);
    expect(verdict.destinations[0]!.frame).to.deep.equal(frame());
    expect(JSON.parse(JSON.stringify(verdictJson(verdict)))).to.deep.include({
      device: 'v0',
      direction: 'transmit',
      result: 0,
      destinations: [{ packet: 0, fate: 'received', device: 'v1', frame: toHex(frame()) }],
    });
  });

  it('of a type nobody wants are unhandled, and arrive all the same', () => {
    const other = frame();
    other.set([0x88, 0xb5], 12);
    const verdict = machine.device('v0').receive(other);
    expect(verdict.result).to.equal(1);
    expect(steps(verdict)).to.deep.equal(['0 receive v0', '0 unhandled v0']);
    expect(ends(verdict)).to.deep.equal(['0 received v0']);
  });

  it('are refused as by a packet socket', () => {
    const v0 = machine.device('v0');
    expect(v0.transmit(new Uint8Array(13)).result).to.equal(-EINVAL);
    expect(v0.receive(new Uint8Array(13)).result).to.equal(-EINVAL);
    expect(v0.transmit(new Uint8Array(1514)).result).to.equal(0);
    expect(v0.transmit(new Uint8Array(1515)).result).to.equal(-EMSGSIZE);
    const tagged = new Uint8Array(1518);
    tagged.set([0x81, 0], 12);
    expect(v0.transmit(tagged).result).to.equal(0);
    expect(machine.device('lo').transmit(frame()).result).to.equal(-ENETDOWN);
    expect(machine.device('lo').receive(frame()).result).to.equal(-ENETDOWN);
  });

  it('tell of the filter, its program and the class', () => {
    clsact(V1);
    const program = ops(0x28, 0, 0, 0, 12, 0, 0, 0, 6, 0, 0, 0, 0x34, 0x12, 1, 0);
    filter('bpf', at(V1, INGRESS), bpf(program));
    const verdict = machine.device('v1').receive(frame());
    expect(steps(verdict)).to.deep.equal([
      '0 receive v1',
      '0 hook ingress v1',
      '0 program filter classic 70196',
      '0 filter bpf 1 0 0x1 TC_ACT_OK 1:1234',
      '0 verdict ingress TC_ACT_OK',
      '0 deliver v1',
    ]);
    expect(verdict.classid).to.equal('1:1234');
    expect(ends(verdict)).to.deep.equal(['0 received v1']);
  });

  it('tell of drops by what programs return', () => {
    clsact(V0);
    const shot = attr(P.TCA_BPF.FLAGS.type, P.TCA_BPF_FLAG_ACT_DIRECT);
    filter('bpf', at(V0, EGRESS), bpf(ops(6, 0, 0, 0, 2, 0, 0, 0), shot));
    const verdict = machine.device('v0').transmit(frame());
    expect(verdict.result).to.equal(1);
    expect(steps(verdict)).to.deep.equal([
      '0 hook egress v0',
      '0 program filter classic 2',
      '0 filter bpf 1 0 0x1 TC_ACT_SHOT',
      '0 verdict egress TC_ACT_SHOT',
    ]);
    expect(ends(verdict)).to.deep.equal(['0 dropped v0 TC_EGRESS']);
  });

  it('follow copies, and what is sent elsewhere', () => {
    clsact(V0);
    const actions = nest(
      TCA_MATCHALL.ACT.type,
      nest(1, ...mirred({ eaction: TCA_EGRESS_MIRROR, ifindex: V1, action: P.TC_ACT_PIPE })),
      nest(2, ...mirred({ eaction: TCA_INGRESS_REDIR, ifindex: V1, action: P.TC_ACT_STOLEN })),
    );
    filter('matchall', at(V0, EGRESS), options(actions));
    const verdict = machine.device('v0').transmit(frame());
    expect(steps(verdict)).to.deep.equal([
      '0 hook egress v0',
      '0 filter matchall 1 0 0x1 TC_ACT_STOLEN',
      '0 action mirred 1 TC_ACT_PIPE',
      '1 transmit v1',
      '0 action mirred 2 TC_ACT_STOLEN',
      '0 verdict egress TC_ACT_STOLEN',
      '1 receive v0',
      '1 hook ingress v0',
      '1 verdict ingress TC_ACT_UNSPEC',
      '1 deliver v0',
      '2 receive v1',
      '2 deliver v1',
    ]);
    expect(ends(verdict)).to.deep.equal(['0 taken v0 TC_ACT_STOLEN', '1 received v0', '2 received v1']);
  });

  it('are the same for many at once, without their way', () => {
    const seen: number[] = [];
    const stop = machine.device('v1').onReceive((got) => seen.push(got.length));
    const results: number[] = [];
    const frames = [frame(), new Uint8Array(5), frame()];
    expect(machine.device('v0').transmitAll(frames, (result) => results.push(result))).to.equal(2);
    expect(results).to.deep.equal([0, -EINVAL, 0]);
    // Its IPv4 header is empty, which the protocol refuses.
    expect(machine.device('v1').receiveAll([frame()])).to.equal(0);
    expect(seen).to.deep.equal([60, 60, 60]);
    stop();
    machine.device('v0').transmit(frame());
    expect(seen).to.have.length(3);
  });

  it('are seen by whoever watches what a driver is given, tags included', () => {
    const seen: Uint8Array[] = [];
    const tagged = frame();
    tagged.set([0x81, 0, 0, 5, 8, 0], 12);
    machine.device('v0').onTransmit((got) => seen.push(got));
    machine.device('v0').receive(frame());
    machine.device('v0').transmit(tagged);
    expect(seen).to.deep.equal([tagged]);
    const [end] = machine.device('v1').receive(tagged).destinations;
    expect(end!.fate).to.equal('received');
  });

  describe('in queues', () => {
    const root = { ifindex: V0, handle: 0x10000, parent: TC_H_ROOT };
    /** Nanoseconds a frame of 60 bytes takes at 125,000 bytes a second. */
    const FRAME_TIME = 480_000;
    /** When which qdisc let something go, after `start`. */
    const dequeued = ({ path }: PacketsFollowed, start: number): string[] =>
      path.flatMap((step) => (step.step === 'dequeue' ? [`${step.qdisc} ${step.handle} ${step.time - start}`] : []));

    it('wait for the bucket of tbf, and are told of when time lets them go', () => {
      const bucket = tbf({ rate: rateOf(125_000), buffer: FRAME_TIME / 64, limit: 1000 });
      expect(bed.qdisc('tbf', root, ADD, bucket).errno).to.equal(0);
      const v0 = machine.device('v0');
      const start = machine.clock.now();
      const first = v0.transmit(frame());
      expect(dequeued(first, start)).to.deep.equal(['tbf 1: 0']);
      expect(ends(first)).to.deep.equal(['0 received v1']);
      const verdicts = [v0.transmit(frame()), v0.transmit(frame())];
      for (const verdict of verdicts) {
        expect(dequeued(verdict, start)).to.deep.equal([]);
        expect(ends(verdict)).to.deep.equal(['0 queued v0 qdisc bfifo 0: of v0']);
      }
      expect(verdicts.map(({ destinations: [end] }) => end!.ticket)).to.deep.equal([1, 2]);
      const early = machine.follow(() => {
        machine.advance(FRAME_TIME - 1);
      });
      expect(early).to.deep.equal({ path: [], destinations: [] });
      const late = machine.follow(() => {
        machine.advance(FRAME_TIME + 1);
      });
      expect(dequeued(late, start)).to.deep.equal([`tbf 1: ${FRAME_TIME}`, `tbf 1: ${2 * FRAME_TIME}`]);
      expect(late.destinations.map(({ ticket, fate, device }) => `${ticket} ${fate} ${device}`)).to.deep.equal([
        '1 received v1',
        '2 received v1',
      ]);
      // The ticket goes with the packet, not with its structure.
      machine.advance(FRAME_TIME);
      expect(v0.transmit(frame()).destinations[0]).not.to.have.property('ticket');
    });

    it('leave htb in the order of their classes, at the times of their rates', () => {
      expect(bed.qdisc('htb', root, ADD, htb({ defcls: 0x20 })).errno).to.equal(0);
      const add = (handle: number, rate: number): void => {
        const options = htbClass({ rate: rateOf(rate), ceil: rateOf(rate), buffer: 1, cbuffer: 1 });
        const fields = { ifindex: V0, handle, parent: 0x10000 };
        expect(bed.tc(RTM_NEWTCLASS, ADD, fields, kind('htb'), options).errno).to.equal(0);
      };
      add(0x10010, 125_000);
      add(0x10020, 62_500);
      const toClass = bpf(ops(6, 0, 0, 0, 0x10, 0, 1, 0));
      expect(
        bed.tc(RTM_NEWTFILTER, ADD, { ...at(V0, 0x10000), protocol: 0x0608 }, kind('bpf'), toClass).errno,
      ).to.equal(0);
      const arp = frame();
      arp.set([8, 6], 12);
      const v0 = machine.device('v0');
      for (let n = 0; n < 4; n++) for (const bytes of [arp, frame()]) v0.transmit(bytes);
      const types: string[] = [];
      const stop = machine.device('v1').onReceive((got) => types.push(got[13] === 6 ? 'arp' : 'ip'));
      const start = machine.clock.now();
      const late = machine.follow(() => {
        machine.advance(1e8);
      });
      stop();
      // A bucket of 64 ns, which is full when the first frame takes its 480,000 (or 960,000) out of it.
      expect(dequeued(late, start)).to.deep.equal(
        [1, 2, 2, 3, 4, 6].map((frames) => `htb 1: ${frames * FRAME_TIME - 64}`),
      );
      expect(types).to.deep.equal(['arp', 'arp', 'ip', 'arp', 'ip', 'ip']);
    });
  });

  it('keep what a socket says of them', () => {
    clsact(V0);
    filter('bpf', at(V0, EGRESS), bpf(ops(0x20, 0, 0, 0, 0x14, 0xf0, 0xff, 0xff, 0x16, 0, 0, 0, 0, 0, 0, 0)));
    const verdict = machine.device('v0').transmit(frame(), { mark: 0x77 });
    const run = verdict.path.find((step) => step.step === 'program');
    expect(run).to.include({ by: 'filter', result: 0x77 });
  });

  describe('changes of frames', () => {
    const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'hex'));

    it('are none, places, or one place where the length changed', () => {
      expect(frameChanges(bytes('0102'), bytes('0102'))).to.deep.equal([]);
      expect(frameChanges(bytes('000102030405060708'), bytes('ff0102030405aa07bb'))).to.deep.equal([
        { at: 0, before: '00', after: 'ff' },
        { at: 6, before: '060708', after: 'aa07bb' },
      ]);
      expect(frameChanges(bytes('01020304'), bytes('0102810000050304'))).to.deep.equal([
        { at: 2, before: '', after: '81000005' },
      ]);
      expect(frameChanges(bytes('0102810000050304'), bytes('01020304'))).to.deep.equal([
        { at: 2, before: '81000005', after: '' },
      ]);
    });
  });

  it('have verdicts by name', () => {
    expect([-1, 0, 2, 9, 0x10000002, 0x20000003, 77].map(verdictName)).to.deep.equal([
      'TC_ACT_UNSPEC',
      'TC_ACT_OK',
      'TC_ACT_SHOT',
      'TC_ACT_CONSUMED',
      'TC_ACT_JUMP 2',
      'TC_ACT_GOTO_CHAIN 3',
      '77',
    ]);
  });
});
