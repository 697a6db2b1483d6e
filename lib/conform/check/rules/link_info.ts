// net/core/rtnetlink.c rtnl_newlink() and drivers/net/: IFLA_LINKINFO, the kind of a link and what the kind is told.
import { IFLA, IFLA_INFO } from '../../../uapi/linux/if_link.js';
import { ETH_ALEN } from '../../../uapi/linux/if_ether.js';
import { ifinfomsg } from '../../../uapi/linux/rtnetlink.js';
import { VETH_INFO } from '../../../uapi/linux/veth.js';
import type { Attributes } from '../attributes.js';
import { liberally, silently, walk } from '../attributes.js';
import { C } from '../codes.js';
import { checkUniqueNetns, iflaOf, mayLackNetns } from './link_attributes.js';

const { LINKINFO, ADDRESS, MTU, IFNAME } = IFLA;
const { KIND, DATA, SLAVE_DATA } = IFLA_INFO;
const ETH_MIN_MTU = 68;
const ETH_MAX_MTU = 0xffff;

/** Kinds of links whose rules are known. */
const ethernet: ReadonlySet<string> = new Set(['veth', 'dummy', 'ifb']);

/** The address of an Ethernet device. */
function checkAddress(run: Attributes, sure: boolean): void {
  const { judge } = run;
  if (!run.ok(ADDRESS.type)) return;
  const length = run.len(ADDRESS.type);
  const at = run.place(ADDRESS.type);
  if (length !== ETH_ALEN) {
    if (sure)
      judge.deny(C.badAddressLength, 'EINVAL', undefined, at, `an address has ${ETH_ALEN} bytes, not ${length}`);
    else judge.may('EINVAL: the address has another length');
    return;
  }
  const { u8 } = judge;
  const start = run.start(ADDRESS.type);
  const zero = u8.subarray(start, start + length).every((byte) => byte === 0);
  if (!zero && (u8[start]! & 1) === 0) return;
  const text = zero ? 'the address is all zero' : 'the address is one of a group';
  if (sure) judge.deny(C.badValue, 'EADDRNOTAVAIL', undefined, at, text);
  else judge.may('EADDRNOTAVAIL: the address is none');
}

function checkMtu(run: Attributes, sure: boolean): void {
  const { judge } = run;
  const mtu = run.u32(MTU.type);
  if (mtu === undefined || (mtu >= ETH_MIN_MTU && mtu <= ETH_MAX_MTU)) return;
  if (sure)
    judge.deny(
      C.badValue,
      'EINVAL',
      undefined,
      run.place(MTU.type),
      `a veth has an MTU of ${ETH_MIN_MTU} to ${ETH_MAX_MTU}`,
    );
  else judge.may('EINVAL: the kind has another limit');
}

function checkVeth(run: Attributes, info: Attributes, sure: boolean): void {
  const data = info.ok(DATA.type) ? info.nested(DATA.type, VETH_INFO, liberally) : undefined;
  checkAddress(run, sure);
  checkMtu(run, sure);
  if (data?.ok(VETH_INFO.PEER.type) === true) checkPeer(data, sure);
}

/** The other end of a pair: a link message within. */
function checkPeer(data: Attributes, sure: boolean): void {
  const { judge } = data;
  const type = VETH_INFO.PEER.type;
  const start = data.start(type);
  const ifindex = judge.view.getInt32(start + ifinfomsg.offsetof.ifi_index, true);
  if (ifindex < 0 && judge.has('negative-ifindex'))
    judge.refuse({
      code: C.noSuchIndex,
      errno: 'EINVAL',
      msg: "ifindex can't be negative",
      at: data.place(type),
      text: `no device has the index ${ifindex}`,
      bad: data.off(type),
    });
  judge.may('EBUSY: the index of the peer is taken');
  const peer = walk(judge, iflaOf(judge), start + ifinfomsg.size, data.end(type), data.pathOf(type), liberally);
  checkAddress(peer, sure);
  checkMtu(peer, sure);
  if (peer.has(IFNAME.type)) judge.may('EEXIST: the name of the peer is taken');
  checkUniqueNetns(peer);
  mayLackNetns(peer);
}

/** IFLA_LINKINFO of a request that makes or changes a link, and what is in it; `sure` = it makes one, or is refused. */
export function checkLinkInfo(run: Attributes, sure: boolean): Attributes | undefined {
  if (!run.ok(LINKINFO.type)) return undefined;
  const { judge } = run;
  const info = run.nested(LINKINFO.type, IFLA_INFO, silently);
  const kind = info.string(KIND.type);
  if (info.has(DATA.type) || info.has(SLAVE_DATA.type)) judge.may('EOPNOTSUPP: the kind takes no changes');
  if (kind === undefined) return info;
  judge.may('EOPNOTSUPP: Unknown device type');
  if (kind === 'veth') checkVeth(run, info, sure);
  else if (ethernet.has(kind)) checkAddress(run, sure);
  else judge.may('EINVAL: the kind refuses its data');
  return info;
}
