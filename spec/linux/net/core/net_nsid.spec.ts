// Ids of network namespaces: what Linux 6.18 answers a process about its own namespace, before it has an id and after.
// The answers are those of a real kernel (net_nsid.6.18.json, from `unshare -nm`); the process is 100 there and here.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromHex } from '../../../../lib/codec/bytes.js';
import { foreignFile, ownNetns } from '../../../../lib/linux/fs/file.js';
import { Machine } from '../../../../lib/linux/machine.js';
import { NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK } from '../../../../lib/uapi/linux/netlink.js';
import { RTNLGRP_NSID } from '../../../../lib/uapi/linux/rtnetlink.js';
import { Client } from '../../client.js';

interface Step {
  readonly name: string;
  readonly strict: boolean;
  readonly send: string;
  readonly recv: readonly string[];
  /** What the group heard. */
  readonly heard: readonly string[];
}

const file = join(import.meta.dirname, '../../../../../spec/linux/net/core/net_nsid.6.18.json');
const steps = JSON.parse(readFileSync(file, 'utf8')) as readonly Step[];

describe('net/core/net_nsid', () => {
  it('answers as the kernel does', () => {
    const machine = new Machine();
    const client = new Client(machine, { opts: [NETLINK_EXT_ACK] });
    const listener = new Client(machine, { tgid: 200 });
    expect(listener.bind(200, 1 << (RTNLGRP_NSID - 1))).to.equal(0);
    for (const { name, strict, send, recv, heard } of steps) {
      client.setOption(NETLINK_GET_STRICT_CHK, strict ? 1 : 0);
      client.send(fromHex(send));
      expect(client.drain(), `${name}${strict ? ', strict' : ''}`).to.deep.equal(recv);
      expect(listener.drain(), name).to.deep.equal(heard);
    }
  });

  it('knows the namespace by a file of it', () => {
    const client = new Client(new Machine());
    client.task.files.set(9, ownNetns);
    client.send(fromHex('1c0000005a000100070000000000000000000000' + '0800030009000000'));
    expect(client.drain()).to.deep.equal(['1c0000005800000007000000640000000000000008000100ffffffff']);
  });

  it('says loudly that it does not look into other files', () => {
    const gaps: string[] = [];
    const client = new Client(new Machine({ onGap: (what) => gaps.push(what) }));
    client.task.files.set(9, foreignFile);
    client.send(fromHex('1c0000005a000500070000000000000000000000' + '0800030009000000'));
    expect(gaps).to.deep.equal(['NETNSA_FD: a file that may be a network namespace']);
  });
});
