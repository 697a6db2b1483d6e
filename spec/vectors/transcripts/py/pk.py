# pk.py [-l DEV,DEV] [-w MS] DEV [N*]KIND[:KEY=VALUE,…]…: sends frames from a packet socket on DEV and prints what came of
# each, then what arrived at the listeners. Kinds: udp tcp icmp udp6 arp raw. Everything is computed, nothing is random.
import socket, struct, sys, time, zlib, errno

def csum(data):
    data += b'\0' * (len(data) & 1)
    s = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff

def ip4(o, proto, body):
    a, b = socket.inet_aton(o.get('src', '10.0.0.1')), socket.inet_aton(o.get('dst', '10.0.0.2'))
    h = struct.pack('!BBHHHBBH', 0x45, int(o.get('tos', '0'), 0), 20 + len(body), int(o.get('id', '1'), 0),
                    int(o.get('frag', '0'), 0), int(o.get('ttl', '64')), proto, 0) + a + b
    return h[:10] + struct.pack('!H', csum(h)) + h[12:] + body

def l4(o, proto):
    n = int(o.get('len', '60'))
    sp, dp = int(o.get('sport', '1000')), int(o.get('dport', '2000'))
    pay = bytes(i & 255 for i in range(n))
    if proto == 17:
        return struct.pack('!HHHH', sp, dp, 8 + n, 0) + pay
    return struct.pack('!HHIIBBHHH', sp, dp, 1, 0, 0x50, int(o.get('flags', '0x02'), 0), 1000, 0, 0) + pay

def frame(kind, o):
    mac = lambda k, d: bytes.fromhex(o.get(k, d).replace('.', ''))
    if kind == 'raw':
        return bytes.fromhex(o['hex'])
    if kind in ('udp', 'tcp'):
        et, body = 0x0800, ip4(o, 17 if kind == 'udp' else 6, l4(o, 17 if kind == 'udp' else 6))
    elif kind == 'icmp':
        b = struct.pack('!BBHHH', 8, 0, 0, 1, 1) + b'x' * int(o.get('len', '60'))
        et, body = 0x0800, ip4(o, 1, b[:2] + struct.pack('!H', csum(b)) + b[4:])
    elif kind == 'udp6':
        b = l4(o, 17)
        et, body = 0x86dd, struct.pack('!IHBB', 0x60000000 | int(o.get('tc', '0'), 0) << 20, len(b), 17, 64) + \
            socket.inet_pton(10, o.get('src', '2001-db8--1').replace('-', ':')) + socket.inet_pton(10, o.get('dst', '2001-db8--2').replace('-', ':')) + b
    elif kind == 'arp':
        et, body = 0x0806, struct.pack('!HHBBH', 1, 0x800, 6, 4, 1) + mac('smac', '020000000001') + b'\n\0\0\1' + bytes(6) + b'\n\0\0\2'
    et = int(o.get('et', hex(et)), 0)
    tags = b''
    for key in ('svlan', 'vlan'):
        if key in o:
            tags += struct.pack('!HH', 0x88a8 if key == 'svlan' else 0x8100, int(o[key], 0))
    return mac('dmac', '020000000002') + mac('smac', '020000000001') + tags + struct.pack('!H', et) + body

def listener(dev):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.bind((dev, 3))
    s.setsockopt(263, 8, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
    s.setblocking(False)
    return s

def arrived(dev, s):
    lines = []
    while True:
        try:
            data, anc, _, addr = s.recvmsg(70000, 256)
        except OSError as e:
            if e.errno != errno.EAGAIN:
                lines.append('error ' + errno.errorcode[e.errno])
            break
        status, length, snap, mac, net, tci, tpid = struct.unpack('IIIHHHH', anc[0][2])
        kind = ('host', 'broadcast', 'multicast', 'otherhost', 'outgoing')[addr[2]]
        tag = ' vlan %04x:%04x' % (tpid, tci) if status & 16 else ''
        lines.append('%s %04x len %d%s csum %d crc %08x' % (kind, addr[1], len(data), tag, status >> 3 & 1, zlib.crc32(data)))
    last, n = None, 0
    for line in lines + [None]:
        if line == last:
            n += 1
            continue
        if last is not None:
            print('%s: %s%s' % (dev, last, ' x%d' % n if n > 1 else ''))
        last, n = line, 1

def main(args):
    listen, wait = [], 60
    while args[0] in ('-l', '-w'):
        if args[0] == '-l':
            listen = [(d, listener(d)) for d in args[1].split(',')]
        else:
            wait = int(args[1])
        args = args[2:]
    out = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    out.bind((args[0], 0))
    for spec in args[1:]:
        count, _, rest = spec.rpartition('*')
        kind, _, opts = rest.partition(':')
        o = dict(x.split('=') for x in opts.split(',') if x)
        if 'prio' in o:
            out.setsockopt(socket.SOL_SOCKET, 12, int(o['prio'], 0))
        if 'mark' in o:
            out.setsockopt(socket.SOL_SOCKET, 36, int(o['mark'], 0))
        data, last, n = frame(kind, o), None, 0
        for i in range(int(count or '1') + 1):
            got = None
            if i < int(count or '1'):
                try:
                    got = 'ok %d' % out.send(data)
                except OSError as e:
                    got = errno.errorcode[e.errno]
            if got == last:
                n += 1
                continue
            if last is not None:
                print('send %s: %s x%d' % (spec, last, n))
            last, n = got, 1
    time.sleep(wait / 1000)
    for dev, s in listen:
        arrived(dev, s)

main(sys.argv[1:])
