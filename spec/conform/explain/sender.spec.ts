// Who sent a message of which only the bytes are known: requests are never taken for what the kernel says, and what it says with
// the flags of a request is mostly told from one.
import { expect } from 'chai';
import { fromHex } from '../../../lib/codec/bytes.js';
import { explain } from '../../../lib/conform/explain/explain.js';
import { viewMessages } from '../../../lib/wire/netlink.js';
import { NLM_F_REQUEST, NLMSG_MIN_TYPE } from '../../../lib/uapi/linux/netlink.js';
import { carriedDatagrams, type Recorded } from '../vectors.js';

/** What is said of the first message, where nobody says who sent it. */
const said = (bytes: Uint8Array): string => JSON.stringify(explain(bytes)[0]);
const asRequest = (bytes: Uint8Array): string => JSON.stringify(explain(bytes, { direction: 'request' })[0]);
const asReply = (bytes: Uint8Array): string => JSON.stringify(explain(bytes, { direction: 'reply' })[0]);

/** Whether the bytes alone are told as those of a request; undefined where it makes no difference. */
function toldAsRequest(bytes: Uint8Array): boolean | undefined {
  const request = asRequest(bytes);
  return request === asReply(bytes) ? undefined : said(bytes) === request;
}

/** RTM_NEWTFILTER of a bpf filter with flags, port and chain, kind and chain in the order of the kernel. */
const filter = (port: string, chain: string): Uint8Array =>
  fromHex(
    `540000002c00050601000000${port}00000000ffffffff010000000a0000000003010008000100627066000800` +
      `0b00${chain}2000020006000400010000000c00050006000000ffffffff0800090008000000`,
  );

describe('explain: who sent it', () => {
  it('takes a filter of chain 0, told right behind its kind, for one of the kernel', () => {
    expect(toldAsRequest(filter('92100000', '00000000'))).to.equal(false);
    expect(toldAsRequest(filter('92100000', '05000000'))).to.equal(true);
    expect(toldAsRequest(filter('00000000', '00000000'))).to.equal(true);
  });

  it('takes no recorded request for what the kernel says, and few of its messages for requests', function () {
    this.timeout(240_000);
    const carries = ({ bytes }: Recorded): boolean => {
      const { messages } = viewMessages(bytes);
      const [type, flags] = [bytes[4]! | (bytes[5]! << 8), bytes[6]! | (bytes[7]! << 8)];
      return messages.length === 1 && type >= NLMSG_MIN_TYPE && (flags & NLM_F_REQUEST) !== 0;
    };
    const carried = carriedDatagrams().filter(carries);
    const requests = carried.filter((recorded) => recorded.isRequest);
    const others = carried.filter((recorded) => !recorded.isRequest);
    expect(requests.length).to.be.at.least(1000);
    expect(others.length).to.be.at.least(500);
    expect(requests.filter(({ bytes }) => toldAsRequest(bytes) === false).length).to.equal(0);
    expect(others.filter(({ bytes }) => toldAsRequest(bytes) === true).length).to.be.at.most(others.length / 20);
  });
});
