// Reports: each format is read back by what reads such documents, with the same findings in it; text of any kind cannot break
// a document.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import type { Datagram } from '../../../lib/conform/datagram.js';
import type { Finding, MessageJudgement } from '../../../lib/conform/check/finding.js';
import { Baseline, BaselineError } from '../../../lib/conform/report/baseline.js';
import { type ReportFormat, reporterOf, reportFormats } from '../../../lib/conform/report/formats.js';
import { placeOf, severities, type Summary } from '../../../lib/conform/report/reporter.js';

const hostile = `<&>"' %0A :: ]]> # \\ \u0001 \ud800 ü\n*/ --> ${'x'.repeat(9)}`;

const finding: Finding = {
  code: 'TCB0201',
  severity: 'refused',
  message: 0,
  offset: 36,
  length: 4,
  path: 'RTM_NEWTFILTER TCA_OPTIONS TCA_BPF_FD',
  text: hostile,
  fix: 'write four bytes',
  refusal: { errno: 'EINVAL', msg: 'Attribute failed policy validation' },
};
const note: Finding = { ...finding, code: 'TCB0104', severity: 'ignored', text: 'the padding is not zero' };
const verdict: MessageJudgement = {
  message: 0,
  offset: 0,
  name: 'RTM_NEWTFILTER',
  liberal: { mayFail: ['ENODEV: no such device'] },
  strict: { refusal: { errno: 'EINVAL', msg: 'no' }, mayFail: [] },
  versions: { 'v4.1': { mayFail: [] }, 'v6.18': { refusal: { errno: 'EINVAL' }, mayFail: [] } },
};

const binary: Datagram = {
  bytes: new Uint8Array(48),
  direction: 'request',
  origin: { file: 'a b/ü,:%.pcap', offset: 100 },
};
const lines: Datagram = { ...binary, origin: { file: '/tmp/t.txt', offset: 7, line: 3 } };
const summary: Summary = { files: 2, datagrams: 4, messages: 3, findings: 3, known: 1, inexact: 1, problems: 1 };

function report(format: ReportFormat, verdicts = false): string {
  const rules = [
    { code: 'TCB0104', text: 'dirty padding' },
    { code: 'TCB0201', text: hostile, help: 'help' },
  ];
  const reporter = reporterOf(format, { rules, version: '1.2.3', verdicts });
  return [
    reporter.start(),
    reporter.datagram({ datagram: binary, findings: [finding, note], messages: [verdict] }),
    reporter.datagram({ datagram: lines, findings: [finding], messages: [verdict] }),
    reporter.datagram({ datagram: lines, findings: [], messages: [verdict] }),
    reporter.inexact({ ...lines, lost: ['tcm_ifindex: if_nametoindex("v0")'] }),
    reporter.problem({ file: '/tmp/t.txt', offset: 90, line: 9, text: hostile }),
    reporter.end(summary),
  ].join('');
}

const objects = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe('conform: report', () => {
  it('prints a line a finding, with its place', () => {
    const [first, ...rest] = report('text').split('\n');
    expect(first).to.match(
      /^a b\/ü,:%\.pcap:136: TCB0201 refused, EINVAL "Attribute failed policy validation": RTM_NEWTFILTER TCA/,
    );
    expect(rest.join('\n')).to.include('/tmp/t.txt:3: TCB0201 refused').and.include('(byte 36); write four bytes');
    expect(rest.join('\n')).to.include('a b/ü,:%.pcap:136: TCB0104 ignored: RTM_NEWTFILTER');
    expect(rest.at(-2)).to.equal(
      '4 datagrams, 3 messages: 3 findings; 1 in the baseline; 1 datagram not judged, as not all of their bytes are there; 1 problem',
    );
  });

  it('prints verdicts when they are asked for', () => {
    expect(report('text', true)).to.include(
      '/tmp/t.txt:3: RTM_NEWTFILTER: liberal: format correct; can still fail with ENODEV: no such device; strict: refused, EINVAL "no" [v4.1: ok, v6.18: EINVAL]\n',
    );
    expect(objects(report('json', true)).filter(({ kind }) => kind === 'verdict')).to.have.length(3);
  });

  it('writes JSON lines', () => {
    const all = objects(report('json'));
    expect(all.map(({ kind }) => kind)).to.deep.equal([
      'finding',
      'finding',
      'finding',
      'inexact',
      'problem',
      'summary',
    ]);
    expect(all[0]).to.deep.include({ ...finding, direction: 'request' });
    expect(all.at(-1)).to.deep.equal({ kind: 'summary', ...summary });
  });

  it('writes TAP 14', () => {
    const text = report('tap');
    const points = text.split('\n').filter((line) => /^(?:not )?ok /.test(line));
    expect(text).to.match(/^TAP version 14\n/);
    expect(text).to.include(`\n1..${points.length}\n`);
    expect(points.map((line) => line.split(' - ')[0])).to.deep.equal([
      'not ok 1',
      'not ok 2',
      'ok 3',
      'ok 4',
      'not ok 5',
    ]);
    expect(points.filter((line) => /(?<!\\)#/.test(line))).to.deep.equal([points[3]]);
    const blocks = text.match(/^ {2}---\n[^]*?^ {2}\.\.\.$/gm)!;
    expect(blocks).to.have.length(2);
    expect(blocks[0].match(/code: TCB\d{4}/g)).to.deep.equal(['code: TCB0201', 'code: TCB0104']);
  });

  it('writes JUnit XML that parsers of XML take', function () {
    const text = report('junit');
    expect(text.match(/<failure /g)).to.have.length(4);
    expect(text.match(/<testsuite /g)).to.have.length(2);
    const script = `import sys, xml.etree.ElementTree as E
root = E.fromstring(sys.stdin.buffer.read())
for s in root: print(s.get('tests') == str(len(s)), s.get('failures') == str(len(s.findall('.//failure'))), s.get('name'))`;
    const { status, stdout, stderr } = spawnSync('python3', ['-c', script], {
      input: text,
      encoding: 'utf8',
      env: { ...process.env, PYTHONUTF8: '1' },
    });
    if (status === null) this.skip();
    expect(stderr).to.equal('');
    expect(stdout).to.equal('True True a b/ü,:%.pcap\nTrue True /tmp/t.txt\n');
  });

  it('writes SARIF 2.1.0', () => {
    const log = JSON.parse(report('sarif')) as Sarif;
    expect(log).to.include({ version: '2.1.0' });
    const [run] = log.runs;
    expect(run!.tool.driver).to.include({ name: 'tcbox', version: '1.2.3' });
    for (const result of run!.results) expect(run!.tool.driver.rules[result.ruleIndex]!.id).to.equal(result.ruleId);
    expect(run!.results.map(({ level }) => level)).to.deep.equal(['error', 'note', 'error']);
    const places = run!.results.map(({ locations }) => locations[0]!.physicalLocation);
    expect(places[0]).to.deep.equal({
      artifactLocation: { uri: 'a%20b/%C3%BC%2C%3A%25.pcap' },
      region: { byteOffset: 136, byteLength: 4 },
    });
    expect(places[2]).to.deep.equal({ artifactLocation: { uri: 'file:///tmp/t.txt' }, region: { startLine: 3 } });
    expect(run!.invocations[0]!.toolExecutionNotifications).to.have.length(2);
    expect(
      (JSON.parse(`${reporterOf('sarif', { rules: [], version: '1' }).start()}],"x":[]}]}`) as Sarif).runs[0]!.results,
    ).to.deep.equal([]);
  });

  it('writes annotations of GitHub', () => {
    const commands = report('github').trim().split('\n').slice(0, -1);
    expect(commands).to.have.length(4);
    for (const command of commands)
      expect(command).to.match(/^::(?:error|warning|notice) file=[^,:]+(?:,line=\d+)?,title=\w+::/);
    expect(commands[0]).to.match(/^::error file=a b\/ü%2C%3A%25\.pcap,title=TCB0201::offset 136: /);
  });

  it('has a severity for every report', () => {
    for (const format of reportFormats)
      for (const severity of severities) {
        const reporter = reporterOf(format, { rules: [], version: '1' });
        const judged = { datagram: lines, findings: [{ ...note, severity }], messages: [] };
        expect(reporter.start() + reporter.datagram(judged) + reporter.end(summary)).to.include('TCB0104');
      }
    expect(placeOf(lines.origin, finding)).to.equal('/tmp/t.txt:3');
  });
});

describe('conform: report: baselines', () => {
  it('know so many findings of a kind, wherever they are', () => {
    const first = Baseline.none();
    for (const found of [finding, note, finding]) expect(first.knows(found)).to.equal(false);
    const later = Baseline.parse(first.show());
    expect(later.stale).to.equal(3);
    expect([finding, { ...finding, offset: 900 }, finding, note].map((found) => later.knows(found))).to.deep.equal([
      true,
      true,
      false,
      true,
    ]);
    expect(later.stale).to.equal(0);
    expect(later.show()).not.to.equal(first.show());
  });

  it('are refused when they are something else', () => {
    for (const text of [
      '',
      '[]',
      'null',
      '{}',
      '{"format":"tcbox baseline","version":2,"findings":[]}',
      '{"format":"tcbox baseline","version":1,"findings":[{}]}',
    ])
      expect(() => Baseline.parse(text)).to.throw(BaselineError);
  });
});

interface Sarif {
  readonly version: string;
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly { readonly id: string }[] } };
    readonly invocations: readonly { readonly toolExecutionNotifications: readonly object[] }[];
    readonly results: readonly {
      readonly ruleId: string;
      readonly ruleIndex: number;
      readonly level: string;
      readonly locations: readonly { readonly physicalLocation: object }[];
    }[];
  }[];
}
