// net/core/rtnetlink.c validate_linkmsg(): what is checked of the attributes of any link request once the device, or
// the one that is to be, is known.
import type { Extack } from '../../../../codec/extack.js';
import { attrsIn } from '../../../../codec/nla.js';
import { EAFNOSUPPORT, EINVAL } from '../../../../uapi/asm-generic/errno.js';
import { AF_INET, AF_INET6 } from '../../../../uapi/linux/socket.js';
import { errno, refuse } from '../../../errno.js';
import { inetValidateLinkAf } from '../../ipv4/devinet/in_device.js';
import { inet6ValidateLinkAf } from '../../ipv6/addrconf/inet6_dev.js';
import type { NetDevice } from '../net_device.js';
import { GRO_MAX_SIZE, GSO_MAX_SEGS } from '../net_device.js';
import type { IflaTable } from './ops.js';

function checkSegmentation(dev: NetDevice, tb: IflaTable, extack: Extack): void {
  const limits = [
    ['gso_max_size', tb.GSO_MAX_SIZE, dev.tsoMaxSize],
    ['gso_max_segs', tb.GSO_MAX_SEGS, Math.min(GSO_MAX_SEGS, dev.tsoMaxSegs)],
    ['gro_max_size', tb.GRO_MAX_SIZE, GRO_MAX_SIZE],
    ['gso_ipv4_max_size', tb.GSO_IPV4_MAX_SIZE, dev.tsoMaxSize],
    ['gro_ipv4_max_size', tb.GRO_IPV4_MAX_SIZE, GRO_MAX_SIZE],
  ] as const;
  for (const [name, value, max] of limits)
    if (value !== undefined && value > max) refuse(extack, EINVAL, `too big ${name}`);
}

/** @models net/core/rtnetlink.c validate_linkmsg() */
export function validateLinkmsg(dev: NetDevice, tb: IflaTable, extack: Extack): void {
  if (tb.ADDRESS !== undefined && tb.ADDRESS.length < dev.addrLen) throw errno(EINVAL);
  if (tb.BROADCAST !== undefined && tb.BROADCAST.length < dev.addrLen) throw errno(EINVAL);
  if (dev.net.machine.has('ifla-limit-texts')) checkSegmentation(dev, tb, extack);
  for (const af of tb.AF_SPEC === undefined ? [] : attrsIn(tb.AF_SPEC)) {
    if (af.type === AF_INET) inetValidateLinkAf(dev, af, extack);
    else if (af.type === AF_INET6 && dev.net.machine.config.ipv6) inet6ValidateLinkAf(dev, af, extack);
    else throw errno(EAFNOSUPPORT);
  }
}
