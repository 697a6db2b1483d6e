"""bpf(2) of the kernel underneath, as root: loads a program and runs it with BPF_PROG_TEST_RUN. Nothing is pinned."""
import ctypes
import struct

libc = ctypes.CDLL(None, use_errno=True)
SYS_BPF = 321


def bpf(cmd, attr):
    buffer = ctypes.create_string_buffer(attr, len(attr))
    result = libc.syscall(SYS_BPF, cmd, buffer, len(attr))
    return (result if result >= 0 else -ctypes.get_errno()), buffer.raw


def load(prog_type, insns, log=False):
    code = ctypes.create_string_buffer(insns, len(insns))
    licence = ctypes.create_string_buffer(b'GPL')
    text = ctypes.create_string_buffer(65536)
    attr = struct.pack(
        '<IIQQIIQII16sII', prog_type, len(insns) // 8, ctypes.addressof(code), ctypes.addressof(licence),
        1 if log else 0, 65536 if log else 0, ctypes.addressof(text) if log else 0, 0, 0, b'', 0, 0,
    )
    return bpf(5, attr)[0], text.value.decode(errors='replace')


def test_run(fd, data, out_size, out=True, ctx_in=None, ctx_out=None, repeat=0, flags=0, data_size=None, cpu=0, batch=0):
    """Results of one call; `out_size` is what data_size_out says, the buffer is always large enough."""
    bytes_in = ctypes.create_string_buffer(data, max(len(data), 1))
    bytes_out = ctypes.create_string_buffer(32768)
    context_in = ctypes.create_string_buffer(ctx_in or b'', max(len(ctx_in or b''), 1))
    context_out = ctypes.create_string_buffer(4096)
    attr = struct.pack(
        '<IIIIQQIIIIQQIII', fd, 0, len(data) if data_size is None else data_size, out_size,
        ctypes.addressof(bytes_in), ctypes.addressof(bytes_out) if out else 0, repeat, 0,
        len(ctx_in or b''), ctx_out or 0,
        ctypes.addressof(context_in) if ctx_in is not None else 0,
        ctypes.addressof(context_out) if ctx_out is not None else 0, flags, cpu, batch,
    ) + bytes(4)
    result, raw = bpf(10, attr)
    retval, _, size_out = struct.unpack_from('<III', raw, 4)
    ctx_size_out = struct.unpack_from('<I', raw, 44)[0]
    answer = {'result': result}
    if result in (0, -28):
        written = min(size_out, out_size or size_out) if out else 0
        answer.update(retval=retval, sizeOut=size_out, data=bytes_out.raw[:written].hex())
        if ctx_out is not None:
            answer.update(ctxSizeOut=ctx_size_out, ctx=context_out.raw[: min(192, ctx_out)].hex())
    return answer
