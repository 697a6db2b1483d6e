"""More of cases.py: helpers that change the shape of a packet or what stands beside it."""
import struct

import packets as P
from cases import CASES, SCHED_ACT, SOCKET_FILTER, case, ctx, helper, keep, len_to
from insn import *


def be16(value):
    return int.from_bytes(struct.pack('!H', value), 'little')


def tags(slot):
    """cb[slot] = protocol, cb[slot + 1] = vlan_proto and vlan_tci"""
    return (ldx(4, 7, 6, 16) + keep(slot, 7) + ldx(4, 7, 6, 28) + insn(0x67, 7, imm=16) + ldx(4, 8, 6, 24)
            + insn(0x4F, 7, 8) + keep(slot + 1, 7))


def net_word(slot):
    """cb[slot] = first word at the network header"""
    return helper(68, 0, fp(3, -8), 4, 1) + ldx(4, 7, 10, -8) + keep(slot, 7)


PUSH = helper(18, be16(0x8100), 0x2064)
FRAMES = (('udp4', P.UDP4), ('vlan', P.VLAN), ('qinq', P.QINQ), ('arp', P.ARP), ('llc', P.LLC), ('short', P.SHORT))

# VLAN tags
for name, packet in FRAMES:
    case(f'vlan_pop of {name}', helper(19) + tags(0) + net_word(2) + len_to(3), packet, ctx_out=192)
    case(f'two pops of {name}', helper(19) + helper(19) + tags(0) + net_word(2) + len_to(3), packet, ctx_out=192)
    case(f'vlan_push on {name}', PUSH + tags(0) + net_word(2) + len_to(3), packet, ctx_out=192)
    case(f'two pushes on {name}', PUSH + helper(18, be16(0x88A8), 0x0065) + tags(0) + net_word(2) + len_to(3), packet, ctx_out=192)
    case(f'three pushes on {name}', PUSH * 3 + tags(0) + net_word(2) + len_to(3), packet, ctx_out=192)
    case(f'push and pop on {name}', PUSH + helper(19) + tags(0) + net_word(2) + len_to(3), packet, ctx_out=192)
    case(f'two pushes, two pops on {name}', PUSH * 2 + helper(19) * 2 + tags(0) + net_word(2) + len_to(3), packet, ctx_out=192)
    case(f'pop and push on {name}', helper(19) + PUSH + tags(0) + net_word(2) + len_to(3), packet, ctx_out=192)
for proto in (0, 0x0800, 0x8100, 0x88A8, 0x0081, 0xA888):
    case(f'push of protocol {proto:#x}', helper(18, proto, 0xFFFF) + tags(0), ctx_out=192)
case('push of tag 0', helper(18, be16(0x8100), 0) + ldx(4, 0, 6, 20))
case('push of a long tag', helper(18, be16(0x8100), 0x12345) + tags(0), ctx_out=192)
case('push and pop keep the sum', PUSH * 2 + helper(19) + mov(0, 0), flags=4)

# length
for length in (0, 13, 14, 33, 34, 42, 73, 74, 75, 200, 4096, 16064, 16065, 0x10000, 0xFFFFFFFF):
    case(f'change_tail {length}', helper(38, length, 0) + keep(0) + len_to(1), ctx_out=192)
for flags in (1, 1 << 32):
    case(f'change_tail with flags {flags:#x}', helper(38, 60, flags))
case('change_tail up and down', helper(38, 300, 0) + helper(38, 60, 0) + helper(38, 90, 0))
case('change_tail of a gso packet', helper(38, 60, 0) + ldx(4, 7, 6, 176) + keep(0, 7) + ldx(4, 7, 6, 164) + keep(1, 7),
     ctx=ctx(gso_size=100, gso_segs=2), ctx_out=192)
case('change_tail breaks the sum', helper(38, 60, 0) + helper(40, 0), flags=4)
for room in (0, 1, 14, 64, 65, 200, 4096, 15990, 15991, 16064, 0x7FFFFFFF, 0xFFFFFFFF):
    case(f'change_head {room}', helper(43, room, 0) + keep(0) + len_to(1), ctx_out=192)
case('change_head with flags', helper(43, 14, 1))
case('change_head moves the link header', helper(43, 14, 0) + helper(68, 14, fp(3, -8), 8, 0) + ldx(8, 0, 10, -8))
case('change_head, then pop', helper(43, 14, 0) + helper(19) + tags(0), P.VLAN, ctx_out=192)

# protocol and type
for name, packet in (('udp4', P.UDP4), ('udp6', P.UDP6), ('arp', P.ARP), ('vlan', P.VLAN)):
    for proto in (0x0800, 0x86DD, 0x0806, 0):
        case(f'change_proto of {name} to {proto:#x}', helper(31, be16(proto), 0) + keep(0) + len_to(1) + tags(2) + net_word(4),
             packet, ctx_out=192)
case('change_proto with flags', helper(31, be16(0x86DD), 1))
case('change_proto there and back', helper(31, be16(0x86DD), 0) + helper(31, be16(0x0800), 0) + len_to(0), ctx_out=192)
case('change_proto clears the hash', helper(48, 77) + helper(31, be16(0x86DD), 0) + ldx(4, 0, 6, 68))
case('change_proto of a gso packet', helper(31, be16(0x86DD), 0) + ldx(4, 0, 6, 176), ctx=ctx(gso_size=100), ctx_out=192)
for kind in (0, 1, 2, 3, 4, 5, 0xFFFFFFFF):
    case(f'change_type {kind}', helper(32, kind) + keep(0) + ldx(4, 7, 6, 4) + keep(1, 7), ctx_out=192)
case('change_type of a multicast packet', helper(32, 0) + keep(0) + ldx(4, 7, 6, 4) + keep(1, 7), P.MULTICAST, ctx_out=192)

# room
ROOM = lambda slot: keep(slot) + len_to(slot + 1) + tags(slot + 2) + net_word(4)
for name, packet in (('udp4', P.UDP4), ('udp6', P.UDP6), ('arp', P.ARP)):
    for mode in (0, 1, 2):
        for length in (0, 8, 20, 4095, 4096, -8, -14, -20, -39, -40, -41, -60, -4095, -4096):
            case(f'adjust_room of {name} by {length}, mode {mode}', helper(50, mov(2, length), mode, 0) + ROOM(0), packet, ctx_out=192)
for flags in (1, 2, 4, 6, 8, 0x10, 0x18, 0x20, 0x40, 0x80, 0x100, 0x180, 0x200, 1 << 32, 0xA, 0x12, 0xC, 0x14, 0x1A, 0x42,
              0x42 | 14 << 56, 0x42 | 13 << 56, 0x4A | 14 << 56, 2 | 14 << 56, 2 | 21 << 56, 14 << 56, 0x22, 0x82, 0x108,
              1 << 55, 0x52 | 14 << 56, 0x44 | 18 << 56):
    for length in (20, 40, -20):
        case(f'adjust_room by {length}, flags {flags:#x}', helper(50, mov(2, length), 1, flags) + ROOM(0), ctx_out=192)
        case(f'adjust_room of IPv6 by {length}, flags {flags:#x}', helper(50, mov(2, length), 1, flags) + ROOM(0), P.UDP6, ctx_out=192)
case('outer headers twice', helper(50, mov(2, 20), 1, 2) + keep(0) + helper(50, mov(2, 20), 1, 2) + keep(1), ctx_out=192)
case('outer headers, then the tail', helper(50, mov(2, 20), 1, 2) + helper(38, 60, 0))
for size, segments in ((100, 2), (8, 1)):
    for length in (20, -8):
        for flags in (0, 1):
            case(f'adjust_room by {length} of gso {size}, flags {flags}', helper(50, mov(2, length), 0, flags) + keep(0)
                 + ldx(4, 7, 6, 176) + keep(1, 7) + ldx(4, 7, 6, 164) + keep(2, 7), P.TCP4,
                 ctx=ctx(gso_size=size, gso_segs=segments), ctx_out=192)
case('adjust_room keeps the sum', helper(50, mov(2, 16), 1, 0) + mov(0, 0), flags=4)
case('adjust_room down keeps the sum', helper(50, mov(2, -16), 1, 0) + mov(0, 0), P.UDP6, flags=4)
case('adjust_room of a packet with a tag beside', PUSH + helper(50, mov(2, 20), 1, 0) + ROOM(0), ctx_out=192)
case('adjust_room of a tagged packet', helper(50, mov(2, 20), 1, 0) + ROOM(0), P.VLAN, ctx_out=192)

# beside the packet
case('set_hash', helper(48, 0x80001234) + keep(0) + helper(34) + keep(1) + ldx(4, 0, 6, 68), ctx_out=192)
case('set_hash 0', helper(48, 0) + helper(34) + ldx(4, 0, 6, 68))
case('set_hash_invalid', helper(48, 7) + helper(41) + keep(0) + ldx(4, 0, 6, 68), ctx_out=192)
case('hash is in the context', helper(34) + movr(7, 0) + ldx(4, 8, 6, 68) + mov(0, 0) + insn(0x5D, 7, 8, 1) + mov(0, 1))
case('both directions have one hash', helper(34) + movr(9, 0) + helper(26, 26, fp(3, -8), 4) + helper(26, 30, fp(3, -16), 4)
     + helper(9, 26, fp(3, -16), 4, 2) + helper(9, 30, fp(3, -8), 4, 2) + helper(26, 34, fp(3, -8), 2) + helper(26, 36, fp(3, -16), 2)
     + helper(9, 34, fp(3, -16), 2, 2) + helper(9, 36, fp(3, -8), 2, 2) + helper(34) + movr(7, 0) + mov(0, 0)
     + insn(0x5D, 7, 9, 1) + mov(0, 1))
for kind in (0, 1, 2, 3):
    for value in (0, 5, 1 << 40):
        case(f'set_tstamp {value:#x}, type {kind}', helper(192, value, kind) + keep(0) + ldx(1, 7, 6, 180) + keep(1, 7), ctx_out=192)
case('set_tstamp of ARP', helper(192, 5, 1), P.ARP)
case('tstamp without its type', helper(192, 5, 1) + ldx(8, 0, 6, 152), ctx_out=192)
for name, packet in (('tcp4', P.TCP4), ('udp4', P.UDP4), ('ce4', P.CE4), ('ect4', P.ECT4), ('udp6', P.UDP6), ('ect6', P.ECT6),
                     ('not_ect6', P.NOT_ECT6), ('arp', P.ARP), ('vlan', P.VLAN), ('short', P.UDP4[:34])):
    case(f'ecn_set_ce of {name}', helper(97), packet)
case('ecn_set_ce keeps the sum', helper(97), P.ECT4, flags=4)
case('ecn_set_ce keeps the sum of IPv6', helper(97), P.ECT6, flags=4)
for number in (17, 24, 47, 151):
    case(f'helper {number}', helper(number))
case('socket uid, socket', helper(47), kind=SOCKET_FILTER)
case('numa node', call(42))
case('xfrm state', helper(66, 0, fp(3, -8), 8, 0))
case('get_socket_cookie twice', helper(46) + movr(7, 0) + helper(46) + mov(8, 0) + insn(0x5D, 7, 0, 1) + mov(8, 1) + movr(0, 8))
case('cookie is not 0', helper(46) + movr(7, 0) + mov(0, 0) + insn(0x15, 7, 0, 1, 0) + mov(0, 1))
case('netns cookie is not 0', helper(122) + movr(7, 0) + mov(0, 0) + insn(0x15, 7, 0, 1, 0) + mov(0, 1))

# redirects: only noted
for flags in (0, 1, 2, 1 << 16, 1 << 17, 1 << 19, 1 << 32):
    case(f'redirect, flags {flags:#x}', mov(1, 1) + ld64(2, flags) + call(23))
    case(f'redirect_peer, flags {flags:#x}', mov(1, 1) + ld64(2, flags) + call(155), kind=SCHED_ACT)
    case(f'redirect_neigh, flags {flags:#x}', mov(1, 1) + mov(2, 0) + mov(3, 0) + ld64(4, flags) + call(152))
for size in (4, 19, 20, 24):
    case(f'redirect_neigh to {size} bytes', stack(bytes(24), -24) + mov(1, 1) + fp(2, -24) + mov(3, size) + mov(4, 0) + call(152))
case('clone_redirect to no device', helper(13, 77777, 0))
for flags in (2, 1 << 19, 1 << 32):
    case(f'clone_redirect, flags {flags:#x}', helper(13, 1, flags))
case('clone_redirect of a gso packet', helper(13, 1, 0), ctx=ctx(gso_size=100), ctx_out=192)

# tunnels
KEY = struct.pack('<II12xBBHI16s', 0x1234, 0x0A000001, 3, 64, 0, 0, struct.pack('<I', 0x0A000002))
KEY6 = struct.pack('<I16sBBHI16s', 0x55, bytes(range(16)), 3, 64, 0, 0xABCDE, bytes(range(16, 32)))
for name, key, flags in (('IPv4', KEY, 0), ('IPv6', KEY6, 1)):
    for size in (8, 22, 24, 28, 44):
        case(f'tunnel key of {name}, {size} bytes', stack(key, -48) + helper(21, fp(2, -48), size, flags)
             + keep(0) + helper(20, fp(2, -96), 44, flags) + keep(1) + ldx(4, 7, 10, -96) + keep(2, 7) + ldx(4, 7, 10, -92)
             + keep(3, 7) + ldx(4, 7, 10, -76) + keep(4, 7) + ldx(4, 0, 10, -68), ctx_out=192)
        case(f'tunnel key of {name} read as {size} bytes', stack(key, -48) + stack(b'\xee' * 48, -96)
             + helper(21, fp(2, -48), 44, flags) + helper(20, fp(2, -96), size, flags) + keep(0) + ldx(4, 0, 10, -92), ctx_out=192)
for size in (4, 12, 43, 45, 60):
    case(f'tunnel key of {size} bytes', stack(bytes(64), -64) + helper(21, fp(2, -64), size, 0))
    case(f'tunnel key read as {size} bytes', stack(KEY, -48) + helper(21, fp(2, -48), 44, 0) + stack(bytes(64), -112)
         + helper(20, fp(2, -112), size, 0))
for flags in (2, 4, 8, 16, 30, 32, 1 << 32):
    case(f'tunnel key, flags {flags:#x}', stack(KEY, -48) + helper(21, fp(2, -48), 44, flags) + keep(0)
         + helper(20, fp(2, -96), 44, 16) + keep(1) + ldx(4, 0, 10, -76), ctx_out=192)
case('no tunnel key', helper(20, fp(2, -48), 44, 0))
case('key of the other family', stack(KEY, -48) + helper(21, fp(2, -48), 44, 0) + helper(20, fp(2, -96), 44, 1))
case('label of IPv4', stack(KEY[:24] + b'\1' + KEY[25:], -48) + helper(21, fp(2, -48), 44, 0))
case('key with ext', stack(KEY[:22] + b'\1' + KEY[23:], -48) + helper(21, fp(2, -48), 44, 0))
case('no options', helper(29, fp(2, -8), 8))
case('options without key', stack(bytes(8), -8) + helper(30, fp(2, -8), 8))
for size in (4, 8, 3):
    case(f'options of {size} bytes', stack(KEY, -48) + helper(21, fp(2, -48), 44, 0) + stack(bytes(range(1, 9)), -8)
         + helper(30, fp(2, -8), size) + keep(0) + helper(29, fp(2, -56), 8) + keep(1) + ldx(8, 0, 10, -56), ctx_out=192)
case('options that do not fit', stack(KEY, -48) + helper(21, fp(2, -48), 44, 0) + stack(bytes(range(1, 9)), -8)
     + helper(30, fp(2, -8), 8) + helper(29, fp(2, -56), 4))
case('flags of options', stack(KEY, -48) + helper(21, fp(2, -48), 44, 0) + stack(bytes(8), -8) + helper(30, fp(2, -8), 8)
     + helper(20, fp(2, -96), 44, 16) + ldx(4, 0, 10, -76))

# routes and devices
def fib(family, ifindex, size=64, flags=0, total=0):
    params = struct.pack('<BBHHHI', family, 17, 0, 0, total, ifindex) + bytes(52)
    return stack(params, -64) + helper(69, fp(2, -64), size, flags) + keep(0) + ldx(4, 7, 10, -60) + keep(1, 7)


for family in (0, 2, 10, 17):
    case(f'fib_lookup of family {family}', fib(family, 1), ctx_out=192)
case('fib_lookup by no device', fib(2, 77777), ctx_out=192)
case('fib_lookup by no device, IPv6', fib(10, 77777), ctx_out=192)
case('fib_lookup of a link-local address', stack(struct.pack('<BBHHHI', 10, 17, 0, 0, 0, 1) + bytes(20) + b'\xfe\x80' + bytes(30), -64)
     + helper(69, fp(2, -64), 64, 0))
for size in (4, 63):
    case(f'fib_lookup of {size} bytes', fib(2, 1, size), ctx_out=192)
for flags in (0x3F, 0x40, 0x80):
    case(f'fib_lookup, flags {flags:#x}', fib(2, 77777, 64, flags), ctx_out=192)
for given in (0, 1, 1500, 65536, 65537, 100000):
    for change in (0, 10, -10, 65536, -70000):
        case(f'check_mtu of {given} and {change}', st(4, 10, -8, given) + helper(163, 0, fp(3, -8), mov(4, change), 0) + keep(0)
             + ldx(4, 7, 10, -8) + keep(1, 7), ctx_out=192)
case('check_mtu of no device', st(4, 10, -8, 0) + helper(163, 77777, fp(3, -8), 0, 0) + keep(0) + ldx(4, 7, 10, -8) + keep(1, 7), ctx_out=192)
case('check_mtu of no device and a length', st(4, 10, -8, 9) + helper(163, 77777, fp(3, -8), 0, 0) + keep(0) + ldx(4, 7, 10, -8)
     + keep(1, 7), ctx_out=192)
for flags in (1, 2, 1 << 32):
    case(f'check_mtu, flags {flags:#x}', st(4, 10, -8, 0) + helper(163, 0, fp(3, -8), 0, flags) + keep(0) + ldx(4, 7, 10, -8)
         + keep(1, 7), ctx_out=192)
case('check_mtu of segments and a length', st(4, 10, -8, 9) + helper(163, 0, fp(3, -8), 0, 1) + keep(0) + ldx(4, 7, 10, -8) + keep(1, 7), ctx_out=192)

# text
for text in (b'0', b'42', b'-42', b'+42', b' 7', b'0x1f', b'0x', b'017', b'9', b'abc', b'12abc', b'', b'-', b' ', b'--1',
             b'9223372036854775807', b'9223372036854775808', b'-9223372036854775808', b'-9223372036854775809',
             b'18446744073709551615', b'18446744073709551616', b'99999999999999999999999'):
    for number, name in ((105, 'strtol'), (106, 'strtoul')):
        for base in (0, 8, 10, 16, 5):
            if base in (8, 16, 5) and len(text) > 6:
                continue
            case(f'{name} {text.decode()!r} in {base}', stack(text + b'\0', -32) + stack(b'\xee' * 8, -40) + fp(1, -32)
                 + mov(2, len(text) + 1) + mov(3, base) + fp(4, -40) + call(number) + keep(0) + ldx(8, 0, 10, -40)
                 + stx(8, 6, 56, 0), ctx_out=192)
case('strtol with flags', stack(b'42\0', -32) + fp(1, -32) + mov(2, 3) + mov(3, 32) + fp(4, -40) + call(105))
case('strtol of text without end', stack(b'42424242', -32) + fp(1, -32) + mov(2, 4) + mov(3, 10) + fp(4, -40) + call(105)
     + ldx(8, 0, 10, -40))
for text in (b'hello\n\0', b'%d\0', b'%5d|\0', b'%-5d|\0', b'%05d|\0', b'%+d\0', b'% d\0', b'%x %X\0', b'%lld\0', b'%lu %u\0',
             b'%llx\0', b'%i\0', b'%c\0', b'%%\0', b'%s\0', b'%pI4\0', b'%pI6\0', b'%pi4\0', b'%px\0', b'%10x|\0', b'%d %d %d\0',
             b'%d %d %d %d\0', b'%q\0', b'%\0', b'%hd\0', b'%n\0', b'\1\0', b'no end', b'%sx\0', b'%pI5\0', b'tab\t\0',
             b'%-8x|\0', b'%08llx\0', b'%l\0', b'%*d\0', b'%5\0', b'caf\xc3\xa9\0', b'%p\0', b'%pz\0'):
    case(f'trace_printk {text!r}', stack(text, -32) + fp(1, -32) + mov(2, len(text)) + mov(3, -7) + mov(4, 300) + mov(5, 0x41) + call(6))
case('trace_printk of an address', stack(b'%pI4 %pi4\0', -32) + stack(bytes([10, 0, 0, 200]), -40) + fp(1, -32) + mov(2, 10)
     + fp(3, -40) + fp(4, -40) + mov(5, 0) + call(6))
case('trace_printk of a string', stack(b'%s|%8s\0', -32) + stack(b'abc\0', -40) + fp(1, -32) + mov(2, 7) + fp(3, -40)
     + fp(4, -40) + mov(5, 0) + call(6))

# time and numbers, as far as they can be told
for number in (5, 125, 160, 118):
    case(f'helper {number} is not 0', call(number) + movr(7, 0) + mov(0, 0) + insn(0x15, 7, 0, 1, 0) + mov(0, 1))
case('time does not go back', call(5) + movr(7, 0) + call(5) + movr(8, 0) + mov(0, 0) + insn(0x2D, 7, 8, 1) + mov(0, 1))
case('uid and gid', call(15))
