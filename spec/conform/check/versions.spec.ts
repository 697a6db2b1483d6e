// The verdict of each kernel version, held against the model of that version, for correct requests and for those of the table
// of faulty encoders.
import { expect } from 'chai';
import { check, type KernelVersion, kernelVersions, type Verdict } from '../../../lib/conform/check/index.js';
import { NETLINK_EXT_ACK } from '../../../lib/uapi/linux/netlink.js';
import { RTM_GETACTION, RTM_NEWACTION } from '../../../lib/uapi/linux/rtnetlink.js';
import { encode } from '../../../tools/oracle/fuzz/message.js';
import { Client } from '../../linux/client.js';
import { NotGranted, Stage } from '../../linux/refusals/stage.js';
import { bytesOf, faulty } from './encoders.js';
import { type Original, originals } from './originals.js';
import { type Answer, answerTo } from './recorded.js';

/** What the model of a version says; undefined = it has no answer, or cannot come to the state before. */
function ask({ before }: Original, bytes: Uint8Array, version: KernelVersion): Answer | undefined {
  try {
    const stage = new Stage({ before }, version);
    const opts = stage.machine.has('netlink-ext-ack') ? [NETLINK_EXT_ACK] : [];
    const client = new Client(stage.machine, { tgid: 300, opts });
    client.send(bytes);
    return answerTo(
      bytes,
      client.drain().map((hex) => new Uint8Array(Buffer.from(hex, 'hex'))),
    );
  } catch (thrown) {
    if (thrown instanceof NotGranted) return undefined;
    throw thrown;
  }
}

/** Why a verdict and an answer do not go together. */
function contradiction({ refusal, mayFail }: Verdict, { errno, msg }: Answer): string | undefined {
  const named = mayFail.some((reason) => reason.startsWith(`${errno}:`));
  if (refusal === undefined) return errno === undefined || named ? undefined : `refused: ${errno} ${msg ?? ''}`;
  if (errno === refusal.errno && msg === refusal.msg) return undefined;
  return named ? undefined : `${errno ?? 'granted'} ${msg ?? ''}, not ${refusal.errno} ${refusal.msg ?? ''}`;
}

const verdicts = (bytes: Uint8Array): Readonly<Record<string, Verdict>> =>
  check({ bytes, direction: 'request', protocol: 0, origin: { file: 'spec', offset: 0 } }).messages[0]?.versions ?? {};

/** Actions of Linux 4.1 are not modelled: there is nothing to hold a verdict against. */
const isGap = (version: KernelVersion, bytes: Uint8Array): boolean =>
  version === 'v4.1' && bytes.length > 4 && bytes[4]! >= RTM_NEWACTION && bytes[4]! <= RTM_GETACTION;

describe('verdicts by kernel version', () => {
  const cases = [
    ...Object.entries(originals).map(([name, original]) => ({ name, original, bytes: encode(original.request) })),
    ...faulty.map(({ name, from, spoil }) => {
      const original: Original = originals[from];
      return { name, original, bytes: bytesOf(spoil(original.request)) };
    }),
  ];

  for (const version of kernelVersions)
    it(version, () => {
      const wrong: string[] = [];
      let held = 0;
      for (const { name, original, bytes } of cases) {
        const verdict = verdicts(bytes)[version];
        const answer = verdict === undefined || isGap(version, bytes) ? undefined : ask(original, bytes, version);
        if (verdict === undefined || answer === undefined) continue;
        held++;
        const why = contradiction(verdict, answer);
        if (why !== undefined) wrong.push(`${name}: ${why}`);
      }
      expect(wrong).to.deep.equal([]);
      expect(held).to.be.greaterThan(50);
    }).timeout(240_000);

  it('what a later kernel refuses is found, where an older one is asked for', () => {
    const spoilt = faulty.find(({ name }) => name === '33 actions')!;
    const bytes = bytesOf(spoilt.spoil(originals[spoilt.from].request));
    const { findings } = check(
      { bytes, direction: 'request', protocol: 0, origin: { file: 'spec', offset: 0 } },
      { version: 'v6.1' },
    );
    expect(findings.map(({ code, severity, versions }) => ({ code, severity, versions }))).to.deep.equal([
      { code: spoilt.code, severity: 'version', versions: ['v6.18'] },
    ]);
  });
});
