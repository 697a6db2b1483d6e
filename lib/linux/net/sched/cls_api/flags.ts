// include/net/pkt_cls.h: what every classifier does alike with the flags of a filter and with its input device.
import type { Extack } from '../../../../codec/extack.js';
import type { Nla } from '../../../../codec/nla.js';
import { EINVAL, ENODEV } from '../../../../uapi/asm-generic/errno.js';
import { IFNAMSIZ } from '../../../../uapi/linux/if.js';
import * as P from '../../../../uapi/linux/pkt_cls.js';
import { errno } from '../../../errno.js';
import { nlaStrscpy } from '../../../lib/nlattr.js';
import { devGetByName } from '../../core/dev/table.js';
import type { Net } from '../../core/net_namespace.js';

const SKIP_BOTH = P.TCA_CLS_FLAGS_SKIP_HW | P.TCA_CLS_FLAGS_SKIP_SW;

/**
 * Whether users may give these TCA_CLS_FLAGS_*.
 *
 * @models include/net/pkt_cls.h tc_flags_valid()
 */
export function flagsValid(flags: number): boolean {
  return (flags & ~(SKIP_BOTH | P.TCA_CLS_FLAGS_VERBOSE)) === 0 && (flags & SKIP_BOTH) !== SKIP_BOTH;
}

/**
 * The index of the device that a filter is restricted to.
 *
 * @models include/net/pkt_cls.h tcf_change_indev()
 */
export function changeIndev(net: Net, indev: Nla, extack: Extack): number {
  const name = nlaStrscpy(indev, IFNAMSIZ);
  if (name === undefined) {
    extack.setBad('Interface name too long', indev.off);
    throw errno(EINVAL);
  }
  const dev = devGetByName(net, name);
  if (dev === undefined) {
    extack.setBad('Network device not found', indev.off);
    throw errno(ENODEV);
  }
  return dev.ifindex;
}
