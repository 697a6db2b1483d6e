"""Random programs: one to six calls of helpers on a random frame, each with arguments that are near what matters, then a look
at everything there is. The same seed gives the same programs.

None runs with a sum over the whole packet (flag 4 of the run): where a program leaves less than the link header, the kernel
stops at a BUG_ON() when it checks that sum."""
import random

import packets as P
from cases import SCHED_CLS, ctx, helper, keep
from insn import *

FRAMES = [
    P.UDP4, P.TCP4, P.UDP6, P.ARP, P.VLAN, P.QINQ, P.LLC, P.IPX, P.MULTICAST, P.OTHER, P.CE4, P.ECT4, P.ECT6, P.SHORT,
    P.UDP4[:40], P.UDP6[:54], P.UDP4 + bytes(600), P.ethernet(0x8100, P.VLAN[12:]),
    P.ethernet(0x88A8, P.QINQ[12:] + bytes(100)), P.VLAN[:18], P.QINQ[:20],
]
LENGTHS = [0, 1, 2, 4, 8, 12, 13, 14, 16, 18, 20, 24, 26, 30, 34, 36, 40, 42, 54, 58, 60, 64, 66, 70, 74, 78, 94, 100, 200]
VALUES = [0, 1, 0xFFFF, 0x10000, 0xFFFFFFFF, 0x12345678]
CHANGES = [0, 4, 8, 14, 20, 28, 40, 50, -4, -8, -14, -20, -40]
ROOM_FLAGS = [0, 0, 0, 1, 2, 4, 0x12, 0x0A, 0x14, 0x42 | 14 << 56, 0x20, 0x80, 0x100]
L4_FLAGS = [0, 0, 0x10, 0x20, 0x60, 0x30, 0x90]
FIELDS = [8, 12, 32, 44, 72]


def step(r):
    """One call, or one store to the context."""
    length = r.choice(LENGTHS + [r.randrange(2000)])
    value = r.choice(VALUES + [r.getrandbits(32)])
    size = r.choice([1, 2, 3, 4, 6, 7, 8, 16])
    change = r.choice(CHANGES + [r.randrange(-80, 80)])
    even = length & ~r.choice([0, 1, 1])
    return r.choice([
        lambda: stack(r.randbytes(size), -16) + helper(9, length, fp(3, -16), size, r.randrange(4)),
        lambda: helper(26, length, fp(3, -8), min(size, 8)),
        lambda: helper(10, even, value, r.choice(VALUES), r.choice([2, 4])),
        lambda: helper(10, even, 0, value, 0),
        lambda: helper(11, even, r.choice([0, value]), r.choice(VALUES), r.choice([0, 2, 4]) | r.choice(L4_FLAGS)),
        lambda: helper(18, r.choice([0x81, 0xA888, 0x81, 0, 8]), r.getrandbits(16)),
        lambda: helper(19),
        lambda: helper(31, r.choice([8, 0xDD86, 0x608, 0x81]), 0),
        lambda: helper(32, r.randrange(5)),
        lambda: helper(50, mov(2, change), r.choice([0, 1, 1]), r.choice(ROOM_FLAGS + [r.getrandbits(9)])),
        lambda: helper(38, length, 0),
        lambda: helper(43, r.choice([0, 1, 4, 14, 20, 100, length]), 0),
        lambda: helper(39, length),
        lambda: helper(40, value),
        lambda: helper(135, r.randrange(5)),
        lambda: helper(48, value),
        lambda: helper(41),
        lambda: helper(97),
        lambda: helper(192, r.choice([0, 5]), r.randrange(3)),
        lambda: helper(68, length, fp(3, -8), 8, r.randrange(2)),
        lambda: mov(0, r.getrandbits(31)) + stx(4, 6, r.choice(FIELDS), 0),
    ])()


def mixed(code):
    """R9 = R9 * 31 + R0 after the code."""
    return code + insn(0x27, 9, imm=31) + insn(0x0F, 9, 0)


def look():
    """Everything there is: lengths, protocols, tags, the network header, the sum, the fields."""
    code = ldx(4, 7, 6, 0) + keep(1, 7)
    for slot, fields in ((2, (16, 24)), (3, (28, 4))):
        code += ldx(4, 7, 6, fields[0]) + ldx(4, 8, 6, fields[1]) + insn(0x67, 8, imm=16) + insn(0x4F, 7, 8) + keep(slot, 7)
    code += helper(68, 0, fp(3, -8), 8, 1) + ldx(4, 7, 10, -8) + ldx(4, 8, 10, -4) + insn(0xAF, 7, 8) + keep(4, 7)
    code += mixed(helper(40, 0))
    for size, field in ((4, 176), (4, 164), (4, 68), (4, 44), (4, 12), (4, 72), (1, 180)):
        code += mixed(ldx(size, 0, 6, field))
    return code + movr(0, 9) + keep(0)


def sequence(r, name):
    steps = b''.join(mixed(step(r)) for _ in range(r.randrange(1, 7)))
    program = movr(6, 1) + stack(bytes(16), -16) + mov(9, 0) + steps + mixed(helper(135, 0)) + look() + exit_()
    options = {'ctx_out': 192}
    if r.random() < 0.15:
        options['ctx'] = ctx(gso_size=r.choice([8, 100, 1000]), gso_segs=r.choice([0, 1, 3]))
    if r.random() < 0.1:
        options['repeat'] = r.randrange(2, 5)
    return name, SCHED_CLS, program, r.choice(FRAMES), options


def sequences(seed, count):
    r = random.Random(seed)
    return [sequence(r, f'sequence {i}') for i in range(count)]
