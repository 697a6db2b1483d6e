// The table of faulty encoders: nothing is found in the correct requests, exactly one thing in each that is spoilt, and what
// is found is true: the model, asked in the same state, refuses with the same words, or takes what is said to be taken.
import { expect } from 'chai';
import { check, codeNumbers, codeTexts, type Finding, type Refusal } from '../../../lib/conform/check/index.js';
import { toHex } from '../../../lib/codec/bytes.js';
import { NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK } from '../../../lib/uapi/linux/netlink.js';
import { encode } from '../../../tools/oracle/fuzz/message.js';
import { Client } from '../../linux/client.js';
import { Stage } from '../../linux/refusals/stage.js';
import { bytesOf, faulty } from './encoders.js';
import { type Original, originals } from './originals.js';
import { type Answer, answerTo } from './recorded.js';

const findingsOf = (bytes: Uint8Array): readonly Finding[] =>
  check({ bytes, direction: 'request', protocol: 0, origin: { file: 'spec', offset: 0 } }).findings;

const lines = (findings: readonly Finding[]): string[] =>
  findings.map(({ code, path, text }) => `${code} ${path}: ${text}`);

/** What the model says of the first message of a datagram, after what goes before. */
function ask({ before }: Original, bytes: Uint8Array, strict: boolean): Answer | undefined {
  const stage = new Stage({ before }, 'v6.18');
  const opts = strict ? [NETLINK_EXT_ACK, NETLINK_GET_STRICT_CHK] : [NETLINK_EXT_ACK];
  const client = new Client(stage.machine, { tgid: 300, opts });
  expect(client.send(bytes)).to.equal(bytes.length);
  return answerTo(
    bytes,
    client.drain().map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
  );
}

const said = (answer: Answer | undefined): Partial<Refusal> => {
  const { errno, msg, badAttr, missType, missNest } = answer ?? {};
  return Object.fromEntries(
    Object.entries({ errno, msg, badAttr, missType, missNest }).filter(([, v]) => v !== undefined),
  );
};

/** Bytes that are no whole message get no answer at all. */
const unanswered = new Set<string>([
  ...[codeNumbers.shortDatagram, codeNumbers.shortMessage, codeNumbers.messageBeyondDatagram],
]);

describe('faulty encoders', () => {
  describe('correct requests', () => {
    for (const [name, original] of Object.entries(originals))
      it(name, () => {
        const bytes = encode(original.request);
        expect(lines(findingsOf(bytes))).to.deep.equal([]);
        expect(said(ask(original, bytes, false)).errno).to.equal(undefined);
      });
  });

  for (const { name, from, spoil, code } of faulty)
    it(`${code} ${name}`, () => {
      const original: Original = originals[from];
      const bytes = bytesOf(spoil(original.request));
      const findings = findingsOf(bytes);
      expect(
        findings.map((finding) => finding.code),
        lines(findings).join('\n'),
      ).to.deep.equal([code]);
      const { severity, refusal, offset, length } = findings[0]!;
      expect(offset + length).to.be.at.most(Math.max(bytes.length, offset));
      if (unanswered.has(code)) {
        expect(ask(original, bytes, false)).to.equal(undefined);
        return;
      }
      const liberal = said(ask(original, bytes, false));
      if (severity === 'refused') expect(liberal, toHex(bytes)).to.deep.equal({ ...refusal });
      else expect(liberal.errno, toHex(bytes)).to.equal(undefined);
      if (severity === 'strict') expect(said(ask(original, bytes, true))).to.deep.equal({ ...refusal });
    });

  it('are sixty and more', () => {
    expect(faulty.length).to.be.at.least(60);
  });

  it('raise every code that a single request can raise', () => {
    const raised = new Set(faulty.map(({ code }) => code));
    const elsewhere = /^TCB09|TCB001[34]/;
    expect(Object.values(codeNumbers).filter((code) => !raised.has(code) && !elsewhere.test(code))).to.deep.equal([]);
  });

  it('every code is documented', () => {
    for (const code of Object.values(codeNumbers)) {
      const { title, example, fix } = codeTexts[code];
      for (const text of [title, example, fix]) expect(text, code).to.match(/\S/);
    }
    expect(new Set(Object.values(codeNumbers)).size).to.equal(Object.keys(codeNumbers).length);
  });
});
