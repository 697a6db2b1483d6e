// `tcbox send`: where frames come from, how lines are compared with expectations, and what it prints of a fresh kernel.
import { expect } from 'chai';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sendCommand } from '../../lib/cli/send.js';
import { answerSend, answerSendAll } from '../../lib/cli/send_answer.js';
import { differences, Expectations } from '../../lib/cli/send_expect.js';
import { CaptureFrames, hexFrames, madeFrames } from '../../lib/cli/send_frames.js';
import { UsageError } from '../../lib/cli/usage_error.js';
import { Machine } from '../../lib/linux/machine.js';
import { PcapngWriter, PcapWriter } from '../../lib/wire/pcap/writer.js';

describe('cli: send', () => {
  const folder = mkdtempSync(join(tmpdir(), 'send-'));
  const file = (name: string, content: string | Uint8Array): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('compares the fields that are named, steps in order, other lists as a whole', () => {
    const actual = { classid: '1:2', path: [{ step: 'a', n: 1 }, { step: 'b' }, { step: 'c' }], list: [{ x: 1 }] };
    const told = (expected: object): string[] =>
      differences(expected, actual).map((one) => `${one.name}: ${one.expected} / ${one.actual}`);
    expect(told({})).to.deep.equal([]);
    expect(told({ path: [{ step: 'a' }, { step: 'c' }], list: [{ x: 1 }] })).to.deep.equal([]);
    expect(told({ classid: '1:3', action: 'x' })).to.deep.equal(['classid: "1:3" / "1:2"', 'action: "x" / not there']);
    expect(told({ path: [{ step: 'b' }, { step: 'a' }] })).to.deep.equal(['path: {"step":"a"} / [{"step":"c"}]']);
    expect(told({ list: [] })).to.deep.equal(['list: [] / [{"x":1}]']);
    expect(told({ list: [{ x: 2 }] })).to.deep.equal(['list[0].x: 2 / 1']);
    expect(told({ list: { x: 2 } })).to.deep.equal(['list: {"x":2} / [{"x":1}]']);
    expect(differences('x'.repeat(1000), 1)[0]!.expected).to.have.length(301);
  });

  it('counts expectations and frames, and names lines', () => {
    const path = file('e.jsonl', '# first\n{"result": 0}\n\n{"result": 1}\n{}\n');
    const expected = new Expectations(path);
    expect(expected.check(1, { result: 0 })).to.equal(undefined);
    expect(expected.check(2, { result: 0 })).to.equal(
      `frame 2 is not as line 4 of ${path} expects\n- result: 1\n+ result: 0`,
    );
    expect(expected.end()).to.equal('1 more frames were expected');
    const none = new Expectations(file('none.jsonl', ''));
    expect(none.check(1, {})).to.equal('frame 1: nothing was expected');
    expect(none.end()).to.equal(undefined);
    expect(() => new Expectations(file('bad.jsonl', '{}\n[]\n'))).to.throw(UsageError, 'line 2 is no JSON object');
  });

  it('reads frames as digits, and makes some', () => {
    expect(hexFrames(['0x00 01', 'ff:Ee-dd.cc']).map(({ data }) => [...data])).to.deep.equal([
      [0, 1],
      [255, 0xee, 0xdd, 0xcc],
    ]);
    for (const bad of ['', '0', 'xy', '012']) expect(() => hexFrames([bad])).to.throw(UsageError);
    const made = [...madeFrames(2, 60)].map(({ data }) => data);
    expect(made.map(({ length }) => length)).to.deep.equal([60, 60]);
    expect(made.map((data) => data[19])).to.deep.equal([0, 1]);
  });

  it('reads captures with the time between frames, and says what is wrong with them', () => {
    const writer = new PcapWriter({ nanoseconds: true });
    const packet = (nanos: number): Uint8Array => writer.packet({ seconds: 7, nanos, data: new Uint8Array(20) });
    const whole = Buffer.concat([writer.header(), packet(5), packet(12), packet(3)]);
    const capture = new CaptureFrames(file('cut.pcap', whole.subarray(0, whole.length - 1)));
    expect([...capture.frames()].map(({ after: ns }) => ns)).to.deep.equal([0, 7]);
    expect(capture.problem).to.match(/cut\.pcap: offset 96: the file ends within a record/);
    const late = new PcapWriter({ nanoseconds: true });
    const two = [999_999_999, 1_000_000_001].map((ns) =>
      late.packet({ seconds: 1_700_000_000 + Math.floor(ns / 1e9), nanos: ns % 1e9, data: new Uint8Array(20) }),
    );
    const exact = new CaptureFrames(file('exact.pcap', Buffer.concat([late.header(), ...two])));
    expect([...exact.frames()].map(({ after: ns, time }) => [ns, time])).to.deep.equal([
      [0, { seconds: 1_700_000_000, nanos: 999_999_999 }],
      [2, { seconds: 1_700_000_001, nanos: 1 }],
    ]);
    const netlink = new PcapngWriter();
    const parts = [netlink.section(), netlink.interface({ linkType: 253 })];
    parts.push(netlink.packet({ interface: 0, seconds: 0, nanos: 0, data: new Uint8Array(4) }));
    const other = new CaptureFrames(file('nl.pcapng', Buffer.concat(parts)));
    expect([...other.frames()]).to.deep.equal([]);
    expect(other.problem).to.match(/link type 253/);
    const both = new CaptureFrames(file('cut.pcapng', Buffer.concat(parts).subarray(0, -1)));
    expect([...both.frames()]).to.deep.equal([]);
    expect(both.problem).to.match(/the file ends within a record/);
  });

  it('prints a line a frame and heeds expectations, in a fresh kernel', async () => {
    const expected = file('down.jsonl', '{"errno": "ENETDOWN", "result": -100, "destinations": []}\n');
    const lines: string[] = [];
    const print = (line: string): void => void lines.push(line);
    expect(await sendCommand('lo', { count: '1', json: true, expect: expected }, print)).to.equal(0);
    expect(JSON.parse(lines[0]!)).to.include({ frame: 1, length: 60, device: 'lo', errno: 'ENETDOWN' });
    expect(await sendCommand('lo', { count: '2', quiet: true, expect: expected }, print)).to.equal(1);
    expect(lines.at(-1)).to.equal('2 frames, 0 with result 0');
    expect(await sendCommand('em7', { hex: ['00'] }, print)).to.equal(1);
    expect(lines.at(-1)).to.match(/no device 'em7'/);
  });

  it('refuses what makes no sense', async () => {
    const cases: [Parameters<typeof sendCommand>[1], RegExp][] = [
      [{}, /one of --pcap/],
      [{ count: '1', hex: ['00'] }, /one of --pcap/],
      [{ hex: ['00'], size: '3' }, /--size is of --count/],
      [{ count: '-1' }, /--count/],
      [{ count: '1.5' }, /whole/],
      [{ count: '1', in: 'a', script: 'b' }, /--in names a box/],
      [{ pcap: join(folder, 'nowhere') }, /ENOENT/],
    ];
    for (const [options, why] of cases) {
      const refused: unknown = await sendCommand('lo', options, () => {}).catch((error: unknown) => error);
      expect(refused).to.be.instanceOf(UsageError);
      expect((refused as Error).message).to.match(why);
    }
  });

  it('answers for a box: a verdict, or why there is none', () => {
    const machine = new Machine();
    const { verdict, error } = answerSend(machine, { device: 'lo', ingress: true, frame: '00'.repeat(20) });
    expect(error).to.equal('');
    expect(JSON.parse(verdict)).to.include({ direction: 'receive', result: -100, length: 20 });
    const none = answerSend(machine, { device: 'em1', ingress: false, frame: '' });
    expect(none).to.deep.equal({ verdict: '', error: "no device 'em1'" });
    const many = { device: 'lo', ingress: false, frames: ['00'.repeat(20), '00'.repeat(30)] };
    expect(answerSendAll(machine, many)).to.deep.equal({ frames: 2, passed: 0, error: '' });
    expect(answerSendAll(machine, { ...many, device: 'em1' })).to.deep.equal({
      frames: 0,
      passed: 0,
      error: "no device 'em1'",
    });
  });

  it('keeps the example of the README', () => {
    const lines = readFileSync(join(import.meta.dirname, '../../../tools/examples/mixed_tos/expected.jsonl'), 'utf8');
    const classes = lines.split('\n').flatMap((line) => /"classid": "(.*?)"/.exec(line)?.[1] ?? []);
    const made = new CaptureFrames(join(import.meta.dirname, '../../../tools/examples/mixed_tos/mixed_tos.pcap'));
    const tos = [...made.frames()].map(({ data }) => `800:${data[15] === 0 ? '' : data[15]!.toString(16)}`);
    expect(classes).to.deep.equal(tos);
    expect(made.problem).to.equal(undefined);
  });
});
