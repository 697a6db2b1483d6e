// Packet sockets: who gets what, who is told what, what is refused. What is expected was measured on 6.18.
import { expect } from 'chai';
import { fromHex, toHex } from '../../../../lib/codec/bytes.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as P from '../../../../lib/uapi/linux/if_packet.js';
import * as S from '../../../../lib/uapi/linux/socket.js';
import { LocalTask } from '../../../../lib/linux/kernel/local_task.js';
import { Machine } from '../../../../lib/linux/machine.js';
import { address, frame, int, longer, MAC_A, tagged, VA, VB, Wire } from './wire.js';

const hex = toHex;
/** sockaddr_ll of a frame from va, by protocol, ifindex, pkttype. */
const from = (protocol: string, ifindex: number, pkttype: number): string =>
  `1100${protocol}0${ifindex}00000001000${pkttype}0602000000000a0000`;

describe('net/packet: socket(2)', () => {
  it('needs CAP_NET_RAW and one of two types', () => {
    const machine = new Machine();
    const task = new LocalTask();
    expect(machine.socket(new LocalTask({ uid: 1 }), S.AF_PACKET, S.SOCK_RAW, 0)).to.equal(-E.EPERM);
    for (const type of [1, 5]) expect(machine.socket(task, S.AF_PACKET, type, 0)).to.equal(-E.ESOCKTNOSUPPORT);
  });
});

describe('net/packet: bind and getsockname', () => {
  const wire = new Wire();

  it('keeps the protocol when none is given, and tells the device', () => {
    const sock = wire.open(0);
    expect(hex(sock.getname(false) as Uint8Array)).to.equal('110000030000000000000000');
    expect(sock.bind(wire.task, address(VA))).to.equal(0);
    expect(hex(sock.getname(false) as Uint8Array)).to.equal(`11000003030000000100000602000000000a`);
    expect(sock.getname(true)).to.equal(-E.EOPNOTSUPP);
    sock.release();
  });

  it('refuses short addresses, other families, devices that are not there', () => {
    const sock = wire.open(0);
    expect(sock.bind(wire.task, address(VA).subarray(0, 19))).to.equal(-E.EINVAL);
    expect(sock.bind(wire.task, address(VA, 0, 2))).to.equal(-E.EINVAL);
    for (const index of [99, -1]) expect(sock.bind(wire.task, address(index))).to.equal(-E.ENODEV);
    sock.release();
  });

  it('wants nothing with protocol 0, and one protocol when told so', () => {
    const [none, one, sender] = [wire.open(VB, S.SOCK_RAW, 0), wire.open(0, S.SOCK_RAW, 0), wire.open(VA)];
    expect(one.bind(wire.task, address(VB, 0x88b5))).to.equal(0);
    expect(wire.send(sender, frame)).to.equal(64);
    expect(wire.receive(none)).to.equal(-E.EAGAIN);
    expect(wire.received(one).ret).to.equal(64);
    for (const sock of [none, one, sender]) sock.release();
  });
});

describe('net/packet: frames', () => {
  const wire = new Wire();
  const sender = wire.open(VA);
  const other = wire.open(VA);
  const receiver = wire.open(VB);

  it('reach the other end, and listeners at this end but for their sender', () => {
    expect(wire.send(sender, frame)).to.equal(64);
    const got = wire.received(receiver);
    expect([got.ret, hex(got.data), hex(got.name)]).to.deep.equal([64, hex(frame), from('88b5', VB, 1)]);
    expect(wire.receive(sender)).to.equal(-E.EAGAIN);
    const seen = wire.received(other, 10, S.MSG_TRUNC);
    expect([seen.ret, seen.flags, hex(seen.name)]).to.deep.equal([64, S.MSG_TRUNC, from('88b5', VA, 4)]);
  });

  it('go nowhere without a device, and must have a header', () => {
    const unbound = wire.open(0);
    expect(wire.send(unbound, frame)).to.equal(-E.ENXIO);
    expect(wire.send(unbound, frame, address(99))).to.equal(-E.ENXIO);
    expect(wire.send(unbound, frame, address(VA).subarray(0, 18))).to.equal(-E.EINVAL);
    expect(wire.send(unbound, frame, address(VA, 0, S.AF_PACKET, 9))).to.equal(-E.EINVAL);
    expect(wire.send(unbound, frame, address(VA, 0, S.AF_INET))).to.equal(64);
    for (const length of [0, 13]) expect(wire.send(sender, frame.subarray(0, length))).to.equal(-E.EINVAL);
    expect(wire.send(sender, frame.subarray(0, 14))).to.equal(14);
    unbound.release();
    while (typeof wire.receive(receiver) !== 'number');
  });

  it('are as long as the MTU lets them, four bytes more with a tag', () => {
    expect(wire.send(sender, longer(frame, 1514))).to.equal(1514);
    expect(wire.send(sender, longer(frame, 1515))).to.equal(-E.EMSGSIZE);
    expect(wire.send(sender, longer(tagged, 1518))).to.equal(1518);
    expect(wire.send(sender, longer(tagged, 1519))).to.equal(-E.EMSGSIZE);
    while (typeof wire.receive(receiver) !== 'number');
  });

  it('bring their outer tag beside them', () => {
    expect(wire.set(receiver, P.PACKET_AUXDATA, int(1))).to.equal(0);
    wire.send(sender, tagged);
    const got = wire.received(receiver);
    expect(hex(got.data)).to.equal(`ffffffffffff02000000000a0800${'78'.repeat(50)}`);
    expect(hex(got.control)).to.equal(
      '2400000000000000070100000800000051000000400000004000000000000e000500008100000000',
    );
    expect(hex(got.name)).to.equal(from('0800', VB, 1));
  });

  it('come without link header, and go without, at a datagram socket', () => {
    const datagrams = wire.open(VB, S.SOCK_DGRAM);
    wire.send(sender, frame);
    expect(hex(wire.received(datagrams).data)).to.equal('78'.repeat(50));
    while (typeof wire.receive(sender) !== 'number');
    const to = address(VB, 0x88b5);
    to.set(MAC_A, P.SLL_ADDR);
    expect(wire.send(datagrams, fromHex('68656c6c6f'), to)).to.equal(5);
    const got = wire.received(sender);
    expect(hex(got.data.slice(0, 6)) + hex(got.data.slice(12))).to.equal('02000000000a88b568656c6c6f');
    expect(wire.receive(datagrams)).to.equal(-E.EAGAIN);
    datagrams.release();
  });

  it('are counted, and lost once the buffer is full', () => {
    const small = wire.open(VB);
    expect(wire.set(small, S.SO_RCVBUF, int(4096), S.SOL_SOCKET)).to.equal(0);
    const fit = [60, 300, 500, 600, 1000, 1500].map((length) => {
      for (let i = 0; i < 100; i++) wire.send(sender, longer(frame, length));
      let count = 0;
      while (typeof wire.receive(small, 10) !== 'number') count++;
      expect(wire.get(small, P.PACKET_STATISTICS)).to.deep.equal([100, 100 - count]);
      return count;
    });
    expect(fit).to.deep.equal([10, 7, 7, 7, 4, 4]);
    expect(wire.get(small, P.PACKET_STATISTICS)).to.deep.equal([0, 0]);
    small.release();
    expect(wire.machine.softnet.skbs.inUse).to.equal(0);
  });

  it('of lo come back to their sender alone', () => {
    wire.links.up(1);
    const [a, b] = [wire.open(1), wire.open(1)];
    wire.send(a, frame);
    expect(wire.received(a).name[10]).to.equal(2);
    expect(wire.receive(a)).to.equal(-E.EAGAIN);
    expect([wire.received(b).name[10], wire.received(b).name[10]]).to.deep.equal([4, 2]);
    a.release();
    b.release();
  });

  it('say when they came', () => {
    const stamped = wire.open(VB);
    expect(wire.set(stamped, S.SO_TIMESTAMPNS_OLD, int(1), S.SOL_SOCKET)).to.equal(0);
    wire.machine.advance(1_500_000_000);
    wire.send(sender, frame);
    const { control } = wire.received(stamped);
    expect(hex(control)).to.equal(`2000000000000000010000002300000003000000000000000065cd1d00000000`);
    stamped.release();
  });
});

describe('net/packet: devices that go', () => {
  const wire = new Wire();

  it('tell their sockets once, and serve them again when they come back', () => {
    const [sock, far] = [wire.open(VA), wire.open(VB)];
    wire.links.up(VA, false);
    expect(wire.receive(sock)).to.equal(-E.ENETDOWN);
    expect(wire.receive(sock)).to.equal(-E.EAGAIN);
    expect(wire.send(sock, frame)).to.equal(-E.ENETDOWN);
    const late = wire.open(0);
    expect(late.bind(wire.task, address(VA))).to.equal(0);
    expect(wire.get(late, S.SO_ERROR, S.SOL_SOCKET)).to.deep.equal([E.ENETDOWN]);
    wire.links.up(VA);
    expect(wire.send(sock, frame)).to.equal(64);
    expect(wire.received(far).ret).to.equal(64);
    for (const open of [sock, far, late]) open.release();
  });

  it('leave sockets bound to nothing', () => {
    const sock = wire.open(VA);
    expect(wire.links.delete(VA)).to.equal(0);
    expect(wire.receive(sock)).to.equal(-E.ENETDOWN);
    expect(hex(sock.getname(false) as Uint8Array)).to.equal('11000003ffffffff00000000');
    expect(wire.send(sock, frame)).to.equal(-E.ENXIO);
    sock.release();
    expect(wire.machine.snapshot().filter(({ label }) => label.includes('packet'))).to.deep.equal([]);
  });
});

describe('net/packet: memberships', () => {
  const wire = new Wire();
  const mreq = (ifindex: number, type: number, alen = 0): Uint8Array => {
    const value = new Uint8Array(16);
    value.set(int(ifindex));
    value.set([type, 0, alen, 0], 4);
    return value;
  };

  it('make a device promiscuous as long as one socket wants it, and tell of it', () => {
    const [a, b] = [wire.open(VA), wire.open(VA)];
    const dev = wire.links.device('va');
    for (const sock of [a, b, b])
      expect(wire.set(sock, P.PACKET_ADD_MEMBERSHIP, mreq(VA, P.PACKET_MR_PROMISC))).to.equal(0);
    expect(dev.promiscuity).to.equal(2);
    expect(wire.links.events().map(({ info }) => info.ifi_change)).to.deep.equal([0x100, 0x100]);
    expect(wire.set(b, P.PACKET_DROP_MEMBERSHIP, mreq(VA, P.PACKET_MR_PROMISC))).to.equal(0);
    expect(dev.promiscuity).to.equal(2);
    expect(wire.set(b, P.PACKET_ADD_MEMBERSHIP, mreq(VA, P.PACKET_MR_ALLMULTI))).to.equal(0);
    expect(dev.allmulti).to.equal(1);
    a.release();
    b.release();
    expect([dev.promiscuity, dev.allmulti]).to.deep.equal([0, 0]);
  });

  it('refuses what is malformed, and drops what is not there', () => {
    const sock = wire.open(VA);
    const add = (value: Uint8Array): number => wire.set(sock, P.PACKET_ADD_MEMBERSHIP, value);
    expect(add(mreq(VA, 1).subarray(0, 15))).to.equal(-E.EINVAL);
    expect(add(mreq(VA, P.PACKET_MR_PROMISC, 9))).to.equal(-E.EINVAL);
    expect(add(mreq(VA, P.PACKET_MR_MULTICAST, 5))).to.equal(-E.EINVAL);
    expect(add(mreq(99, P.PACKET_MR_PROMISC))).to.equal(-E.ENODEV);
    expect(add(mreq(VA, 9))).to.equal(0);
    expect(wire.set(sock, P.PACKET_DROP_MEMBERSHIP, mreq(VA, P.PACKET_MR_PROMISC))).to.equal(0);
    sock.release();
  });
});

describe('net/packet: options', () => {
  const wire = new Wire();
  const sock = wire.open(VA);

  it('refuses values of other sizes and ranges', () => {
    const refusals: [number, Uint8Array][] = [
      [P.PACKET_AUXDATA, int(1).subarray(0, 1)],
      [P.PACKET_VERSION, int(3)],
      [P.PACKET_RESERVE, int(-1)],
      [P.PACKET_RESERVE, new Uint8Array(2)],
      [P.PACKET_IGNORE_OUTGOING, int(2)],
      [P.PACKET_RX_RING, new Uint8Array(15)],
    ];
    for (const [optname, value] of refusals)
      expect(wire.set(sock, optname, value), String(optname)).to.equal(-E.EINVAL);
    for (const optname of [P.PACKET_STATISTICS, 99]) expect(wire.set(sock, optname, int(1))).to.equal(-E.ENOPROTOOPT);
  });

  it('tells the length of headers by version', () => {
    const ask = (version: number): number[] | number => wire.get(sock, P.PACKET_HDRLEN, P.SOL_PACKET, int(version));
    expect([0, 1, 2, 3].map(ask)).to.deep.equal([[32], [32], [48], -E.EINVAL]);
  });

  it('keeps what was set', () => {
    for (const optname of [P.PACKET_AUXDATA, P.PACKET_LOSS, P.PACKET_TIMESTAMP, P.PACKET_COPY_THRESH]) {
      expect(wire.set(sock, optname, int(1))).to.equal(0);
      expect(wire.get(sock, optname)).to.deep.equal([1]);
    }
  });

  it('says what it does not model', () => {
    for (const kind of [P.PACKET_FANOUT_ROLLOVER, P.PACKET_FANOUT_CBPF, P.PACKET_FANOUT_FLAG_DEFRAG])
      expect(wire.set(sock, P.PACKET_FANOUT, int((kind << 16) | 1)), String(kind)).to.equal(-E.EOPNOTSUPP);
    expect(wire.set(sock, P.PACKET_TX_RING, new Uint8Array(28))).to.equal(-E.EOPNOTSUPP);
    expect(wire.gaps).to.deep.equal([
      'PACKET_FANOUT of kind 3 with flags 0',
      'PACKET_FANOUT of kind 6 with flags 0',
      'PACKET_FANOUT of kind 0 with flags 128',
      'PACKET_TX_RING',
    ]);
  });

  it('does not show what goes out when asked so', () => {
    const quiet = wire.open(VA);
    expect(wire.set(quiet, P.PACKET_IGNORE_OUTGOING, int(1))).to.equal(0);
    wire.send(sock, frame);
    expect(wire.receive(quiet)).to.equal(-E.EAGAIN);
    quiet.release();
  });
});

describe('net/packet: filters', () => {
  const wire = new Wire();
  const [sender, receiver] = [wire.open(VA), wire.open(VB)];

  /** SO_ATTACH_FILTER with instructions of 16 digits each. */
  function attach(...insns: string[]): number {
    const at = wire.task.memory.map(fromHex(insns.join('')));
    const fprog = new Uint8Array(16);
    new DataView(fprog.buffer).setUint16(0, insns.length, true);
    new DataView(fprog.buffer).setUint32(8, at, true);
    return wire.set(receiver, S.SO_ATTACH_FILTER, fprog, S.SOL_SOCKET);
  }

  it('cut packets, and keep others out', () => {
    // ldh [12]; jeq #0x88b5; ret #20; ret #0
    expect(attach('280000000c000000', '1500000' + '1b5880000', '0600000014000000', '0600000000000000')).to.equal(0);
    wire.send(sender, frame);
    wire.send(sender, tagged);
    expect(wire.received(receiver).data).to.have.lengthOf(20);
    expect(wire.receive(receiver)).to.equal(-E.EAGAIN);
    expect(wire.get(receiver, P.PACKET_STATISTICS)).to.deep.equal([1, 0]);
  });

  it('are checked, replaced, taken off and locked', () => {
    expect(attach('280000000c000000')).to.equal(-E.EINVAL);
    expect(attach('0600000005000000')).to.equal(0);
    wire.send(sender, tagged);
    expect(wire.received(receiver).data).to.have.lengthOf(5);
    const option = (optname: number, value = int(0)): number => wire.set(receiver, optname, value, S.SOL_SOCKET);
    expect(option(S.SO_DETACH_FILTER)).to.equal(0);
    expect(option(S.SO_DETACH_FILTER)).to.equal(-E.ENOENT);
    expect(option(S.SO_ATTACH_BPF, int(77))).to.equal(-E.EBADF);
    expect(option(S.SO_LOCK_FILTER, int(1))).to.equal(0);
    expect(attach('0600000005000000')).to.equal(-E.EPERM);
    expect(wire.get(receiver, S.SO_BPF_EXTENSIONS, S.SOL_SOCKET)).to.deep.equal([64]);
  });
});
