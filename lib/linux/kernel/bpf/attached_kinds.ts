// Kinds of programs of described_kinds.ts whose context and helpers depend on where they are to be attached: what differs
// there from the kind as it is written down, by kind and attach type. Measured in the same way.
import * as B from '../../../uapi/linux/bpf.js';

export interface AttachedKind {
  /** Instead of those of the kind; empty: none. */
  readonly access: Readonly<Record<string, string>>;
  readonly more: readonly number[];
  readonly fewer: readonly number[];
}

const none: readonly number[] = [];

export const attachedKinds: ReadonlyMap<number, ReadonlyMap<number, AttachedKind>> = new Map([
  [
    B.BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
    new Map<number, AttachedKind>([
      [B.BPF_CGROUP_INET4_BIND, { access: {}, more: none, fewer: [64] }],
      [
        B.BPF_CGROUP_INET6_BIND,
        {
          access: { r1: '8-27', r2: '8-26', r4: '0 8-36', r8: '8-16 64', w4: '8-24', w8: '8-16' },
          more: none,
          fewer: [64],
        },
      ],
      [
        B.BPF_CGROUP_INET6_CONNECT,
        {
          access: { r1: '8-27', r2: '8-26', r4: '0 8-36', r8: '8-16 64', w4: '8-24', w8: '8-16' },
          more: none,
          fewer: none,
        },
      ],
      [
        B.BPF_CGROUP_UDP4_SENDMSG,
        {
          access: { r1: '4-7 24-27 40-43', r2: '4-6 24-26 40-42', r4: '0-4 24-40', w4: '4 24 40' },
          more: none,
          fewer: [64],
        },
      ],
      [
        B.BPF_CGROUP_UDP6_SENDMSG,
        {
          access: {
            r1: '8-27 44-59',
            r2: '8-26 44-58',
            r4: '0 8-36 44-56',
            r8: '8-16 48 64',
            w4: '8-24 44-56',
            w8: '8-16 48',
          },
          more: none,
          fewer: [64],
        },
      ],
      [B.BPF_CGROUP_UDP4_RECVMSG, { access: {}, more: none, fewer: [64, 186, 187] }],
      [
        B.BPF_CGROUP_UDP6_RECVMSG,
        {
          access: { r1: '8-27', r2: '8-26', r4: '0 8-36', r8: '8-16 64', w4: '8-24', w8: '8-16' },
          more: none,
          fewer: [64, 186, 187],
        },
      ],
      [B.BPF_CGROUP_INET4_GETPEERNAME, { access: {}, more: none, fewer: [64, 186, 187] }],
      [
        B.BPF_CGROUP_INET6_GETPEERNAME,
        {
          access: { r1: '8-27', r2: '8-26', r4: '0 8-36', r8: '8-16 64', w4: '8-24', w8: '8-16' },
          more: none,
          fewer: [64, 186, 187],
        },
      ],
      [B.BPF_CGROUP_INET4_GETSOCKNAME, { access: {}, more: none, fewer: [64, 186, 187] }],
      [
        B.BPF_CGROUP_INET6_GETSOCKNAME,
        {
          access: { r1: '8-27', r2: '8-26', r4: '0 8-36', r8: '8-16 64', w4: '8-24', w8: '8-16' },
          more: none,
          fewer: [64, 186, 187],
        },
      ],
      [
        B.BPF_CGROUP_UNIX_CONNECT,
        { access: { r1: '24-27', r2: '24-26', r4: '0 24-36', w4: '24' }, more: none, fewer: [64] },
      ],
      [
        B.BPF_CGROUP_UNIX_SENDMSG,
        { access: { r1: '24-27', r2: '24-26', r4: '0 24-36', w4: '24' }, more: none, fewer: [64] },
      ],
      [
        B.BPF_CGROUP_UNIX_RECVMSG,
        { access: { r1: '24-27', r2: '24-26', r4: '0 24-36', w4: '24' }, more: none, fewer: [64, 186, 187] },
      ],
      [
        B.BPF_CGROUP_UNIX_GETPEERNAME,
        { access: { r1: '24-27', r2: '24-26', r4: '0 24-36', w4: '24' }, more: none, fewer: [64, 186, 187] },
      ],
      [
        B.BPF_CGROUP_UNIX_GETSOCKNAME,
        { access: { r1: '24-27', r2: '24-26', r4: '0 24-36', w4: '24' }, more: none, fewer: [64, 186, 187] },
      ],
    ]),
  ],
  [
    B.BPF_PROG_TYPE_CGROUP_SOCK,
    new Map<number, AttachedKind>([
      [
        B.BPF_CGROUP_INET4_POST_BIND,
        {
          access: {
            r1: '4 8 12 24-27 44 48-49 52-72 76',
            r2: '4 8 12 24-26 44 48 52-72 76',
            r4: '4-12 24 44-76',
            w4: '',
          },
          more: none,
          fewer: none,
        },
      ],
      [
        B.BPF_CGROUP_INET6_POST_BIND,
        {
          access: { r1: '4 8 12 28-44 48-49 52-72 76', r2: '4 8 12 28-44 48 52-72 76', r4: '4-12 28-76', w4: '' },
          more: none,
          fewer: none,
        },
      ],
    ]),
  ],
  [
    B.BPF_PROG_TYPE_CGROUP_SOCKOPT,
    new Map<number, AttachedKind>([
      [B.BPF_CGROUP_SETSOCKOPT, { access: { r4: '24-32', w4: '24-32' }, more: [49, 57], fewer: none }],
    ]),
  ],
  [
    B.BPF_PROG_TYPE_XDP,
    new Map<number, AttachedKind>([[B.BPF_XDP_DEVMAP, { access: { r4: '0-20' }, more: none, fewer: none }]]),
  ],
]);
