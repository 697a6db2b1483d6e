// What programs that capture packets ask by SIOCETHTOOL, as 6.18 answers it.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { fromHex, fromLatin1, toHex } from '../../../../lib/codec/bytes.js';
import { SIOCETHTOOL } from '../../../../lib/uapi/linux/sockios.js';
import { LocalTask } from '../../../../lib/linux/kernel/local_task.js';
import { Machine } from '../../../../lib/linux/machine.js';
import { devGetByName } from '../../../../lib/linux/net/core/dev/table.js';
import { Links, newLink, newVeth } from '../core/links.js';
import { devChangeFlags } from '../../../../lib/linux/net/core/dev/flags.js';

const GLINK = 0x0a;
const GET_TS_INFO = 0x41;

describe('net/ethtool/ioctl', () => {
  const gaps: string[] = [];
  const machine = new Machine({ onGap: (what) => gaps.push(what) });
  const task = new LocalTask();
  const links = new Links(machine);
  links.add(newVeth('v0', 'v1'));
  links.add(newLink('i0', 'ifb'));

  /** Asks, and gives the answer as hexadecimal digits or the negative errno. */
  function ask(dev: string, cmd: number, size: number): string | number {
    const value = new Uint8Array(size);
    new DataView(value.buffer).setUint32(0, cmd, true);
    const address = task.memory.map(value);
    const ifreq = new Uint8Array(40);
    ifreq.set(fromLatin1(dev));
    new DataView(ifreq.buffer).setBigUint64(16, BigInt(address), true);
    const result = machine.devIoctl(task, SIOCETHTOOL, ifreq);
    return result === 0 ? toHex(value) : result;
  }

  it('tells of the link of lo once it is up', () => {
    expect(ask('lo', GLINK, 8)).to.equal('0a00000000000000');
    devChangeFlags(devGetByName(machine.net, 'lo')!, 1);
    expect(ask('lo', GLINK, 8)).to.equal('0a00000001000000');
  });

  it('tells that software stamps packets', () => {
    const zeros = '00'.repeat(32);
    expect(ask('lo', GET_TS_INFO, 44)).to.equal(`410000001a000000ffffffff${zeros}`);
  });

  const offloads: readonly (readonly [dev: string, rxcsum: number, gro: number, flags: number])[] = [
    ['lo', 1, 1, 0],
    ['v0', 1, 0, 0x180],
    ['i0', 0, 1, 0x80],
  ];
  for (const [dev, rxcsum, gro, flags] of offloads)
    it(`tells what ${dev} does to packets by itself`, () => {
      const told = [0x14, 0x16, 0x18, 0x1e, 0x21, 0x23, 0x25, 0x2b].map((cmd) => {
        const answer = ask(dev, cmd, 8);
        return typeof answer === 'number' ? answer : fromHex(answer)[4]! + 256 * fromHex(answer)[5]!;
      });
      expect(told).to.deep.equal([rxcsum, 1, 1, 1, -E.EOPNOTSUPP, 1, flags, gro]);
    });

  it('refuses devices that are not there and addresses that are not mapped', () => {
    expect(ask('nope', GLINK, 8)).to.equal(-E.ENODEV);
    const ifreq = new Uint8Array(40);
    ifreq.set(fromHex('6c6f'));
    expect(machine.devIoctl(task, SIOCETHTOOL, ifreq)).to.equal(-E.EFAULT);
    expect(gaps).to.deep.equal([]);
  });

  it('says which command it does not model', () => {
    expect(ask('lo', 3, 196)).to.equal(-E.EOPNOTSUPP);
    expect(gaps).to.deep.equal(['ethtool command 3']);
  });
});
