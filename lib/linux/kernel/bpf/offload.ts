// kernel/bpf/offload.c: programs and maps for the hardware of a device. No device that is modelled has any: those whose
// driver speaks of bpf at all do so for XDP.
import { EINVAL, EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import { errno } from '../../errno.js';
import type { Machine } from '../../machine.js';
import { devGetByIndex } from '../../net/core/dev/table.js';

/** Drivers with an ndo_bpf(). */
const withBpf: ReadonlySet<string | undefined> = new Set(['veth']);

/** Why a device takes nothing. @models kernel/bpf/offload.c bpf_dev_offload_check() */
export function refuseOffload(machine: Machine, ifindex: number): never {
  const dev = devGetByIndex(machine.net, ifindex);
  throw errno(dev === undefined || withBpf.has(dev.linkKind) ? EINVAL : EOPNOTSUPP);
}
