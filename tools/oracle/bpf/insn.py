"""Instructions of eBPF for programs that ask a real kernel: one function for each kind, bytes as PROG_LOAD takes them."""
import struct

W, H, B, DW = 0x00, 0x08, 0x10, 0x18
SIZES = {1: B, 2: H, 4: W, 8: DW}


def insn(code, dst=0, src=0, off=0, imm=0):
    imm &= 0xFFFFFFFF
    return struct.pack('<BBhI', code, (src << 4) | dst, off, imm)


def mov(dst, imm):
    return insn(0xB7, dst, imm=imm)


def mov32(dst, imm):
    return insn(0xB4, dst, imm=imm)


def movr(dst, src):
    return insn(0xBF, dst, src)


def ld64(dst, value):
    return insn(0x18, dst, imm=value) + insn(0, imm=value >> 32)


def add(dst, imm):
    return insn(0x07, dst, imm=imm)


def ldx(size, dst, src, off):
    return insn(0x61 | SIZES[size], dst, src, off)


def stx(size, dst, off, src):
    return insn(0x63 | SIZES[size], dst, src, off)


def st(size, dst, off, imm):
    return insn(0x62 | SIZES[size], dst, 0, off, imm)


def call(helper):
    return insn(0x85, imm=helper)


def exit_():
    return insn(0x95)


def stack(data, off):
    """Puts bytes on the stack at r10 + off (a multiple of 8)."""
    data = data + bytes(-len(data) % 8)
    return b''.join(
        st(4, 10, off + i, int.from_bytes(data[i : i + 4], 'little')) for i in range(0, len(data), 4)
    )


def fp(dst, off):
    return movr(dst, 10) + add(dst, off)
