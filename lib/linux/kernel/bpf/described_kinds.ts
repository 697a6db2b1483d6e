// Kinds of programs that are not for packets in tc: what each may read and write of its context, which of that are pointers,
// and which helpers it has beside those of every kind. They load and are described; the model never runs one. All of it was
// measured on Linux 6.18.44, x86-64, by programs of one access or one call: for each size, read (r) and written (w), the
// offsets at which a program loads, multiples of the size.
import * as B from '../../../uapi/linux/bpf.js';
import * as T from './type_flags.js';

export interface DescribedKind {
  /** `r4: '0-16 24'`: loads of four bytes at 0, 4, 8, 12, 16 and 24. */
  readonly access: Readonly<Record<string, string>>;
  /** PTR_TO_* of what a load gives, by offset; other loads give numbers. */
  readonly pointers: Readonly<Record<number, number>>;
  /** Ids. */
  readonly helpers: readonly number[];
}

export const describedKinds: ReadonlyMap<number, DescribedKind> = new Map([
  [
    B.BPF_PROG_TYPE_KPROBE,
    {
      access: { r1: '0-167', r2: '0-166', r4: '0-164', r8: '0-160' },
      pointers: {},
      helpers: [4, 25, 27, 45, 67, 173, 174],
    },
  ],
  [
    B.BPF_PROG_TYPE_TRACEPOINT,
    {
      access: { r1: '8-8191', r2: '8-8190', r4: '8-8188', r8: '8-8184' },
      pointers: {},
      helpers: [4, 25, 27, 45, 67, 173, 174],
    },
  ],
  [
    B.BPF_PROG_TYPE_XDP,
    {
      access: { r4: '0-16' },
      pointers: { 0: T.PTR_TO_PACKET, 4: T.PTR_TO_PACKET_END, 8: T.PTR_TO_PACKET_META },
      helpers: [
        23, 25, 28, 44, 51, 54, 65, 69, 84, 85, 86, 99, 100, 110, 136, 137, 138, 139, 140, 160, 163, 178, 188, 189, 190,
        196, 204, 205, 206, 207,
      ],
    },
  ],
  [
    B.BPF_PROG_TYPE_PERF_EVENT,
    {
      access: { r1: '168-183', r2: '168-182', r4: '168-180', r8: '0-176' },
      pointers: {},
      helpers: [4, 25, 27, 45, 56, 67, 119, 173, 174],
    },
  ],
  [
    B.BPF_PROG_TYPE_CGROUP_SKB,
    {
      access: {
        r1: '0-71 84-91 132-139 164-167 176-179',
        r2: '0-70 84-90 132-138 164-166 176-178',
        r4: '0-68 76-136 164 176',
        r8: '48-56 152 168 184',
        w1: '48-67',
        w2: '48-66',
        w4: '8 32 48-64',
        w8: '48-56 152',
      },
      pointers: { 76: T.PTR_TO_PACKET, 80: T.PTR_TO_PACKET_END, 168: T.PTR_TO_SOCK_COMMON_OR_NULL },
      helpers: [
        25, 26, 46, 47, 68, 79, 81, 83, 84, 85, 86, 95, 96, 97, 98, 99, 107, 108, 122, 128, 129, 136, 137, 138, 139,
        140, 160, 178, 196,
      ],
    },
  ],
  [
    B.BPF_PROG_TYPE_CGROUP_SOCK,
    {
      access: { r1: '4 8 12 48-49 52-72 76', r2: '4 8 12 48 52-72 76', r4: '0-20 48-76', w4: '0 16-20' },
      pointers: {},
      helpers: [25, 46, 81, 107, 122, 160, 186, 187],
    },
  ],
  [
    B.BPF_PROG_TYPE_LWT_IN,
    {
      access: {
        r1: '0-71 84-87 164-167 176-179',
        r2: '0-70 84-86 164-166 176-178',
        r4: '0-68 76-84 164 176',
        r8: '48-56 168',
        w1: '48-67',
        w2: '48-66',
        w4: '8 32 48-64',
        w8: '48-56',
      },
      pointers: { 76: T.PTR_TO_PACKET, 80: T.PTR_TO_PACKET_END, 168: T.PTR_TO_SOCK_COMMON_OR_NULL },
      helpers: [24, 25, 26, 28, 33, 34, 39, 73, 136, 137, 138, 139, 140, 160, 178, 196],
    },
  ],
  [
    B.BPF_PROG_TYPE_LWT_OUT,
    {
      access: {
        r1: '0-71 84-87 164-167 176-179',
        r2: '0-70 84-86 164-166 176-178',
        r4: '0-68 76-84 164 176',
        r8: '48-56 168',
        w1: '48-67',
        w2: '48-66',
        w4: '8 32 48-64',
        w8: '48-56',
      },
      pointers: { 76: T.PTR_TO_PACKET, 80: T.PTR_TO_PACKET_END, 168: T.PTR_TO_SOCK_COMMON_OR_NULL },
      helpers: [24, 25, 26, 28, 33, 34, 39, 136, 137, 138, 139, 140, 160, 178, 196],
    },
  ],
  [
    B.BPF_PROG_TYPE_LWT_XMIT,
    {
      access: {
        r1: '0-71 84-87 164-167 176-179',
        r2: '0-70 84-86 164-166 176-178',
        r4: '0-68 76-84 164 176',
        r8: '48-56 168',
        w1: '48-67',
        w2: '48-66',
        w4: '8 32 48-64',
        w8: '48-56',
      },
      pointers: { 76: T.PTR_TO_PACKET, 80: T.PTR_TO_PACKET_END, 168: T.PTR_TO_SOCK_COMMON_OR_NULL },
      helpers: [
        9, 10, 11, 13, 20, 21, 23, 24, 25, 26, 28, 29, 30, 33, 34, 38, 39, 40, 41, 43, 73, 135, 136, 137, 138, 139, 140,
        160, 178, 196,
      ],
    },
  ],
  [
    B.BPF_PROG_TYPE_SOCK_OPS,
    {
      access: { r1: '212', r2: '212', r4: '0-164 208-212', r8: '168-200 216', w4: '4 164' },
      pointers: { 184: T.PTR_TO_SOCKET_OR_NULL, 192: T.PTR_TO_PACKET, 200: T.PTR_TO_PACKET_END },
      helpers: [
        25, 46, 49, 53, 57, 59, 70, 81, 96, 107, 108, 122, 136, 137, 138, 139, 140, 142, 143, 144, 160, 178, 196,
      ],
    },
  ],
  [
    B.BPF_PROG_TYPE_SK_SKB,
    {
      access: {
        r1: '0-7 12-71 84-91 132-139 164-167 176-179',
        r2: '0-6 12-70 84-90 132-138 164-166 176-178',
        r4: '0-4 12-68 76-136 164 176',
        r8: '48-56 168',
        w4: '32 44',
      },
      pointers: { 76: T.PTR_TO_PACKET, 80: T.PTR_TO_PACKET_END, 168: T.PTR_TO_SOCK_COMMON_OR_NULL },
      helpers: [9, 25, 26, 38, 39, 43, 46, 47, 50, 52, 72, 84, 85, 86, 99, 136, 137, 138, 139, 140, 160, 178, 196],
    },
  ],
  [
    B.BPF_PROG_TYPE_CGROUP_DEVICE,
    {
      access: { r1: '0-3', r2: '0-2', r4: '0-8' },
      pointers: {},
      helpers: [25, 81, 186, 187],
    },
  ],
  [
    B.BPF_PROG_TYPE_SK_MSG,
    {
      access: { r4: '16-68', r8: '0-8 72' },
      pointers: { 0: T.PTR_TO_PACKET, 8: T.PTR_TO_PACKET_END, 72: T.PTR_TO_SOCKET },
      helpers: [25, 60, 61, 62, 63, 71, 90, 91, 107, 108, 122, 136, 137, 138, 139, 140, 160, 178, 196],
    },
  ],
  [
    B.BPF_PROG_TYPE_RAW_TRACEPOINT,
    {
      access: { r1: '0-95', r2: '0-94', r4: '0-92', r8: '0-88' },
      pointers: {},
      helpers: [4, 25, 27, 45, 67, 173, 174],
    },
  ],
  [
    B.BPF_PROG_TYPE_CGROUP_SOCK_ADDR,
    {
      access: { r1: '4-7 24-27', r2: '4-6 24-26', r4: '0-4 24-36', r8: '64', w4: '4 24' },
      pointers: { 64: T.PTR_TO_SOCKET },
      helpers: [
        25, 46, 49, 57, 64, 81, 84, 85, 86, 99, 107, 108, 122, 136, 137, 138, 139, 140, 160, 178, 186, 187, 196,
      ],
    },
  ],
  [
    B.BPF_PROG_TYPE_LWT_SEG6LOCAL,
    {
      access: {
        r1: '0-71 84-87 164-167 176-179',
        r2: '0-70 84-86 164-166 176-178',
        r4: '0-68 76-84 164 176',
        r8: '48-56 168',
        w1: '48-67',
        w2: '48-66',
        w4: '8 32 48-64',
        w8: '48-56',
      },
      pointers: { 76: T.PTR_TO_PACKET, 80: T.PTR_TO_PACKET_END, 168: T.PTR_TO_SOCK_COMMON_OR_NULL },
      helpers: [24, 25, 26, 28, 33, 34, 39, 74, 75, 76, 136, 137, 138, 139, 140, 160, 178, 196],
    },
  ],
  [
    B.BPF_PROG_TYPE_SK_REUSEPORT,
    {
      access: { r1: '16-19 24-31', r2: '16-30', r4: '16-32', r8: '0-8 40-48' },
      pointers: { 0: T.PTR_TO_PACKET, 8: T.PTR_TO_PACKET_END, 40: T.PTR_TO_SOCKET, 48: T.PTR_TO_SOCK_COMMON_OR_NULL },
      helpers: [26, 46, 68, 82, 160],
    },
  ],
  [
    B.BPF_PROG_TYPE_FLOW_DISSECTOR,
    {
      access: { r4: '76-80', r8: '144' },
      pointers: { 76: T.PTR_TO_PACKET, 80: T.PTR_TO_PACKET_END, 144: T.PTR_TO_FLOW_KEYS },
      helpers: [26, 136, 137, 138, 139, 140, 160, 178, 196],
    },
  ],
  [
    B.BPF_PROG_TYPE_CGROUP_SYSCTL,
    {
      access: { r1: '0-7', r2: '0-6', r4: '0-4', w4: '4' },
      pointers: {},
      helpers: [25, 81, 101, 102, 103, 104, 160, 186, 187],
    },
  ],
  [
    B.BPF_PROG_TYPE_RAW_TRACEPOINT_WRITABLE,
    {
      access: { r1: '1-95', r2: '2-94', r4: '4-92', r8: '0-88' },
      pointers: { 0: T.PTR_TO_TP_BUFFER },
      helpers: [4, 25, 27, 45, 67, 173, 174],
    },
  ],
  [
    B.BPF_PROG_TYPE_CGROUP_SOCKOPT,
    {
      access: { r4: '24-36', r8: '0-16', w4: '32-36' },
      pointers: { 0: T.PTR_TO_SOCKET, 8: T.PTR_TO_PACKET, 16: T.PTR_TO_PACKET_END },
      helpers: [25, 81, 96, 107, 108, 122, 186, 187],
    },
  ],
  [
    B.BPF_PROG_TYPE_SK_LOOKUP,
    {
      access: { r1: '8-67', r2: '8-66', r4: '8-64', r8: '0' },
      pointers: { 0: T.PTR_TO_SOCKET_OR_NULL },
      helpers: [25, 86, 124, 136, 137, 138, 139, 140, 160, 178, 196],
    },
  ],
  [
    B.BPF_PROG_TYPE_SYSCALL,
    {
      access: {
        r1: '0-65534',
        r2: '0-65534',
        r4: '0-65532',
        r8: '0-65528',
        w1: '0-65534',
        w2: '0-65534',
        w4: '0-65532',
        w8: '0-65528',
      },
      pointers: {},
      helpers: [
        4, 25, 27, 45, 46, 67, 107, 108, 111, 121, 136, 137, 138, 139, 140, 147, 162, 166, 167, 168, 173, 178, 179, 188,
        196,
      ],
    },
  ],
]);
