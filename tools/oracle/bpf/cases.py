"""Programs that ask one question each of the kernel. A program has its context in R6; what it found goes into R0, or through
cb of the context, or shows in the packet. `CASES` holds (name, program type, instructions, packet, options of the run)."""
import struct

import packets as P
from insn import *

SOCKET_FILTER, SCHED_CLS, SCHED_ACT = 1, 3, 4
CB = 48
FIELDS = {
    'len': 0, 'pkt_type': 4, 'mark': 8, 'queue_mapping': 12, 'protocol': 16, 'vlan_present': 20, 'vlan_tci': 24,
    'vlan_proto': 28, 'priority': 32, 'ingress_ifindex': 36, 'ifindex': 40, 'tc_index': 44, 'cb0': 48, 'cb4': 64,
    'hash': 68, 'napi_id': 84, 'gso_segs': 164, 'gso_size': 176,
}
TC_FIELDS = {'tc_classid': 72, 'wire_len': 160}

CASES = []


def case(name, body, packet=P.UDP4, kind=SCHED_CLS, **options):
    program = movr(6, 1) + body + (b'' if body.endswith(exit_()) else exit_())
    CASES.append((name, kind, program, packet, options))


def keep(slot, register=0):
    """cb[slot] = register"""
    return stx(4, 6, CB + 4 * slot, register)


def helper(number, *arguments):
    """R1 = the packet; the others are numbers or instructions that fill R2 to R5."""
    code = movr(1, 6)
    for register, argument in enumerate(arguments, 2):
        code += argument if isinstance(argument, bytes) else ld64(register, argument) if argument >> 31 else mov(register, argument)
    return code + call(number)


def len_to(slot):
    return ldx(4, 7, 6, 0) + keep(slot, 7)


# fields of the context
for name, packet in (('udp4', P.UDP4), ('udp6', P.UDP6), ('arp', P.ARP), ('vlan', P.VLAN), ('llc', P.LLC), ('ipx', P.IPX),
                     ('multicast', P.MULTICAST), ('other', P.OTHER)):
    for kind, kind_name in ((SCHED_CLS, 'cls'), (SOCKET_FILTER, 'socket')):
        for field in ('len', 'pkt_type', 'protocol', 'ifindex'):
            case(f'field {field} of {name}, {kind_name}', ldx(4, 0, 6, FIELDS[field]), packet, kind)
for field, at in FIELDS.items():
    case(f'field {field}, cls', ldx(4, 0, 6, at))
    case(f'field {field}, socket', ldx(4, 0, 6, at), kind=SOCKET_FILTER)
for field, at in TC_FIELDS.items():
    case(f'field {field}, act', ldx(4, 0, 6, at), kind=SCHED_ACT)
case('byte of protocol', ldx(1, 0, 6, 17))
case('half of mark', ldx(2, 0, 6, 10), ctx=struct.pack('<II', 0, 0) + struct.pack('<I', 0x12345678), ctx_out=192)
case('pointers differ by the length', ldx(4, 2, 6, 76) + ldx(4, 3, 6, 80) + movr(0, 3) + insn(0x1F, 0, 2))
case('meta is data', ldx(4, 2, 6, 140) + ldx(4, 3, 6, 76) + movr(0, 3) + insn(0x1F, 0, 2))
case('first word of the packet', ldx(4, 2, 6, 76) + ldx(4, 3, 6, 80) + movr(4, 2) + add(4, 16) + mov(0, 0)
     + insn(0x2D, 4, 3, 1) + ldx(4, 0, 2, 12))
case('write through the pointer', ldx(4, 2, 6, 76) + ldx(4, 3, 6, 80) + movr(4, 2) + add(4, 16) + mov(0, 9)
     + insn(0x2D, 4, 3, 1) + st(4, 2, 2, 0x11223344))
for off, size in ((8, 4), (12, 4), (32, 4), (44, 4), (48, 4), (72, 4), (152, 8)):
    case(f'write {off}', ld64(7, 0x1234567812345678) + stx(size, 6, off, 7) + ldx(size, 0, 6, off), ctx_out=192)
case('write queue_mapping 0xffff', mov(7, 0xFFFF) + stx(4, 6, 12, 7) + ldx(4, 0, 6, 12))
case('write cb bytes', st(1, 6, 49, 0x7F) + st(2, 6, 54, 0x1234) + st(8, 6, 56, -2) + mov(0, 0), ctx_out=192)
case('write cb, socket', st(4, 6, 60, 0x7F) + ldx(4, 0, 6, 60), kind=SOCKET_FILTER, ctx_out=192)
case('tstamp_type', mov(7, 5) + stx(8, 6, 152, 7) + ldx(1, 0, 6, 180), ctx_out=192)
case('sk is there', ldx(8, 1, 6, 168) + mov(0, 0) + insn(0x15, 1, 0, 1, 0) + mov(0, 1))
case('family of sk', ldx(8, 7, 6, 168) + mov(0, 99) + insn(0x15, 7, 0, 1, 0) + ldx(4, 0, 7, 4))
case('source of sk', ldx(8, 7, 6, 168) + mov(0, 99) + insn(0x15, 7, 0, 4, 0) + movr(1, 7) + call(95)
     + insn(0x15, 0, 0, 1, 0) + ldx(4, 0, 0, 24))


# geometry and context of the run
def ctx(**values):
    at = {**FIELDS, **TC_FIELDS, 'tstamp': 152, 'hwtstamp': 184, 'cb1': 52, 'cb2': 56, 'cb3': 60, 'data': 76,
          'data_end': 80, 'family': 88, 'sk': 168, 'tstamp_type': 180, 'data_meta': 140, 'flow_keys': 144, 'remote_ip4': 92}
    size = {'tstamp': 8, 'hwtstamp': 8, 'tstamp_type': 1}
    raw = bytearray(192)
    for key, value in values.items():
        raw[at[key] : at[key] + size.get(key, 4)] = value.to_bytes(size.get(key, 4), 'little')
    return bytes(raw)


RETURN = mov(0, 7)
for length in (0, 13, 14, 15, 33, 34, 60, 1500):
    data = (P.UDP4 + bytes(2000))[:length]
    for kind in (SOCKET_FILTER, SCHED_CLS):
        case(f'{length} bytes, type {kind}', RETURN, data, kind)
for length in (14, 53, 54, 55):
    case(f'{length} bytes of IPv6', RETURN, P.UDP6[:length])
case('14 bytes of nothing, socket', ldx(4, 0, 6, 0), bytes(14), SOCKET_FILTER)
case('14 bytes of nothing', ldx(4, 0, 6, 0), bytes(14))
for length in (3711, 3712, 3713, 4095, 4096, 5000):
    case(f'{length} bytes', RETURN, (P.ARP + bytes(6000))[:length])
for out in (1, 13, 14, 73, 74, 75, 4096):
    case(f'room for {out} bytes', RETURN, out_size=out)
    case(f'room for {out} bytes and context', RETURN, out_size=out, ctx_out=192)
case('no room asked', RETURN, out=False, out_size=10)
for size in (1, 100, 191, 192, 193, 300):
    case(f'context of {size} bytes out', RETURN, ctx_out=size)
    case(f'context of {size} bytes in', RETURN, ctx=bytes(size), ctx_out=192)
case('context with a tail', RETURN, ctx=bytes(199) + b'\1', ctx_out=192)
case('context beyond a page', RETURN, ctx=bytes(4097), ctx_out=192)
for field in ('len', 'pkt_type', 'queue_mapping', 'protocol', 'vlan_present', 'vlan_tci', 'vlan_proto', 'tc_index', 'hash',
              'tc_classid', 'data', 'data_end', 'napi_id', 'family', 'remote_ip4', 'data_meta', 'flow_keys', 'sk', 'tstamp_type'):
    case(f'context sets {field}', RETURN, ctx=ctx(**{field: 1}), ctx_out=192)
for field in ('mark', 'priority', 'ingress_ifindex', 'cb0', 'cb4', 'tstamp', 'hwtstamp', 'gso_segs', 'gso_size', 'ifindex'):
    case(f'context sets {field}', RETURN, ctx=ctx(**{field: 1}), ctx_out=192)
for value in (1, 73, 74, 75, 65536, 65537):
    case(f'wire_len {value}', ldx(4, 0, 6, 160), ctx=ctx(wire_len=value), ctx_out=192)
for value in (65535, 65536):
    case(f'gso_segs {value}', ldx(4, 0, 6, 164), ctx=ctx(gso_segs=value), ctx_out=192)
case('gso_size 65537', ldx(4, 0, 6, 176), ctx=ctx(gso_size=65537), ctx_out=192)
case('no such device', RETURN, ctx=ctx(ifindex=77777), ctx_out=192)
case('hwtstamp seen', ldx(8, 0, 6, 184), ctx=ctx(hwtstamp=0x1_0000_0007), ctx_out=192)
case('context unseen by a socket filter', ldx(4, 0, 6, 8), kind=SOCKET_FILTER, ctx=ctx(mark=5), ctx_out=192)
for flags in (1, 2, 4, 8):
    case(f'flags {flags}', RETURN, flags=flags)
case('cpu', RETURN, cpu=1)
case('batch', RETURN, batch=1)
case('repeated', ldx(4, 7, 6, 8) + add(7, 1) + stx(4, 6, 8, 7) + movr(0, 7), repeat=100, ctx_out=192)
case('repeated pushes', helper(43, 10, 0) + ldx(4, 0, 6, 0), repeat=5)

# bytes in and out
DATA8 = stack(bytes(range(1, 17)), -16)
for offset in (0, 1, 12, 58, 66, 67, 73, 74, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF):
    case(f'store 8 bytes at {offset:#x}', DATA8 + helper(9, offset, fp(3, -16), 8, 0))
    case(f'load 8 bytes at {offset:#x}', helper(26, offset, fp(3, -8), 8) + keep(0) + ldx(8, 0, 10, -8), ctx_out=192)
for flags in (1, 2, 3, 4, 1 << 32):
    case(f'store with flags {flags:#x}', DATA8 + helper(9, 30, fp(3, -16), 6, flags))
case('store keeps the sum', DATA8 + helper(9, 30, fp(3, -16), 7, 1) + helper(40, 0) + keep(0), flags=4, ctx_out=192)
case('store at an odd offset keeps the sum', DATA8 + helper(9, 31, fp(3, -16), 7, 1) + helper(40, 0) + keep(0), flags=4, ctx_out=192)
case('store breaks the sum', DATA8 + helper(9, 30, fp(3, -16), 6, 0) + mov(0, 1), flags=4, ctx_out=192)
case('store clears the hash', helper(48, 0x1234) + DATA8 + helper(9, 30, fp(3, -16), 6, 2) + ldx(4, 0, 6, 68))
case('load, socket', helper(26, 0, fp(3, -8), 8) + ldx(8, 0, 10, -8), kind=SOCKET_FILTER)
for start in (0, 1, 2):
    for offset in (0, 8, 52, 53, 66, 67, 0xFFFF, 0x10000):
        case(f'load relative to {start} at {offset}', helper(68, offset, fp(3, -8), 8, start) + keep(0) + ldx(8, 0, 10, -8), ctx_out=192)
case('load relative to the link header, socket', helper(68, 6, fp(3, -8), 8, 0) + ldx(8, 0, 10, -8), kind=SOCKET_FILTER)
for length in (0, 1, 60, 74, 75, 5000, 0x80000000):
    case(f'pull {length:#x}', helper(39, length))
for code, offset, name in ((0x30, 12, 'byte'), (0x28, 12, 'half'), (0x20, 26, 'word'), (0x20, 71, 'word across the end'),
                           (0x30, 73, 'last byte'), (0x30, 74, 'byte behind'), (0x28, -0x100000, 'half of the network header'),
                           (0x28, -0x200000, 'half of the link header'), (0x20, -0x200000 + 72, 'word behind the link header'),
                           (0x30, -5, 'byte at -5'), (0x30, -0x1000, 'byte at the ancillary place'), (0x20, 0xFFFF, 'far')):
    for kind in (SOCKET_FILTER, SCHED_CLS):
        case(f'ld_abs {name}, type {kind}', mov(0, 0) + insn(code, imm=offset), kind=kind)
        case(f'ld_ind {name}, type {kind}', mov(7, 1) + insn((code & ~0x20) | 0x40, 0, 7, 0, offset - 1), kind=kind)

# checksums
for size, start, end in ((2, 0x0A00, 0x0B01), (4, 0x0100000A, 0x0200000B), (0, 0, 0xFFFF), (0, 0, 0x12345678), (0, 1, 5),
                         (2, 0, 0), (4, 0xFFFFFFFF, 0), (3, 1, 2), (8, 1, 2), (2, 0x1_0000_0A00, 0x0B01)):
    case(f'l3 sum, {size}: {start:#x} to {end:#x}', helper(10, 24, start, end, size))
    for flags, name in ((0, 'plain'), (0x10, 'pseudo'), (0x20, 'mangled'), (0x60, 'enforced'), (0x90, 'pseudo IPv6')):
        case(f'l4 sum, {name}, {size}: {start:#x} to {end:#x}', helper(11, 40, start, end, size | flags))
    case(f'l4 sum beside a complete one, {size}: {start:#x} to {end:#x}', helper(11, 40, start, end, size | 0x10) + keep(0)
         + helper(40, 0), flags=4, ctx_out=192)
for offset in (23, 25, 72, 73, 74, 0xFFFE, 0x10000, 0xFFFFFFFF):
    case(f'l3 sum at {offset:#x}', helper(10, offset, 1, 2, 2))
    case(f'l4 sum at {offset:#x}', helper(11, offset, 1, 2, 2))
for flags in (0x10, 0x100, 1 << 32):
    case(f'l3 flags {flags:#x}', helper(10, 24, 1, 2, 2 | flags))
    case(f'l4 flags {flags:#x}', helper(11, 40, 1, 2, 2 | flags))
ZERO_SUM = P.UDP4[:40] + b'\0\0' + P.UDP4[42:]
for flags in (0x22, 0x62, 0x02):
    case(f'l4 sum of 0, flags {flags:#x}', helper(11, 40, 1, 2, flags), ZERO_SUM)
case('l4 sum becomes 0', helper(11, 40, 0, 0x1041, 0x22), P.UDP4[:40] + b'\0\0' + P.UDP4[42:])
case('l4 sum becomes 0xffff', helper(11, 40, 0, 0xEFBE, 0x22))


def diff(from_size, to_size, seed):
    first = fp(1, -64) if from_size else mov(1, 0)
    third = fp(3, -32) if to_size else mov(3, 0)
    return first + mov(2, from_size) + third + mov(4, to_size) + ld64(5, seed) + call(28)


PIECES = stack(bytes.fromhex('deadbeef0102030400ff00ff8000000112345678ffffffff') + bytes(8), -64) + stack(
    bytes.fromhex('0badcafe11223344aabbccddffffffff00000000') + bytes(12), -32)
for sizes in ((0, 0), (4, 0), (0, 4), (4, 4), (8, 4), (24, 20), (0, 20), (24, 0), (3, 4), (4, 6), (0, 32), (32, 0)):
    for seed in (0, 1, 0xFFFF, 0xFFFFFFFF, 0x12345678):
        case(f'csum_diff {sizes[0]} to {sizes[1]} from {seed:#x}', PIECES + diff(*sizes, seed))
case('csum_update without a sum', helper(40, 5))
for add_ in (0, 1, 0xFFFF, 0xFFFFFFFF):
    case(f'csum_update by {add_:#x}', helper(40, add_) + movr(7, 0) + helper(40, ~add_ & 0xFFFFFFFF) + movr(0, 7), flags=4)
for level in (0, 1, 2, 3, 4, 1 << 32):
    case(f'csum_level {level:#x}', helper(135, level) + keep(0) + helper(135, 0), ctx_out=192)
case('csum_level up and down', helper(135, 1) * 5 + helper(135, 0) + keep(0) + helper(135, 2) + helper(135, 0) + keep(1)
     + helper(135, 3) + helper(135, 0), ctx_out=192)
