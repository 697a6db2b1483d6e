// mirred on packets, where kernels differ: what it hears of a packet that it takes in, and what becomes of packets whose
// device is gone; and hooks that have no filter. 6.18 and 6.1 as they were recorded (spec/compliance/packets).
import { expect } from 'chai';
import type { KernelVersion } from '../../../../../lib/linux/version.js';
import { devGetByName } from '../../../../../lib/linux/net/core/dev/table.js';
import { RX_DROPPED } from '../../../../../lib/linux/net/core/dev/stats.js';
import { gnet_stats_queue, TCA_STATS } from '../../../../../lib/uapi/linux/gen_stats.js';
import * as P from '../../../../../lib/uapi/linux/pkt_cls.js';
import { ifinfomsg, RTM_DELLINK, RTM_NEWLINK, RTM_NEWTFILTER, TCA } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { TCA_EGRESS_REDIR, TCA_INGRESS_MIRROR } from '../../../../../lib/uapi/linux/tc_act/tc_mirred.js';
import { actionsOf, dumpActions, inside, mirred, table } from '../actions.js';
import { ADD, attr, CLSACT, EGRESS, INGRESS, nest, PROTO_ALL, V0 } from '../bed.js';
import { Traffic } from './traffic.js';

const V1 = 2;
const [IFLA_IFNAME, IFLA_LINKINFO, IFLA_INFO_KIND] = [3, 18, 1];

for (const version of ['v6.1', 'v6.18'] as const satisfies readonly KernelVersion[])
  describe(`net/sched/act_mirred: packets: ${version}`, () => {
    const old = version === 'v6.1';
    let traffic: Traffic;
    beforeEach(() => {
      traffic = new Traffic({ version });
    });
    afterEach(() => {
      traffic.close();
    });

    const filter = (...actions: (readonly Uint8Array[])[]): void => {
      traffic.qdisc('clsact', { parent: CLSACT });
      const acts = table(P.TCA_MATCHALL.ACT.type, ...actions);
      const at = { parent: EGRESS, prio: 1, protocol: PROTO_ALL };
      traffic.request(RTM_NEWTFILTER, at, 'matchall', nest(TCA.OPTIONS.type, acts));
    };
    const overlimits = (): number => {
      const [shown] = actionsOf(dumpActions(traffic.bed, 'mirred')[0]!);
      const queue = inside(shown!.get(P.TCA_ACT.STATS.type)!).get(TCA_STATS.QUEUE.type)!;
      return gnet_stats_queue.get(queue.msg, queue.start).overlimits;
    };
    /** The body of an IPv4 packet whose header is none. */
    const bad: [at: number, value: number][] = [
      [12, 8],
      [13, 0],
      [14, 0x35],
    ];

    it('hears at the way out that the protocol drops a packet only where it is not queued', () => {
      filter(mirred({ eaction: TCA_INGRESS_MIRROR, ifindex: V0, action: P.TC_ACT_PIPE }));
      traffic.send(60, {}, bad);
      expect(overlimits()).to.equal(old ? 1 : 0);
      expect(traffic.take().length, 'the packet itself').to.equal(1);
    });

    it('drops what it was to redirect to a device that is gone, or lets it go on', () => {
      const link = nest(IFLA_LINKINFO, attr(IFLA_INFO_KIND, 'ifb'));
      const request = Uint8Array.from([...ifinfomsg.bytes({}), ...attr(IFLA_IFNAME, 'i0'), ...link]);
      expect(traffic.bed.client.errnoOf(RTM_NEWLINK, ADD, request)).to.equal(0);
      const { ifindex } = devGetByName(traffic.machine.net, 'i0')!;
      filter(mirred({ eaction: TCA_EGRESS_REDIR, ifindex, action: P.TC_ACT_OK }));
      expect(traffic.bed.client.errnoOf(RTM_DELLINK, 0, ifinfomsg.bytes({ ifi_index: ifindex }))).to.equal(0);
      traffic.send(60);
      expect(traffic.take()).to.deep.equal(old ? [] : [0]);
      expect(overlimits()).to.equal(1);
    });

    it('a hook without filters hides from the device that somebody has listened, or does not', () => {
      const dropped = (): number => devGetByName(traffic.machine.net, 'v1')!.stats[RX_DROPPED]!;
      traffic.send(60);
      expect(dropped(), 'no hook').to.equal(0);
      traffic.qdisc('clsact', { ifindex: V1, parent: CLSACT });
      traffic.send(60);
      expect(dropped(), 'a hook').to.equal(old ? 0 : 1);
      const at = { ifindex: V1, parent: INGRESS, prio: 1, protocol: PROTO_ALL };
      traffic.request(RTM_NEWTFILTER, at, 'matchall', nest(TCA.OPTIONS.type, attr(P.TCA_MATCHALL.CLASSID.type, 1)));
      traffic.send(60);
      expect(dropped(), 'a filter').to.equal(old ? 1 : 2);
    });
  });
