// `tcbox check --in BOX`: requests of a file go into a box that stays, in their order, and what its kernel answers stands
// beside what check says of their bytes.
import { expect } from 'chai';
import { join } from 'node:path';
import { NLMSG_DONE, NLMSG_ERROR } from '../../lib/uapi/linux/netlink.js';
import { answerText } from '../../lib/conform/report/answer.js';
import { request } from '../conform/import/layouts.js';
import { type Result, Tcbox } from './tcbox.js';

const root = join(import.meta.dirname, '../../..');
const example = 'tools/examples/encoder/requests.hex';

describe('clients: check in a box', function () {
  this.timeout(240_000);
  let tcbox: Tcbox;
  const check = (args: readonly string[], input = ''): Result => tcbox.run(['check', ...args], { cwd: root, input });

  before(() => {
    tcbox = new Tcbox();
    expect(tcbox.run(['start', 'one'])).to.deep.equal({ status: 0, stdout: '', stderr: '' });
  });
  after(() => {
    tcbox.end();
  });

  it('says what its kernel answers, and leaves the rest as it is', () => {
    const plain = check([example]);
    const { stdout, stderr, status } = check(['--in', 'one', example]);
    expect({ stderr, status }).to.deep.equal({ stderr: '', status: 1 });
    const [answers, others] = [true, false].map((wanted) =>
      stdout.split('\n').filter((line) => line.includes(': in one: ') === wanted),
    );
    expect(others!.join('\n')).to.equal(plain.stdout);
    expect(answers!.map((line) => line.replace(/^.*:(\d+): in one: /, '$1 '))).to.deep.equal([
      '3 acknowledged',
      '5 acknowledged',
      '7 RTM_NEWLINK',
      '9 ERANGE',
    ]);
  });

  it('answers in the state it has: the second time something is there already', () => {
    const onLoopback = `${request.slice(0, 40)}01${request.slice(42)}`;
    const answer = check(['--in', 'one', '--json', '-'], onLoopback).stdout.split('\n')[0]!;
    expect(JSON.parse(answer)).to.include({
      kind: 'answer',
      box: 'one',
      text: 'EEXIST "Exclusivity flag on, cannot modify"',
    });
    expect(check(['--in', 'one', '-'], request).stdout).to.match(/^-:1: in one: ENODEV\n/);
  });

  it('ends with 125 without a box', () => {
    const { status, stderr } = check(['--in', 'none', example]);
    expect(status).to.equal(125);
    expect(stderr).to.match(/no box 'none'/);
  });

  it('does not send what is no request, and takes what cannot be sent', () => {
    expect(check(['--in', 'one', '--direction', 'reply', example]).stdout).to.not.include('in one');
    expect(check(['--in', 'one', '--protocol', '31', example]).stdout).to.include('in one: not taken, EPROTONOSUPPORT');
    const long = `${'00'.repeat(300_000)}\n`;
    expect(check(['--in', 'one', '--format', 'hex', '-'], long).stdout).to.match(
      /in one: (?:no answer|not taken, E[A-Z]+)/,
    );
    expect(check(['--in', 'one', '-'], request).status).to.equal(0);
  });

  it('counts what it is answered', () => {
    const message = (type: number, body: readonly number[]): Uint8Array =>
      Uint8Array.of(16 + body.length, 0, 0, 0, type, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ...body);
    expect(answerText(-1, [])).to.equal('not taken, EPERM');
    expect(answerText(48, [])).to.equal('no answer');
    expect(answerText(48, [message(16, []), message(16, []), message(NLMSG_DONE, [])], 3)).to.equal(
      '2 × RTM_NEWLINK, 3 more datagrams',
    );
    expect(answerText(48, [message(NLMSG_ERROR, [0xed, 0xff, 0xff, 0xff])])).to.equal('ENODEV');
    expect(answerText(48, [message(NLMSG_ERROR, [])])).to.equal('acknowledged');
  });
});
