// Unmodified programs on packet sockets, as a user without any capability: they capture, send, replay and ask who has an
// address. Each test needs its programs, and says which one is missing.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { python } from '../host/python.js';
import { type Result, Tcbox } from './tcbox.js';

const NOBODY = 65534;
const capture = join(import.meta.dirname, '../../../tools/examples/mixed_tos/mixed_tos.pcap');
const isRoot = process.getuid!() === 0;
/** Programs of administrators are not on everybody's PATH. */
const PATH = `${process.env['PATH']}:/usr/sbin:/sbin`;

const isThere = (program: string): boolean =>
  spawnSync('sh', ['-c', 'command -v "$0"', program], { env: { PATH } }).status === 0;

/** Two devices; `wait_for FILE` waits until tcpdump, whose standard error goes there, listens. */
const prelude = `set -e
ip link add em1 type veth peer name em2
ip link set em1 up
ip link set em2 up
ip addr add 192.0.2.1/24 dev em1
wait_for() { while ! grep -q 'listening on' "$1"; do sleep 0.02; done; }
`;

/** The text of a program of scapy. */
const scapy = `import logging, threading
logging.getLogger('scapy').setLevel(logging.ERROR)
from scapy.all import *
def listen(wanted):
    started = threading.Event()
    t = AsyncSniffer(iface='em2', lfilter=wanted, count=1, timeout=50, started_callback=started.set)
    t.start()
    started.wait(50)
    return t
def heard(t):
    t.join()
    print([p.summary() for p in t.results], flush=True)
print(get_if_addr('em1'))
t = listen(lambda p: UDP in p)
frame = Ether(dst='ff:ff:ff:ff:ff:ff') / IP(src='192.0.2.1', dst='192.0.2.9') / UDP(sport=7, dport=9)
sendp(frame, iface='em1', verbose=0)
heard(t)
# Versions before 2.6 read /proc/net/route, which is the computer's.
conf.route.add(net='192.0.2.0/24', dev='em1')
t = listen(lambda p: ICMP in p)
send(IP(dst='192.0.2.9') / ICMP(), verbose=0)
heard(t)
print(sr1(IP(dst='192.0.2.9') / ICMP(), timeout=0.3, verbose=0))
`;

describe('clients: programs on packet sockets', function () {
  this.timeout(240_000);
  let tcbox: Tcbox;
  let folder: string;
  let refusal = '';

  /** Runs a script in a box of nobody, in a folder of its own. */
  const nobody = (script: string): Result =>
    tcbox.run(['run', '--', 'timeout', '100', 'sh', '-c', prelude + script], {
      cwd: folder,
      env: { HOME: folder, PATH },
      ...(isRoot ? { uid: NOBODY } : {}),
    });

  function skip(context: Mocha.Context, why: string): void {
    console.log(`      skipped: ${why}`);
    context.skip();
  }

  function needs(context: Mocha.Context, ...programs: string[]): void {
    if (refusal !== '') skip(context, refusal);
    const missing = ['ip', ...programs].filter((program) => !isThere(program));
    if (missing.length !== 0) skip(context, `needs ${missing.join(', ')}`);
  }

  before(() => {
    tcbox = new Tcbox();
    folder = mkdtempSync(join(tmpdir(), 'packets-'));
    chmodSync(folder, 0o777);
    // Elsewhere programs that give up root would do so, and cannot.
    const { status, stdout } = nobody('id -u');
    if (status !== 0) refusal = 'a user without capabilities cannot run tcbox here';
    else if (stdout !== '0\n') refusal = 'needs user namespaces';
  });
  after(() => {
    tcbox.end();
    rmSync(folder, { recursive: true });
  });

  const listen = (file: string, options: string): string =>
    `tcpdump -n -i em2 ${options} >${file}.out 2>${file}.err & wait_for ${file}.err\n`;

  it('tcpreplay sends a capture, tcpdump shows it with a filter of its own', function () {
    needs(this, 'tcpdump', 'tcpreplay');
    const { status, stdout, stderr } = nobody(`
      ${listen('td', '-tvc 3 "ip[1] == 0x10"')}
      tcpreplay -q -t -i em1 ${capture}
      wait; cat td.out; ip -s -o link show em2`);
    expect(status, stderr).to.equal(0);
    expect(stdout).to.match(/Successful packets: +8\n\s*Failed packets: +0\n/);
    expect(stdout.match(/IP \(tos 0x10,/g)).to.have.length(3);
    expect(stdout).to.match(/RX:.*\\\s+480\s+8\s/);
  });

  it('tcpdump writes a capture, gives up root and keeps its file', function () {
    needs(this, 'tcpdump', 'tcpreplay');
    const { status, stdout, stderr } = nobody(`
      ${listen('tw', '-c 8 -w all.pcap')}
      tcpreplay -q -t -i em1 ${capture}
      wait; cat tw.err; tcpdump -n -r all.pcap 2>/dev/null | wc -l; stat -c %u all.pcap`);
    expect(status, stderr).to.equal(0);
    expect(stdout).to.match(/8 packets captured\n8 packets received by filter\n0 packets dropped by kernel\n8\n0\n$/);
  });

  it('tcpdump listens to all devices at once, and names them', function () {
    needs(this, 'tcpdump', 'tcpreplay');
    const { status, stdout, stderr } = nobody(`
      tcpdump -nt -i any -c 4 >any.out 2>any.err & wait_for any.err
      tcpreplay -q -t -i em1 ${capture} >/dev/null
      wait; cat any.out`);
    expect(status, stderr).to.equal(0);
    const frame = 'IP 192.0.2.1.9 > 192.0.2.2.9: UDP, length 18';
    expect(stdout).to.equal(`em1   Out ${frame}\nem2   B   ${frame}\n`.repeat(2));
  });

  it('arping asks, and nobody answers', function () {
    needs(this, 'tcpdump', 'arping');
    const { stdout, stderr } = nobody(`
      ${listen('ar', '-tc 1 arp')}
      # That of iputils would look for its own address by a UDP socket, which reaches nothing.
      case $(arping -V 2>&1) in *iputils*) set -- -s 192.0.2.1 -I em1;; *) set -- -i em1;; esac
      arping -c 1 -w 1 "$@" 192.0.2.9 || echo "arping: $?"
      wait; cat ar.out`);
    expect(stdout, stderr).to.match(/arping: 1\n/);
    expect(stdout).to.match(/ARP, Request who-has 192\.0\.2\.9.* tell 192\.0\.2\.1, length/);
  });

  it('ping reaches nothing, and says so', function () {
    needs(this, 'ping');
    const { stdout } = nobody('ping -c 1 -W 1 192.0.2.9 2>&1 || echo "ping: $?"');
    expect(stdout).to.match(/Network is unreachable\nping: 2\n$/);
  });

  it('scapy sniffs, sends frames, and packets that it finds the way for', function () {
    needs(this);
    if (python === undefined || spawnSync(python, ['-c', 'import scapy']).status !== 0) skip(this, 'needs scapy');
    const { status, stdout, stderr } = nobody(`cat >s.py <<'END'\n${scapy}END\n${python} s.py`);
    expect(status, stderr).to.equal(0);
    expect(stdout.split('\n')).to.deep.equal([
      '192.0.2.1',
      "['Ether / IP / UDP 192.0.2.1:echo > 192.0.2.9:discard']",
      "['Ether / IP / ICMP 192.0.2.1 > 192.0.2.9 echo-request 0']",
      'None',
      '',
    ]);
  });
});
