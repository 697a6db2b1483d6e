// The language of --fault: what each spec means, and that wrong ones are refused with the word that is wrong.
import { expect } from 'chai';
import { parseFaults } from '../../lib/cli/faults.js';
import { parseOptions, parseRun } from '../../lib/cli/options.js';
import { UsageError } from '../../lib/cli/usage_error.js';
import { EADDRINUSE, ENOMEM } from '../../lib/uapi/asm-generic/errno.js';
import { RTM_GETLINK, RTM_NEWLINK, RTM_NEWQDISC } from '../../lib/uapi/linux/rtnetlink.js';

describe('cli faults', () => {
  it('reads every kind', () => {
    const { faults, faultSeed } = parseFaults([
      'call=bind,errno=EADDRINUSE,nth=2',
      'request=RTM_NEWQDISC,from=3,errno=ENOMEM,text=no, not now, nth=1',
      'request,errno=105',
      'notify=RTM_NEWLINK,drop,every=2',
      'notify,delay=1.5ms',
      'overrun=16,chance=0.25',
      'interrupt=RTM_GETLINK',
      'buffer,rcvbuf=4096',
      'seed=7',
    ]);
    expect(faultSeed).to.equal(7);
    expect(faults).to.eql([
      { kind: 'call', call: 'bind', errno: EADDRINUSE, nth: 2 },
      { kind: 'request', type: RTM_NEWQDISC, errno: ENOMEM, text: 'no, not now, nth=1', from: 3 },
      { kind: 'request', errno: 105 },
      { kind: 'notify', type: RTM_NEWLINK, every: 2 },
      { kind: 'notify', delay: 1_500_000 },
      { kind: 'overrun', type: RTM_NEWLINK, chance: 0.25 },
      { kind: 'interrupt', type: RTM_GETLINK },
      { kind: 'buffer', rcvbuf: 4096 },
    ]);
    expect(parseFaults([]).faultSeed).to.equal(1);
  });

  const wrong: Readonly<Record<string, RegExp>> = {
    '': /begins with/,
    cal: /begins with .* not 'cal'/,
    call: /no call ''/,
    'call=open,errno=EIO': /no call 'open': one of socket, bind/,
    'call=bind': /errno=… is missing/,
    'call=bind,errno': /'errno' has no value/,
    'call=bind,errno=ENOPE': /no errno 'ENOPE'/,
    'call=bind,errno=0': /1 to 4095/,
    'call=bind,errno=EIO,nth=0': /whole numbers from 1/,
    'call=bind,errno=EIO,nth=x': /nth: 'x' is no number/,
    'call=bind,errno=EIO,nth=1,nth=2': /'nth' is there twice/,
    'call=bind,errno=EIO,text=x': /'text' means nothing here/,
    'call=recvmsg,errno=EAGAIN': /use EINTR/,
    'request=RTM_NEW,errno=EIO': /no message type 'RTM_NEW'/,
    'request=RTM_NEWLINK,errno=EIO,drop': /'drop' means nothing here/,
    'notify=RTM_NEWLINK': /drop or delay=… is missing/,
    'notify,drop=1': /'drop' takes no value/,
    'notify,drop,delay=1s': /either drop or delay/,
    'notify,delay=5': /'5' is no time/,
    'overrun,chance=2': /0 to 1/,
    'buffer=3': /rcvbuf=BYTES or sndbuf=BYTES is missing/,
    'buffer,rcvbuf=-1': /whole numbers of bytes/,
    'seed=x': /whole number/,
    'seed=1,nth=1': /'nth' means nothing here/,
  };

  for (const [spec, problem] of Object.entries(wrong))
    it(`refuses '${spec}'`, () => {
      expect(() => parseFaults([spec]))
        .to.throw(UsageError, problem)
        .with.property('message')
        .that.includes(`'${spec}'`);
    });

  it('come in any number, before the command and between processes', () => {
    const wanted = { options: { fault: ['overrun', 'seed=2'] }, command: ['true'] };
    expect(parseRun(['run', '--fault', 'overrun', '--fault=seed=2', 'true'])).to.eql(wanted);
    expect(parseOptions(['--fault=overrun', '--fault=seed=2'])).to.eql(wanted.options);
  });
});
