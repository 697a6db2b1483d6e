// include/net/ipv6.h: what kind of address it is, how far it reaches, whether two share a prefix. Addresses are sixteen
// bytes in network order.
import { RT_SCOPE_HOST, RT_SCOPE_LINK, RT_SCOPE_SITE, RT_SCOPE_UNIVERSE } from '../../../uapi/linux/route.js';

export const IPV6_ADDR_SCOPE_NODELOCAL = 0x01;
export const IPV6_ADDR_SCOPE_LINKLOCAL = 0x02;
export const IPV6_ADDR_SCOPE_SITELOCAL = 0x05;
export const IPV6_ADDR_SCOPE_GLOBAL = 0x0e;
/** IFA_HOST, IFA_LINK, IFA_SITE as bits of an address type. */
export const IFA_HOST = 0x10;
export const IFA_LINK = 0x20;
export const IFA_SITE = 0x40;

export const in6addrAny = new Uint8Array(16);
export const in6addrLoopback = Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);

/** @models include/net/ipv6.h ipv6_addr_equal() */
export const ipv6AddrEqual = (a: Uint8Array, b: Uint8Array): boolean => a.every((byte, i) => byte === b[i]);

/** @models include/net/ipv6.h ipv6_addr_any() */
export const ipv6AddrAny = (address: Uint8Array): boolean => ipv6AddrEqual(address, in6addrAny);

/** @models include/net/addrconf.h ipv6_addr_loopback() */
export const ipv6AddrLoopback = (address: Uint8Array): boolean => ipv6AddrEqual(address, in6addrLoopback);

/** @models include/net/ipv6.h ipv6_addr_is_multicast() */
export const ipv6AddrIsMulticast = (address: Uint8Array): boolean => address[0] === 0xff;

const isLinklocal = (address: Uint8Array): boolean => address[0] === 0xfe && (address[1]! & 0xc0) === 0x80;
const isSitelocal = (address: Uint8Array): boolean => address[0] === 0xfe && (address[1]! & 0xc0) === 0xc0;

/** Scope as a number that grows with the reach. @models include/net/ipv6.h ipv6_addr_src_scope() */
export function ipv6AddrSrcScope(address: Uint8Array): number {
  if (ipv6AddrIsMulticast(address)) return address[1]! & 0x0f;
  if (isLinklocal(address) || ipv6AddrLoopback(address)) return IPV6_ADDR_SCOPE_LINKLOCAL;
  return isSitelocal(address) ? IPV6_ADDR_SCOPE_SITELOCAL : IPV6_ADDR_SCOPE_GLOBAL;
}

const ofMulticast: Readonly<Record<number, number>> = { 1: RT_SCOPE_HOST, 2: RT_SCOPE_LINK, 5: RT_SCOPE_SITE };

/** RT_SCOPE_* of an address. @models net/ipv6/addrconf.c rt_scope() */
export function rtScope(address: Uint8Array): number {
  if (ipv6AddrIsMulticast(address)) return ofMulticast[address[1]! & 0x0f] ?? RT_SCOPE_UNIVERSE;
  if (ipv6AddrLoopback(address)) return RT_SCOPE_HOST;
  if (isLinklocal(address)) return RT_SCOPE_LINK;
  return isSitelocal(address) ? RT_SCOPE_SITE : RT_SCOPE_UNIVERSE;
}

/** Leading bits that are the same. @models include/net/ipv6.h ipv6_addr_diff() */
export function ipv6AddrDiff(a: Uint8Array, b: Uint8Array): number {
  const at = a.findIndex((byte, i) => byte !== b[i]);
  return at < 0 ? 128 : 8 * at + Math.clz32(a[at]! ^ b[at]!) - 24;
}

/** @models include/net/ipv6.h ipv6_prefix_equal() */
export const ipv6PrefixEqual = (a: Uint8Array, b: Uint8Array, length: number): boolean => ipv6AddrDiff(a, b) >= length;

/** The first `length` bits, the others 0. @models include/net/ipv6.h ipv6_addr_prefix() */
export function ipv6AddrPrefix(address: Uint8Array, length: number): Uint8Array {
  return address.map((byte, i) => byte & (0xff00 >> Math.min(8, Math.max(0, length - 8 * i))));
}
