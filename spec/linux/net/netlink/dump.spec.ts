// Chunks of dumps, their end, their errors, as measured on 6.18 (control-plane notes on 124 links of 1492 bytes).
import { expect } from 'chai';
import { Machine } from '../../../../lib/linux/machine.js';
import { errno } from '../../../../lib/linux/errno.js';
import type { DumpEntry } from '../../../../lib/linux/net/core/rtnetlink.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import * as N from '../../../../lib/uapi/linux/netlink.js';
import { Client, message } from '../../client.js';

const FAMILY = 99;
const GET = 118;
const dumpRequest = message(GET, N.NLM_F_REQUEST | N.NLM_F_DUMP, Uint8Array.of(FAMILY, 0, 0, 0));

describe('net/netlink af_netlink dumps', () => {
  let machine: Machine;
  let generation = 0;
  beforeEach(() => {
    machine = new Machine({ config: 'rec-6.18' });
    generation = 1;
  });

  /** Serves a dump of messages of the given total sizes. */
  function serve(sizes: number[], options: { minDumpAlloc?: number; failAt?: number } = {}): void {
    machine.net.rtnl.register(FAMILY, GET, {
      *dumpit(request): Generator<DumpEntry> {
        for (const [i, size] of sizes.entries()) {
          if (options.failAt === i) {
            request.extack.msg = 'no';
            throw errno(E.EINVAL);
          }
          yield (skb) => {
            skb.end(skb.begin(116, N.NLM_F_MULTI, request.seq, request.portid, size - N.NLMSG_HDRLEN));
          };
        }
      },
      minDumpAlloc: () => options.minDumpAlloc ?? 0,
      generation: () => generation,
    });
  }

  function lengths(client: Client, buffer: number): number[] {
    client.send(dumpRequest);
    return client.drain(buffer).map((hex) => hex.length / 2);
  }

  it('starts with 3776 bytes and grows to the receive buffer, at most 32448', () => {
    serve(Array<number>(124).fill(1492));
    const lengthsAt = (buffer: number): number[] => lengths(new Client(machine), buffer).slice(0, 3);
    expect(lengthsAt(4096)).to.deep.equal([2984, 2984, 2984]);
    expect(lengthsAt(8192)).to.deep.equal([2984, 7460, 7460]);
    expect(lengthsAt(16384)).to.deep.equal([2984, 14920, 14920]);
    expect(lengthsAt(65536)).to.deep.equal([2984, 31332, 31332]);
    expect(lengthsAt(512)).to.deep.equal([512, 512, 512]);
  });

  it('remembers the buffer on the socket and never splits a message', () => {
    serve(Array<number>(120).fill(150));
    const client = new Client(machine);
    expect(lengths(client, 65536)).to.deep.equal([24 * 152, 96 * 152, 20]);
    expect(lengths(client, 65536)).to.deep.equal([120 * 152, 20]);
  });

  it("honours the handler's least size", () => {
    serve(Array<number>(3).fill(3000), { minDumpAlloc: 6000 });
    expect(lengths(new Client(machine), 512)).to.deep.equal([512, 512, 20]);
  });

  it('ends with DONE in a datagram of its own', () => {
    serve([]);
    const client = new Client(machine);
    client.send(dumpRequest);
    expect(client.drain()).to.deep.equal(['14000000030002000100000064000000' + '00000000']);
    expect(client.sock.dump).to.equal(undefined);
  });

  it('ignores NLM_F_ACK and needs only one of ROOT and MATCH', () => {
    serve([20]);
    for (const flags of [N.NLM_F_ROOT, N.NLM_F_MATCH]) {
      const replies = new Client(machine).request(GET, flags | N.NLM_F_ACK, Uint8Array.of(FAMILY, 0, 0, 0));
      expect(replies.map((r) => r.view.getUint16(4, true))).to.deep.equal([116, N.NLMSG_DONE]);
    }
  });

  it('puts an error into DONE, after what was dumped before it, with the text for who asked', () => {
    serve([20, 20, 20], { failAt: 2 });
    const client = new Client(machine, { opts: [N.NETLINK_EXT_ACK] });
    client.send(dumpRequest);
    const [first, done] = client.drain();
    expect(first!.length / 2).to.equal(40);
    expect(done).to.equal('1c000000030002020100000064000000eaffffff070001006e6f0000');
  });

  it('repeats a warning about a link dump in DONE, where the kernel judges the request again for it', () => {
    const request = message(
      18,
      N.NLM_F_REQUEST | N.NLM_F_DUMP,
      Uint8Array.from({ length: 17 }, () => 0),
    );
    for (const version of ['v6.18', 'v6.1'] as const) {
      const client = new Client(new Machine({ version }), { opts: [N.NETLINK_EXT_ACK] });
      client.send(request);
      const text = Buffer.from('bytes leftover after parsing attributes').toString('hex');
      expect(client.drain().at(-1)!.includes(text), version).to.equal(version === 'v6.1');
    }
  });

  it('gives EMSGSIZE when a message does not fit an empty chunk', () => {
    serve([20, 40000]);
    const client = new Client(machine);
    client.send(dumpRequest);
    expect(client.drain().map((hex) => hex.slice(-8))).to.deep.equal(['00000000', 'a6ffffff']);
  });

  it('refuses a second dump while one runs, and serves other requests in between', () => {
    serve(Array<number>(8).fill(1492));
    const client = new Client(machine);
    client.send(dumpRequest);
    client.send(dumpRequest);
    const types = client
      .drain(4096)
      .map((hex) => hex.slice(8, 12) + (hex.startsWith('0200', 8) ? hex.slice(32, 40) : ''));
    expect(types).to.deep.equal(['7400', '0200f0ffffff', '7400', '7400', '7400', '0300']);
  });

  it('marks messages after a change of the list', () => {
    serve(Array<number>(6).fill(1492));
    const client = new Client(machine);
    client.send(dumpRequest);
    const flagsOf = (): number => {
      const { data } = client.receive(4096);
      return data[6]!;
    };
    generation++;
    const seen = [flagsOf(), flagsOf(), flagsOf(), flagsOf()];
    expect(seen).to.deep.equal([N.NLM_F_MULTI, N.NLM_F_MULTI | N.NLM_F_DUMP_INTR, N.NLM_F_MULTI, N.NLM_F_MULTI]);
  });

  it('waits with the next chunk until half the buffer is free', () => {
    serve(Array<number>(40).fill(3000));
    const client = new Client(machine);
    client.send(dumpRequest);
    expect(client.sock.receiveQueue).to.have.length(1);
    client.receive(4096);
    expect(client.sock.receiveQueue).to.have.length(1);
  });

  it('ends with the socket', () => {
    serve(Array<number>(9).fill(3000));
    const client = new Client(machine);
    client.send(dumpRequest);
    const before = machine.objects.size;
    client.sock.release();
    expect(machine.objects.size).to.equal(before - 1);
  });
});
