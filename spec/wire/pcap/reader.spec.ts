// Captures: what is written is read again, in both formats, byte orders and units, however it is cut; damage is told with
// its place, after what came before it. tcpdump is the other party where it is installed.
import { expect } from 'chai';
import fc from 'fast-check';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CapturedPacket, LINKTYPE_NETLINK, PACKET_MAX } from '../../../lib/wire/pcap/capture.js';
import { CaptureReader } from '../../../lib/wire/pcap/reader.js';
import { PcapWriter, PcapngWriter } from '../../../lib/wire/pcap/writer.js';

const concat = (parts: readonly Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

interface Read {
  readonly packets: CapturedPacket[];
  readonly error: { offset: number; message: string } | undefined;
}

/** Reads `file` in chunks of `chunk` bytes; packets with memory of their own. */
function read(file: Uint8Array, chunk = file.length || 1): Read {
  const reader = new CaptureReader();
  const packets: CapturedPacket[] = [];
  for (let at = 0; at < file.length; at += chunk)
    for (const packet of reader.push(file.subarray(at, at + chunk)))
      packets.push({ ...packet, data: packet.data.slice() });
  const error = reader.end();
  return { packets, error: error && { offset: error.offset, message: error.message } };
}

const content = ({ seconds, nanos, data, length }: CapturedPacket) => ({ seconds, nanos, data: [...data], length });

const packetArbitrary = fc
  .record({
    seconds: fc.integer({ min: 0, max: 0xffffffff }),
    nanos: fc.integer({ min: 0, max: 999_999_999 }),
    data: fc.uint8Array({ maxLength: 80 }),
    cut: fc.integer({ min: 0, max: 1000 }),
  })
  .map(({ cut, ...packet }) => ({ ...packet, length: packet.data.length + cut }));
const packetsArbitrary = fc.array(packetArbitrary, { maxLength: 8 });

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replace(/\s/g, ''), 'hex'));

describe('wire/pcap', () => {
  describe('pcap', () => {
    it('gives back what was written, in both byte orders and units, in chunks of any size', () => {
      const property = fc.property(
        packetsArbitrary,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 1, max: 200 }),
        (packets, bigEndian, nanoseconds, chunk) => {
          const writer = new PcapWriter({ bigEndian, nanoseconds });
          const file = concat([writer.header(), ...packets.map((packet) => writer.packet(packet))]);
          const got = read(file, chunk);
          const unit = nanoseconds ? 1 : 1000;
          expect(got.packets.map(content)).to.deep.equal(
            packets.map(({ data, nanos, ...rest }) => ({ ...rest, nanos: nanos - (nanos % unit), data: [...data] })),
          );
          expect(got.error).to.equal(undefined);
        },
      );
      fc.assert(property);
    });

    it('knows the link type', () => {
      const writer = new PcapWriter({ linkType: LINKTYPE_NETLINK });
      const packet = writer.packet({ seconds: 1, nanos: 0, data: new Uint8Array(20) });
      expect(read(concat([writer.header(), packet])).packets[0]!.interface.linkType).to.equal(LINKTYPE_NETLINK);
    });

    it('names the offset of a record that is no record', () => {
      const writer = new PcapWriter();
      const good = writer.packet({ seconds: 1, nanos: 0, data: new Uint8Array(60) });
      const bad = writer.packet({ seconds: 1, nanos: 0, data: new Uint8Array(60) });
      new DataView(bad.buffer).setUint32(8, PACKET_MAX + 1, true);
      const got = read(concat([writer.header(), good, bad, good]));
      expect(got.packets).to.have.length(1);
      expect(got.error).to.deep.equal({ offset: 100, message: `offset 100: a packet of ${PACKET_MAX + 1} bytes` });
    });

    it('refuses other versions and other files', () => {
      const header = new PcapWriter().header();
      header[4] = 3;
      expect(read(header).error?.message).to.equal('offset 4: pcap version 3, not 2');
      expect(read(hex('7f454c46 02010100')).error?.message).to.equal('offset 0: neither pcap nor pcapng');
      expect(read(hex('d4c3')).error?.message).to.equal('offset 0: neither pcap nor pcapng');
      expect(read(new Uint8Array()).error?.message).to.equal('offset 0: the file is empty');
    });
  });

  describe('pcapng', () => {
    const fileOf = (packets: Parameters<PcapngWriter['packet']>[0][], bigEndian = false): Uint8Array => {
      const writer = new PcapngWriter({ bigEndian });
      const parts = [writer.section(['made by a test']), writer.interface({ name: 'em1' }), writer.interface({})];
      return concat([...parts, ...packets.map((packet) => writer.packet(packet))]);
    };

    it('gives back what was written, in both byte orders, in chunks of any size', () => {
      const property = fc.property(
        fc.array(fc.tuple(packetArbitrary, fc.constantFrom(0, 1), fc.array(fc.string(), { maxLength: 2 })), {
          maxLength: 6,
        }),
        fc.boolean(),
        fc.integer({ min: 1, max: 200 }),
        (given, bigEndian, chunk) => {
          const packets = given.map(([packet, id, comments]) => ({
            ...packet,
            interface: id,
            comments: comments.map((text) => text.replaceAll('\0', '')),
          }));
          const got = read(fileOf(packets, bigEndian), chunk);
          expect(got.error).to.equal(undefined);
          expect(
            got.packets.map((packet) => ({
              ...content(packet),
              interface: packet.interface.id,
              name: packet.interface.name,
              comments: [...packet.comments],
            })),
          ).to.deep.equal(
            packets.map(({ data, ...rest }) => ({
              ...rest,
              data: [...data],
              name: rest.interface === 0 ? 'em1' : undefined,
            })),
          );
        },
      );
      fc.assert(property);
    });

    const section = '0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000';
    const bigSection = '0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c';
    const plain = '01000000 14000000 0100 0000 00000000 14000000';
    const epb = (high: string, low: string, id = '00000000'): string =>
      `06000000 24000000 ${id} ${high} ${low} 04000000 04000000 deadbeef 24000000`;

    it('reads files without options, in microseconds by default', () => {
      const { packets, error } = read(hex(section + plain + epb('00000000', '40420f00')));
      expect(error).to.equal(undefined);
      expect(packets.map(content)).to.deep.equal([{ seconds: 1, nanos: 0, data: [0xde, 0xad, 0xbe, 0xef], length: 4 }]);
    });

    it('heeds if_tsresol, powers of ten and of two, and if_tsoffset', () => {
      const interfaceOf = (options: string, length: string): string =>
        `01000000 ${length} 0100 0000 00000000 ${options} 00000000 ${length}`;
      const file = hex(
        section +
          interfaceOf('0900 0100 09000000', '20000000') +
          interfaceOf('0900 0100 8a000000', '20000000') +
          interfaceOf('0900 0100 03000000 0e00 0800 6400000000000000', '2c000000') +
          epb('ffff3b17', '01000000', '00000000') +
          epb('00000000', '01060000', '01000000') +
          epb('00000000', 'dd050000', '02000000'),
      );
      const { packets, error } = read(file);
      expect(error).to.equal(undefined);
      const nanoseconds = (0x173bffffn << 32n) + 1n;
      expect(packets.map(({ seconds, nanos }) => [seconds, nanos])).to.deep.equal([
        [Number(nanoseconds / 1_000_000_000n), Number(nanoseconds % 1_000_000_000n)],
        [1, Math.floor((513 * 1e9) / 1024)],
        [101, 501_000_000],
      ]);
    });

    it('passes over blocks without packets, and begins anew with each section', () => {
      const names = '04000000 14000000 00000000 00000000 14000000';
      const unknown = 'ad0b0000 10000000 01020304 10000000';
      const bigInterface = '00000001 00000014 00fd 0000 00000000 00000014';
      const bigSimple = '00000003 00000014 00000003 01020300 00000014';
      const file =
        section + names + plain + unknown + epb('00000000', '00000000') + bigSection + bigInterface + bigSimple;
      const { packets, error } = read(hex(file), 3);
      expect(error).to.equal(undefined);
      expect(packets.map(({ interface: { linkType }, data }) => [linkType, ...data])).to.deep.equal([
        [1, 0xde, 0xad, 0xbe, 0xef],
        [LINKTYPE_NETLINK, 1, 2, 3],
      ]);
      expect(packets[1]!.seconds).to.equal(undefined);
    });

    it('cuts simple packets at the snaplen', () => {
      const short = '01000000 14000000 0100 0000 02000000 14000000';
      const { packets } = read(hex(section + short + '03000000 14000000 09000000 01020000 14000000'));
      expect(packets.map(({ data, length }) => [[...data], length])).to.deep.equal([[[1, 2], 9]]);
    });

    it('says what is wrong and where', () => {
      const cases: [string, number, RegExp][] = [
        ['0a0d0d0a 1c000000 00000000 01000000 ffffffffffffffff 1c000000', 8, /no byte order/],
        [`${section}06000000 0b000000 00000000`, 28, /block of 11 bytes/],
        [`${section}06000000 ffffff7f 00000000`, 28, /block of 2147483647 bytes/],
        [`${section}01000000 14000000 01000000 00000000 18000000`, 28, /whose end says 24/],
        [section + epb('00000000', '00000000'), 28, /interface 0, which is not there/],
        [`${section}${plain}06000000 0c000000 0c000000`, 48, /too short/],
        [
          `${section}${plain}06000000 20000000 00000000 00000000 00000000 04000000 04000000 20000000`,
          48,
          /packet of 4/,
        ],
        [`${section}01000000 18000000 01000000 00000000 02000900 18000000`, 44, /option 2 of 9 bytes/],
        [`${section}01000000 1c000000 01000000 00000000 09000100 c0000000 1c000000`, 28, /units/],
        [section.replace('0100 0000', '0200 0000'), 12, /version 2/],
      ];
      for (const [text, offset, why] of cases) {
        const { error } = read(hex(text));
        expect(error?.message, text).to.match(why);
        expect(error?.offset, text).to.equal(offset);
      }
    });
  });

  /** One of each format with four packets, and where each packet's record ends. */
  const samples = (): { name: string; file: Uint8Array; ends: number[]; start: number }[] => {
    const pcap = new PcapWriter({ bigEndian: true });
    const pcapng = new PcapngWriter();
    const data = [10, 60, 33, 0].map((length, i) => new Uint8Array(length).fill(i + 1));
    const ofPcap = data.map((bytes, i) => pcap.packet({ seconds: i, nanos: 5000, data: bytes }));
    const head = concat([pcapng.section(), pcapng.interface({ name: 'x' })]);
    const ofPcapng = data.map((bytes, i) =>
      pcapng.packet({ interface: 0, seconds: i, nanos: 5, data: bytes, comments: [`number ${i}`], direction: 'in' }),
    );
    const sample = (name: string, first: Uint8Array, parts: Uint8Array[]) => {
      let at = first.length;
      return {
        name,
        file: concat([first, ...parts]),
        ends: parts.map((part) => (at += part.length)),
        start: first.length,
      };
    };
    return [sample('pcap', pcap.header(), ofPcap), sample('pcapng', head, ofPcapng)];
  };

  for (const { name, file, ends, start } of samples()) {
    it(`gives, of a ${name} file cut anywhere, what came before the cut`, () => {
      for (let cut = 1; cut < file.length; cut++) {
        const { packets, error } = read(file.subarray(0, cut));
        const whole = ends.filter((end) => end <= cut).length;
        expect(packets.length, `cut at ${cut}`).to.equal(whole);
        const atRecord = cut >= start && (cut === start || ends.includes(cut));
        if (atRecord) expect(error, `cut at ${cut}`).to.equal(undefined);
        else if (cut > start) expect(error?.offset, `cut at ${cut}`).to.equal(whole === 0 ? start : ends[whole - 1]);
      }
    });

    it(`never throws for a damaged ${name} file, and gives what came before the damage`, () => {
      const original = read(file).packets.map(content);
      const property = fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: file.length - 1 }), fc.integer({ min: 0, max: 255 })), {
          minLength: 1,
          maxLength: 4,
        }),
        (changes) => {
          const damaged = file.slice();
          for (const [at, value] of changes) damaged[at] = value;
          const first = Math.min(...changes.map(([at]) => at));
          const untouched = ends.filter((end) => end <= first).length;
          const { packets, error } = read(damaged, 50);
          expect(packets.slice(0, untouched).map(content)).to.deep.equal(original.slice(0, untouched));
          if (error !== undefined) expect(error.offset).to.be.within(0, file.length);
        },
      );
      fc.assert(property, { numRuns: 500 });
    });
  }

  /** What begins a file of each kind: format, byte order, unit, link type. */
  const heads = [false, true].flatMap((bigEndian) => {
    const linkType = LINKTYPE_NETLINK;
    const ofPcap = [false, true].map((nanoseconds) => new PcapWriter({ bigEndian, nanoseconds, linkType }).header());
    const pcapng = new PcapngWriter({ bigEndian });
    return [...ofPcap, concat([pcapng.section(), pcapng.interface({ linkType, name: 'nl' })])].map((head) => ({
      head,
      bigEndian,
    }));
  });

  it('reads hostile lengths and any bytes alike in chunks of any size, without an exception, within the file', () => {
    const edges = [0, 1, 4, 12, 16, 20, 24, 28, 32, 36, 64, 65_535, PACKET_MAX, PACKET_MAX + 1, 0x7fffffff, 0xffffffff];
    const word = fc.oneof(
      fc.constantFrom(...edges),
      fc.integer({ min: 0, max: 0xffffffff }),
      fc.constantFrom(1, 2, 3, 6),
    );
    const property = fc.property(
      fc.constantFrom(...heads),
      fc.array(word, { maxLength: 40 }),
      fc.uint8Array({ maxLength: 7 }),
      fc.integer({ min: 1, max: 90 }),
      ({ head, bigEndian }, words, tail, chunk) => {
        const body = new DataView(new ArrayBuffer(4 * words.length));
        for (const [i, value] of words.entries()) body.setUint32(4 * i, value, !bigEndian);
        const file = concat([head, new Uint8Array(body.buffer), tail]);
        const got = read(file);
        expect(read(file, chunk)).to.deep.equal(got);
        let before = head.length - 1;
        for (const { offset, data, interface: from } of got.packets) {
          expect(from.linkType).to.equal(LINKTYPE_NETLINK);
          expect(offset).to.be.above(before);
          expect(offset + data.length).to.be.most(file.length);
          before = offset;
        }
        if (got.error !== undefined) expect(got.error.offset).to.be.within(before, file.length);
      },
    );
    fc.assert(property, { numRuns: 2000 });
  });

  it('lets the caller use one chunk again and again', () => {
    const writer = new PcapWriter();
    const packets = Array.from({ length: 50 }, (_, i) => new Uint8Array(i).fill(i));
    const file = concat([writer.header(), ...packets.map((data, i) => writer.packet({ seconds: i, nanos: 0, data }))]);
    const reader = new CaptureReader();
    const chunk = new Uint8Array(37);
    const got: number[][] = [];
    for (let at = 0; at < file.length; at += chunk.length) {
      const part = file.subarray(at, at + chunk.length);
      chunk.set(part);
      for (const { data } of reader.push(chunk.subarray(0, part.length))) got.push([...data]);
      chunk.fill(0xaa);
    }
    expect(reader.end()).to.equal(undefined);
    expect(got).to.deep.equal(packets.map((data) => [...data]));
  });

  it('reads packets longer than a chunk', () => {
    const writer = new PcapWriter();
    const data = new Uint8Array(1 << 20).map((_, i) => i);
    const file = concat([
      writer.header(),
      writer.packet({ seconds: 1, nanos: 0, data }),
      writer.packet({ seconds: 2, nanos: 0, data }),
    ]);
    const { packets, error } = read(file, 65536);
    expect(error).to.equal(undefined);
    expect(packets.map(({ data: got }) => Buffer.compare(got, data))).to.deep.equal([0, 0]);
  });

  describe('beside tcpdump', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pcap-'));
    const frame = hex('ffffffffffff 020000000001 0800 45100014000000004011 0000 7f000001 7f000002'.padEnd(120, '0'));
    before(function () {
      if (spawnSync('tcpdump', ['--version']).status !== 0) {
        this.test!.title += ' (no tcpdump)';
        this.skip();
      }
    });
    after(() => {
      rmSync(folder, { recursive: true });
    });

    const timesOf = (path: string): string[] =>
      execFileSync('tcpdump', ['-tt', '--nano', '-n', '-r', path], { stdio: ['ignore', 'pipe', 'ignore'] })
        .toString()
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[0]!);

    it('tcpdump reads what is written here', () => {
      const packet = { seconds: 1_700_000_000, nanos: 123_456_000, data: frame };
      const files: [string, Uint8Array][] = [];
      for (const bigEndian of [false, true]) {
        for (const nanoseconds of [false, true]) {
          const writer = new PcapWriter({ bigEndian, nanoseconds });
          files.push([`${bigEndian}${nanoseconds}.pcap`, concat([writer.header(), writer.packet(packet)])]);
        }
        const writer = new PcapngWriter({ bigEndian });
        const parts = [writer.section(['a']), writer.interface({ name: 'em1' })];
        parts.push(writer.packet({ ...packet, interface: 0, comments: ['b'], direction: 'out' }));
        files.push([`${bigEndian}.pcapng`, concat(parts)]);
      }
      for (const [name, bytes] of files) {
        const path = join(folder, name);
        writeFileSync(path, bytes);
        expect(timesOf(path), name).to.deep.equal(['1700000000.123456000']);
      }
    });

    it('what tcpdump writes is read here', () => {
      const writer = new PcapWriter({ nanoseconds: true, bigEndian: true });
      const from = join(folder, 'from.pcap');
      const to = join(folder, 'to.pcap');
      writeFileSync(from, concat([writer.header(), writer.packet({ seconds: 5, nanos: 7, data: frame })]));
      execFileSync('tcpdump', ['--nano', '-r', from, '-w', to], { stdio: 'ignore' });
      const { packets, error } = read(new Uint8Array(readFileSync(to)));
      expect(error).to.equal(undefined);
      expect(packets.map(content)).to.deep.equal([{ seconds: 5, nanos: 7, data: [...frame], length: frame.length }]);
    });
  });
});
