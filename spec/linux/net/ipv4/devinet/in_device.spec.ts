// The IPv4 half of a link, as IFLA_AF_SPEC shows and takes it (observed on 6.18).
import { expect } from 'chai';
import { attrsIn } from '../../../../../lib/codec/nla.js';
import { Machine } from '../../../../../lib/linux/machine.js';
import * as E from '../../../../../lib/uapi/asm-generic/errno.js';
import { IFLA, IFLA_INET } from '../../../../../lib/uapi/linux/if_link.js';
import * as IP from '../../../../../lib/uapi/linux/ip.js';
import { RTM_GETLINK } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { AF_INET } from '../../../../../lib/uapi/linux/socket.js';
import { linkBody, linkMessage, Links, newLink } from '../../core/links.js';

describe('net/ipv4/devinet', () => {
  let links: Links;

  beforeEach(() => {
    links = new Links(new Machine());
    links.add(newLink('i0', 'ifb'));
  });

  /** The sysctls by index, entry 0 unused; undefined without an IPv4 half. */
  function conf(ifi_index: number): number[] | undefined {
    const { tb } = linkMessage(links.client.request(RTM_GETLINK, 0, linkBody({ ifi_index }))[0]!);
    const af = attrsIn(tb.AF_SPEC!).find(({ type }) => type === AF_INET);
    if (af === undefined) return undefined;
    const [nla] = attrsIn(af);
    return [0, ...Array.from({ length: nla!.len / 4 }, (_, i) => nla!.msg.view.getInt32(nla!.start + 4 * i, true))];
  }

  const set = (index: number, value: Uint8Array): number =>
    links.change({ ifi_index: 2 }, (w) => {
      const spec = w.nest(IFLA.AF_SPEC.type);
      const af = w.nest(AF_INET);
      const list = w.nest(IFLA_INET.CONF.type);
      w.putRaw(index, value);
      for (const nest of [list, af, spec]) w.nestEnd(nest);
    });
  const setMtu = (mtu: number): number =>
    links.change({ ifi_index: 2 }, (w) => {
      w.put(IFLA.MTU, mtu);
    });

  it('starts with the defaults of the kernel; lo has no policy', () => {
    expect(conf(2)).to.have.lengthOf(IP.IPV4_DEVCONF_MAX + 1);
    expect(conf(2)![IP.IPV4_DEVCONF_NOPOLICY]).to.equal(0);
    expect(conf(1)![IP.IPV4_DEVCONF_NOPOLICY]).to.equal(1);
  });

  it('is set by index, four bytes at least', () => {
    expect(set(IP.IPV4_DEVCONF_FORWARDING, Uint8Array.of(1, 0, 0, 0))).to.equal(0);
    expect(conf(2)![IP.IPV4_DEVCONF_FORWARDING]).to.equal(1);
    expect(set(IP.IPV4_DEVCONF_FORWARDING, Uint8Array.of(0, 0))).to.equal(E.EINVAL);
    expect(set(IP.IPV4_DEVCONF_MAX + 1, new Uint8Array(4))).to.equal(E.EINVAL);
    expect(set(0, new Uint8Array(4))).to.equal(E.EINVAL);
    expect(conf(2)![IP.IPV4_DEVCONF_FORWARDING]).to.equal(1);
  });

  it('goes below an MTU of 68 and comes back with defaults', () => {
    expect(set(IP.IPV4_DEVCONF_FORWARDING, Uint8Array.of(1, 0, 0, 0))).to.equal(0);
    expect(setMtu(67)).to.equal(0);
    expect(conf(2)).to.equal(undefined);
    expect(set(IP.IPV4_DEVCONF_FORWARDING, new Uint8Array(4))).to.equal(E.EAFNOSUPPORT);
    expect(setMtu(68)).to.equal(0);
    expect(conf(2)![IP.IPV4_DEVCONF_FORWARDING]).to.equal(0);
  });
});
