// What real kernels sent, judged as answers: nothing is found. Answers spoilt in one place: that place is found.
import { expect } from 'chai';
import { check, Checker, codeNumbers as C, type Finding } from '../../../lib/conform/check/index.js';
import type { Datagram } from '../../../lib/conform/datagram.js';
import { requestsOf } from './recorded.js';
import { carried } from './vector_files.js';

const short = (file: string): string => file.split('/').slice(-2).join('/');

describe('what real kernels send is right', () => {
  let datagrams = 0;

  after(() => {
    console.log(`      ${datagrams} datagrams`);
  });

  for (const file of carried)
    it(short(file), () => {
      let checker = new Checker();
      let record = '';
      const found: string[] = [];
      for (const { where, version, datagram, replies } of requestsOf(file)) {
        const name = where.replace(/ #\d+$/, '');
        if (name !== record) checker = new Checker({ version });
        record = name;
        checker.check({ ...datagram, socket: 'nl' });
        for (const bytes of replies) {
          datagrams++;
          const reply: Datagram = { ...datagram, bytes, direction: 'reply', socket: 'nl' };
          for (const { code, path, text } of checker.check(reply).findings)
            found.push(`${where}: ${code} ${path} ${text}`);
        }
      }
      expect(found).to.deep.equal([]);
    }).timeout(240_000);
});

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));

const reply = (hex: string): Datagram => ({
  bytes: bytesOf(hex),
  direction: 'reply',
  protocol: 0,
  socket: 'one',
  origin: { file: 'spec', offset: 0 },
});
const request = (hex: string): Datagram => ({ ...reply(hex), direction: 'request' });

const codes = (findings: readonly Finding[]): string[] => findings.map(({ code }) => code);

/** A qdisc message: KIND, OPTIONS, HW_OFFLOAD, STATS2, STATS. */
const qdiscHead = '24 00 02 00 07000000 92100000 00 00 00 00 02000000 0000ffff f1ffffff 01000000';
const kind = '0b000100 636c73616374 00 00';
const optionsNest = '04000280';
const offload = '05000c00 00 000000';
const stats2 = '30000700 14000100 00000000000000000000000000000000 18000300 0000000000000000000000000000000000000000';
const stats = `2c000300 ${'00'.repeat(40)}`;

function message(body: string, length?: number): string {
  const size = 4 + bytesOf(body).length;
  const head = Buffer.alloc(4);
  head.writeUInt32LE(length ?? size);
  return head.toString('hex') + body;
}

const qdisc = message(`${qdiscHead} ${kind} ${optionsNest} ${offload} ${stats2} ${stats}`);
const dumpRequest = '24000000 2600 0103 07000000 00000000 00000000 00000000 00000000 00000000 00000000';
const setRequest =
  '30000000 2400 0506 07000000 00000000 00000000 02000000 00000000 f1ffffff 00000000 0b000100 636c73616374 0000';
const done = '14000000 0300 0200 07000000 92100000 00000000';
const ack = '24000000 0200 0001 07000000 92100000 00000000 30000000 2400 0506 07000000 00000000';

/** What one answer in a conversation of several is found to be. */
function last(...datagrams: readonly Datagram[]): string[] {
  const checker = new Checker();
  return datagrams.map((datagram) => codes(checker.check(datagram).findings)).at(-1)!;
}

describe('what a kernel would not send', () => {
  const spoilt: readonly (readonly [string, string, string])[] = [
    [
      'attributes in another order',
      message(`${qdiscHead} ${optionsNest} ${kind} ${offload} ${stats2} ${stats}`),
      C.replyOrder,
    ],
    ['no kind', message(`${qdiscHead} ${optionsNest} ${offload} ${stats2} ${stats}`), C.replyMissing],
    [
      'a rate estimator of requests',
      message(`${qdiscHead} ${kind} ${optionsNest} ${offload} ${stats2} ${stats} 06000500 0101 0000`),
      C.replyInputOnly,
    ],
    [
      'a kind without its NUL',
      message(`${qdiscHead} 0a000100 636c73616374 0000 ${optionsNest} ${offload} ${stats2} ${stats}`),
      C.replyValue,
    ],
    [
      'a nest that is not filled',
      message(`${qdiscHead} ${kind} 0a000280 010203040506 0000 ${offload} ${stats2} ${stats}`),
      C.replyTruncated,
    ],
    ['a header that is not whole', message('24 00 02 00 07000000 92100000 00 00 00 00'), C.replyTruncated],
    [
      'a length that is no multiple of four',
      `${message(`${qdiscHead} ${kind} ${optionsNest} ${offload} ${stats2} ${stats} 05001000 00`)}000000`,
      C.replyAlignment,
    ],
    [
      'a request as an answer',
      message('26 00 02 00 07000000 92100000 00000000 00000000 00000000 00000000 00000000'),
      C.replyType,
    ],
    ['an errno above 0', ack.replace('92100000 00000000', '92100000 16000000'), C.errorMalformed],
    ['an error without the request', '14000000 0200 0001 07000000 92100000 00000000', C.errorMalformed],
    ['an acknowledgement that does not say it is cut', ack.replace('0200 0001', '0200 0000'), C.replyFlags],
    ['an end of no errno', '10000000 0300 0200 07000000 92100000', C.doneMalformed],
    ['an end without NLM_F_MULTI', done.replace('0300 0200', '0300 0000'), C.replyFlags],
    ['a length beyond the datagram', message(`${qdiscHead} ${kind}`, 200), C.messageBeyondDatagram],
    ['a length below the header', message(`${qdiscHead} ${kind}`, 8), C.shortMessage],
    ['bytes behind the last message', `${done} 00000000`, C.trailingBytes],
  ];

  it('the originals are right', () => {
    expect(codes(check(reply(qdisc)).findings)).to.deep.equal([]);
    expect(last(request(setRequest), reply(ack))).to.deep.equal([]);
    expect(last(request(dumpRequest), reply(qdisc), reply(done))).to.deep.equal([]);
  });

  for (const [name, hex, code] of spoilt)
    it(name, () => {
      expect(codes(check(reply(hex)).findings)).to.deep.equal([code]);
    });

  it('answers to nothing that was asked', () => {
    expect(last(request(dumpRequest), reply(done.replace('07000000', '08000000')))).to.deep.equal([C.replySequence]);
  });

  it('nothing of answers to a request of which not all is known', () => {
    const checker = new Checker();
    checker.overlook(request(dumpRequest));
    expect(checker.check(reply(qdisc)).findings).to.deep.equal([]);
    expect(checker.check(reply(done)).findings).to.deep.equal([]);
    expect(checker.open()).to.deep.equal([]);
  });

  it('answers of two ports', () => {
    expect(last(request(dumpRequest), reply(qdisc), reply(done.replace('92100000', '93100000')))).to.deep.equal([
      C.replyPort,
    ]);
  });

  it('a part of a dump that has ended', () => {
    expect(last(request(dumpRequest), reply(done), reply(qdisc))).to.deep.equal([C.afterDone]);
  });

  it('a dump that was not asked for', () => {
    expect(last(request(setRequest), reply(qdisc))).to.deep.equal([C.replyFlags]);
  });

  it('an end that does not come apart', () => {
    expect(last(request(dumpRequest), reply(qdisc + done))).to.deep.equal([C.doneAlone]);
  });

  it('an acknowledgement nobody asked for', () => {
    const silent = setRequest.replace('0506', '0106');
    expect(last(request(silent), reply(ack.replace('2400 0506', '2400 0106')))).to.deep.equal([C.unasked]);
  });

  it('an acknowledgement of another request', () => {
    expect(last(request(setRequest), reply(ack.replace('2400 0506', '2500 0506')))).to.deep.equal([C.errorMalformed]);
  });

  it('a number that waits for its answer, and a port that is not that of the socket', () => {
    expect(last(request(dumpRequest), request(setRequest))).to.deep.equal([C.sequenceTwice]);
    const other = dumpRequest.replace('07000000 00000000', '08000000 11000000');
    expect(last(request(dumpRequest), reply(qdisc), reply(done), request(other))).to.deep.equal([C.otherPort]);
  });

  it('tells what waits for an answer at the end', () => {
    const checker = new Checker();
    checker.check(request(dumpRequest));
    checker.check(reply(qdisc));
    expect(checker.open()).to.deep.equal(['the dump of RTM_GETQDISC has no NLMSG_DONE']);
  });
});
