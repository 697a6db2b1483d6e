# Replays netlink recordings on the running kernel: one record a line comes in, the results of its steps go out the
# same way. Each record gets a child of its own in a new network and mount namespace. Needs root; started by
# netlink_replay.spec.ts under `unshare -nm`, never in the machine's own network.
import ctypes, errno, json, os, signal, socket, struct, subprocess, sys, time

libc = ctypes.CDLL(None, use_errno=True)
MSG_DONTWAIT = 0x40
CLONE_NEWNET_NEWNS = 0x40020000
KERNEL = struct.pack('<HHII', 16, 0, 0, 0)


class Iovec(ctypes.Structure):
    _fields_ = [('base', ctypes.c_void_p), ('len', ctypes.c_size_t)]


class Msghdr(ctypes.Structure):
    _fields_ = [('name', ctypes.c_void_p), ('namelen', ctypes.c_uint32), ('iov', ctypes.c_void_p),
                ('iovlen', ctypes.c_size_t), ('control', ctypes.c_void_p), ('controllen', ctypes.c_size_t),
                ('flags', ctypes.c_int)]


def receive(fd, size, control=0, flags=0):
    data, ctl, addr = (ctypes.create_string_buffer(max(n, 1)) for n in (size, control, 128))
    iov = Iovec(ctypes.addressof(data) if size else None, size)
    msg = Msghdr(ctypes.addressof(addr), 128, ctypes.addressof(iov), 1,
                 ctypes.addressof(ctl) if control else None, control, 0)
    ret = libc.recvmsg(fd, ctypes.byref(msg), flags | MSG_DONTWAIT)
    if ret < 0:
        return None, ctypes.get_errno()
    return dict(ret=ret, data=data.raw[:min(ret, size)], flags=msg.flags, addr=addr.raw[:msg.namelen],
                control=ctl.raw[:msg.controllen] if control else b''), 0


def drain(fd, size):
    out = []
    while True:
        got, err = receive(fd, size)
        if got:
            sender = list(struct.unpack_from('<II', got['addr'], 4)) if len(got['addr']) >= 12 else []
            out.append((got['data'].hex(), got['flags'], sender))
        elif err == errno.EAGAIN:
            return out
        else:
            out.append((dict(errno=err), None, None))
            if err != errno.ENOBUFS:
                return out


def netlink_socket(spec):
    s = socket.socket(16, 3, 0)
    s.bind((spec['pid'], 0))
    for group in spec.get('groups', []):
        s.setsockopt(270, 1, group)
    for option in spec.get('opts', []):
        s.setsockopt(270, option, 1)
    return s


def result(ret):
    return dict(ret=ret) if ret >= 0 else dict(errno=ctypes.get_errno())


def call(fds, made):
    name, args = made['name'], made['args']
    number = [fds.get(a, a) if isinstance(a, str) else a for a in args]
    if name == 'socket':
        ret = libc.socket(*args)
        if ret >= 0:
            fds[made['as']] = ret
        return result(min(ret, 0))
    if name in ('bind', 'connect'):
        raw = bytes.fromhex(args[1])
        return result(getattr(libc, name)(number[0], raw, args[2] if len(args) > 2 else len(raw)))
    if name == 'getsockname':
        raw, length = ctypes.create_string_buffer(64), ctypes.c_int(64)
        got = result(libc.getsockname(number[0], raw, ctypes.byref(length)))
        return dict(got, out=dict(addr=raw.raw[:length.value].hex())) if 'ret' in got else got
    if name == 'setsockopt':
        raw = bytes.fromhex(args[3])
        return result(libc.setsockopt(number[0], args[1], args[2], raw, args[4] if len(args) > 4 else len(raw)))
    if name == 'getsockopt':
        raw, length = ctypes.create_string_buffer(64), ctypes.c_int(args[3])
        got = result(libc.getsockopt(number[0], args[1], args[2], raw, ctypes.byref(length)))
        return dict(got, out=dict(len=length.value, val=raw.raw[:16].hex()))
    if name == 'recvmsg':
        got, err = receive(number[0], *args[1:])
        if not got:
            return dict(errno=err)
        data = '' if made.get('no_data') else got['data'].hex()
        return dict(ret=got['ret'], out=dict(data=data, flags=got['flags'], addr=got['addr'].hex(),
                                             control=got['control'].hex()))
    if name == 'shell':
        return dict(ret=subprocess.run(args[0], shell=True, capture_output=True).returncode)
    raise ValueError('no system call ' + name)


def send(fd, step, monitor):
    if monitor:
        drain(monitor.fileno(), 65536)
    data = bytes.fromhex(step['send'])
    ret = libc.sendto(fd, data, ctypes.c_size_t(len(data)), 0, KERNEL, 12)
    sent = dict(send_ret=ret) if ret >= 0 else dict(errno=ctypes.get_errno())
    time.sleep(step.get('wait_ms', 0) / 1e3)
    replies = drain(fd, step.get('bufsize', 65536))
    notices = drain(monitor.fileno(), 65536) if monitor else []
    return dict(sent, recv=[r[0] for r in replies], recv_flags=[r[1] for r in replies],
                recv_addr=[r[2] for r in replies], notify=[n[0] for n in notices])


def run(record):
    for which in ('all', 'default'):
        with open('/proc/sys/net/ipv6/conf/%s/disable_ipv6' % which, 'w') as f:
            f.write('0' if record.get('ipv6') else '1')
    for command in record['setup']:
        subprocess.run(command, shell=True, check=True, capture_output=True)
    time.sleep(record.get('settle_ms', 0) / 1e3)
    monitor = netlink_socket(record['monitor']) if record.get('monitor') else None
    requester = netlink_socket(record['socket']) if record.get('socket') else None
    fds = dict(nl=requester.fileno()) if requester else {}
    for spec in record.get('objects', []):
        fds[spec['fd']] = libc.socket(spec['domain'], spec['type'], spec['protocol'])
        if 'bind' in spec:
            raw = bytes.fromhex(spec['bind'])
            libc.bind(fds[spec['fd']], raw, len(raw))
    steps = []
    for step in record['steps']:
        made = step.get('syscall')
        if not made:
            steps.append(send(fds[step.get('sock', 'nl')], step, monitor))
            continue
        steps.append(call(fds, made))
        time.sleep(step.get('wait_ms', 0) / 1e3)
    return dict(steps=steps)


def isolated(record):
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        try:
            if libc.unshare(CLONE_NEWNET_NEWNS):
                raise OSError(ctypes.get_errno(), 'unshare')
            answer = run(record)
        except Exception as error:
            answer = dict(failed=repr(error), steps=[])
        with os.fdopen(write_end, 'w') as pipe:
            json.dump(answer, pipe)
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as pipe:
        text = pipe.read()
    os.waitpid(child, 0)
    return text or json.dumps(dict(failed='killed', steps=[]))


for line in sys.stdin:
    print(isolated(json.loads(line)), flush=True)
