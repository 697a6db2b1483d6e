// The tables of lib/record/control.ts against proto/tcbox/v1/control.proto: the same fields, the same bytes. Frames of
// any cut, and what two protocols tell each other.
import { expect } from 'chai';
import * as control from '../../lib/record/control.js';
import type { Message } from '../../lib/record/message.js';
import { matchesProtoFile } from './proto_file.js';

describe('record: control', () => {
  const { typeOf } = matchesProtoFile('control', control);

  const exec = {
    argv: ['tc', '', 'é'],
    env: ['A=b'],
    cwd: '/',
    umask: 0o22,
    limits: [
      { resource: 7, soft: 1024, hard: Infinity },
      { resource: 0, soft: 0, hard: 0 },
    ],
    record: true,
  };
  const examples: [string, Message<object>, object][] = [
    ['ToBox', control.ToBox, { exec }],
    ['ToBox', control.ToBox, { hello: { protocol: 300, version: '1.2.3' } }],
    ['ToBox', control.ToBox, { ask: { protocol: 0, options: Uint8Array.of(11, 12), data: Uint8Array.of(1, 2) } }],
    ['FromBox', control.FromBox, { asked: { result: -19, datagrams: [{ data: Uint8Array.of(3) }], total: 2 } }],
    ['ToBox', control.ToBox, { signal: { number: 15, group: true } }],
    ['ToBox', control.ToBox, { query: {} }],
    ['ToBox', control.ToBox, { send: { device: 'em1', ingress: true, frame: '00ff' } }],
    ['ToBox', control.ToBox, { sendAll: { device: 'em1', ingress: false, frames: ['00', 'ff'] } }],
    ['FromBox', control.FromBox, { sentAll: { frames: 2, passed: 1, error: 'x' } }],
    ['FromBox', control.FromBox, { exited: { status: 0, error: '' } }],
    ['FromBox', control.FromBox, { sent: { verdict: '{}', error: '' } }],
  ];

  it('writes what protobufjs reads, and reads what it writes', () => {
    for (const [name, table, value] of examples) {
      const bytes = table.encode(value);
      const type = typeOf(name);
      const back = type.toObject(type.decode(bytes), { defaults: false });
      expect(type.encode(type.fromObject(back)).finish(), name).deep.equal(
        type.encode(type.fromObject(value)).finish(),
      );
      expect(table.decode(type.encode(type.fromObject(value)).finish()), name).deep.equal(value);
    }
  });

  it('skips fields it does not know, and refuses other nonsense', () => {
    expect(control.Hello.decode(Uint8Array.of(8, 1, 0x7a, 1, 65))).deep.equal({ protocol: 1, version: '' });
    expect(() => control.Hello.decode(Uint8Array.of(10, 1, 65))).throw('wire type');
    expect(() => control.Hello.decode(Uint8Array.of(18, 100, 65))).throw();
  });

  it('puts frames together wherever they are cut', () => {
    const bodies = [Uint8Array.of(1, 2, 3), new Uint8Array(0), new Uint8Array(70_000).fill(7)];
    const stream = Buffer.concat(bodies.map(control.frame));
    for (const step of [997, 3 * 1021, 65_536, stream.length]) {
      const frames = new control.Frames();
      const got: Buffer[] = [];
      for (let at = 0; at < stream.length; at += step) {
        for (const body of frames.push(stream.subarray(at, at + step))) got.push(Buffer.from(body));
      }
      expect(got.map((body) => body.length)).deep.equal([3, 0, 70_000]);
      expect(Buffer.concat(got).equals(Buffer.concat(bodies))).equal(true);
    }
    expect(() => [...new control.Frames().push(Uint8Array.of(255, 255, 255, 255))]).throw('frame');
  });

  it('says plainly when two protocols meet', () => {
    const own = { protocol: 1, version: '0.1.0' };
    expect(control.mismatch({ protocol: 1, version: '9' }, own)).equal(undefined);
    expect(control.mismatch({ protocol: 2, version: '0.9.0' }, own)).match(
      /tcbox 0\.9\.0 .*tcbox 0\.1\.0 .*stop and start/,
    );
  });
});
