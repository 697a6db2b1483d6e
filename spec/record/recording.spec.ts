// Recordings: the tables against proto/tcbox/v1/recording.proto, files in chunks of any size, and damage: every byte of a
// file that changes, and every place where it ends, is an error with its offset.
import { expect } from 'chai';
import protobuf from 'protobufjs';
import { crc32 } from '../../lib/record/crc32.js';
import * as recording from '../../lib/record/recording.js';
import { matchesProtoFile } from './proto_file.js';

const { RecordingError, RecordingReader, RecordingWriter, Where, isRecording, readRecording } = recording;

const header = { recorder: 'spec', where: Where.BOX, kernel: 'v6.18', command: ['tc', 'qdisc'], startSeconds: 1e9 };
const data = Uint8Array.from({ length: 300 }, (_, i) => i & 0xff);
const none = new Uint8Array(0);
const entries: recording.EntryToWrite[] = [
  { process: { parent: 1, name: 'tc', command: ['tc', 'é', ''] }, processId: 7 },
  {
    open: { socket: 1, family: 16, type: 3, protocol: 0, result: 3, earlier: false },
    time: 5,
    thread: 7,
    processId: 7,
  },
  { option: { socket: 1, level: 270, name: 12, value: Uint8Array.of(1, 0, 0, 0), result: 0 }, time: 6 },
  { bind: { socket: 1, address: data.slice(0, 12), connect: false, result: -98, name: none }, time: 7 },
  {
    sent: {
      ...{ socket: 1, data, address: none, flags: 0, result: -1, unanswered: false },
      ...{ ancillary: [{ level: 1, type: 2, data: data.slice(0, 12) }], fds: [{ fd: 4, kind: 'bpf-prog', id: 9 }] },
    },
    time: 2 ** 52,
  },
  {
    received: {
      socket: 1,
      data: none,
      address: none,
      ancillary: [],
      flags: 34,
      resultFlags: 32,
      result: 70_000,
      length: 70_000,
    },
  },
  {
    bpf: {
      ...{ cmd: 5, attr: data.slice(0, 128), size: 144, result: 3, fds: [] },
      memory: [
        { field: 8, before: data, after: none },
        { field: 32, before: none },
      ],
    },
  },
  { lost: { what: 'a read(2)', count: 2, socket: 1 } },
  { closed: { socket: 1 } },
];

/** The frames of a recording with these entries. */
function framesOf(list: readonly recording.EntryToWrite[], end = true): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const writer = new RecordingWriter((bytes) => frames.push(bytes), header);
  for (const entry of list) writer.entry(entry);
  if (end) writer.end(3, 99);
  return frames;
}

const read = (bytes: Uint8Array): recording.PlacedEntry[] => [...readRecording([bytes])];

/** Entries as plain values, bytes as hexadecimal digits. */
const plain = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (_key, v: unknown) => (v instanceof Uint8Array ? Buffer.from(v).toString('hex') : v)),
  );

describe('record: recording', () => {
  const { typeOf, root } = matchesProtoFile('recording', recording);
  const frames = framesOf(entries);
  const file = new Uint8Array(Buffer.concat(frames));

  it('knows where recordings come from as the file does', () => {
    expect({ ...root.lookupEnum('tcbox.v1.Where').values }).deep.equal(Where);
  });

  it('computes CRC-32', () => {
    expect(crc32(new TextEncoder().encode('123456789'))).equal(0xcbf43926);
  });

  it('gives back what was written, in order', () => {
    const got = read(file).map(({ entry }) => entry);
    expect(got[0]!.header).deep.equal({
      ...{ format: 'tcbox recording', version: 1, config: '', machine: '', startNanos: 0 },
      ...header,
    });
    const wanted = entries.map((entry) => ({ time: 0, thread: 0, processId: 0, ...entry }));
    expect(plain(got.slice(1, -1).map(({ check: _, ...entry }) => entry))).deep.equal(plain(wanted));
    expect(got.at(-1)).deep.include({ end: { entries: 10, status: 3 }, time: 99 });
  });

  it('is a run of messages that any protobuf library reads', () => {
    const reader = protobuf.Reader.create(file);
    const type = typeOf('Entry');
    const kinds: (string | undefined)[] = [];
    while (reader.pos < reader.len) {
      const entry = type.decodeDelimited(reader);
      kinds.push(
        Object.keys(type.toObject(entry)).find((key) =>
          root.lookupType('tcbox.v1.Entry').oneofs['kind']!.oneof.includes(key),
        ),
      );
    }
    const own = ['process', 'open', 'option', 'bind', 'sent', 'received', 'bpf', 'lost', 'closed'];
    expect(kinds).deep.equal(['header', ...own, 'end']);
  });

  it('tells where each entry and its bytes lie', () => {
    let offset = 0;
    read(file).forEach(({ entry, offset: at, placeOf }, i) => {
      expect(at).equal(offset);
      offset += frames[i]!.length;
      if (entry.sent === undefined) return;
      const place = placeOf(entry.sent.data);
      expect(file.slice(place, place + data.length)).deep.equal(data);
    });
  });

  it('reads chunks of any size, used again by their owner', () => {
    for (const size of [1, 2, 3, 7, 64, 299, 1000]) {
      const chunk = new Uint8Array(size);
      const reader = new RecordingReader();
      const got: unknown[] = [];
      for (let at = 0; at < file.length; at += size) {
        const part = file.subarray(at, at + size);
        chunk.set(part);
        for (const { entry, offset, placeOf } of reader.push(chunk.subarray(0, part.length)))
          got.push([plain(entry), offset, entry.sent && placeOf(entry.sent.data)]);
        chunk.fill(0xff);
      }
      reader.end();
      const wanted = read(file).map(({ entry, offset, placeOf }) => [
        plain(entry),
        offset,
        entry.sent && placeOf(entry.sent.data),
      ]);
      expect(got, `chunks of ${size}`).deep.equal(wanted);
    }
  });

  it('keeps no more than one entry', () => {
    const reader = new RecordingReader();
    const frame = framesOf([entries[4]!], false)[1]!;
    const many = Buffer.concat([frames[0]!, ...Array.from({ length: 2000 }, () => frame)]);
    let seen = 0;
    for (let at = 0; at < many.length; at += 4096) seen += [...reader.push(many.subarray(at, at + 4096))].length;
    expect(seen).equal(2001);
    expect(() => {
      reader.end();
    }).throw(RecordingError, 'its end is missing');
  });

  it('is known by its beginning', () => {
    expect(isRecording(file)).equal(true);
    expect(isRecording(file.subarray(0, 25))).equal(true);
    for (const other of [
      none,
      file.subarray(0, 10),
      file.subarray(1),
      Uint8Array.of(0x80, 0x80),
      Buffer.from('{"name": "x"}'),
    ])
      expect(isRecording(other)).equal(false);
  });

  it('names the entry in which a changed byte lies', () => {
    const starts = frames.map((_, i) => frames.slice(0, i).reduce((sum, { length }) => sum + length, 0));
    for (let at = 0; at < file.length; at++) {
      for (const change of [0x01, 0x80, 0xff]) {
        const damaged = Buffer.from(file);
        damaged[at]! ^= change;
        const start = starts.findLast((begin) => begin <= at)!;
        expect(() => read(damaged), `byte ${at}`)
          .throw(RecordingError)
          .include({ offset: start });
      }
    }
  });

  it('names the entry in which a file ends', () => {
    for (let length = 0; length < file.length; length++) {
      expect(() => read(file.subarray(0, length)), `${length} bytes`)
        .throw(RecordingError)
        .satisfies(({ offset }: recording.RecordingError) => offset <= length);
    }
    expect(() => read(Buffer.concat([file, frames[1]!]))).throw('something follows the end');
    expect(() => read(Buffer.concat([frames[0]!, frames[0]!]))).throw('a second header');
    expect(() => read(Buffer.concat([frames[0]!, frames.at(-1)!]))).throw('of 10 entries 1 are there');
    expect(() => read(Buffer.concat(frames.slice(1)))).throw('no recording');
    expect(() => read(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x7f))).throw(
      'offset 0: the length of an entry is damaged',
    );
  });

  it('refuses another version', () => {
    const bytes = recording.Entry.encode({
      ...{ time: 0, thread: 0, processId: 0 },
      header: { ...{ config: '', machine: '', startNanos: 0 }, ...header, format: recording.FORMAT, version: 2 },
    });
    const check = new Uint8Array(5);
    check[0] = 0x7d;
    new DataView(check.buffer).setUint32(1, crc32(bytes), true);
    expect(() => read(Buffer.concat([Uint8Array.of(bytes.length + 5), bytes, check]))).throw(
      'a recording of version 2',
    );
  });
});
