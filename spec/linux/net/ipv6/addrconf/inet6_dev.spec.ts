// The IPv6 half of a link, as IFLA_AF_SPEC shows and takes it (observed on 6.18).
import { expect } from 'chai';
import { toHex } from '../../../../../lib/codec/bytes.js';
import { NL_VALIDATE_LIBERAL, parseNested } from '../../../../../lib/codec/parse.js';
import { attrsIn } from '../../../../../lib/codec/nla.js';
import type { Writer } from '../../../../../lib/codec/writer.js';
import { configs } from '../../../../../lib/linux/config.js';
import { Machine } from '../../../../../lib/linux/machine.js';
import * as E from '../../../../../lib/uapi/asm-generic/errno.js';
import { IFLA, IFLA_INET6 } from '../../../../../lib/uapi/linux/if_link.js';
import { RTM_GETLINK, RTM_NEWLINK } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { NETLINK_EXT_ACK } from '../../../../../lib/uapi/linux/netlink.js';
import { AF_INET6 } from '../../../../../lib/uapi/linux/socket.js';
import { linkBody, linkMessage, Links, newLink, newVeth } from '../../core/links.js';

const token = Uint8Array.from({ length: 16 }, (_, i) => i + 1);

const inet6 =
  (fill: (w: Writer) => void) =>
  (w: Writer): void => {
    const spec = w.nest(IFLA.AF_SPEC.type);
    const af = w.nest(AF_INET6);
    fill(w);
    w.nestEnd(af);
    w.nestEnd(spec);
  };

const setToken = inet6((w) => {
  w.put(IFLA_INET6.TOKEN, token);
});

describe('net/ipv6/addrconf', () => {
  let links: Links;

  beforeEach(() => {
    links = new Links(new Machine());
    links.add(newVeth('v0', 'v1'));
    links.add(newLink('i0', 'ifb'));
  });

  function shown(ifi_index: number): { flags: number; token: string; mode: number } | undefined {
    const { tb } = linkMessage(links.client.request(RTM_GETLINK, 0, linkBody({ ifi_index }))[0]!);
    const af = attrsIn(tb.AF_SPEC!).find(({ type }) => type === AF_INET6);
    if (af === undefined) return undefined;
    const { $nla } = parseNested(IFLA_INET6, af, NL_VALIDATE_LIBERAL, undefined);
    const at = (type: number): NonNullable<(typeof $nla)[number]> => $nla[type]!;
    return { flags: at(1).u32(), token: toHex(at(7).bytes()), mode: at(8).u8() };
  }

  it('keeps only the interface identifier of a token', () => {
    expect(links.change({ ifi_index: 3 }, setToken)).to.equal(0);
    expect(shown(3)!.token).to.equal('0000000000000000090a0b0c0d0e0f10');
    expect(shown(2)!.token).to.equal('0'.repeat(32));
  });

  for (const [ifi_index, dev, text] of [
    [1, 'lo', 'ipv6: Device is loopback'],
    [4, 'i0', 'ipv6: Device does not do neighbour discovery'],
  ] as const)
    it(`refuses a token for ${dev}`, () => {
      links.client.setOption(NETLINK_EXT_ACK, 1);
      const [refusal] = links.client.request(RTM_NEWLINK, 0, linkBody({ ifi_index }, setToken));
      expect(refusal!.view.getInt32(16, true)).to.equal(-E.EINVAL);
      expect(Buffer.from(refusal!.u8).toString('latin1')).to.include(`${text}\0`);
    });

  it('takes the modes that need no secret', () => {
    const errnos = [0, 1, 2, 3, 4].map((mode) =>
      links.change(
        { ifi_index: 3 },
        inet6((w) => {
          w.put(IFLA_INET6.ADDR_GEN_MODE, mode);
        }),
      ),
    );
    expect(errnos).to.deep.equal([0, 0, E.EINVAL, 0, E.EINVAL]);
    expect(shown(3)!.mode).to.equal(3);
    expect(links.change({ ifi_index: 3 }, inet6(() => {}))).to.equal(E.EINVAL); // prettier-ignore
  });

  it('goes below an MTU of 1280 and comes back as new, except on lo', () => {
    const setMtu = (ifi_index: number, mtu: number): void => {
      expect(links.change({ ifi_index }, (w) => { w.put(IFLA.MTU, mtu); })).to.equal(0); // prettier-ignore
    };
    expect(links.change({ ifi_index: 3 }, setToken)).to.equal(0);
    for (const ifindex of [1, 3]) setMtu(ifindex, 1279);
    expect(shown(3)).to.equal(undefined);
    expect(shown(1)).to.not.equal(undefined);
    expect(links.change({ ifi_index: 3 }, setToken)).to.equal(E.EAFNOSUPPORT);
    setMtu(3, 1280);
    expect(shown(3)!.token).to.equal('0'.repeat(32));
  });

  it('is ready on a link with a carrier, when enabled', () => {
    links = new Links(new Machine({ config: { ...configs['full']!, disableIpv6: false } }));
    links.add(newVeth('v0', 'v1'));
    links.up(3);
    expect(shown(3)!.flags).to.equal(0);
    links.up(2);
    links.machine.runDue();
    expect([shown(2)!.flags, shown(3)!.flags]).to.deep.equal([0x80000000, 0x80000000]);
    links.up(2, false);
    expect(shown(2)!.flags).to.equal(0);
  });

  it('is not there at all in kernels built without it', () => {
    links = new Links(new Machine({ config: 'rec-6.1-uml' }));
    links.add(newVeth('v0', 'v1'));
    expect(shown(3)).to.equal(undefined);
    expect(links.change({ ifi_index: 3 }, setToken)).to.equal(E.EAFNOSUPPORT);
  });
});
