// net/ethtool/ioctl.c: SIOCETHTOOL, of which programs that capture packets ask whether the link is there, what the device does to
// packets by itself, and who can tell the time of a packet. Called by core/dev_ioctl.ts; everything else is a gap.
import { Bytes } from '../../../codec/bytes.js';
import { EFAULT, EOPNOTSUPP } from '../../../uapi/asm-generic/errno.js';
import * as T from '../../../uapi/linux/ethtool.js';
import { IFR_IFRU } from '../../../uapi/linux/if.js';
import { errno, ModelGap } from '../../errno.js';
import type { Task } from '../../kernel/task.js';
import { userAddress } from '../../kernel/user_memory.js';
import type { NetDevice } from '../core/net_device.js';

/** @models net/ethtool/ioctl.c __ethtool_get_link() */
function link(dev: NetDevice): Uint8Array {
  if (dev.ops.reportsLink === undefined) throw errno(EOPNOTSUPP);
  const up = dev.running && (dev.ops.reportsLink === 'always' || dev.carrier);
  return T.ethtool_value.bytes({ cmd: T.ETHTOOL_GLINK, data: up ? 1 : 0 });
}

/** Nobody but software can. @models net/ethtool/common.c __ethtool_get_ts_info() */
function timestamping(dev: NetDevice): Uint8Array {
  const received = T.SOF_TIMESTAMPING_RX_SOFTWARE | T.SOF_TIMESTAMPING_SOFTWARE;
  const so_timestamping = dev.ops.stampsSent === true ? received | T.SOF_TIMESTAMPING_TX_SOFTWARE : received;
  return T.ethtool_ts_info.bytes({ cmd: T.ETHTOOL_GET_TS_INFO, so_timestamping, phc_index: -1 });
}

/** The features that are asked for one by one. @models net/ethtool/ioctl.c ethtool_get_one_feature() */
function oneFeature({ ops: { offloads } }: NetDevice, cmd: number): Uint8Array {
  if (offloads === undefined || cmd === T.ETHTOOL_GUFO) throw errno(EOPNOTSUPP);
  const { rxcsum, gro, flags } = offloads;
  const received = cmd === T.ETHTOOL_GRXCSUM ? rxcsum : cmd !== T.ETHTOOL_GGRO || gro;
  return T.ethtool_value.bytes({ cmd, data: cmd === T.ETHTOOL_GFLAGS ? flags : Number(received) });
}

const features: ReadonlySet<number> = new Set([
  T.ETHTOOL_GRXCSUM,
  T.ETHTOOL_GTXCSUM,
  T.ETHTOOL_GSG,
  T.ETHTOOL_GTSO,
  T.ETHTOOL_GUFO,
  T.ETHTOOL_GGSO,
  T.ETHTOOL_GFLAGS,
  T.ETHTOOL_GGRO,
]);

function answer(dev: NetDevice, cmd: number): Uint8Array {
  if (cmd === T.ETHTOOL_GLINK) return link(dev);
  if (cmd === T.ETHTOOL_GET_TS_INFO) return timestamping(dev);
  if (features.has(cmd)) return oneFeature(dev, cmd);
  throw new ModelGap(`ethtool command ${cmd}`);
}

/**
 * What stands where `ifreq` points is the command, and becomes the answer. Refusals throw.
 *
 * @models net/ethtool/ioctl.c dev_ethtool()
 */
export function devEthtool(task: Task, device: () => NetDevice, ifreq: Bytes): void {
  const at = userAddress(ifreq.view, IFR_IFRU);
  const given = task.memory.read(at, 4);
  if (given === undefined) throw errno(EFAULT);
  const cmd = new Bytes(given).view.getUint32(0, true);
  if (!task.memory.write(at, answer(device(), cmd))) throw errno(EFAULT);
}
