// Answers that reached nobody: given once to the same call when it comes again, never to another.
import { expect } from 'chai';
import { Notification } from '../../lib/host/listener.js';
import { NOTIF, u32, u8 } from '../../lib/host/libc.js';
import { Replay } from '../../lib/host/replay.js';

const TID = 42;

/** The notification of a call, as the listener receives it. */
function call(nr: number, arg: number): Notification {
  u8.fill(0, NOTIF, NOTIF + 80);
  u32[(NOTIF + 16) >> 2] = nr;
  u32[(NOTIF + 32) >> 2] = arg;
  const notification = new Notification();
  notification.tid = TID;
  notification.nr = nr;
  return notification;
}

const content = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));

describe('host: replay', () => {
  let replay: Replay;

  beforeEach(() => {
    replay = new Replay();
  });

  it('answers the same call once', () => {
    replay.keep(call(49, 3), -98, undefined);
    expect(replay.take(call(49, 3), undefined)).equal(-98);
    expect(replay.take(call(49, 3), undefined)).equal(undefined);
  });

  it('knows a send by what it sends', () => {
    replay.keep(call(46, 3), 10, content('one'));
    expect(replay.take(call(46, 3), content('two'))).equal(undefined);
    expect(replay.take(call(46, 4), content('one'))).equal(undefined);
    expect(replay.take(call(46, 3), undefined)).equal(undefined);
    expect(replay.take(call(46, 3), content('one'))).equal(10);
  });

  it('lets a signal handler make a few calls before a send comes again, and none before another call', () => {
    replay.keep(call(46, 3), 10, content('one'));
    for (let i = 0; i < 7; i++) replay.passed(TID);
    expect(replay.has(TID)).equal(true);
    replay.passed(TID);
    expect(replay.has(TID)).equal(false);
    replay.keep(call(49, 3), 0, undefined);
    replay.passed(TID);
    expect(replay.size).equal(0);
  });

  it('forgets a thread that has ended', () => {
    replay.keep(call(49, 3), 0, undefined);
    replay.forget(TID);
    expect(replay.size).equal(0);
  });
});
