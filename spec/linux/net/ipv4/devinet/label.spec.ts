// Which IFA_LABEL names an address that is to be deleted, as observed on Linux 6.18.
import { expect } from 'chai';
import { Machine } from '../../../../../lib/linux/machine.js';
import * as E from '../../../../../lib/uapi/asm-generic/errno.js';
import { IFA, ifaddrmsg } from '../../../../../lib/uapi/linux/if_addr.js';
import { NLM_F_ACK, NLM_F_REQUEST } from '../../../../../lib/uapi/linux/netlink.js';
import { RTM_DELADDR, RTM_NEWADDR } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { AF_INET } from '../../../../../lib/uapi/linux/socket.js';
import { ADD } from '../../sched/bed.js';
import { Addresses, bodyOf, ip } from '../addresses.js';

const V0 = 3;
const head = ifaddrmsg.bytes({ ifa_family: AF_INET, ifa_prefixlen: 24, ifa_index: V0 });
const labels: readonly (readonly [label: string, errno: number])[] = [
  ['v0:1\0', 0],
  ['v0:1', 0],
  ['v0:1\0\0\0\0\0', 0],
  ['v0:1\0\xff\xff\xff\xff', E.EADDRNOTAVAIL],
  ['v0:1\0x', E.EADDRNOTAVAIL],
  ['v0:', E.EADDRNOTAVAIL],
  ['v0:12', E.EADDRNOTAVAIL],
  ['\0', E.EADDRNOTAVAIL],
  ['', E.ERANGE],
];

describe('net/ipv4/devinet: RTM_DELADDR by label', () => {
  for (const [label, errno] of labels)
    it(JSON.stringify(label), () => {
      const { client } = new Addresses(new Machine()).links;
      const added = bodyOf(head, [IFA.LOCAL.type, ip('10.0.0.1')], [IFA.LABEL.type, Buffer.from('v0:1\0')]);
      expect(client.errnoOf(RTM_NEWADDR, ADD, added)).to.equal(0);
      const deleted = bodyOf(head, [IFA.LABEL.type, Buffer.from(label, 'latin1')]);
      expect(client.errnoOf(RTM_DELADDR, NLM_F_REQUEST | NLM_F_ACK, deleted)).to.equal(errno);
    });
});
