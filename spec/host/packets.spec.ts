// Packet sockets of clients: what the placeholder answers by itself, rings that are mapped, and the programs that use them.
import { spawnSync } from 'node:child_process';
import { expect } from 'chai';
import { Box } from '../../lib/host/box.js';
import { hostClock } from '../../lib/host/kernel.js';
import { Machine } from '../../lib/linux/machine.js';
import { Links, newVeth } from '../linux/net/core/links.js';
import { pumpUntil } from './pumped.js';
import { needsPython, python as interpreter, runPython } from './python.js';

const [VB, VA] = [2, 3];

/** Whether this computer has a program, or a module of its Python. */
const works = (argv: readonly string[]): boolean => spawnSync(argv[0]!, argv.slice(1)).status === 0;

const prelude = `
FRAME = b'\\xff' * 6 + b'\\x02\\0\\0\\0\\0\\x0a' + b'\\x88\\xb5' + b'x' * 50
def packet(dev, kind=socket.SOCK_RAW):
    s = socket.socket(socket.AF_PACKET, kind, socket.htons(3))
    s.bind((dev, 0))
    return s
`;

describe('host: packet sockets', () => {
  let machine: Machine;
  let box: Box;

  before(function () {
    needsPython.call(this);
    machine = new Machine({ clock: hostClock });
    const links = new Links(machine);
    links.add(newVeth('va', 'vb'));
    for (const index of [VB, VA]) links.up(index);
    box = new Box(machine);
  });

  after(() => {
    box.close();
  });

  const python = (code: string): string => runPython(box, prelude + code);
  /** Sockets that are open. */
  const open = (): number => machine.snapshot().filter(({ label }) => label.startsWith('packet socket')).length;

  it('carry frames from one client to another, which waits', () => {
    const out = python(`
r = packet('vb')
if os.fork() == 0:
    time.sleep(0.05)
    packet('va').send(FRAME)
    os._exit(0)
data, address = r.recvfrom(2000)
print(data == FRAME, address[0], hex(address[1]), address[2])
os.wait()
print(refused(lambda: packet('nope')), refused(lambda: packet('va').send(b'x' * 2000)))
`);
    expect(out).equal('True vb 0x88b5 1\n19 90');
  });

  it('answer native reads and writes, poll and select', () => {
    const out = python(`
r, s = packet('vb'), packet('va')
print(select.select([r], [], [], 0)[0] == [])
for i in range(300):
    os.write(s.fileno(), FRAME)
    assert select.select([r], [], [], 50)[0] == [r]
    assert os.read(r.fileno(), 2000) == FRAME
r.setblocking(False)
print(refused(lambda: r.recv(1)), struct.unpack('II', r.getsockopt(263, 6, 8)))
`);
    expect(out).equal('True\n11 (300, 0)');
  });

  it('take and give packets without their link header', () => {
    const out = python(`
r, s = packet('vb', socket.SOCK_DGRAM), packet('va', socket.SOCK_DGRAM)
print(s.sendto(b'y' * 46, ('va', 0x88b5, 0, 0, b'\\xff' * 6)))
data, (dev, protocol, kind, hatype, source) = r.recvfrom(2000)
print(data == b'y' * 46, dev, hex(protocol), kind, hatype, len(source))
print(refused(lambda: s.sendto(b'y' * 1501, ('va', 0x88b5, 0, 0, b'\\xff' * 6))))
r.setblocking(False)
raw = packet('vb')
s.sendto(b'z', ('va', 0x88b5, 0, 0, b'\\xff' * 6))
print(raw.recv(2000)[12:] == b'\\x88\\xb5z', r.recv(10, socket.MSG_TRUNC | socket.MSG_PEEK), r.recv(1))
`);
    expect(out).equal("46\nTrue vb 0x88b5 1 1 6\n90\nTrue b'z' b'z'");
  });

  it('give auxiliary data and the time of day', () => {
    const out = python(`
r, s = packet('vb'), packet('va')
r.setsockopt(263, 8, 1)
r.setsockopt(socket.SOL_SOCKET, 35, 1)
s.send(FRAME[:12] + b'\\x81\\0\\0\\x05' + FRAME[12:])
data, control, flags, address = r.recvmsg(2000, 200)
stamp, aux = (c[2] for c in control)
print(data == FRAME, abs(struct.unpack('qq', stamp)[0] - time.time()) < 60, struct.unpack('IIIHHHH', aux)[5:])
`);
    expect(out).equal('True True (5, 33024)');
  });

  for (const [version, name] of [
    [1, 'TPACKET_V2'],
    [2, 'TPACKET_V3'],
  ] as const) {
    it(`share a ring of ${name}, and poll tells when there is something in it`, () => {
      const out = python(`
import mmap
r, s = packet('vb'), packet('va')
v3 = ${version} == 2
r.setsockopt(263, 10, ${version})
r.setsockopt(263, 5, struct.pack('4I', 4096, 4, 2048, 8) + (struct.pack('3I', 5, 0, 0) if v3 else b''))
m = mmap.mmap(r.fileno(), 16384, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
print(refused(lambda: r.setsockopt(263, 10, 0)))
p = select.poll()
p.register(r, select.POLLIN)
ok = p.poll(0) == []
status, start = (8, 48 + 82) if v3 else (0, 66)
for i in range(100):
    s.send(FRAME[:14] + struct.pack('I', i) * 12)
    ok = ok and len(p.poll(20000)) == 1
    at = i % (4 if v3 else 8) * (4096 if v3 else 2048)
    ok = ok and m[at + status] & 1 == 1 and m[at + start + 14:at + start + 18] == struct.pack('I', i)
    m[at + status:at + status + 4] = b'\\0' * 4
    end = time.monotonic() + 20
    while p.poll(0) and time.monotonic() < end: time.sleep(0.001)
    ok = ok and p.poll(0) == []
print(ok, struct.unpack('II', r.getsockopt(263, 6, 8)) if not v3 else struct.unpack('III', r.getsockopt(263, 6, 12)))
`);
      expect(out).equal(`16\nTrue (100, 0${version === 2 ? ', 0' : ''})`);
      pumpUntil(box, () => open() === 0, 'the end of the sockets');
    });
  }

  it('end with a client that dies before it has mapped its ring', () => {
    python(`
r = packet('vb')
r.setsockopt(263, 10, 1)
r.setsockopt(263, 5, struct.pack('4I', 4096, 4, 2048, 8))
os._exit(0)
`);
    // The end is heard a moment later.
    pumpUntil(box, () => open() === 0, 'the end of the socket');
  });

  it('serve tcpdump', function () {
    if (!works(['tcpdump', '--version'])) {
      console.log('      skipped: needs tcpdump');
      this.skip();
    }
    const out = python(`
import subprocess
p = subprocess.Popen(['tcpdump', '-c', '2', '-nli', 'vb', 'ether', 'proto', '0x88b5'], stdout=-1, stderr=-1, text=True)
while 'listening' not in p.stderr.readline(): pass
s = packet('va')
for i in range(2): s.send(FRAME)
out, err = p.communicate(timeout=50)
print(out.count('ethertype Unknown (0x88b5)'), '2 packets captured' in err, '0 packets dropped' in err)
`);
    expect(out).equal('2 True True');
  });

  it('let tcpdump end, and count, when its device is removed', function () {
    const missing = [
      ['tcpdump', '--version'],
      ['ip', '-V'],
    ].find((command) => !works(command));
    if (missing !== undefined) {
      console.log(`      skipped: needs ${missing[0]!}`);
      this.skip();
    }
    const out = python(`
import subprocess
def ip(words): subprocess.run(['ip', 'link'] + words.split(), check=True)
ip('add xa type veth peer name xb')
ip('set xa up')
ip('set xb up')
p = subprocess.Popen(['tcpdump', '-nli', 'xb', 'ether', 'proto', '0x88b5'], stdout=-1, stderr=-1, text=True)
while 'listening' not in p.stderr.readline(): pass
packet('xa').send(FRAME)
p.stdout.readline()
ip('del xa')
out, err = p.communicate(timeout=50)
print(p.returncode, 'pcap_loop' in err, '1 packet captured' in err)
`);
    expect(out).equal('1 True True');
  });

  it('serve scapy', function () {
    if (!works([interpreter!, '-c', 'import scapy'])) {
      console.log('      skipped: needs scapy');
      this.skip();
    }
    // Elsewhere it reads the routes of this computer, and asks the modelled devices about them.
    const own = new Box(machine, { namespaces: true });
    after(() => {
      own.close();
    });
    if (own.noNamespaces !== '') {
      console.log(`      skipped: needs namespaces: ${own.noNamespaces}`);
      this.skip();
    }
    const script = `
import logging
logging.getLogger('scapy').setLevel(logging.ERROR)
from scapy.all import AsyncSniffer, Ether, Dot1Q, ARP, sendp, srp
ask = Ether(dst='ff:ff:ff:ff:ff:ff', src='02:00:00:00:00:0a') / Dot1Q(vlan=7) / ARP(pdst='10.0.0.9', psrc='10.0.0.1')
started = threading.Event()
t = AsyncSniffer(iface='vb', filter='arp', count=1, started_callback=started.set)
t.start()
started.wait(50)
sendp(ask, iface='va', verbose=0)
t.join(50)
print([p.summary() for p in t.results])
answered, unanswered = srp(ask, iface='va', timeout=0.5, verbose=0)
print(len(answered), len(unanswered))
`;
    expect(runPython(own, prelude + script)).match(
      /^\['Ether \/ Dot1Q \/ ARP who has 10\.0\.0\.9 says 10\.0\.0\.1'\]\n0 1$/,
    );
  });
});
