// net/ipv6/addrconf.c inet6_dump_ifinfo(): links as IPv6 sees them, what `ip -6` lists first.
import { EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { IFLA } from '../../../../uapi/linux/if_link.js';
import { IF_OPER_DOWN } from '../../../../uapi/linux/if.js';
import { NLM_F_MULTI, NLMSG_HDRLEN } from '../../../../uapi/linux/netlink.js';
import { ifinfomsg, RTM_NEWLINK } from '../../../../uapi/linux/rtnetlink.js';
import { AF_INET6 } from '../../../../uapi/linux/socket.js';
import { refuse } from '../../../errno.js';
import { devGetFlags } from '../../core/dev/flags.js';
import { devGetIflink } from '../../core/link_watch.js';
import type { NetDevice } from '../../core/net_device.js';
import type { DumpEntry, RtnlRequest } from '../../core/rtnetlink.js';
import type { MessageWriter } from '../../netlink/message.js';
import { inet6FillLinkAf } from './inet6_dev.js';

/** @models net/ipv6/addrconf.c inet6_valid_dump_ifinfo() */
function checkStrict({ msg, extack }: RtnlRequest): void {
  const end = NLMSG_HDRLEN + ifinfomsg.size;
  if (msg.length < end) refuse(extack, EINVAL, 'ipv6: Invalid header for link dump request');
  if (msg.length > end) refuse(extack, EINVAL, 'ipv6: Invalid data after header');
  const ifm = ifinfomsg.get(msg, NLMSG_HDRLEN);
  if (ifm.__ifi_pad !== 0 || ifm.ifi_type !== 0 || ifm.ifi_index !== 0 || ifm.ifi_flags !== 0 || ifm.ifi_change !== 0)
    refuse(extack, EINVAL, 'ipv6: Invalid values in header for dump request');
}

/** @models net/ipv6/addrconf.c inet6_fill_ifinfo() */
function fillIfinfo(skb: MessageWriter, dev: NetDevice, { seq, portid }: RtnlRequest): void {
  const start = skb.begin(RTM_NEWLINK, NLM_F_MULTI, seq, portid, ifinfomsg.size);
  ifinfomsg.set(skb.buffer, start + NLMSG_HDRLEN, {
    ...{ ifi_family: AF_INET6, __ifi_pad: 0, ifi_change: 0 },
    ifi_type: dev.type,
    ifi_index: dev.ifindex,
    ifi_flags: devGetFlags(dev),
  });
  skb.put(IFLA.IFNAME, dev.name);
  if (dev.addrLen > 0) skb.putRaw(IFLA.ADDRESS.type, dev.address);
  skb.putU32(IFLA.MTU.type, dev.mtu);
  const iflink = devGetIflink(dev);
  if (iflink !== dev.ifindex) skb.putU32(IFLA.LINK.type, iflink);
  skb.buffer.u8[skb.reserveAttr(IFLA.OPERSTATE.type, 1)] = dev.running ? dev.operstate : IF_OPER_DOWN;
  const nest = skb.nest(IFLA.PROTINFO.type);
  inet6FillLinkAf(skb, dev, 0);
  skb.nestEnd(nest);
  skb.end(start);
}

/** @models net/ipv6/addrconf.c inet6_dump_ifinfo() */
export function* inet6DumpIfinfo(request: RtnlRequest): Iterable<DumpEntry> {
  if (request.strict) checkStrict(request);
  for (const dev of request.net.devices.toSorted((a, b) => a.ifindex - b.ifindex))
    if (dev.inet6 !== undefined)
      yield (skb) => {
        fillIfinfo(skb, dev, request);
      };
}
