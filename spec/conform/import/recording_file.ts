// A small recording: one netlink socket, another one, a notification that was cut, something that is missing.
import { RecordingWriter, Where } from '../../../lib/record/recording.js';
import { request } from './layouts.js';

const bytes = new Uint8Array(Buffer.from(request, 'hex'));
const open = { family: 16, type: 3, protocol: 0, result: 3, earlier: false };
const sent = {
  data: bytes,
  address: new Uint8Array(0),
  ancillary: [],
  flags: 0,
  result: 48,
  fds: [],
  unanswered: false,
};
const received = { ...sent, resultFlags: 0, length: 0 };

export function recording(): Uint8Array {
  const parts: Uint8Array[] = [];
  const writer = new RecordingWriter((part) => parts.push(part.slice()), {
    recorder: 'spec',
    where: Where.BOX,
    startSeconds: 5,
  });
  const at = { processId: 7, thread: 7, time: 9 };
  writer.entry({ ...at, process: { parent: 1, name: 'tc', command: ['tc'] } });
  writer.entry({ ...at, open: { ...open, socket: 1 } });
  writer.entry({ ...at, open: { ...open, socket: 2, family: 17 } });
  writer.entry({ ...at, option: { socket: 1, level: 270, name: 12, value: Uint8Array.of(1, 0, 0, 0), result: 0 } });
  writer.entry({ ...at, sent: { ...sent, socket: 1 } });
  writer.entry({ ...at, sent: { ...sent, socket: 2 } });
  const group = new Uint8Array(12).fill(1, 8, 9);
  writer.entry({ ...at, received: { ...received, socket: 1, address: group, length: 60 } });
  writer.entry({ ...at, lost: { what: 'datagrams', count: 2, socket: 1 } });
  writer.end();
  return new Uint8Array(Buffer.concat(parts));
}
