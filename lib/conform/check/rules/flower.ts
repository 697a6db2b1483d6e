// net/sched/cls_flower.c fl_set_key(): which keys of a flower filter need each other, as far as it refuses.
import { ETH_P_IP, ETH_P_IPV6 } from '../../../uapi/linux/if_ether.js';
import * as P from '../../../uapi/linux/pkt_cls.js';
import type { Attributes } from '../attributes.js';
import { C } from '../codes.js';
import { checkIndev } from './classifiers.js';

const T = P.TCA_FLOWER;
/** Protocols whose ports are looked at. */
const TRANSPORTS: ReadonlySet<number> = new Set([6, 17, 132]);
const IPPROTO_ESP = 50;
const IPPROTO_AH = 51;

const be16 = (run: Attributes, type: number): number | undefined =>
  run.ok(type) && run.len(type) >= 2 ? run.judge.view.getUint16(run.start(type)) : undefined;

const isIp = (run: Attributes): boolean => {
  const ethertype = be16(run, T.KEY_ETH_TYPE.type);
  return ethertype === ETH_P_IP || ethertype === ETH_P_IPV6;
};

function checkRange(run: Attributes, sure: boolean, min: number, max: number, which: string): void {
  const { judge } = run;
  const msg = `Both min and max ${which} ports must be specified`;
  if (run.has(min) !== run.has(max) && !sure) judge.may(`EINVAL: ${msg}`);
  else if (run.has(min) !== run.has(max)) {
    const at = run.place(run.has(min) ? min : max);
    judge.deny(C.missingAttribute, 'EINVAL', msg, at, `the other end of the range of ${which} ports is missing`, run);
  }
}

function checkOrder(run: Attributes, min: number, max: number, which: string): void {
  const least = be16(run, min);
  const greatest = be16(run, max);
  if (least === undefined || greatest === undefined || greatest > least) return;
  run.judge.refuse({
    code: C.badValue,
    errno: 'EINVAL',
    msg: `Invalid ${which} port range (min must be strictly smaller than max)`,
    at: run.place(min),
    text: `ports ${least} to ${greatest} are no range`,
    bad: run.off(min),
  });
}

/** Ranges of ports are looked at where the packet is known to have ports; tags and sessions may hide that. */
function checkPorts(run: Attributes): void {
  const proto = run.u8(T.KEY_IP_PROTO.type);
  const sure = proto !== undefined && TRANSPORTS.has(proto) && isIp(run);
  checkRange(run, sure, T.KEY_PORT_DST_MIN.type, T.KEY_PORT_DST_MAX.type, 'destination');
  checkRange(run, sure, T.KEY_PORT_SRC_MIN.type, T.KEY_PORT_SRC_MAX.type, 'source');
  if (!sure) return;
  checkOrder(run, T.KEY_PORT_DST_MIN.type, T.KEY_PORT_DST_MAX.type, 'destination');
  checkOrder(run, T.KEY_PORT_SRC_MIN.type, T.KEY_PORT_SRC_MAX.type, 'source');
}

function checkSpi(run: Attributes): void {
  const { judge } = run;
  if (!run.has(T.KEY_SPI.type)) return;
  const proto = isIp(run) ? run.u8(T.KEY_IP_PROTO.type) : undefined;
  if (proto === IPPROTO_ESP || proto === IPPROTO_AH) return;
  if (run.has(T.KEY_VLAN_ETH_TYPE.type) || run.has(T.KEY_CVLAN_ETH_TYPE.type))
    judge.may('EINVAL: Protocol must be either ESP or AH');
  else
    judge.deny(
      C.badValue,
      'EINVAL',
      'Protocol must be either ESP or AH',
      run.place(T.KEY_SPI.type),
      'a security index needs the protocol ESP or AH',
    );
}

/** The keys, in the order in which the kernel reads them. */
export function checkFlower(run: Attributes): void {
  const { judge } = run;
  checkIndev(run, T.INDEV.type);
  checkPorts(run);
  checkSpi(run);
  judge.may('EINVAL: a key of the filter is refused');
  if (!run.has(T.KEY_FLAGS.type) || run.has(T.KEY_FLAGS_MASK.type)) return;
  const named = judge.has('flower-later-keys');
  judge.refuse({
    code: C.missingAttribute,
    errno: 'EINVAL',
    msg: 'Missing flags mask',
    at: run.place(T.KEY_FLAGS.type),
    text: 'TCA_FLOWER_KEY_FLAGS needs TCA_FLOWER_KEY_FLAGS_MASK',
    within: run,
    ...(named ? { missType: T.KEY_FLAGS_MASK.type, missNest: run.from - 4 } : {}),
  });
}
