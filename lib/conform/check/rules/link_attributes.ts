// net/core/rtnetlink.c do_setlink(), rtnl_create_link(), validate_linkmsg(): attributes of a link that is made or changed.
// Most of what can be refused depends on the device.
import { IFLA, IFLA_6_1, IFLA_INET, IFLA_INET6, IFLA_XDP } from '../../../uapi/linux/if_link.js';
import { IPV4_DEVCONF_MAX } from '../../../uapi/linux/ip.js';
import { AF_INET, AF_INET6 } from '../../../uapi/linux/socket.js';
import { attrs } from '../../../codec/attrs.js';
import type { Attributes } from '../attributes.js';
import { liberally, openly, silently } from '../attributes.js';
import { C } from '../codes.js';
import type { Judge } from '../judge.js';

const { TARGET_NETNSID, NET_NS_PID, NET_NS_FD } = IFLA;
const MAX_QUEUES = 4096;
/** Processes have numbers below this one. */
const PID_MAX_LIMIT = 4 * 1024 * 1024;
const IN6_ADDR_GEN_MODE_RANDOM = 3;

/** The policy of a kernel. */
export const iflaOf = (judge: Judge) => (judge.has('link-ipv4-sizes') ? IFLA : IFLA_6_1);

/** One namespace is named in one way. rtnl_ensure_unique_netns() */
export function checkUniqueNetns(run: Attributes): void {
  const given = [TARGET_NETNSID.type, NET_NS_PID.type, NET_NS_FD.type].filter((type) => run.has(type));
  if (given.length < 2) return;
  const msg = 'multiple netns identifying attributes specified';
  run.judge.deny(
    C.exclusiveAttributes,
    'EINVAL',
    msg,
    run.place(given[1]!),
    'a namespace is named in more than one way',
  );
}

/** An id below 0 is that of no namespace. */
export function checkNetnsId(run: Attributes): void {
  const { judge } = run;
  if (!run.has(TARGET_NETNSID.type)) return;
  judge.may('EINVAL: no namespace has this id');
  const id = (run.u32(TARGET_NETNSID.type) ?? 0) | 0;
  if (id < 0 && judge.has('target-netns'))
    judge.deny(C.badValue, 'EINVAL', undefined, run.place(TARGET_NETNSID.type), `no namespace has the id ${id}`);
}

/** Numbers that no process and no fd has. */
function checkNetnsNumbers(run: Attributes): void {
  const { judge } = run;
  const deny = (type: number, errno: string, text: string): void => {
    judge.deny(C.badValue, errno, undefined, run.place(type), text);
  };
  const [pid, fd] = [run.u32(NET_NS_PID.type), run.u32(NET_NS_FD.type)];
  if (pid !== undefined && (pid === 0 || pid > PID_MAX_LIMIT)) deny(NET_NS_PID.type, 'ESRCH', `no process is ${pid}`);
  else if (pid === undefined && fd !== undefined && (fd | 0) < 0) deny(NET_NS_FD.type, 'EBADF', `no fd is ${fd | 0}`);
}

/** Where a link goes to. */
export function mayLackNetns(run: Attributes): void {
  const { judge } = run;
  if (judge.has('early-netns')) checkNetnsNumbers(run);
  if (run.has(NET_NS_PID.type)) judge.may('ESRCH: there is no such process');
  if (!run.has(NET_NS_FD.type)) return;
  judge.may('EBADF: the fd is not open');
  judge.may('EINVAL: the fd is no namespace');
}

/** A new device has at least one queue each way. */
export function checkQueues(run: Attributes): void {
  const { judge } = run;
  for (const [type, what] of [
    [IFLA.NUM_TX_QUEUES.type, 'transmit'],
    [IFLA.NUM_RX_QUEUES.type, 'receive'],
  ] as const) {
    const count = run.u32(type);
    if (count === undefined || (count >= 1 && count <= MAX_QUEUES)) continue;
    judge.deny(
      C.badValue,
      'EINVAL',
      `Invalid number of ${what} queues`,
      run.place(type),
      `1 to ${MAX_QUEUES} queues, not ${count}`,
    );
  }
}

/** What stands in the way of a change, by attribute. */
const reasons: readonly (readonly [number, readonly string[]])[] = [
  [
    IFLA.ADDRESS.type,
    [
      'EINVAL: the address is too short',
      'EADDRNOTAVAIL: the address is none',
      'EBUSY: the device is up',
      'EOPNOTSUPP: the address cannot be changed',
    ],
  ],
  [IFLA.BROADCAST.type, ['EINVAL: the address is too short']],
  [
    IFLA.MTU.type,
    [
      'EINVAL: mtu less than device minimum',
      'EINVAL: mtu greater than device maximum',
      'EINVAL: the kind has another limit',
    ],
  ],
  [
    IFLA.IFNAME.type,
    ['EEXIST: the name is taken', 'EINVAL: the name is none', 'EBUSY: the device is up', 'ENFILE: no number is left'],
  ],
  [IFLA.ALT_IFNAME.type, ['ENODEV: there is no such device']],
  [IFLA.LINK.type, ['ENODEV: there is no lower device', 'EOPNOTSUPP: the lower device cannot be changed']],
  [
    IFLA.MASTER.type,
    ['EINVAL: there is no such master', 'EOPNOTSUPP: the device is no master', 'EBUSY: the device has a master'],
  ],
  [IFLA.MAP.type, ['EOPNOTSUPP: the device has no map']],
  [IFLA.CARRIER.type, ['EOPNOTSUPP: the carrier cannot be set', 'EINVAL: the device is down']],
  [IFLA.TXQLEN.type, ['ERANGE: the queue is too long', 'ENOMEM: there is no memory for the queue']],
  [IFLA.GSO_MAX_SIZE.type, ['EINVAL: too big gso_max_size']],
  [IFLA.GSO_MAX_SEGS.type, ['EINVAL: too big gso_max_segs']],
  [IFLA.GRO_MAX_SIZE.type, ['EINVAL: too big gro_max_size']],
  [IFLA.GSO_IPV4_MAX_SIZE.type, ['EINVAL: too big gso_ipv4_max_size']],
  [IFLA.GRO_IPV4_MAX_SIZE.type, ['EINVAL: too big gro_ipv4_max_size']],
  [
    IFLA.AF_SPEC.type,
    [
      'EAFNOSUPPORT: the family, or its part of the device, is not there',
      'EINVAL: the family refuses its attributes',
      'ENOTCONN: a family is not there',
      'EINVAL: ipv6: Device is loopback',
      'EINVAL: ipv6: Device does not do neighbour discovery',
      'EINVAL: ipv6: Router advertisement is disabled on device',
    ],
  ],
  [IFLA.VFINFO_LIST.type, ['EINVAL: there is no virtual function', 'EOPNOTSUPP: the device has no virtual functions']],
  [IFLA.VF_PORTS.type, ['EOPNOTSUPP: the device has no virtual functions']],
  [IFLA.PORT_SELF.type, ['EOPNOTSUPP: the device has no virtual functions']],
  [IFLA.PROTO_DOWN.type, ['EOPNOTSUPP: Protodown not supported by device']],
  [IFLA.PROTO_DOWN_REASON.type, ['EOPNOTSUPP: Protodown not supported by device']],
  [
    IFLA.XDP.type,
    ['EINVAL: the XDP program is refused', 'EBADF: the fd is not open', 'EOPNOTSUPP: the device runs no XDP programs'],
  ],
  [IFLA.NET_NS_FD.type, ['EINVAL: the device stays in its namespace']],
  [IFLA.NET_NS_PID.type, ['EINVAL: the device stays in its namespace']],
  [IFLA.NEW_IFINDEX.type, ['EBUSY: the index is taken']],
];

export function mayRefuseChange(run: Attributes): void {
  const { judge } = run;
  // Read late, when much else can have refused the request.
  if (run.ok(IFLA.XDP.type)) judge.perhaps(() => run.nested(IFLA.XDP.type, IFLA_XDP, silently));
  for (const [type, all] of reasons) if (run.has(type)) for (const reason of all) judge.may(reason);
  judge.may('EBUSY: the index is taken');
  judge.may('EINVAL: the device refuses the change');
  judge.may('EADDRNOTAVAIL: the device has no address to come up with');
  judge.may('ENOTCONN: the device is half of a pair');
}

/** Names that a device is never given: others may still be found by them. @see dev_valid_name() */
export function checkNewName(run: Attributes): void {
  const { IFNAME } = IFLA;
  const name = run.string(IFNAME.type) ?? '';
  if (name !== '.' && name !== '..' && !/[/:\t-\r \xa0]/.test(name)) return;
  run.judge.deny(C.badValue, 'EINVAL', undefined, run.place(IFNAME.type), `no device is named '${name}'`);
}

/** Families by number. */
const families = attrs('AF', {}, 45);
/** Settings of IPv4 by number, and numbers that are none. */
const settings = attrs('IPV4_DEVCONF', {}, 255);

function checkInet(spec: Attributes): void {
  const { judge } = spec;
  const inet = spec.nested(AF_INET, IFLA_INET, liberally);
  const { CONF } = IFLA_INET;
  if (!inet.ok(CONF.type)) return;
  const conf = inet.nested(CONF.type, settings, openly);
  for (let type = 1; type <= 255; type++) {
    if (!conf.has(type) || (conf.len(type) >= 4 && type <= IPV4_DEVCONF_MAX)) continue;
    const text = type > IPV4_DEVCONF_MAX ? `there is no setting ${type}` : 'a setting takes 4 bytes';
    judge.deny(C.badValue, 'EINVAL', undefined, conf.place(type), text);
  }
}

function checkInet6(spec: Attributes): void {
  const { judge } = spec;
  const inet6 = spec.nested(AF_INET6, IFLA_INET6, liberally);
  const { TOKEN, ADDR_GEN_MODE } = IFLA_INET6;
  if (!inet6.has(TOKEN.type) && !inet6.has(ADDR_GEN_MODE.type))
    judge.deny(
      C.missingAttribute,
      'EINVAL',
      undefined,
      inet6.whole,
      'neither a token nor a way of making addresses is given',
      inet6,
    );
  const mode = inet6.u8(ADDR_GEN_MODE.type) ?? 0;
  if (mode > IN6_ADDR_GEN_MODE_RANDOM)
    judge.deny(
      C.badValue,
      'EINVAL',
      undefined,
      inet6.place(ADDR_GEN_MODE.type),
      `there is no way ${mode} of making addresses`,
    );
}

/** What the address families are told. */
export function checkAfSpec(run: Attributes): void {
  if (!run.ok(IFLA.AF_SPEC.type)) return;
  const spec = run.nested(IFLA.AF_SPEC.type, families, openly);
  if (spec.has(AF_INET)) checkInet(spec);
  if (spec.has(AF_INET6)) checkInet6(spec);
}
