// A Python program that says a little of everything to a kernel, and a recording of it in short lines: what the specs of
// `tcbox record` run in a box and on the real kernel.
import { readFileSync } from 'node:fs';
import { readRecording, type Entry } from '../../lib/record/recording.js';

/** Uses every call that is recorded. Prints nothing; exits with 3. */
export const talkative = `
import ctypes, os, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
def bpf(cmd, attr):
    buffer = ctypes.create_string_buffer(attr, len(attr))
    return libc.syscall(321, cmd, buffer, len(attr))
s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
s.setsockopt(270, 3, 1)
try: s.setsockopt(270, 200, 1)
except OSError: pass
s.bind((0, 1))
getlink = struct.pack('<IHHIIBBHiII', 32, 18, 5, 7, 0, 0, 0, 0, 1, 0, 0)
s.sendmsg([getlink[:16], getlink[16:]], [(1, 2, struct.pack('iII', os.getpid(), os.getuid(), os.getgid()))], 0, (0, 0))
s.recv(16, socket.MSG_PEEK | socket.MSG_TRUNC)
s.recvmsg(65536, 256)
s.recvfrom(65536)
os.write(s.fileno(), getlink)
os.read(s.fileno(), 65536)
os.read(s.fileno(), 65536)
try: s.recv(1, socket.MSG_DONTWAIT)
except BlockingIOError: pass
try: s.sendto(getlink, (99999999, 0))
except OSError: pass
try: socket.socket(socket.AF_NETLINK, socket.SOCK_STREAM, 0)
except OSError: pass
key, value, found = (ctypes.create_string_buffer(n) for n in (4, 8, 8))
value.raw = b'12345678'
fd = bpf(0, struct.pack('5I', 2, 4, 8, 4, 0) + bytes(52))
at = ctypes.addressof
bpf(2, struct.pack('IIQQQ', fd & 0xffffffff, 0, at(key), at(value), 0))
bpf(1, struct.pack('IIQQQ', fd & 0xffffffff, 0, at(key), at(found), 0))
insns = ctypes.create_string_buffer(bytes.fromhex('b7000000000000009500000000000000'))
gpl = ctypes.create_string_buffer(b'GPL')
prog = bpf(5, struct.pack('IIQQIIQII', 3, 2, at(insns), at(gpl), 0, 0, 0, 0, 0))
bpf(99, bytes(8))
options = struct.pack('<HHI', 8, 6, prog & 0xffffffff)
filter = struct.pack('<BBHiIII', 0, 0, 0, 1, 0, 0xfffffff2, 0x00010300) + struct.pack('<HH4s', 8, 1, b'bpf\\0') + struct.pack('<HH', 4 + len(options), 2) + options
s.send(struct.pack('<IHHII', 16 + len(filter), 44, 0x605, 8, 0) + filter)
s.close()
sys.exit(3)
`;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
/** A sockaddr_nl without its padding, which nobody sets. */
const address = (bytes: Uint8Array): string => {
  const [, portid, groups] = new Uint32Array(bytes.slice().buffer);
  return bytes.length === 0 ? 'none' : `${portid === 0 || portid === 99999999 ? portid : 'own'}:${groups}`;
};
const control = (list: readonly { level: number; type: number; data: Uint8Array }[]): string =>
  list.map(({ level, type, data }) => ` [${level} ${type} ${data.length}]`).join('');
const named = (fds: readonly { fd: number; kind: string; id: number }[]): string =>
  fds.map(({ kind, id }) => ` ${kind === '' ? 'none' : kind}${id > 0 ? '#' : ''}`).join('');
const memory = (list: readonly { field: number; before: Uint8Array; after?: Uint8Array }[]): string =>
  list
    .map(({ field, before, after }) => ` @${field} ${hex(before)}${after === undefined ? '' : `>${hex(after)}`}`)
    .join('');

/** What kind of an entry, and what no run changes. */
export function summary({
  header,
  process,
  open,
  bind,
  option,
  sent,
  received,
  closed,
  bpf,
  lost,
  end,
}: Entry): string {
  if (header !== undefined) return `header ${header.command.length}`;
  if (process !== undefined) return `process ${process.name}`;
  if (open !== undefined)
    return `open ${open.socket}: ${open.family} ${open.type} ${open.protocol} ${Math.sign(open.result)}`;
  if (bind !== undefined) return `bind ${bind.socket}: ${address(bind.address)} ${bind.result} ${address(bind.name)}`;
  if (option !== undefined)
    return `option ${option.socket}: ${option.level} ${option.name} ${hex(option.value)} ${option.result}`;
  if (sent !== undefined) {
    const { socket, data, ancillary, result, fds, unanswered } = sent;
    return `sent ${socket}: ${data.length} to ${address(sent.address)}${control(ancillary)}${named(fds)} ${unanswered ? 'unanswered' : result}`;
  }
  if (received !== undefined) {
    const { socket, data, ancillary, flags, resultFlags, result, length } = received;
    const type = data.length < 6 ? 'none' : data[4];
    const sizes = `${result === length} ${data.length === length}`;
    return `received ${socket}: ${type} from ${address(received.address)}${control(ancillary)} ${flags} ${resultFlags} ${sizes}`;
  }
  if (closed !== undefined) return `closed ${closed.socket}`;
  if (bpf !== undefined)
    return `bpf ${bpf.cmd}: ${bpf.attr.length}/${bpf.size} ${Math.sign(bpf.result)}${named(bpf.fds)}${memory(bpf.memory)}`;
  if (lost !== undefined) return `lost ${lost.what}`;
  return `end ${end?.status}`;
}

export const entriesOf = (file: string): Entry[] => [...readRecording([readFileSync(file)])].map(({ entry }) => entry);

/** What the talkative program says and hears in a box, in lines of summary(). */
export const said = `
header 3
process python3
open 1: 16 3 0 1
option 1: 270 3 01000000 0
option 1: 270 200 01000000 -92
bind 1: 0:1 0 own:1
sent 1: 32 to 0:0 [1 2 12] 32
received 1: none from 0:0 34 40 true false
received 1: 16 from 0:0 [270 3 4] 0 0 true true
received 1: 2 from 0:0 0 8 true true
sent 1: 32 to none unanswered
received 1: 16 from none 0 0 true true
received 1: 2 from none 0 0 true true
sent 1: 32 to 99999999:0 -111
open 0: 16 1 0 -1
bpf 0: 72/72 1 bpf-map#
bpf 2: 32/32 0 bpf-map# @8 00000000 @16 3132333435363738
bpf 1: 32/32 0 bpf-map# @8 00000000 @16 >3132333435363738
bpf 5: 48/48 1 bpf-prog# @8 b7000000000000009500000000000000 @16 47504c00
bpf 99: 8/8 -1
sent 1: 56 to none bpf-prog# 56
closed 1
end 3
`
  .trim()
  .split('\n');
