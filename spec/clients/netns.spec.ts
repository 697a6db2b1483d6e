// The network namespace of a box, named by a file, in unmodified programs.
import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { Box } from '../../lib/host/box.js';
import { hostClock } from '../../lib/host/kernel.js';
import { Machine } from '../../lib/linux/machine.js';
import { needsPython, pythonArgv } from '../host/python.js';

describe('clients: network namespaces', () => {
  let box: Box;

  before(() => {
    box = new Box(new Machine({ clock: hostClock }));
  });

  after(() => {
    box.close();
  });

  it('ip leaves a link where it is', function () {
    if (spawnSync('ip', ['-V']).status !== 0) {
      console.log('      skipped: needs ip');
      this.skip();
    }
    const script = 'ip link add v0 type veth peer name v1 && ip link set v0 netns /proc/self/ns/net && ip link show v0';
    const { status, stdout, stderr } = box.run(['sh', '-c', script], { timeoutMs: 60_000 });
    expect(Buffer.from(stderr).toString()).to.equal('');
    expect(status).to.equal(0);
    expect(Buffer.from(stdout).toString()).match(/^\d+: v0@v1: /);
  });

  it('a program asks for the id of the namespace by a file', function () {
    needsPython.call(this);
    const script = `
s = nl()
for path in '/proc/self/ns/net', '/proc/self/ns/mnt':
    fd = os.open(path, os.O_RDONLY)
    s.send(struct.pack('=IHHII4xHHi', 28, 90, 1, 7, 0, 8, 3, fd))
    print(s.recv(4096)[4:8].hex(), end=' ')
`;
    const { status, stdout } = box.run(pythonArgv(script), { timeoutMs: 60_000 });
    expect(status).to.equal(0);
    expect(Buffer.from(stdout).toString()).to.equal('58000000 02000000 ');
  });
});
