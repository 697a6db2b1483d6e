// The agree command as a user meets it: the closing line, exit codes, and what it says about bad arguments and files.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { agree } from '../../../tools/agree/main.js';

/** Runs the command; what it printed on each stream and its exit status. */
async function run(...args: string[]): Promise<{ status: number; out: string[]; err: string }> {
  const out: string[] = [];
  let err = '';
  const { error } = console;
  console.error = (text: string) => (err += `${text}\n`);
  try {
    return { status: await agree(args, (line) => out.push(line)), out, err };
  } finally {
    console.error = error;
  }
}

const socketTypes = (errno: number): string =>
  JSON.stringify({
    name: 'stream sockets',
    config: 'rec-6.18',
    setup: [],
    steps: [{ syscall: { name: 'socket', args: [16, 1, 0], as: 'a' }, errno }],
  });

describe('agree: the command', () => {
  let folder: string;
  const file = (name: string, ...lines: string[]): string => {
    writeFileSync(join(folder, name), lines.join('\n'));
    return join(folder, name);
  };

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'agree-spec-'));
  });

  after(() => {
    rmSync(folder, { recursive: true });
  });

  it('ends with the sum of all files, status 0 when all agree', async () => {
    const { status, out } = await run('netlink', file('a', socketTypes(94)), file('b', '', socketTypes(94), ''));
    expect([status, out.at(-1)]).to.deep.equal([0, '2 agree, 0 differ, 0 not run']);
  });

  it('names what differs and how, status 1', async () => {
    const { status, out } = await run('netlink', file('a', socketTypes(93)));
    expect(status).to.equal(1);
    expect(out).to.include.members(['differs  stream sockets', '    step 0 errno: expected 93, got 94']);
    expect(out.at(-1)).to.equal('0 agree, 1 differ, 0 not run');
  });

  it('does not run what cannot be replayed, and says why', async () => {
    const record = { ...(JSON.parse(socketTypes(1)) as object), replayable: false, reason: 'it rained' };
    const { status, out } = await run('netlink', file('a', JSON.stringify(record)));
    expect(status).to.equal(0);
    expect(out).to.include('not run  stream sockets: not replayable: it rained');
    expect(out.at(-1)).to.equal('0 agree, 0 differ, 1 not run');
  });

  it('counts what the model or the record lacks as differing', async () => {
    const record = {
      name: 'a',
      config: 'rec-6.18',
      setup: [],
      steps: [{ syscall: { name: 'fdinfo', args: ['x'] }, ret: 0 }],
    };
    const lacking = await run('netlink', file('a', JSON.stringify(record)));
    expect([lacking.status, lacking.out[2]]).to.deep.equal([1, "    not modelled: object 'x', which nothing made"]);
    const invented = { ...record, steps: [{ syscall: { name: 'teleport', args: [] }, ret: 0 }] };
    expect((await run('netlink', file('a', JSON.stringify(invented)))).out.at(-1)).to.equal(
      '0 agree, 1 differ, 0 not run',
    );
    const config = { ...record, config: 'rec-9.9' };
    expect((await run('netlink', file('a', JSON.stringify(config)))).out[2]).to.match(
      /configuration 'rec-9.9' is not modelled/,
    );
  });

  it('names file, line and cause of a malformed file, status 2, and runs nothing', async () => {
    const { status, out, err } = await run(
      'netlink',
      file('a', socketTypes(94)),
      file('b', socketTypes(94), '{"name":'),
    );
    expect([status, out]).to.deep.equal([2, []]);
    expect(err).to.match(/^agree: .+\/b:2: .*JSON/);
    expect((await run('netlink', file('a', '[]'))).err).to.match(/\/a:1: the record must be an object/);
    expect((await run('netlink', file('a', '{"config":"full"}'))).err).to.match(
      /\/a:1: steps must be an array, is missing/,
    );
    expect((await run('transcripts', file('a', '{"env":{}}'))).err).to.match(/\/a: scenario must be a string/);
    expect((await run('netlink', join(folder, 'nosuch'))).err).to.match(/nosuch: ENOENT/);
    expect((await run('netlink', folder)).status).to.equal(2);
  });

  for (const [args, message] of [
    [[], /a kind and at least one file are needed/],
    [['netlink'], /no file given/],
    [['nonsense', 'x'], /kind 'nonsense' is none of netlink, transcripts/],
    [['netlink', '--kernel', 'v9', 'x'], /kernel 'v9' is none of v4.1/],
    [['netlink', '--config=none', 'x'], /configuration 'none' is none of full/],
    [['netlink', 'x', '--config'], /--config needs a value/],
    [['netlink', '--frobnicate', 'x'], /unknown option '--frobnicate'/],
  ] as const) {
    it(`refuses '${args.join(' ')}' with the usage, status 2`, async () => {
      const { status, out, err } = await run(...args);
      expect([status, out]).to.deep.equal([2, []]);
      expect(err)
        .to.match(message)
        .and.to.match(/usage: npm run agree/);
    });
  }

  it('explains itself', async () => {
    const { status, out } = await run('--help');
    expect(status).to.equal(0);
    expect(out.join('\n')).to.match(/N agree, M differ, K not run/);
  });
});
