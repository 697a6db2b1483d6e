"""Frames for programs to work on: every kind of Ethernet payload that the helpers tell apart."""
import struct


def fold(data):
    data += bytes(len(data) % 2)
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


ZERO_MAC = bytes(6)
SOURCE = bytes.fromhex('020000000001')


def ethernet(proto, payload, destination=ZERO_MAC):
    return destination + SOURCE + struct.pack('!H', proto) + payload


def ipv4(proto, payload, tos=0, frag=0):
    head = struct.pack('!BBHHHBBH4s4s', 0x45, tos, 20 + len(payload), 0x1234, frag, 64, proto, 0,
                       bytes([10, 0, 0, 1]), bytes([10, 0, 0, 2]))
    return head[:10] + struct.pack('!H', fold(head)) + head[12:] + payload


def ipv6(proto, payload, traffic_class=0):
    source = bytes.fromhex('20010db8000000000000000000000001')
    destination = bytes.fromhex('20010db8000000000000000000000002')
    return struct.pack('!IHBB', 6 << 28 | traffic_class << 20, len(payload), proto, 64) + source + destination + payload


def udp(payload):
    return struct.pack('!HHHH', 1000, 53, 8 + len(payload), 0xBEEF) + payload


def tcp(payload):
    return struct.pack('!HHIIBBHHH', 1000, 80, 1, 2, 5 << 4, 0x18, 512, 0xCAFE, 0) + payload


BODY = bytes(range(64, 96))
UDP4 = ethernet(0x0800, ipv4(17, udp(BODY)))
TCP4 = ethernet(0x0800, ipv4(6, tcp(BODY), tos=2))
UDP6 = ethernet(0x86DD, ipv6(17, udp(BODY), traffic_class=1))
ARP = ethernet(0x0806, bytes.fromhex('0001080006040001020000000001 0a000001 000000000000 0a000002'.replace(' ', '')), b'\xff' * 6)
VLAN = ethernet(0x8100, struct.pack('!HH', 0x2064, 0x0800) + ipv4(17, udp(BODY)))
QINQ = ethernet(0x88A8, struct.pack('!HHHH', 0x0065, 0x8100, 0x6066, 0x0800) + ipv4(17, udp(BODY)))
LLC = ethernet(40, bytes.fromhex('424203') + bytes(37))
IPX = ethernet(40, b'\xff\xff' + bytes(38))
MULTICAST = ethernet(0x0800, ipv4(17, udp(BODY)), bytes.fromhex('01005e000001'))
OTHER = ethernet(0x0800, ipv4(17, udp(BODY)), bytes.fromhex('02000000beef'))
CE4 = ethernet(0x0800, ipv4(17, udp(BODY), tos=3))
ECT4 = ethernet(0x0800, ipv4(17, udp(BODY), tos=1))
ECT6 = ethernet(0x86DD, ipv6(17, udp(BODY), traffic_class=2))
NOT_ECT6 = ethernet(0x86DD, ipv6(17, udp(BODY)))
SHORT = UDP4[:14]
