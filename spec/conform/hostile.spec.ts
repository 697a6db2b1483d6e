// Captures made to do harm: whatever stands in the datagrams, check, diff and the reports get through them. Recorded datagrams
// with bytes changed, sent as requests and as answers, alone and in conversations; the seed is in the name.
import { expect } from 'chai';
import { Checker, kernelVersions } from '../../lib/conform/check/index.js';
import type { Datagram, Direction } from '../../lib/conform/datagram.js';
import { diff } from '../../lib/conform/diff/diff.js';
import { showDifference } from '../../lib/conform/diff/show.js';
import { readDatagrams } from '../../lib/conform/import/datagrams.js';
import { reporterOf, reportFormats } from '../../lib/conform/report/formats.js';
import { NETLINK_GET_STRICT_CHK } from '../../lib/uapi/linux/netlink.js';
import { madeCapture } from '../../tools/bench/made_capture.js';

const SEED = 4711;
const SIZE = 4_000_000;
const directions: readonly Direction[] = ['request', 'reply', 'notification', 'unknown'];

describe(`conform: hostile captures, seed ${SEED}`, function () {
  this.timeout(240_000);
  const datagrams: Datagram[] = [];

  before(() => {
    for (const datagram of readDatagrams(madeCapture(SEED, SIZE))) datagrams.push(datagram);
  });

  for (const version of kernelVersions)
    it(`are judged as ${version} judges them, in every direction`, () => {
      const checker = new Checker({ version });
      let findings = 0;
      for (const [index, datagram] of datagrams.entries()) {
        const direction = index % 2 === 0 ? datagram.direction : directions[(index >> 1) % directions.length]!;
        const socket = `socket ${index % 7}`;
        const options = index % 3 === 0 ? [NETLINK_GET_STRICT_CHK] : [];
        const judged = { ...datagram, direction, socket, options };
        for (const finding of checker.check(judged).findings) {
          findings++;
          const end = finding.offset + finding.length;
          if (finding.offset < 0 || end > datagram.bytes.length || finding.length < 0)
            expect.fail(`datagram ${index}: ${JSON.stringify(finding)}`);
        }
      }
      expect(findings).to.be.above(datagrams.length / 10);
    });

  it('are cut anywhere', () => {
    const checker = new Checker();
    for (const [index, datagram] of datagrams.slice(0, 4000).entries()) {
      const bytes = datagram.bytes.slice(0, (index * 13) % (datagram.bytes.length + 1));
      for (const direction of directions)
        expect(
          checker.check({ ...datagram, bytes, direction }).findings.every(({ code }) => /^TCB\d{4}$/.test(code)),
        ).to.equal(true);
    }
  });

  it('are reported in every format', () => {
    const summary = { files: 1, datagrams: 2000, messages: 2000, findings: 1, known: 0, inexact: 0, problems: 0 };
    const checker = new Checker();
    const some = datagrams.slice(0, 2000).map((datagram) => ({ datagram, ...checker.check(datagram) }));
    for (const format of reportFormats) {
      const reporter = reporterOf(format, { rules: [], version: '1', verdicts: true });
      const told = some.map((judged) => reporter.datagram(judged));
      const text = [reporter.start(), ...told, reporter.end(summary)].join('');
      expect(text.length).to.be.above(1000);
    }
  });

  it('are compared', () => {
    const some = datagrams.slice(0, 400);
    expect(diff(some, some).differences).to.deep.equal([]);
    const { differences } = diff(some, datagrams.slice(100, 500));
    expect(differences.map((one) => showDifference(one)).every((text) => text.endsWith('\n'))).to.equal(true);
    expect(differences.length).to.be.above(100);
  });
});
