// The comparison of netlink recordings: a recording agrees with itself, any change outside the masks is seen, and
// none inside them.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import fc from 'fast-check';
import { readLines } from '../../../tools/agree/input.js';
import { compare } from '../../../tools/agree/netlink/compare.js';
import type { NetlinkRecord, Result } from '../../../tools/agree/netlink/record.js';
import { netlinkRecord } from '../../../tools/agree/netlink/record.js';

const folder = join(import.meta.dirname, '../../../../spec/vectors/netlink');
const records = ['nl-links', 'tc', 'extra'].flatMap((f) => readLines(join(folder, `${f}.6.18.jsonl`), netlinkRecord));

const resultsOf = (record: NetlinkRecord): Result[] => record.steps.map((step) => step.expected);

const step = {
  send: '00',
  send_ret: 1,
  recv: ['0102', { errno: 105 }],
  recv_flags: [0, null],
  recv_addr: [[0, 0], null],
};
const small = (mask: object[] = [], more: object = {}): NetlinkRecord =>
  netlinkRecord({ name: 'x', config: 'full', setup: [], steps: [{ ...step, ...more }], mask });

describe('agree: comparison of netlink recordings', () => {
  it('finds every recording equal to itself', () => {
    for (const record of records) expect(compare(record, resultsOf(record)), record.name).to.deep.equal([]);
  });

  it('sees any changed byte that no mask covers, and says which step', () => {
    const places = records.flatMap((record) =>
      record.steps.flatMap(({ expected }, i) =>
        (['recv', 'notify'] as const).flatMap((which) =>
          (expected[which] ?? []).flatMap((reply, k) =>
            typeof reply === 'string' && reply !== '' ? [{ record, i, which, k, reply }] : [],
          ),
        ),
      ),
    );
    fc.assert(
      fc.property(fc.constantFrom(...places), fc.nat(), fc.integer({ min: 1, max: 255 }), (place, at, bits) => {
        const { record, i, which, k, reply } = place;
        const offset = at % (reply.length / 2);
        const byte = Number.parseInt(reply.slice(2 * offset, 2 * offset + 2), 16) ^ bits;
        const changed = reply.slice(0, 2 * offset) + byte.toString(16).padStart(2, '0') + reply.slice(2 * offset + 2);
        const results = resultsOf(record);
        const list = results[i]![which]!.map((r, n) => (n === k ? changed : r));
        results[i] = { ...results[i]!, [which]: list };
        const masked = record.mask.some(
          (m) =>
            m.step === i && m.which === which && m.index === k &&
            (m.ranges === undefined || m.ranges.some(([from = 0, to = 0]) => from <= offset && offset < to)),
        ); // prettier-ignore
        const lines = compare(record, results);
        if (masked) expect(lines).to.deep.equal([]);
        else expect(lines[0]).to.match(new RegExp(`^step ${i} ${which} ${k} `));
      }),
      { numRuns: 400 },
    );
  });

  it('sees missing and extra datagrams, other errnos, flags and addresses', () => {
    const record = small();
    const lines = (change: Partial<Result>): string[] => compare(record, [{ ...record.steps[0]!.expected, ...change }]);
    expect(lines({})).to.deep.equal([]);
    expect(lines({ recv: ['0102'] })[0]).to.equal('step 0 recv: 2 datagrams (2 bytes, {"errno":105}), got 1 (2 bytes)');
    expect(lines({ recv: ['0102', { errno: 11 }] })).to.deep.equal([
      'step 0 recv 1: expected {"errno":105}, got {"errno":11}',
    ]);
    expect(lines({ recv: ['0102', '03'] })).to.have.length(1);
    expect(lines({ notify: ['00'] })[0]).to.match(/^step 0 notify: 0 datagrams \(none\), got 1/);
    expect(lines({ recv_flags: [0x20, null] })[0]).to.match(/^step 0 recv_flags/);
    expect(lines({ recv_addr: [[0, 1], null] })[0]).to.match(/^step 0 recv_addr/);
    expect(lines({ send_ret: 2 })).to.deep.equal(['step 0 send_ret: expected 1, got 2']);
    expect(lines({ errno: 1 })).to.deep.equal(['step 0 errno: expected nothing, got 1']);
    expect(compare(record, [])).to.deep.equal(['1 of 1 steps were not made']);
  });

  it('compares outputs by key, with masks for all of a value or a part of it', () => {
    const out = { addr: '10000000aabbccdd', len: 8 };
    const got = [{ ...step, out: { addr: '1000000011223344', len: 9 } }];
    const byMask = (...mask: object[]): string[] => compare(small(mask, { out }), got);
    expect(byMask()).to.have.length(2);
    expect(byMask({ step: 0, which: 'out', index: 'addr', ranges: [[4, 8]] })).to.deep.equal([
      'step 0 out len: expected 8, got 9',
    ]);
    expect(byMask({ step: 0, which: 'out', index: 'addr' }, { step: 0, which: 'out', index: 'len' })).to.deep.equal([]);
    expect(compare(small([], { out }), [step])[0]).to.equal(
      'step 0 out addr: expected "10000000aabbccdd", got nothing',
    );
  });
});

describe('agree: version 1 of netlink recordings', () => {
  const version1 = (more: object): NetlinkRecord =>
    netlinkRecord({ name: 'x', kernel: '6.1', setup: [], socket: { pid: 1, groups: [], opts: [] }, monitor: 'second', steps: [{ label: null, sent: '00', recv: [], notify: [] }], ...more }); // prettier-ignore

  it('brings them into the form of version 2', () => {
    const record = version1({});
    expect([record.config, record.monitor?.pid, record.monitor?.groups, record.obstacle]).to.deep.equal([
      'rec-6.1-uml',
      777,
      [1, 4],
      undefined,
    ]);
    expect(record.steps[0]!.action).to.deep.include({ send: '00', sock: 'nl' });
  });

  it('names what stands in the way of a replay', () => {
    expect(version1({ steps: [] }).obstacle).to.match(/no steps/);
    expect(version1({ name: 'bpf_fd_ok' }).obstacle).to.match(/fds/);
    expect(version1({ notes: { prog: {} } }).obstacle).to.match(/fds/);
    expect(version1({ name: 'f_dump_many_batches' }).obstacle).to.match(/requests/);
    expect(version1({ name: 'link_set_down' }).obstacle).to.match(/waited/);
  });

  it('masks a random address, and not one that the recorder chose', () => {
    const link = (mac: string): string => `2c00000010000000${'00'.repeat(8)}${'00'.repeat(16)}0a000100${mac}0000`;
    const masks = (mac: string): unknown => version1({ steps: [{ sent: '', recv: [link(mac)], notify: [] }] }).mask;
    expect(masks('020000000001')).to.deep.equal([]);
    expect(masks('62d48e40e156')).to.deep.equal([
      { step: 0, which: 'recv', index: 0, ranges: [[36, 42]], kind: 'mac' },
    ]);
  });
});

describe('agree: records that are not as they should be', () => {
  const good = JSON.parse(readFileSync(join(folder, 'extra.6.18.jsonl'), 'utf8').split('\n')[0]!) as Record<
    string,
    unknown
  >;
  for (const [what, change, message] of [
    ['a step without bytes', { steps: [{}] }, /steps\[0\]\.send must be a string, is missing/],
    ['bytes that are no hex', { steps: [{ send: 'zz' }] }, /steps\[0\]\.send must be hex digits in pairs, is "zz"/],
    ['setup that is no list', { setup: 'ip link' }, /setup must be an array, is "ip link"/],
    ['a mask without a step', { mask: [{}] }, /mask\[0\]\.step must be a number, is missing/],
    ['a socket without a port', { socket: {} }, /socket\.pid must be a number/],
    ['a call without arguments', { steps: [{ syscall: { name: 'x' } }] }, /steps\[0\]\.syscall\.args must be an array/],
    ['no name', { name: 7 }, /name must be a string, is 7/],
  ] as const) {
    it(`refuses ${what}`, () => {
      expect(() => netlinkRecord({ ...good, ...change })).to.throw(message);
    });
  }
});
