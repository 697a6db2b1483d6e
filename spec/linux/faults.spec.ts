// Faults on purpose, in process: what each kind makes a client see, when it strikes, and that it ends.
import { expect } from 'chai';
import { Machine } from '../../lib/linux/machine.js';
import type { Fault } from '../../lib/linux/faults.js';
import * as E from '../../lib/uapi/asm-generic/errno.js';
import * as N from '../../lib/uapi/linux/netlink.js';
import * as R from '../../lib/uapi/linux/rtnetlink.js';
import { SO_RCVBUF, SO_SNDBUF, SOL_SOCKET } from '../../lib/uapi/linux/socket.js';
import { address, Client, message } from './client.js';

const up = R.ifinfomsg.bytes({ ifi_index: 1, ifi_flags: 1, ifi_change: 1 });
const down = R.ifinfomsg.bytes({ ifi_index: 1, ifi_flags: 0, ifi_change: 1 });

const machineWith = (...faults: readonly Fault[]): Machine => new Machine({ faults });

/** Message types a client has waiting. */
function types(client: Client): number[] {
  const found: number[] = [];
  for (;;) {
    const received = client.sock.recvmsg(client.task, 65536, 0, 0);
    if (typeof received === 'number') return found;
    found.push(received.data[4]! | (received.data[5]! << 8));
  }
}

function monitor(machine: Machine): Client {
  const client = new Client(machine, { tgid: 200 });
  expect(client.bind(0, 1 << (R.RTNLGRP_LINK - 1))).to.equal(0);
  return client;
}

function flagsOf(replies: readonly { readonly view: DataView }[]): number[] {
  return replies.map((reply) => reply.view.getUint16(6, true));
}

describe('faults: calls', () => {
  it('fail the nth, and only that', () => {
    const client = new Client(machineWith({ kind: 'call', call: 'connect', errno: E.EPERM, nth: 2 }));
    expect([1, 2, 3].map(() => client.sock.connect(client.task, address()))).to.eql([0, -E.EPERM, 0]);
  });

  it('fail before anything is done', () => {
    const machine = machineWith({ kind: 'call', call: 'sendmsg', errno: E.ENOBUFS, nth: 1 });
    const client = new Client(machine);
    const request = message(R.RTM_SETLINK, N.NLM_F_REQUEST | N.NLM_F_ACK, up);
    expect(client.send(request)).to.equal(-E.ENOBUFS);
    expect(types(client)).to.eql([]);
    expect(client.send(request)).to.equal(request.length);
    expect(types(client)).to.eql([N.NLMSG_ERROR]);
  });

  it('lose nothing when it is a receive that fails', () => {
    const client = new Client(machineWith({ kind: 'call', call: 'recvmsg', errno: E.EINTR, nth: 1 }));
    client.send(message(R.RTM_SETLINK, N.NLM_F_REQUEST | N.NLM_F_ACK, up));
    expect(client.receiveError()).to.equal(E.EINTR);
    expect(types(client)).to.eql([N.NLMSG_ERROR]);
  });

  it('fail one of each kind', () => {
    const fault = (call: Extract<Fault, { kind: 'call' }>['call']): Fault => ({ kind: 'call', call, errno: E.EIO });
    const machine = new Machine();
    const { sock, task } = new Client(machine);
    for (const call of ['socket', 'connect', 'getsockname', 'setsockopt', 'getsockopt', 'ioctl'] as const)
      machine.faults.add(fault(call));
    const results = [
      machine.socket(task, N.AF_NETLINK, 3, 0),
      sock.connect(task, address()),
      sock.getname(false),
      sock.setsockopt(task, SOL_SOCKET, SO_RCVBUF, new Uint8Array(4)),
      sock.getsockopt(task, SOL_SOCKET, SO_RCVBUF, 4),
      machine.devIoctl(task, 0x8910, new Uint8Array(40)),
    ];
    expect(results).to.eql(results.map(() => -E.EIO));
    machine.faults.clear();
    expect(sock.connect(task, address())).to.equal(0);
  });
});

describe('faults: requests', () => {
  const fault: Fault = { kind: 'request', type: R.RTM_SETLINK, errno: E.ENOMEM, text: 'on purpose' };

  it('are refused with errno and text, and not carried out', () => {
    const machine = machineWith(fault);
    const client = new Client(machine, { opts: [N.NETLINK_EXT_ACK] });
    const [reply] = client.request(R.RTM_SETLINK, N.NLM_F_ACK, up);
    expect(reply!.view.getInt32(16, true)).to.equal(-E.ENOMEM);
    expect(Buffer.from(reply!.u8).includes('on purpose\0')).to.equal(true);
    expect(client.errnoOf(R.RTM_GETLINK, 0, up)).to.equal(0);
    machine.faults.clear();
    expect(client.errnoOf(R.RTM_SETLINK, 0, up)).to.equal(0);
  });

  it('strike every nth, from the nth on, and by chance, the same way each time', () => {
    const run = (when: object, faultSeed = 1): number[] => {
      const client = new Client(new Machine({ faults: [{ ...fault, ...when }], faultSeed }));
      return Array.from({ length: 9 }, () => (client.errnoOf(R.RTM_SETLINK, 0, up) === 0 ? 0 : 1));
    };
    expect(run({ every: 3 })).to.eql([0, 0, 1, 0, 0, 1, 0, 0, 1]);
    expect(run({ from: 7 })).to.eql([0, 0, 0, 0, 0, 0, 1, 1, 1]);
    expect(run({ from: 4, every: 2 })).to.eql([0, 0, 0, 1, 0, 1, 0, 1, 0]);
    expect(run({ chance: 0 })).to.eql(Array(9).fill(0));
    expect(run({ chance: 1 })).to.eql(Array(9).fill(1));
    const runs = Array.from({ length: 20 }, (_, seed) => run({ chance: 0.5 }, seed).join(''));
    expect(runs).to.eql(Array.from({ length: 20 }, (_, seed) => run({ chance: 0.5 }, seed).join('')));
    expect(new Set(runs).size).to.be.greaterThan(10);
  });

  it('are counted, and go on as ever once the fault is removed', () => {
    const machine = new Machine();
    const client = new Client(machine);
    const set = machine.faults.add({ ...fault, nth: 2 });
    const results = [1, 2, 3].map(() => Math.abs(client.errnoOf(R.RTM_SETLINK, 0, up)));
    expect(results).to.eql([0, E.ENOMEM, 0]);
    expect([set.seen, set.struck]).to.eql([3, 1]);
    set.remove();
    set.remove();
    expect(machine.faults.active).to.equal(undefined);
  });

  it('leave the machine’s own entropy alone', () => {
    const words = (faults: readonly Fault[]): number => {
      const machine = new Machine({ faults });
      new Client(machine).errnoOf(R.RTM_SETLINK, 0, up);
      return machine.entropy.u32();
    };
    expect(words([{ ...fault, chance: 0.5 }])).to.equal(words([]));
  });
});

describe('faults: notifications', () => {
  const change = (machine: Machine): void => {
    const client = new Client(machine, { tgid: 300 });
    for (const body of [up, down]) expect(client.errnoOf(R.RTM_SETLINK, 0, body)).to.equal(0);
  };

  it('are dropped', () => {
    const whole = monitor(new Machine());
    change(whole.sock.net.machine);
    const machine = machineWith({ kind: 'notify', type: R.RTM_NEWLINK, nth: 1 });
    const client = monitor(machine);
    change(machine);
    expect(types(client).length).to.equal(types(whole).length - 1);
  });

  it('come late', () => {
    const machine = machineWith({ kind: 'notify', delay: 5e6 });
    const client = monitor(machine);
    change(machine);
    expect(types(client)).to.eql([]);
    machine.advance(4e6);
    expect(types(client)).to.eql([]);
    machine.advance(2e6);
    expect(types(client)).to.eql([R.RTM_NEWLINK, R.RTM_NEWLINK]);
  });

  it('find a full buffer: ENOBUFS, then what comes after', () => {
    const machine = machineWith({ kind: 'overrun', type: R.RTM_NEWLINK, nth: 1 });
    const client = monitor(machine);
    change(machine);
    expect(client.receiveError()).to.equal(E.ENOBUFS);
    expect(types(client)).to.eql([]);
    change(machine);
    expect(types(client)).to.eql([R.RTM_NEWLINK, R.RTM_NEWLINK]);
  });
});

describe('faults: dumps and buffers', () => {
  it('say once that the dump was interrupted', () => {
    const client = new Client(machineWith({ kind: 'interrupt', type: R.RTM_GETLINK, nth: 1 }));
    const body = R.ifinfomsg.bytes({});
    const interrupted = (): number =>
      flagsOf(client.request(R.RTM_GETLINK, N.NLM_F_DUMP, body)).filter((flags) => flags & N.NLM_F_DUMP_INTR).length;
    expect([interrupted(), interrupted()]).to.eql([1, 0]);
  });

  it('are short and stay so', () => {
    const machine = machineWith({ kind: 'buffer', rcvbuf: 3000, sndbuf: 100 });
    const client = new Client(machine);
    const size = (optname: number): number => {
      const got = client.sock.getsockopt(client.task, SOL_SOCKET, optname, 4);
      return typeof got === 'number' ? got : new DataView(got.value.buffer).getInt32(0, true);
    };
    const million = new Uint8Array(Uint32Array.of(1_000_000).buffer);
    expect(client.sock.setsockopt(client.task, SOL_SOCKET, SO_RCVBUF, million)).to.equal(0);
    expect([size(SO_RCVBUF), size(SO_SNDBUF)]).to.eql([3000, 100]);
    expect(client.send(new Uint8Array(69))).to.equal(-E.EMSGSIZE);
    const request = message(R.RTM_SETLINK, N.NLM_F_REQUEST | N.NLM_F_ACK, up);
    for (let i = 0; i < 10; i++) client.send(request);
    expect(client.receiveError()).to.equal(E.ENOBUFS);
    expect(types(client).length).to.be.within(1, 4);
  });

  it('refuse what makes no sense', () => {
    const { faults } = new Machine();
    const wrong: Fault[] = [
      { kind: 'call', call: 'bind', errno: 0 },
      { kind: 'call', call: 'bind', errno: E.EIO, nth: 0 },
      { kind: 'call', call: 'bind', errno: E.EIO, every: 1.5 },
      { kind: 'call', call: 'bind', errno: E.EIO, chance: 2 },
      { kind: 'call', call: 'recvmsg', errno: E.EAGAIN },
      { kind: 'notify', delay: -1 },
      { kind: 'buffer', rcvbuf: 0 },
    ];
    for (const fault of wrong) expect(() => faults.add(fault), JSON.stringify(fault)).to.throw(RangeError);
    expect(faults.active).to.equal(undefined);
  });
});
