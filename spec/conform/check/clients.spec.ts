// What tc, ip, libnl, pyroute2 and Go sent to a real kernel in the public scenarios: every finding is true, and explained in
// known-findings.json.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { check, type Finding } from '../../../lib/conform/check/index.js';
import { vectors } from './vector_files.js';

interface Sent {
  readonly client: string;
  readonly command: string;
  readonly options?: readonly number[];
  readonly send: string;
}

/** A finding that is true: who sends it, and why. */
interface Known {
  readonly client: string;
  readonly code: string;
  readonly path: string;
  readonly why: string;
}

const folder = join(vectors, 'clients');
const sent = readFileSync(join(folder, 'requests.6.18.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Sent);
const known = JSON.parse(readFileSync(join(folder, 'known-findings.json'), 'utf8')) as Known[];

const findingsOf = ({ send, options, command }: Sent): readonly Finding[] =>
  check({
    bytes: new Uint8Array(Buffer.from(send, 'hex')),
    direction: 'request',
    protocol: 0,
    origin: { file: command, offset: 0 },
    ...(options === undefined ? {} : { options }),
  }).findings;

const key = (client: string, code: string, path: string): string => `${client}: ${code} ${path}`;

describe('what real programs send', () => {
  const explained = new Set(known.map(({ client, code, path }) => key(client, code, path)));
  const met = new Set<string>();

  for (const client of new Set(sent.map((one) => one.client)))
    it(client, () => {
      const unexplained: string[] = [];
      for (const one of sent.filter((other) => other.client === client))
        for (const { code, path, text } of findingsOf(one)) {
          met.add(key(client, code, path));
          if (!explained.has(key(client, code, path))) unexplained.push(`${one.command}: ${code} ${path}: ${text}`);
        }
      expect(unexplained).to.deep.equal([]);
    });

  it('every explanation is of something that is found', () => {
    expect([...explained].filter((one) => !met.has(one))).to.deep.equal([]);
    expect(sent.length).to.be.greaterThan(200);
  });
});
