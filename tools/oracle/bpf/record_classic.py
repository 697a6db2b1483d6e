"""Records what classic programs on packet sockets make of frames: for each frame, program and kind of socket, how many bytes
arrived (the program's result, when the frame has as many), or that none did. As root:

    unshare -n sh -c 'python3 record_classic.py OUT'
"""
import ctypes
import json
import os
import socket
import struct
import subprocess
import sys

import packets as P

SO_ATTACH_FILTER, ETH_P_ALL = 26, 3
AD, NET, LL = 0xFFFFF000, 0xFFF00000, 0xFFE00000
LD_W, LD_H, LD_B, LDI, LDXI, LD_LEN, MSH, TXA, RET_A = 0x20, 0x28, 0x30, 0x00, 0x01, 0x80, 0xB1, 0x87, 0x16
ADD, AND, RSH, SUB = 0x04, 0x54, 0x74, 0x14
REST = bytes(range(200)) * 3


def load(k, code=LD_W):
    return [(code, k)]


ANCILLARY = {'protocol': 0, 'pkttype': 4, 'ifindex': 8, 'mark': 20, 'queue': 24, 'hatype': 28, 'vlan_tag': 44,
             'vlan_present': 48, 'pay_offset': 52, 'vlan_tpid': 60}
PROGRAMS = {name: load(AD + k) for name, k in ANCILLARY.items() if name != 'protocol'}
PROGRAMS.update({
    'protocol': load(AD) + [(RSH, 6)],
    'len': [(LD_LEN, 0)],
    'byte 20': load(20, LD_B),
    'byte of the network header': load(NET + 9, LD_B),
    'half of the link header': load(LL + 12, LD_H) + [(RSH, 6)],
    'header length': [(MSH, 14), (TXA, 0)],
    'header length without a link': [(MSH, 0), (TXA, 0)],
    'far behind': load(5000, LD_B),
    'nlattr': [(LDI, 30), (LDXI, 0x0706)] + load(AD + 12),
    'nlattr_nest': [(LDI, 30), (LDXI, 0x0706)] + load(AD + 16),
})


def icmp(payload):
    return b'\x08\x00\x00\x00\x00\x01\x00\x01' + payload


def extended(kinds, last, payload):
    """Extension headers of IPv6, each of 8 bytes."""
    chain = kinds + [last]
    return b''.join(bytes([chain[i + 1], 0]) + bytes(6) for i in range(len(kinds))) + payload


FRAMES = {
    'udp4': P.ethernet(0x0800, P.ipv4(17, P.udp(REST))),
    'tcp4': P.ethernet(0x0800, P.ipv4(6, P.tcp(REST))),
    'tcp4 with options': P.ethernet(0x0800, P.ipv4(6, P.tcp(REST)[:12] + b'\x80' + P.tcp(REST)[13:])),
    'tcp4 with a short header': P.ethernet(0x0800, P.ipv4(6, P.tcp(REST)[:12] + b'\x10' + P.tcp(REST)[13:])),
    'icmp4': P.ethernet(0x0800, P.ipv4(1, icmp(REST))),
    'igmp': P.ethernet(0x0800, P.ipv4(2, REST)),
    'sctp': P.ethernet(0x0800, P.ipv4(132, REST)),
    'dccp': P.ethernet(0x0800, P.ipv4(33, REST)),
    'udplite': P.ethernet(0x0800, P.ipv4(136, REST)),
    'esp': P.ethernet(0x0800, P.ipv4(50, REST)),
    'unknown protocol': P.ethernet(0x0800, P.ipv4(253, REST)),
    'first fragment': P.ethernet(0x0800, P.ipv4(17, P.udp(REST), frag=0x2000)),
    'later fragment': P.ethernet(0x0800, P.ipv4(17, REST, frag=0x0010)),
    'udp6': P.ethernet(0x86DD, P.ipv6(17, P.udp(REST))),
    'icmp6': P.ethernet(0x86DD, P.ipv6(58, icmp(REST))),
    'tcp6': P.ethernet(0x86DD, P.ipv6(6, P.tcp(REST))),
    'hop by hop': P.ethernet(0x86DD, P.ipv6(0, extended([0], 17, P.udp(REST)))),
    'destination and routing': P.ethernet(0x86DD, P.ipv6(60, extended([60, 43], 6, P.tcp(REST)))),
    'fragment header': P.ethernet(0x86DD, P.ipv6(44, b'\x11\x00\x00\x01' + bytes(4) + P.udp(REST))),
    'later fragment of IPv6': P.ethernet(0x86DD, P.ipv6(44, b'\x11\x00\x00\x11' + bytes(4) + REST)),
    'no next header': P.ethernet(0x86DD, P.ipv6(59, REST)),
    'arp': P.ARP + bytes(300),
    'unknown type': P.ethernet(0x1234, REST),
    'llc': P.ethernet(40, bytes.fromhex('424203') + bytes(37)),
    'bad version': P.ethernet(0x0800, b'\x65' + P.ipv4(17, P.udp(REST))[1:]),
    'bad header length': P.ethernet(0x0800, b'\x43' + P.ipv4(17, P.udp(REST))[1:]),
    'cut in the header': P.ethernet(0x0800, P.ipv4(17, P.udp(REST))[:10]),
    'cut in tcp': P.ethernet(0x0800, P.ipv4(6, P.tcp(REST))[:28]),
    'broadcast': P.ethernet(0x0800, P.ipv4(17, P.udp(REST)), b'\xff' * 6),
    'multicast': P.ethernet(0x0800, P.ipv4(17, P.udp(REST)), bytes.fromhex('01005e000001')),
    'other host': P.ethernet(0x0800, P.ipv4(17, P.udp(REST)), bytes.fromhex('02000000beef')),
    'ip in ip': P.ethernet(0x0800, P.ipv4(4, P.ipv4(17, P.udp(REST)))),
    'ipv6 in ip': P.ethernet(0x0800, P.ipv4(41, P.ipv6(17, P.udp(REST)))),
}
MAC = bytes.fromhex('020000000099')


def attach(sock, program):
    filters = b''.join(struct.pack('<HBBI', code, 0, 0, k & 0xFFFFFFFF) for code, k in program + [(RET_A, 0)])
    code = ctypes.create_string_buffer(filters)
    fprog = struct.pack('<H6xQ', len(filters) // 8, ctypes.addressof(code))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, fprog)
    return filters


def arrived(sender, receiver, frame):
    """Bytes that came of a frame, 0 for none in a fiftieth of a second; what came before is dropped."""
    receiver.setblocking(False)
    try:
        while receiver.recv(4096):
            pass
    except BlockingIOError:
        pass
    receiver.settimeout(0.02)
    sender.send(frame)
    try:
        return len(receiver.recv(4096))
    except TimeoutError:
        return 0


def main():
    run = lambda *words: subprocess.run(words, check=True)
    for name in ('all', 'default'):
        with open(f'/proc/sys/net/ipv6/conf/{name}/disable_ipv6', 'w') as switch:
            switch.write('1')
    run('ip', 'link', 'add', 'va', 'mtu', '2000', 'type', 'veth', 'peer', 'name', 'vb', 'mtu', '2000')
    run('ip', 'link', 'set', 'vb', 'address', MAC.hex(':'))
    for name in ('va', 'vb'):
        run('ip', 'link', 'set', name, 'arp', 'off', 'up')
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    sender.bind(('va', 0))
    frames = {name: MAC + frame[6:] if frame[:6] == P.ZERO_MAC else frame for name, frame in FRAMES.items()}
    answers = []
    for kind, kind_name in ((socket.SOCK_RAW, 'raw'), (socket.SOCK_DGRAM, 'dgram')):
        for name, program in PROGRAMS.items():
            receiver = socket.socket(socket.AF_PACKET, kind, socket.htons(ETH_P_ALL))
            receiver.bind(('vb', ETH_P_ALL))
            insns = attach(receiver, program).hex()
            received = [arrived(sender, receiver, frame) for frame in frames.values()]
            answers.append({'name': f'{name}, {kind_name}', 'insns': insns, 'received': received})
            receiver.close()
    head = {'kernel': os.uname().release.split('-')[0], 'ifindex': socket.if_nametoindex('vb'), 'address': MAC.hex()}
    with open(sys.argv[1], 'w') as out:
        for line in (head, {name: frame.hex() for name, frame in frames.items()}, *answers):
            out.write(json.dumps(line) + '\n')
    print(len(answers) * len(frames), 'cases')


main()
