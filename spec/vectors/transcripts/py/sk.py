# sk.py NAME…: what packet sockets do, asked by one program for each name. Needs v0 and v1 (a veth pair), i0 (ifb).
import array, ctypes, errno, fcntl, mmap, os, select, socket, struct, sys, time

PKT, SOL = 263, socket.SOL_SOCKET
RAW, DGRAM, ALL, IP, ARP = socket.SOCK_RAW, socket.SOCK_DGRAM, 3, 0x800, 0x806
ADD, DROP, RECV_OUTPUT, RX_RING, STATS, COPY, AUX, ORIG, VERSION, HDRLEN, RESERVE, TX_RING, LOSS = 1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
VNET, TXSTAMP, STAMP, FANOUT, TXOFF, BYPASS, ROLL, FDATA, IGNORE, VNETSZ = 15, 16, 17, 18, 19, 20, 21, 22, 23, 24
A, B, C, BC, MC = (bytes.fromhex(x) for x in ('020000000001', '020000000002', '0200000000aa', 'ffffffffffff', '01005e000001'))
libc = ctypes.CDLL(None, use_errno=True)


def name(e):
    return errno.errorcode.get(e, str(e))


def tell(what, call, *args):
    """Prints what the call gives, or its errno."""
    try:
        r = call(*args)
    except OSError as e:
        r = name(e.errno)
    print(what, r.hex() if isinstance(r, (bytes, bytearray)) else r)
    return r


def frame(dst=B, src=A, proto=IP, n=46, body=None):
    return dst + src + struct.pack('!H', proto) + (bytes(i & 255 for i in range(n)) if body is None else body)


def sk(dev=None, proto=ALL, t=RAW, opts=()):
    s = socket.socket(socket.AF_PACKET, t, 0)
    for o, v in opts:
        s.setsockopt(PKT, o, v)
    if dev:
        s.bind((dev, proto))
    s.setblocking(False)
    return s


def setopt(s, level, opt, data):
    """setsockopt(2) with the bytes as they are."""
    buf = ctypes.create_string_buffer(data, max(len(data), 1))
    r = libc.setsockopt(s.fileno(), level, opt, buf, len(data))
    return 0 if r == 0 else name(ctypes.get_errno())


def getopt(s, level, opt, n, given=b''):
    """getsockopt(2): errno, or length and what stands in the buffer afterwards."""
    buf = ctypes.create_string_buffer(given.ljust(n, b'\xee'), n + 1)
    length = ctypes.c_int(n)
    r = libc.getsockopt(s.fileno(), level, opt, buf, ctypes.byref(length))
    return name(ctypes.get_errno()) if r else '%d %s' % (length.value, buf.raw[:max(n, 0)].hex())


def drain(s, tag='', flags=0):
    time.sleep(.005)
    while True:
        try:
            d, anc, fl, a = s.recvmsg(70000, 512, flags)
        except OSError as e:
            if e.errno != errno.EAGAIN:
                print(tag, 'error', name(e.errno))
                continue
            break
        print(tag, len(d), d[:24].hex(), 'flags', fl, a[0], hex(a[1]), a[2], a[3], a[4].hex(), *['%d/%d:%s' % (l, t, x.hex()) for l, t, x in anc])


def stats(s, n=8):
    print('stats', getopt(s, PKT, STATS, n))


# --- making and binding

def create():
    for t in (0, 1, RAW, DGRAM, 4, 5, 10, 11):
        for p in (0, ALL, 0x300, 0xffff, 0x10000, -1):
            if t == 10:
                continue
            fd = libc.socket(17, t, p)
            print(t, p, 'ok' if fd >= 0 else name(ctypes.get_errno()))
            if fd >= 0:
                s = socket.socket(fileno=fd)
                print(s.getsockname(), s.type, s.proto, getopt(s, SOL, 3, 4), getopt(s, SOL, 38, 4), getopt(s, SOL, 39, 4))
                s.close()


def ll(dev=0, proto=0, fam=17, n=20, halen=6, addr=B, hatype=1, ptype=0):
    return struct.pack('=HHiHBB8s', fam, socket.htons(proto), dev, hatype, ptype, halen, addr)[:n]


def cbind(s, a):
    r = libc.bind(s.fileno(), a, len(a))
    return 0 if r == 0 else name(ctypes.get_errno())


def idx(dev):
    return socket.if_nametoindex(dev)


def getname(s):
    b, n = ctypes.create_string_buffer(b'\xee' * 64, 64), ctypes.c_int(64)
    r = libc.getsockname(s.fileno(), b, ctypes.byref(n))
    return name(ctypes.get_errno()) if r else (n.value, b.raw[:24].hex())


def bind():
    i, j = idx('v0'), idx('i0')
    for a in (b'', b'\x11', ll(i)[:2], ll(i)[:16], ll(i)[:18], ll(i)[:19], ll(i), ll(i) + b'xxxx', ll(i, fam=0), ll(i, fam=2), ll(99), ll(-1),
              ll(i, ALL), ll(i, IP), ll(0, ARP), ll(0, 0), ll(j, 0), ll(i, 0, halen=200), ll(1, 4), ll(i, 0xffff)):
        s = socket.socket(17, RAW, 0)
        print(len(a), a.hex(), cbind(s, a), getname(s))
    s = socket.socket(17, RAW, socket.htons(IP))
    print(getname(s))
    for a in (ll(i), ll(i, ARP), ll(0, ALL), ll(j, 0), ll(99, IP), ll(i, 0)):
        print(a.hex(), cbind(s, a), getname(s))
    tell('peer', s.getpeername)
    b, n = ctypes.create_string_buffer(64), ctypes.c_int(-1)
    print(libc.getsockname(s.fileno(), b, ctypes.byref(n)), name(ctypes.get_errno()))
    n = ctypes.c_int(5)
    print(libc.getsockname(s.fileno(), b, ctypes.byref(n)), n.value, b.raw[:8].hex())
    tell('connect', s.connect, ('v0', 0))
    tell('listen', s.listen)
    tell('accept', s.accept)
    tell('shutdown', s.shutdown, 2)


def rebind():
    s, o = sk(), sk('v0', 0)
    o.send(frame())
    drain(s, 'unbound')
    for a in (('v1', IP), ('v1', ARP), ('v1', 0), ('v0', ALL), ('lo', ALL), ('v1', ALL)):
        s.bind(a)
        o.send(frame())
        o.send(frame(proto=ARP))
        drain(s, str(a))
    stats(s)
    stats(s)


# --- who gets what

def listeners():
    ls = [(n, sk(*a)) for n, a in {'all': ('v1',), 'ip': ('v1', IP), 'dgram': ('v1', ALL, DGRAM), '802_3': ('v1', 1), '802_2': ('v1', 4), 'lo': ('lo',),
                                   'out': ('v0',), 'outip': ('v0', IP), 'outdgram': ('v0', ALL, DGRAM), 'quiet': ('v0', ALL, RAW, ((IGNORE, 1),))}.items()]
    ls += [('any', sk()), ('anyip', sk())]
    cbind(ls[-2][1], ll(0, ALL))
    cbind(ls[-1][1], ll(0, IP))
    for n, s in ls:
        s.setsockopt(PKT, AUX, 1)
    o = sk('v0', 0)
    for f in (frame(), frame(BC), frame(MC), frame(C), frame(A), frame(proto=0x10), frame(proto=0x5ff), frame(proto=0x600), frame(proto=0xffff), frame(proto=0, n=50),
              frame(n=0), frame(n=1), frame(proto=0x10, n=1), frame(proto=0x10, body=b'\xff\xff' + bytes(20)), frame(proto=0x8100, body=b'\x00\x05\x08\x00' + bytes(40)),
              frame(proto=0x8100, body=b'\x00\x05'), frame(proto=0x8100, body=b'\x00\x05\x81\x00\x00\x07\x08\x00' + bytes(30)), frame(proto=0x88a8, body=b'\x20\x05\x81\x00\x00\x07\x08\x00' + bytes(30)),
              frame(proto=0x8100, body=b'\x00\x05\x08'), frame(proto=0x8100, body=b'\x00\x00\x08\x00' + bytes(30)), frame(proto=0x8100, body=b'')):
        tell('send %d' % len(f), o.send, f)
        for n, s in ls:
            drain(s, n)
    for n, s in ls:
        print(n, end=' ')
        stats(s)


def own():
    """A sender that listens, on its own device and the other."""
    a, b, c = sk('v0'), sk('v1'), sk('v0')
    for s in (a, b):
        s.send(frame())
        for n, x in (('a', a), ('b', b), ('c', c)):
            drain(x, n)


def origdev():
    r, q = sk('v1', ALL, RAW, ((ORIG, 1),)), sk(None, 0, RAW, ((ORIG, 1),))
    cbind(q, ll(0, ALL))
    sk('v0', 0).send(frame())
    drain(r, 'r')
    drain(q, 'q')


# --- sending

def sends():
    s, d, r = sk('v0', 0), sk('v0', IP, DGRAM), sk('v1')
    u, w = sk(), sk(None, 0, DGRAM)
    for n in (0, 1, 13, 14, 15, 59, 60, 1500, 1514, 1515, 1518, 1519, 1600, 9014, 65535, 70000):
        tell('raw %d' % n, s.send, frame(n=max(0, n - 14))[:n])
    for n in (1500, 1501, 1504, 1505):
        tell('tagged %d' % n, s.send, frame(proto=0x8100, n=n))
        tell('qinq %d' % n, s.send, frame(proto=0x88a8, n=n))
    for n in (0, 1, 46, 1500, 1501, 1504, 1505):
        tell('dgram %d' % n, d.send, bytes(n))
        tell('dgramto %d' % n, d.sendto, bytes(n), ('v0', IP, 0, 0, B))
    tell('unbound', u.send, frame())
    tell('unbound dgram', w.send, frame())
    for a in (('v0', IP), ('v0', IP, 0, 0, b''), ('v0', IP, 0, 0, B[:3]), ('v0', IP, 0, 0, B), ('v0', IP, 4, 7, B), ('v0', ALL, 0, 0, B), ('v0', 0, 0, 0, B), ('i0', IP, 0, 0, B), ('lo', IP, 0, 0, B),
              ('v0', 1, 0, 0, B), ('v0', 4, 0, 0, B), ('v0', 0x8100, 0, 0, B), ('v0', IP, 0, 0, B + b'xx')):
        tell('raw to %r' % (a,), u.sendto, frame(), a)
        tell('dgram to %r' % (a,), w.sendto, bytes(46), a)
    for a in (ll(idx('v0'), IP), ll(99, IP), ll(0, IP), ll(idx('v0'), IP, fam=2), ll(idx('v0'), IP, n=19), ll(idx('v0'), IP, n=18), ll(idx('v0'), IP, n=12), ll(idx('v0'), IP, n=2), ll(idx('v0'), IP, halen=8), ll(idx('v0'), IP, halen=9), ll(idx('v0'), IP, halen=255), ll(idx('v0'), IP, halen=0)):
        for n, x in (('raw', u), ('dgram', w), ('bound', s)):
            f = frame() if x is not w else bytes(46)
            k = libc.sendto(x.fileno(), f, len(f), 0, a, len(a))
            print(n, a.hex(), k if k >= 0 else name(ctypes.get_errno()))
    for fl in (0, socket.MSG_DONTWAIT, socket.MSG_OOB, socket.MSG_DONTROUTE, socket.MSG_MORE, socket.MSG_NOSIGNAL, 0x10, 0x4000000, 0x10000000):
        tell('flags %x' % fl, s.send, frame(), fl)
    tell('write', os.write, s.fileno(), frame())
    tell('writev', os.writev, s.fileno(), [frame()[:20], frame()[20:]])
    tell('sendmsg', s.sendmsg, [frame()[:6], frame()[6:14], frame()[14:]])
    drain(r, 'r')
    stats(r)


def send_down():
    s, r = sk('v0', 0), sk('v0')
    os.system('ip link set v0 down')
    tell('down', s.send, frame())
    tell('recv', r.recv, 100)
    tell('recv', r.recv, 100)
    u = sk()
    tell('bind down', u.bind, ('v0', ALL))
    print(getname(u), getopt(u, SOL, 4, 4), getopt(u, SOL, 4, 4))
    u = sk()
    tell('bind down', u.bind, ('v0', ALL))
    tell('recv', u.recv, 100)
    os.system('ip link set v0 up; sleep .3')
    tell('up', s.send, frame())
    drain(r, 'r')
    drain(u, 'u')


def removed():
    os.system('ip link add w0 type veth peer name w1; ip link set w0 up; ip link set w1 up; sleep .3')
    s, r, n, p = sk('w0', 0), sk('w0'), sk('w0'), select.poll()
    p.register(r, 0x3ff)
    print([hex(e) for _, e in p.poll(0)])
    os.system('ip link del w0')
    print(p.poll(0) != [], select.select([n], [n], [n], 0)[0] != [])
    print(getname(s), getname(r))
    tell('send', s.send, frame())
    print(getopt(r, SOL, 4, 4), getopt(r, SOL, 4, 4))
    tell('recv', r.recv, 10)
    tell('recv', n.recv, 10)
    tell('recv', n.recv, 10)
    print([hex(e) for _, e in p.poll(0)])
    tell('rebind', r.bind, ('v0', ALL))
    print(getname(r))


def sendmmsg():
    s, r = sk('v0', 0), sk('v1')
    fs = [frame(n=k) for k in (46, 60, 1501, 70)]
    iov = [struct.pack('=QQ', ctypes.addressof(b), len(f)) for f, b in [(f, ctypes.create_string_buffer(f)) for f in fs]]
    bufs = [ctypes.create_string_buffer(f, len(f)) for f in fs]
    iovs = ctypes.create_string_buffer(b''.join(struct.pack('=QQ', ctypes.addressof(b), len(f)) for f, b in zip(fs, bufs)))
    v = ctypes.create_string_buffer(b''.join(struct.pack('=QIIQQQQiIII', 0, 0, 0, ctypes.addressof(iovs) + 16 * i, 1, 0, 0, 0, 0, 0, 0) for i in range(4)))
    print(libc.sendmmsg(s.fileno(), v, 4, 0), [struct.unpack_from('I', v.raw, 64 * i + 56)[0] for i in range(4)])
    print(libc.sendmmsg(s.fileno(), ctypes.byref(v, 128), 2, 0), name(ctypes.get_errno()))
    drain(r)


def sockopts_priority():
    s, r = sk('v0', 0), sk('v1')
    for p in (0, 6, 7, 0x10001, -1):
        tell('prio %d' % p, s.setsockopt, SOL, 12, p)
        tell('mark %d' % p, s.setsockopt, SOL, 36, p)
        print(s.getsockopt(SOL, 12), s.getsockopt(SOL, 36))


# --- receiving

def truncate():
    r, o = sk('v1', ALL, RAW, ((AUX, 1),)), sk('v0', 0)
    for fl in (0, socket.MSG_TRUNC, socket.MSG_PEEK, socket.MSG_PEEK | socket.MSG_TRUNC):
        for n in (0, 1, 20, 59, 60, 61):
            o.send(frame())
            d, anc, f, a = r.recvmsg(n, 100, fl)
            print(fl, n, len(d), f, [x[2].hex() for x in anc])
            b = bytearray(100)
            if fl & 2 == 0:
                o.send(frame())
            print(r.recv_into(b, n, fl & ~2))
    o.send(frame())
    print(r.recvmsg(100, 0)[1:3], end=' ')
    for n in (1, 15, 16, 17, 20, 35, 36, 40):
        o.send(frame())
        d, anc, f, a = r.recvmsg(100, n)
        print(n, f, [(x[0], x[1], x[2].hex()) for x in anc])
    for fl in (socket.MSG_OOB, socket.MSG_WAITALL, socket.MSG_ERRQUEUE, 0x10000, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT, 0x4000, 0x100, 0x40000000, socket.MSG_CMSG_CLOEXEC):
        o.send(frame())
        tell('recv flags %x' % fl, r.recv, 10, fl)
    drain(r)


def readers():
    r, o = sk('v1'), sk('v0', 0)
    for _ in range(5):
        o.send(frame())
    tell('read', os.read, r.fileno(), 20)
    b = [bytearray(6), bytearray(6), bytearray(100)]
    print(os.readv(r.fileno(), b), b[0].hex(), b[1].hex())
    print(r.recvfrom(5))
    d = ctypes.create_string_buffer(64)
    n = ctypes.c_int(10)
    a = ctypes.create_string_buffer(b'\xee' * 64, 64)
    print(libc.recvfrom(r.fileno(), d, 64, 0, a, ctypes.byref(n)), n.value, a.raw[:24].hex())
    n = ctypes.c_int(64)
    print(libc.recvfrom(r.fileno(), d, 64, 0, a, ctypes.byref(n)), n.value, a.raw[:24].hex())
    tell('read', os.read, r.fileno(), 20)
    x = sk('v1', ALL, DGRAM)
    o.send(frame())
    n = ctypes.c_int(64)
    print(libc.recvfrom(x.fileno(), d, 64, 0, a, ctypes.byref(n)), n.value, a.raw[:24].hex())


def polls():
    r, o = sk('v1'), sk('v0', 0)
    p, e = select.poll(), select.epoll()
    p.register(r, 0x7ff)
    e.register(r, 0x3ff)
    et = select.epoll()
    et.register(r, select.EPOLLIN | select.EPOLLET)
    look = lambda: print([hex(x) for _, x in p.poll(0)], [hex(x) for _, x in e.poll(0)], [hex(x) for _, x in et.poll(0)], [len(x) for x in select.select([r], [r], [r], 0)])
    look()
    o.send(frame())
    look()
    look()
    r.recv(10)
    look()
    o.send(frame())
    o.send(frame())
    look()
    r.recv(10)
    look()
    r.recv(10)
    look()


def ioctls():
    r, o = sk('v1', ALL, RAW), sk('v0', 0)
    def io(req, arg=b'\xee' * 40, s=r):
        b = bytearray(arg)
        try:
            k = fcntl.ioctl(s, req, b, True)
        except OSError as e:
            return name(e.errno)
        return k, b.hex()
    print(io(0x541b), io(0x5411), io(0x8906), io(0x8907))
    o.send(frame(n=100))
    o.send(frame(n=50))
    print(io(0x541b), io(0x5411))
    r.recv(1)
    print(io(0x541b), io(0x8906)[0], io(0x8907)[0])
    r.recv(1)
    print(io(0x541b))
    print(io(0x5411, s=o), io(0x541b, s=o))
    for req in (0x8901, 0x8902, 0x8903, 0x8904, 0x890b, 0x890d, 0x5421, 0x5401, 0x1234, 0x8953, 0x8954, 0x8955, 0x8980):
        print(hex(req), io(req))
    for req in (0x8910, 0x8913, 0x8915, 0x8917, 0x8919, 0x891b, 0x891d, 0x891f, 0x8921, 0x8923, 0x8925, 0x8927, 0x8929, 0x8933, 0x8935, 0x8938, 0x8942, 0x8970, 0x8946):
        for n in (b'v1', b'lo', b'nope'):
            print(hex(req), n, io(req, n.ljust(16, b'\0') + bytes(24)))
    for req in (0x8914, 0x8916, 0x8918, 0x891a, 0x891c, 0x891e, 0x8920, 0x8922, 0x8924, 0x8926, 0x8930, 0x8931, 0x8932, 0x8934, 0x8936, 0x8937, 0x8943, 0x8971):
        print(hex(req), io(req, b'nope'.ljust(16, b'\0') + bytes(24)))


def stamps():
    r, o = sk('v1'), sk('v0', 0)
    for opt in (29, 35, 63, 64, 37, 65):
        for v in (1, 0, 0x18):
            tell('opt %d %d' % (opt, v), r.setsockopt, SOL, opt, v)
            print([getopt(r, SOL, x, 4) for x in (29, 35, 63, 64, 37, 65)])
            o.send(frame())
            d, anc, f, a = r.recvmsg(10, 300)
            print(f, [(x[0], x[1], len(x[2])) for x in anc])
    r.setsockopt(SOL, 29, 1)
    r.setsockopt(PKT, AUX, 1)
    for v in (0, 1, 2, 0x10, 0x7f, -1):
        tell('timestamp', r.setsockopt, PKT, STAMP, v)
        print(r.getsockopt(PKT, STAMP))
        o.send(frame())
        d, anc, f, a = r.recvmsg(10, 300)
        print(f, [(x[0], x[1], len(x[2])) for x in anc])
    for n in (20, 31, 32, 33, 40, 60, 68, 72):
        o.send(frame())
        d, anc, f, a = r.recvmsg(10, n)
        print(n, f, [(x[0], x[1], len(x[2])) for x in anc])


def overflow():
    for size in (1, 2304, 5000, 20000, 212992):
        for n in (0, 46, 400, 1400):
            r, o = sk('v1'), sk('v0', 0)
            r.setsockopt(SOL, socket.SO_RCVBUF, size)
            for _ in range(400):
                o.send(frame(n=n))
            time.sleep(.03)
            print(size, n, r.getsockopt(SOL, 8), getopt(r, PKT, STATS, 8), getopt(r, SOL, 55, 36)[:19])
            k = 0
            try:
                while True:
                    r.recv(1)
                    k += 1
            except OSError:
                pass
            print(k, getopt(r, SOL, 55, 36))


def rxq_ovfl():
    r, o = sk('v1'), sk('v0', 0)
    tell('ovfl', r.setsockopt, SOL, 40, 1)
    print(r.getsockopt(SOL, 40))
    r.setsockopt(SOL, socket.SO_RCVBUF, 2304)
    for k in range(3):
        for _ in range(10):
            o.send(frame())
        drain(r)
    stats(r)


# --- options

def options():
    s = sk('v1')
    for o in range(0, 27):
        for n in (0, 1, 3, 4, 5, 8, 12, 16, 20, 28, 40):
            print('get', o, n, getopt(s, PKT, o, n))
    print(getopt(s, PKT, STATS, -1), getopt(s, PKT, AUX, -1))
    for g in (b'\0\0\0\0', b'\1\0\0\0', b'\2\0\0\0', b'\3\0\0\0', b'\xff\xff\xff\xff', b'\1\0'):
        print('hdrlen', getopt(s, PKT, HDRLEN, len(g), g))
    print('hdrlen', getopt(s, PKT, HDRLEN, 8, b'\2\0\0\0\0\0\0\0'))
    for o in (COPY, AUX, ORIG, VERSION, RESERVE, LOSS, TXSTAMP, STAMP, TXOFF, BYPASS, IGNORE, HDRLEN, STATS, RECV_OUTPUT, 4, 0, ROLL, 25, 99):
        for v in (b'', b'\1', b'\1\0\0', b'\1\0\0\0', b'\2\0\0\0', b'\0\0\0\0', b'\xff\xff\xff\xff', b'\1\0\0\0\0', b'\1' + bytes(7), b'\0\0\0\x7f'):
            print('set', o, v.hex(), setopt(s, PKT, o, v), getopt(s, PKT, o, 4) if o not in (STATS, HDRLEN) else '')


def sol_options():
    s = sk('v1')
    for o in range(0, 84):
        if o in (26, 27, 50, 51, 52):
            continue
        print('get', o, *[getopt(s, SOL, o, n).split()[0] if o in (57, 71) else getopt(s, SOL, o, n) for n in (0, 2, 4, 8, 16)])
    for o in range(0, 84):
        if o in (26, 27, 50, 51, 52):
            continue
        print('set', o, *[setopt(s, SOL, o, v) for v in (b'', b'\1', b'\1\0\0\0', b'\0\0\0\0', b'\1' + bytes(7), b'\1' + bytes(15))], getopt(s, SOL, o, 4))
    for l in (0, 6, 17, 41, 255, 262, 264, 270):
        print(l, setopt(s, l, 1, b'\1\0\0\0'), getopt(s, l, 1, 4))


def memberships():
    def show():
        os.system("ip -d link show v1 | grep -o 'promiscuity.*minmtu\\|<.*>'; ip maddr show dev v1")
    def mreq(dev, t, n, addr):
        return struct.pack('=iHH8s', dev, t, n, addr)
    i, s, r = idx('v1'), sk(), sk('v1')
    for m in (b'', bytes(15), mreq(99, 1, 0, b''), mreq(i, 0, 6, MC), mreq(i, 1, 0, b''), mreq(i, 1, 0, b''), mreq(i, 2, 6, b''), mreq(i, 0, 5, MC), mreq(i, 0, 7, MC), mreq(i, 3, 6, C), mreq(i, 9, 6, C), mreq(i, 0, 6, C),
              mreq(i, 0, 8, MC), mreq(i, 0, 9, MC), mreq(i, 0, 6, MC) + bytes(30), mreq(i, 3, 0, b'')):
        print('add', m.hex(), setopt(s, PKT, ADD, m))
    show()
    for m in (b'', mreq(99, 1, 0, b''), mreq(i, 0, 6, MC), mreq(i, 0, 6, MC), mreq(i, 0, 6, MC), mreq(i, 1, 0, b''), mreq(i, 2, 6, b''), mreq(i, 1, 6, b''), mreq(i, 3, 6, C)):
        print('drop', m.hex(), setopt(s, PKT, DROP, m))
    show()
    s.close()
    show()


def filters():
    o = sk('v0', 0)
    def prog(s, ins, opt=26):
        b = ctypes.create_string_buffer(b''.join(struct.pack('=HBBI', *x) for x in ins))
        return setopt(s, SOL, opt, struct.pack('=HxxxxxxQ', len(ins), ctypes.addressof(b)))
    ret = lambda k: [(6, 0, 0, k)]
    for ins in (ret(0), ret(1), ret(14), ret(20), ret(60), ret(0xffffffff), [(0x28, 0, 0, 12), (0x15, 0, 1, 0x800), (6, 0, 0, 30), (6, 0, 0, 0)], [(0x20, 0, 0, 0xfffff000), (0x16, 0, 0, 0)],
                [(0x20, 0, 0, 0xfffff004), (0x16, 0, 0, 0)], [(0x20, 0, 0, 0xfffff008), (0x16, 0, 0, 0)], [(0x80, 0, 0, 0), (0x16, 0, 0, 0)], [(0x30, 0, 0, 100), (6, 0, 0, 9)], [], ret(1) * 2, [(0, 0, 0, 1)], [(6, 0, 0, 1)] * 4097,
                [(0x20, 0, 0, 0xfffff030), (0x16, 0, 0, 0)], [(0x20, 0, 0, 0xfffff02c), (0x16, 0, 0, 0)], [(0x20, 0, 0, 0xfffff01c), (0x16, 0, 0, 0)], [(0x30, 0, 0, 0xffe00000 + 14), (0x16, 0, 0, 0)], [(0x30, 0, 0, 0xffe00000), (6, 0, 0, 7)], [(0x30, 0, 0, 0xfff00000), (0x16, 0, 0, 0)]):
        for t in (RAW, DGRAM):
            s = sk('v1', ALL, t, ((AUX, 1),))
            print(len(ins), ins[:4], t, prog(s, ins))
            o.send(frame())
            o.send(frame(proto=0x8100, body=b'\x00\x05\x08\x00' + bytes(40)))
            drain(s)
            print(getopt(s, SOL, 26, 0), getopt(s, SOL, 26, 1), getopt(s, SOL, 26, 4096)[:80])
    s = sk('v1')
    print(setopt(s, SOL, 27, b''), setopt(s, SOL, 27, bytes(4)), prog(s, ret(5)), setopt(s, SOL, 27, b''), setopt(s, SOL, 27, bytes(4)), setopt(s, SOL, 27, bytes(4)))
    print(setopt(s, SOL, 44, bytes(4)), setopt(s, SOL, 44, b'\1\0\0\0'), getopt(s, SOL, 44, 4), prog(s, ret(5)), setopt(s, SOL, 27, bytes(4)), setopt(s, SOL, 44, bytes(4)), setopt(s, SOL, 44, b'\2\0\0\0'))
    s = sk('v1')
    print(setopt(s, SOL, 26, bytes(15)), setopt(s, SOL, 26, bytes(16)), setopt(s, SOL, 26, bytes(17)), setopt(s, SOL, 26, struct.pack('=HxxxxxxQ', 1, 8)), setopt(s, SOL, 50, bytes(3)), setopt(s, SOL, 50, struct.pack('i', -1)), setopt(s, SOL, 50, struct.pack('i', 0)), setopt(s, SOL, 50, bytes(5)), prog(s, ret(1), 51), setopt(s, SOL, 52, bytes(4)))
    print(getopt(s, SOL, 48, 4), getopt(s, SOL, 48, 2), getopt(s, SOL, 48, 8))


# --- rings

def req(bs, bn, fs, fn, *more):
    return struct.pack('=%dI' % (4 + len(more)), bs, bn, fs, fn, *more)


def ring_errors():
    for v in (0, 1, 2):
        for a in ((4096, 1, 2048, 2), (4096, 4, 2048, 8), (4096, 4, 2048, 7), (4096, 4, 2048, 9), (4095, 1, 2048, 2), (0, 1, 2048, 2), (4096, 0, 0, 0), (4096, 0, 2048, 1), (4096, 1, 48, 85), (4096, 1, 52, 78), (4096, 1, 64, 64), (4096, 1, 80, 51), (4096, 1, 96, 42), (4096, 1, 2047, 2),
                  (4096, 1, 8192, 0), (4096, 1, 8192, 1), (8192, 2, 6000, 2), (8192, 2, 4112, 2), (8192, 4, 2048, 16), (0x80000000, 1, 2048, 0x100000), (4096, 0x100001, 4096, 0x100001), (4096, 0xffffffff, 4096, 0xffffffff), (4096, 1, 0, 0), (4096, 1, 0xfffffff0, 0)):
            for more in ((), (0, 0, 0), (10, 100, 0), (10, 4000, 0), (10, 4096, 0), (10, 0xffffffff, 0), (10, 0, 1), (10, 0, 2)):
                if more and v != 2:
                    continue
                s = sk('v1', ALL, RAW, ((VERSION, v),))
                print(v, a, more, setopt(s, PKT, RX_RING, req(*a, *more)))
    s = sk('v1')
    print([setopt(s, PKT, RX_RING, bytes(n)) for n in (0, 15, 16, 17, 28)])
    for res in (0, 16, 100, 1900, 2000, 5000):
        s = sk('v1', ALL, RAW, ((VERSION, 1), (RESERVE, res)))
        print('reserve', res, setopt(s, PKT, RX_RING, req(4096, 1, 2048, 2)))


def ring_state():
    s = sk('v1', ALL, RAW, ((VERSION, 1),))
    print(setopt(s, PKT, RX_RING, req(4096, 2, 2048, 4)), setopt(s, PKT, RX_RING, req(4096, 2, 2048, 4)))
    for o in (VERSION, RESERVE, LOSS, TXOFF, AUX, COPY):
        print(o, setopt(s, PKT, o, b'\1\0\0\0'), getopt(s, PKT, o, 4))
    print(setopt(s, PKT, RX_RING, req(4096, 0, 2048, 4)), setopt(s, PKT, RX_RING, req(0, 0, 0, 0)), setopt(s, PKT, RX_RING, req(0, 0, 0, 0)))
    print(setopt(s, PKT, RX_RING, req(4096, 2, 2048, 4)))
    m = mmap.mmap(s.fileno(), 8192)
    print(setopt(s, PKT, RX_RING, req(0, 0, 0, 0)), setopt(s, PKT, RX_RING, req(4096, 2, 2048, 4)))
    m.close()
    print(setopt(s, PKT, RX_RING, req(0, 0, 0, 0)))


def ring(v, t=RAW, bs=4096, bn=2, fs=2048, n=6, sizes=(46,), opts=(), dump=128, more=()):
    s = sk(None, 0, t, ((VERSION, v),) + tuple(opts))
    print(setopt(s, PKT, RX_RING, req(bs, bn, fs, bs // fs * bn, *more)))
    m = mmap.mmap(s.fileno(), bs * bn)
    s.bind(('v1', ALL))
    o, p = sk('v0', 0), select.poll()
    p.register(s, 0x7ff)
    print([hex(e) for _, e in p.poll(0)])
    for k in range(n):
        o.send(frame(n=sizes[k % len(sizes)]) if sizes[k % len(sizes)] >= 0 else frame(proto=0x8100, body=b'\x20\x05\x08\x00' + bytes(-sizes[k % len(sizes)])))
    time.sleep(.05)
    print([hex(e) for _, e in p.poll(0)])
    return s, m, o, p


def settle(p):
    """Waits until there is nothing to read."""
    end = time.monotonic() + 2
    while any(e & 1 for _, e in p.poll(0)) and time.monotonic() < end:
        time.sleep(.005)
    print([hex(e) for _, e in p.poll(0)])


def clean(v, b):
    """A frame of V1 or V2 without its times."""
    b = bytearray(b)
    at = 20 if v == 0 else 16
    b[at:at + 8] = bytes(8)
    return bytes(b).rstrip(b'\0').hex()


def ring12():
    for v in (0, 1):
        for t in (RAW, DGRAM):
            for opts in ((), ((RESERVE, 4),), ((RESERVE, 40),), ((AUX, 1),), ((LOSS, 1),), ((ORIG, 1),), ((COPY, 1),), ((STAMP, 64),)):
                s, m, o, p = ring(v, t, opts=opts, sizes=(46, -40))
                for k in range(4):
                    print(k, clean(v, m[2048 * k:2048 * k + 200]))
                stats(s)
                tell('recv', s.recv, 100)
                for k in range(4):
                    m[2048 * k:2048 * k + 4] = bytes(4)
                settle(p)
                o.send(frame(BC))
                time.sleep(.02)
                print([hex(e) for _, e in p.poll(0)])
                for k in range(4):
                    print(k, clean(v, m[2048 * k:2048 * k + 200]))
                stats(s)
                s.close()


def ring_small():
    for v in (0, 1):
        for fs in (128, 256, 1024):
            for opts in ((), ((COPY, 100),)):
                s, m, o, p = ring(v, RAW, 4096, 1, fs, 5, (46, 100, 200, 1400, 0), opts)
                for k in range(6):
                    print(k, clean(v, m[fs * k:fs * k + min(fs, 150)]), m[fs * k + 150:fs * k + fs].rstrip(b'\0').hex()[-16:])
                stats(s)
                drain(s, 'copy')
                stats(s)
                s.close()


def blocks3(m, bs, bn):
    for k in range(bn):
        b = m[bs * k:bs * (k + 1)]
        ver, priv, st, num, first, length, seq = struct.unpack_from('=IIIIIIQ', b)
        print('block', k, ver, priv, hex(st), num, first, length, seq, 'last', struct.unpack_from('=II', b, 40) != (0, 0))
        at = first
        for _ in range(num):
            nxt, sec, ns, snap, ln, st, mac, net, rx, tci, tpid, pad = struct.unpack_from('=IIIIIIHHIIHH', b, at)
            print('  ', nxt, (sec, ns) != (0, 0), snap, ln, hex(st), mac, net, rx if rx < 2 else 'hash', hex(tci), hex(tpid), b[at + 48:at + 68].hex(), b[at + mac:at + mac + min(snap, 24)].hex())
            at += nxt


def ring3():
    for t in (RAW, DGRAM):
        for opts, more, bs in (((), (300, 0, 0), 4096), ((), (300, 100, 0), 4096), (((RESERVE, 20),), (300, 13, 0), 4096), ((), (300, 0, 1), 8192), ((), (300, 0, 0), 4096)):
            s, m, o, p = ring(2, t, bs, 3, 2048, 5, (46, 400, -40), opts, more=more)
            blocks3(m, bs, 3)
            stats(s, 12)
            for k in range(3):
                m[bs * k + 8:bs * k + 12] = bytes(4)
            settle(p)
            for k in range(12):
                o.send(frame(n=1200))
            time.sleep(.05)
            print([hex(e) for _, e in p.poll(0)])
            blocks3(m, bs, 3)
            stats(s, 12)
            stats(s, 8)
            s.close()


def stats3():
    for v in (0, 1, 2):
        s = sk('v1', ALL, RAW, ((VERSION, v),))
        o = sk('v0', 0)
        for n in (0, 4, 7, 8, 11, 12, 20):
            for _ in range(3):
                o.send(frame())
            time.sleep(.02)
            print(v, n, getopt(s, PKT, STATS, n), getopt(s, PKT, STATS, n))


# --- what is rarely used

def vnet():
    for t in (RAW, DGRAM):
        s = sk('v1', ALL, t)
        for v in (b'', b'\1', b'\1\0\0\0', b'\0\0\0\0', b'\1' + bytes(7)):
            print(t, 'vnet', v.hex(), setopt(s, PKT, VNET, v), getopt(s, PKT, VNET, 4), getopt(s, PKT, VNETSZ, 4))
        for v in (1, 10, 12, 20, 0, 12):
            print(t, 'sz', v, setopt(s, PKT, VNETSZ, struct.pack('i', v)), getopt(s, PKT, VNET, 4), getopt(s, PKT, VNETSZ, 4))


def udp4(n, csum=0x1234, src=b'\n\0\0\1', dst=b'\n\0\0\2', proto=17):
    l4 = struct.pack('!HHHH', 1, 2, 8 + n, csum) + bytes(i & 255 for i in range(n))
    return struct.pack('!BBHHHBBH', 0x45, 0, 20 + len(l4), 1, 0, 64, proto, 0) + src + dst + l4


def vnet_send():
    for hl in (10, 12):
        s, r, q = sk('v0', 0), sk('v1', ALL, RAW, ((AUX, 1),)), sk('v1', ALL, RAW, ((AUX, 1),))
        print(setopt(s, PKT, VNETSZ, struct.pack('i', hl)), setopt(q, PKT, VNETSZ, struct.pack('i', hl)))
        for fl, gt, hlen, gs, cs, co in ((0, 0, 0, 0, 0, 0), (1, 0, 0, 0, 34, 6), (1, 0, 34, 0, 34, 6), (1, 0, 0, 0, 34, 60), (1, 0, 0, 0, 60, 6), (1, 0, 0, 0, 0xffff, 0xffff), (2, 0, 0, 0, 0, 0), (4, 0, 0, 0, 0, 0), (0, 0, 1000, 0, 0, 0), (0, 0, 61, 0, 0, 0), (0, 1, 0, 100, 0, 0), (1, 3, 42, 20, 34, 6), (1, 5, 42, 20, 34, 6),
                                         (0, 3, 42, 20, 0, 0), (1, 3, 42, 0, 34, 6), (1, 4, 42, 20, 34, 6), (1, 9, 42, 20, 34, 6), (1, 0x83, 42, 20, 34, 6), (0, 5, 42, 20, 0, 0)):
            h = struct.pack('=BBHHHH', fl, gt, hlen, gs, cs, co).ljust(hl, b'\0')
            f = B + A + b'\x08\x00' + udp4(60)
            tell('send %r' % ((fl, gt, hlen, gs, cs, co),), s.send, h + f)
            drain(r, 'r')
            drain(q, 'q')
        for n in (0, 5, 9, 10, 12, 20, 24, 26):
            tell('short %d' % n, s.send, bytes(n))
        tell('long', s.send, bytes(hl) + frame(n=1500))
        tell('long', s.send, bytes(hl) + frame(n=1501))
        drain(r, 'r')
        drain(q, 'q')


def fanout():
    def fo(s, i, t, n=4, flags=0):
        v = struct.pack('=HH', i, t | flags)
        if n == 8:
            v += struct.pack('=I', 10)
        return setopt(s, PKT, FANOUT, v[:n])
    s = sk('v1')
    print(getopt(s, PKT, FANOUT, 4), fo(s, 1, 0, 3), fo(s, 1, 0, 5), fo(s, 1, 99), fo(s, 1, 0), fo(s, 1, 0), getopt(s, PKT, FANOUT, 4))
    t = sk('v1')
    print(fo(t, 1, 1), fo(t, 1, 0, flags=0x8000), fo(t, 1, 0, 8), getopt(t, PKT, FANOUT, 4))
    u, w = sk('v0'), sk()
    print(fo(u, 1, 0), fo(w, 1, 0), fo(w, 2, 0))
    b = sk('v1', ALL, DGRAM)
    print(fo(b, 1, 0), fo(b, 0, 1, flags=0x2000), getopt(b, PKT, FANOUT, 4), setopt(b, PKT, FDATA, bytes(4)))
    o = sk('v0', 0)
    for k in range(5):
        o.send(frame(n=46 + k))
    drain(s, 's')
    drain(t, 't')
    tell('rebind', s.bind, ('v1', IP))
    s.close()
    o.send(frame())
    drain(t, 't')


def fanout_lb():
    os.sched_setaffinity(0, {0})
    for kind, flags in ((1, 0), (2, 0), (3, 0x1000), (5, 0), (0, 0), (4, 0)):
        g = [sk('v1', ALL, RAW, ((VERSION, 1),)) for _ in range(3)]
        print('kind', kind, [setopt(x, PKT, FANOUT, struct.pack('=HH', 7, kind | flags)) for x in g], [getopt(x, PKT, FANOUT, 4) for x in g])
        o = sk('v0', 0)
        for k in range(9):
            o.send(B + A + b'\x08\x00' + udp4(30))
        time.sleep(.03)
        if kind in (1, 3, 2):
            for x in g:
                drain(x, str(g.index(x)))
        else:
            n = 0
            for x in g:
                try:
                    while True:
                        x.recv(10)
                        n += 1
                except OSError:
                    pass
            print(n)
        for x in g:
            x.close()


def tx_ring():
    for v in (0, 1, 2):
        s, r = sk('v0', 0, RAW, ((VERSION, v),)), sk('v1')
        print(setopt(s, PKT, TX_RING, req(4096, 2, 2048, 4)), setopt(s, PKT, TX_RING, req(4096, 2, 2048, 4, 0, 0, 0)), setopt(s, PKT, TX_RING, req(4096, 2, 2048, 4, 5, 0, 0)))
        try:
            m = mmap.mmap(s.fileno(), 8192)
        except OSError as e:
            print(name(e.errno))
            continue
        off = {0: 32, 1: 32, 2: 48}[v]
        def put(k, f, length=None, status=1):
            at = 2048 * k
            n = len(f) if length is None else length
            m[at + off:at + off + len(f)] = f
            if v == 0:
                m[at:at + 24] = struct.pack('=QIIHHI', 0, n, 0, 0, 0, 0)
                m[at:at + 8] = struct.pack('=Q', status)
            elif v == 1:
                m[at + 4:at + 8] = struct.pack('=I', n)
                m[at:at + 4] = struct.pack('=I', status)
            else:
                m[at + 12:at + 20] = struct.pack('=II', n, n)
                m[at:at + 4] = bytes(4)
                m[at + 20:at + 24] = struct.pack('=I', status)
        look = lambda: print([m[2048 * k:2048 * k + 32].hex() for k in range(4)])
        tell('empty', s.send, b'')
        put(0, frame())
        put(1, frame(n=100))
        tell('two', s.send, b'')
        look()
        drain(r, 'r')
        put(2, frame(n=1600))
        put(3, frame())
        tell('long', s.send, b'')
        look()
        drain(r, 'r')
        put(2, frame(), 10)
        tell('short', s.send, b'')
        look()
        p = select.poll()
        p.register(s, 0x7ff)
        print([hex(e) for _, e in p.poll(0)])
        drain(r, 'r')
        stats(s)
        s.close()


for n in sys.argv[1:]:
    globals()[n]()
