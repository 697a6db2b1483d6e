// Sockets, addresses, options and the order of checks of sendmsg, as measured on 6.18.
import { expect } from 'chai';
import { toHex } from '../../../../lib/codec/bytes.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as N from '../../../../lib/uapi/linux/netlink.js';
import * as S from '../../../../lib/uapi/linux/socket.js';
import { LocalTask } from '../../../../lib/linux/kernel/local_task.js';
import { Machine } from '../../../../lib/linux/machine.js';
import type { KernelVersion } from '../../../../lib/linux/version.js';
import { address, Client, message } from '../../client.js';

const hexAddress = (pid: number, groups = 0): string => toHex(address(pid, groups));

describe('net/netlink af_netlink sockets', () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine({ config: 'rec-6.18' });
  });

  it('creates only types 2 and 3 of registered protocols', () => {
    const open = (type: number, protocol: number): unknown =>
      machine.socket(new LocalTask(), N.AF_NETLINK, type, protocol);
    for (const type of [1, 4, 5, 6, 10]) expect(open(type, 0), `type ${type}`).to.equal(-E.ESOCKTNOSUPPORT);
    expect(open(11, 0)).to.equal(-E.EINVAL);
    const registered = [0, 2, 4, 6, 7, 9, 10, 11, 12, 15, 16];
    for (let protocol = -1; protocol < 34; protocol++)
      expect(typeof open(3, protocol) === 'object', `protocol ${protocol}`).to.equal(registered.includes(protocol));
    expect(open(3, 1)).to.equal(-E.EPROTONOSUPPORT);
    expect(machine.socket(new LocalTask(), S.AF_INET, 3, 0)).to.equal(-E.EAFNOSUPPORT);
  });

  it('autobinds to the tgid, then to a number at or below -4097', () => {
    const [a, b] = [new Client(machine), new Client(machine)];
    expect(toHex(a.sock.getname(false) as Uint8Array)).to.equal(hexAddress(0));
    expect([a.bind(), b.bind()]).to.deep.equal([0, 0]);
    expect(a.sock.portid).to.equal(100);
    expect(b.sock.portid | 0).to.be.at.most(-4097);
  });

  it('starts the search at -4097 on 4.1', () => {
    const old = new Machine({ version: 'v4.1' });
    const clients = [new Client(old), new Client(old), new Client(old)];
    for (const client of clients) client.bind();
    expect(clients.map((c) => c.sock.portid | 0)).to.deep.equal([100, -4097, -4098]);
  });

  it('honours explicit port ids, ignores nl_pad, frees them at the last close', () => {
    const [a, b] = [new Client(machine), new Client(machine)];
    const padded = address(777);
    padded[2] = 0xaa;
    expect(a.sock.bind(a.task, padded)).to.equal(0);
    expect(toHex(a.sock.getname(false) as Uint8Array)).to.equal(hexAddress(777));
    expect(b.bind(777)).to.equal(-E.EADDRINUSE);
    a.sock.release();
    expect(b.bind(777)).to.equal(0);
    expect(() => a.bind()).to.throw(/use of freed netlink socket 777/);
  });

  it('checks bind in order', () => {
    const client = new Client(machine);
    const bind = (addr: Uint8Array): number => client.sock.bind(client.task, addr);
    expect(bind(address().subarray(0, 11))).to.equal(-E.EINVAL);
    const inet = address();
    inet[0] = S.AF_INET;
    expect(bind(inet)).to.equal(-E.EINVAL);
    expect(bind(Uint8Array.of(...address(5), 1, 2, 3))).to.equal(0);
    expect(bind(address(0))).to.equal(-E.EINVAL);
    expect(bind(address(5, 0xffffffff))).to.equal(0);
    expect(toHex(client.sock.getname(false) as Uint8Array)).to.equal(hexAddress(5, 0xffffffff));
    expect(bind(address(5, 0))).to.equal(0);
    expect(toHex(client.sock.getname(false) as Uint8Array)).to.equal(hexAddress(5, 0));
    const user = new Client(machine, { protocol: N.NETLINK_NETFILTER, uid: 1 });
    expect(user.bind(0, 1)).to.equal(-E.EPERM);
    expect(new Client(machine, { uid: 1 }).bind(0, 1)).to.equal(0);
  });

  it('connects to the lowest group, autobinding; AF_UNSPEC takes it back', () => {
    const client = new Client(machine);
    const connect = (addr: Uint8Array): number => client.sock.connect(client.task, addr);
    expect(connect(Uint8Array.of(16))).to.equal(-E.EINVAL);
    expect(connect(address().subarray(0, 8))).to.equal(-E.EINVAL);
    expect(connect(address(0, 0b1100))).to.equal(0);
    expect(toHex(client.sock.getname(true) as Uint8Array)).to.equal(hexAddress(0, 0b100));
    expect(client.sock.portid).to.equal(100);
    expect(connect(Uint8Array.of(0, 0))).to.equal(0);
    expect(toHex(client.sock.getname(true) as Uint8Array)).to.equal(hexAddress(0, 0));
    const user = new Client(machine, { uid: 1 });
    expect(user.sock.connect(user.task, address(9))).to.equal(-E.EPERM);
    expect(user.sock.connect(user.task, address(0))).to.equal(0);
  });

  describe('SOL_NETLINK options', () => {
    const memberships = (client: Client, length: number): unknown =>
      client.sock.getsockopt(client.task, N.SOL_NETLINK, N.NETLINK_LIST_MEMBERSHIPS, length);

    it('joins and leaves groups 1 to 39', () => {
      const client = new Client(machine);
      for (const group of [0, 40, 0xffffffff])
        expect(client.setOption(N.NETLINK_ADD_MEMBERSHIP, group), `group ${group}`).to.equal(-E.EINVAL);
      expect(client.setOption(N.NETLINK_ADD_MEMBERSHIP, 39)).to.equal(0);
      expect(client.setOption(N.NETLINK_ADD_MEMBERSHIP, 4)).to.equal(0);
      expect(client.setOption(N.NETLINK_DROP_MEMBERSHIP, 5)).to.equal(0);
      expect(client.sock.bound).to.equal(false);
      expect(memberships(client, 8)).to.deep.equal({ value: Uint8Array.of(8, 0, 0, 0, 0x40, 0, 0, 0), length: 8 });
      expect(memberships(client, 4)).to.deep.equal({ value: Uint8Array.of(8, 0, 0, 0), length: 8 });
      expect(memberships(client, 0)).to.deep.equal({ value: new Uint8Array(0), length: 8 });
      expect(client.setOption(N.NETLINK_DROP_MEMBERSHIP, 4)).to.equal(0);
      expect(machine.net.netlink.get(0)!.subscribers).to.deep.equal([client.sock]);
      expect(client.setOption(N.NETLINK_DROP_MEMBERSHIP, 39)).to.equal(0);
      expect(machine.net.netlink.get(0)!.subscribers).to.deep.equal([]);
    });

    it('treats a short value as 0 and reports booleans as 0 or 1', () => {
      const client = new Client(machine);
      const set = (optname: number, value: Uint8Array): number =>
        client.sock.setsockopt(client.task, N.SOL_NETLINK, optname, value);
      expect(set(N.NETLINK_ADD_MEMBERSHIP, Uint8Array.of(1, 0))).to.equal(-E.EINVAL);
      for (const optname of [3, 4, 5, 8, 10, 11, 12]) {
        expect(set(optname, Uint8Array.of(7, 0, 0, 0)), `option ${optname}`).to.equal(0);
        const got = client.sock.getsockopt(client.task, N.SOL_NETLINK, optname, 4);
        expect(got).to.deep.equal({ value: Uint8Array.of(1, 0, 0, 0), length: 4 });
        expect(client.sock.getsockopt(client.task, N.SOL_NETLINK, optname, 3)).to.equal(-E.EINVAL);
        expect(set(optname, Uint8Array.of(1))).to.equal(0);
        expect(client.sock.getsockopt(client.task, N.SOL_NETLINK, optname, 4)).to.deep.include({ length: 4 });
      }
      for (const optname of [1, 2, 6, 7, 13])
        expect(client.sock.getsockopt(client.task, N.SOL_NETLINK, optname, 4)).to.equal(-E.ENOPROTOOPT);
      for (const optname of [6, 7, 9, 13]) expect(set(optname, new Uint8Array(4))).to.equal(-E.ENOPROTOOPT);
      expect(client.sock.setsockopt(client.task, 271, 11, new Uint8Array(4))).to.equal(-E.ENOPROTOOPT);
      const user = new Client(machine, { uid: 1 });
      expect(user.setOption(N.NETLINK_LISTEN_ALL_NSID, 1)).to.equal(-E.EPERM);
    });

    it('has only options 1 to 5 on 4.1', () => {
      const client = new Client(new Machine({ version: 'v4.1' }));
      for (const optname of [8, 10, 11, 12]) expect(client.setOption(optname, 1)).to.equal(-E.ENOPROTOOPT);
      expect(client.setOption(N.NETLINK_NO_ENOBUFS, 1)).to.equal(0);
    });
  });

  describe('sendmsg', () => {
    it('checks in order and autobinds before the size', () => {
      const client = new Client(machine);
      const data = message(250, 1);
      expect(client.send(data, address(), S.MSG_OOB)).to.equal(-E.EOPNOTSUPP);
      expect(client.send(new Uint8Array(0), Uint8Array.of(1))).to.equal(-E.ENODATA);
      expect(client.send(data, address().subarray(0, 11))).to.equal(-E.EINVAL);
      const inet = address();
      inet[0] = S.AF_INET;
      expect(client.send(data, inet)).to.equal(-E.EINVAL);
      expect(client.sock.bound).to.equal(false);
      expect(client.send(new Uint8Array(212961))).to.equal(-E.EMSGSIZE);
      expect(client.sock.portid).to.equal(100);
      expect(client.send(new Uint8Array(212960))).to.equal(212960);
      expect(client.send(data, address(12345))).to.equal(-E.ECONNREFUSED);
      const user = new Client(machine, { uid: 1 });
      expect(user.send(data, address(100))).to.equal(-E.EPERM);
      expect(user.send(data, address(0, 1))).to.equal(-E.EPERM);
    });

    it('returns 0 for an empty message on 4.1', () => {
      const client = new Client(new Machine({ version: 'v4.1' }));
      expect(client.send(new Uint8Array(0))).to.equal(0);
    });

    it('delivers raw datagrams between sockets, with the sender as source', () => {
      const [a, b] = [new Client(machine), new Client(machine)];
      b.bind(9);
      a.bind(8);
      expect(a.send(Uint8Array.of(1, 2, 3), address(9))).to.equal(3);
      const received = b.receive();
      expect([...received.data]).to.deep.equal([1, 2, 3]);
      expect(toHex(received.name)).to.equal(hexAddress(8));
    });

    it('broadcasts to the lowest group and still lets the kernel execute the request', () => {
      const [a, b] = [new Client(machine), new Client(machine)];
      b.setOption(N.NETLINK_ADD_MEMBERSHIP, 2);
      const data = message(250, N.NLM_F_REQUEST);
      expect(a.send(data, address(0, 0b110))).to.equal(data.length);
      expect(toHex(b.receive().name)).to.equal(hexAddress(100, 0b10));
      expect(a.drain()).to.have.length(1);
    });

    it('refuses protocols whose kernel side is not modelled, saying so', () => {
      const gaps: string[] = [];
      const client = new Client(new Machine({ onGap: (what) => gaps.push(what) }), { protocol: N.NETLINK_GENERIC });
      expect(client.send(message(16, 1))).to.equal(-E.ECONNREFUSED);
      expect(gaps).to.deep.equal(['requests of netlink protocol 16']);
    });
  });

  it('answers poll and the calls netlink has not', () => {
    const { sock, task: caller } = new Client(machine);
    expect(sock.poll()).to.equal(0x304);
    sock.sendmsg(caller, { name: address(), data: message(250, 1), flags: 0 });
    expect(sock.poll()).to.equal(0x345);
    expect([sock.listen(), sock.accept(), sock.shutdown()]).to.deep.equal(Array(3).fill(-E.EOPNOTSUPP));
  });

  for (const version of ['v4.1', 'v6.1', 'v6.18'] as KernelVersion[])
    it(`leaves nothing behind on ${version}`, () => {
      const kernel = new Machine({ version });
      const before = kernel.objects.size;
      const client = new Client(kernel);
      client.bind(0, 1);
      client.send(message(250, 1));
      client.sock.release();
      expect(kernel.objects.size).to.equal(before);
      expect(kernel.net.netlink.get(0)!.byPortid.size).to.equal(0);
      expect(kernel.net.netlink.get(0)!.subscribers).to.deep.equal([]);
    });
});
