// The message loop, NLMSG_ERROR, receiving, overrun and multicast, on handlers of the spec's own.
import { expect } from 'chai';
import { fromHex, toHex } from '../../../../lib/codec/bytes.js';
import { flag, nlaU32, string } from '../../../../lib/codec/kind.js';
import { attrs } from '../../../../lib/codec/attrs.js';
import { NL_VALIDATE_LIBERAL, parse } from '../../../../lib/codec/parse.js';
import { refuse } from '../../../../lib/linux/errno.js';
import { Machine } from '../../../../lib/linux/machine.js';
import { MessageWriter } from '../../../../lib/linux/net/netlink/message.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as N from '../../../../lib/uapi/linux/netlink.js';
import { RTNLGRP_LINK, RTNLGRP_TC } from '../../../../lib/uapi/linux/rtnetlink.js';
import * as S from '../../../../lib/uapi/linux/socket.js';
import { address, Client, message } from '../../client.js';

/** An unused family and types of kind NEW and GET: the spec's handlers. */
const FAMILY = 99;
const NEW = 116;
const DEL = 117;
const body = (...rest: number[]): Uint8Array => Uint8Array.of(FAMILY, 0, 0, 0, ...rest);
const SET = attrs('SET', { FLAG: [1, flag], NUMBER: [2, nlaU32], NAME: [3, string(15)] });
const ACK = N.NLM_F_REQUEST | N.NLM_F_ACK;

describe('net/netlink af_netlink messages', () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine({ config: 'rec-6.18' });
    machine.net.rtnl.register(FAMILY, NEW, {
      doit: ({ msg, extack }) => {
        const tb = parse(SET, msg, N.NLMSG_HDRLEN + 4, msg.length, NL_VALIDATE_LIBERAL, extack);
        if (tb.FLAG) refuse(extack, E.EBUSY, 'no');
      },
    });
    machine.net.rtnl.register(FAMILY, DEL, { doit: () => {} });
  });

  describe('the loop', () => {
    const replies = (data: Uint8Array): string[] => {
      const client = new Client(machine);
      expect(client.send(data)).to.equal(data.length);
      return client.drain().map((hex) => hex.slice(8, 12) + hex.slice(32, 40));
    };
    const error = (errno: number): string => `0200${toHex(new Uint8Array(Int32Array.of(-errno).buffer))}`;

    it('stops silently at a header that does not fit', () => {
      expect(replies(message(NEW, ACK, body()).subarray(0, 15))).to.deep.equal([]);
      for (const length of [0, 15, 999]) {
        const both = Uint8Array.of(...message(NEW, ACK, body()), ...message(NEW, ACK, body(), length));
        expect(replies(both), `nlmsg_len ${length}`).to.deep.equal([error(0)]);
      }
    });

    it('acknowledges without handling what is no request', () => {
      expect(replies(message(NEW, N.NLM_F_ACK, body(4, 0, 1, 0)))).to.deep.equal([error(0)]);
      expect(replies(message(NEW, 0, body(4, 0, 1, 0)))).to.deep.equal([]);
      expect(replies(message(N.NLMSG_DONE, ACK))).to.deep.equal([error(0)]);
    });

    it('goes on at the next multiple of four', () => {
      const first = message(NEW, ACK, body(9));
      const data = Uint8Array.of(...first, 0, 0, 0, ...message(NEW, ACK, body(4, 0, 1, 0)));
      expect(replies(data)).to.deep.equal([error(0), error(E.EBUSY)]);
    });

    it('answers by type, payload and capability in this order', () => {
      expect(replies(message(124, ACK, body()))).to.deep.equal([error(E.EOPNOTSUPP)]);
      expect(replies(message(124, ACK))).to.deep.equal([error(E.EOPNOTSUPP)]);
      expect(replies(message(NEW, ACK))).to.deep.equal([error(0)]);
      expect(replies(message(118, ACK, body()))).to.deep.equal([error(E.EOPNOTSUPP)]);
      const user = new Client(machine, { uid: 1 });
      expect(user.errnoOf(NEW, 0, body())).to.equal(E.EPERM);
      expect(user.errnoOf(NEW, 0)).to.equal(0);
      expect(user.errnoOf(118, 0, body())).to.equal(E.EOPNOTSUPP);
    });

    it('needs the capability of the opener too, unless the message was addressed', () => {
      const opened = new Client(machine, { uid: 1 });
      const root = new Client(machine).task;
      const data = message(NEW, ACK, body());
      opened.sock.sendmsg(root, { name: null, data, flags: 0 });
      opened.sock.sendmsg(root, { name: address(), data, flags: 0 });
      expect(opened.drain().map((hex) => hex.slice(32, 40))).to.deep.equal(['ffffffff', '00000000']);
    });

    it('refuses NLM_F_BULK on a DEL type without it', () => {
      const client = new Client(machine, { opts: [N.NETLINK_EXT_ACK] });
      const [reply] = client.request(DEL, N.NLM_F_BULK, body());
      expect(toHex(reply!.u8)).to.contain(toHex(new TextEncoder().encode('Bulk delete is not supported\0')));
      expect(client.errnoOf(DEL, 0, body())).to.equal(0);
    });
  });

  describe('NLMSG_ERROR', () => {
    const request = message(NEW, ACK, body(4, 0, 1, 0, 7));

    it('echoes a failed request in full, padded, and a success as a header', () => {
      const client = new Client(machine);
      client.send(request);
      const [failed] = client.drain();
      expect(failed).to.equal(`30000000020000000100000064000000f0ffffff${toHex(request)}000000`);
      client.send(message(NEW, ACK, body()));
      expect(client.drain()).to.deep.equal([
        `2400000002000001010000006400000000000000${toHex(message(NEW, ACK, body()).subarray(0, 16))}`,
      ]);
    });

    it('caps the echo of a failure with NETLINK_CAP_ACK', () => {
      const client = new Client(machine, { opts: [N.NETLINK_CAP_ACK] });
      client.send(request);
      expect(client.drain()[0]).to.match(/^2400000002000001.*f0ffffff.{32}$/);
    });

    it('carries the text with NETLINK_EXT_ACK', () => {
      const client = new Client(machine, { opts: [N.NETLINK_EXT_ACK] });
      client.send(request);
      const [failed] = client.drain();
      expect(failed!.slice(0, 16)).to.equal('3800000002000002');
      expect(failed!.slice(-16)).to.equal('070001006e6f0000');
    });

    const policyCases: [string, string, string, number][] = [
      ['a short integer', '05000200ff000000', '080002001400000024000480', E.ERANGE],
      ['a long string', '15000300' + '61'.repeat(17) + '000000', '080002001400000014000480', E.ERANGE],
      ['a flag with a payload', '080001000100000', '', E.ERANGE],
    ];
    for (const [what, attribute, tail, errno] of policyCases)
      it(`names offset and policy of ${what}`, () => {
        const client = new Client(machine, { opts: [N.NETLINK_EXT_ACK] });
        const bytes = fromHex(attribute.length % 2 === 0 ? attribute : `${attribute}0`);
        const [reply] = client.request(NEW, N.NLM_F_ACK, body(...bytes));
        expect(-reply!.view.getInt32(16, true)).to.equal(errno);
        const text = `2700010041747472696275746520666169`;
        expect(toHex(reply!.u8)).to.contain(text);
        expect(toHex(reply!.u8)).to.contain(tail);
      });

    it('pads and flags nothing on 4.1', () => {
      const client = new Client(new Machine({ version: 'v4.1' }));
      const data = message(124, ACK, Uint8Array.of(1));
      client.send(data);
      expect(client.drain()).to.deep.equal([`25000000020000000100000064000000a1ffffff${toHex(data)}`]);
    });
  });

  describe('recvmsg', () => {
    it('truncates, peeks and reports the full length', () => {
      const client = new Client(machine);
      client.send(message(NEW, ACK, body()));
      expect(client.receive(0, S.MSG_PEEK | S.MSG_TRUNC)).to.deep.include({ ret: 36, flags: S.MSG_TRUNC });
      expect(client.receive(10, S.MSG_PEEK)).to.deep.include({ ret: 10, flags: S.MSG_TRUNC });
      expect(client.receive(10, S.MSG_TRUNC)).to.deep.include({ ret: 36, flags: S.MSG_TRUNC });
      expect(client.receiveError()).to.equal(E.EAGAIN);
      expect(client.sock.recvmsg(client.task, 1, S.MSG_OOB, 0)).to.equal(-E.EOPNOTSUPP);
    });

    it('gives group and credentials as control messages, cut to the room', () => {
      const client = new Client(machine, { opts: [N.NETLINK_PKTINFO] });
      client.sock.setsockopt(client.task, S.SOL_SOCKET, S.SO_PASSCRED, Uint8Array.of(1, 0, 0, 0));
      const ask = (): void => void client.send(message(NEW, ACK, body()));
      ask();
      const pktinfo = '14000000000000000e0100000300000000000000';
      const creds = '1c000000000000000100000002000000000000000000000000000000';
      expect(toHex(client.receive(99, 0, 99).control)).to.equal(`${pktinfo}00000000${creds}00000000`);
      ask();
      expect(client.receive(99, 0, 0)).to.deep.include({ flags: S.MSG_CTRUNC });
      ask();
      const cut = client.receive(99, 0, 18);
      expect(toHex(cut.control)).to.equal(`1200${pktinfo.slice(4, 36)}`);
      expect(cut.flags).to.equal(S.MSG_CTRUNC);
    });
  });

  describe('notifications', () => {
    const notify = (portid: number, echo: boolean): void => {
      const skb = new MessageWriter();
      skb.begin(NEW, 0, 0, portid, 4);
      machine.net.rtnl.notify(skb.take(), { group: RTNLGRP_TC, portid, echo });
    };

    it('reach group members; the requester among them gets one copy', () => {
      const [a, b] = [new Client(machine), new Client(machine)];
      for (const client of [a, b]) {
        client.bind();
        client.setOption(N.NETLINK_ADD_MEMBERSHIP, RTNLGRP_TC);
      }
      notify(a.sock.portid, false);
      expect(toHex(a.receive().name)).to.equal(toHex(address(0, 8)));
      notify(a.sock.portid, true);
      expect(toHex(a.receive().name), 'the copy keeps the group').to.equal(toHex(address(0, 8)));
      expect([a.drain().length, b.drain().length]).to.deep.equal([0, 2]);
      expect(machine.net.rtnl.hasListeners(RTNLGRP_TC)).to.equal(true);
      expect(machine.net.rtnl.hasListeners(RTNLGRP_LINK)).to.equal(false);
    });

    it('leave out the requester on 4.1', () => {
      machine = new Machine({ version: 'v4.1' });
      const client = new Client(machine);
      client.bind();
      client.setOption(N.NETLINK_ADD_MEMBERSHIP, RTNLGRP_TC);
      notify(client.sock.portid, false);
      expect(client.drain()).to.deep.equal([]);
    });

    it('overrun a full queue: ENOBUFS first, then what was queued, then normal again', () => {
      const client = new Client(machine);
      client.bind(0, 8);
      client.sock.setsockopt(client.task, S.SOL_SOCKET, S.SO_RCVBUF, Uint8Array.of(0, 8, 0, 0));
      for (let i = 0; i < 9; i++) notify(0, false);
      expect(client.sock.poll() & S.EPOLLERR).to.equal(S.EPOLLERR);
      expect(client.receiveError()).to.equal(E.ENOBUFS);
      expect(client.drain()).to.have.length(4);
      notify(0, false);
      expect(client.drain()).to.have.length(1);
    });

    it('are lost silently with NETLINK_NO_ENOBUFS', () => {
      const client = new Client(machine, { opts: [N.NETLINK_NO_ENOBUFS] });
      client.bind(0, 8);
      client.sock.setsockopt(client.task, S.SOL_SOCKET, S.SO_RCVBUF, Uint8Array.of(0, 8, 0, 0));
      for (let i = 0; i < 9; i++) notify(0, false);
      expect(client.drain()).to.have.length(4);
      notify(0, false);
      expect(client.drain()).to.have.length(1);
    });
  });
});
