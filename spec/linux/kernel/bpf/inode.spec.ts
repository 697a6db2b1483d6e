// A file system of pins in the same process: names, links, and what goes when a name goes.
import { expect } from 'chai';
import { BpfProg } from '../../../../lib/linux/kernel/bpf/prog.js';
import { PinTree } from '../../../../lib/linux/kernel/bpf/inode.js';
import { Machine } from '../../../../lib/linux/machine.js';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';

const AT_FDCWD = -100;

function treeWithProgram() {
  const machine = new Machine();
  const creator = { label: 'spec' };
  const parts = { type: 3, expectedAttachType: 0, name: '', gplCompatible: true, uid: 0, insns: new Uint8Array(16) };
  const prog = new BpfProg(machine, parts, creator);
  return { tree: new PinTree(), prog };
}

describe('PinTree', () => {
  it('holds what is pinned until the name goes', () => {
    const { tree, prog } = treeWithProgram();
    expect(tree.pin(AT_FDCWD, '/sys/fs/bpf/a', prog)).to.equal(0);
    expect(prog.holders.map(({ label }) => label)).to.deep.equal(['spec', 'pin /sys/fs/bpf/a']);
    expect(tree.get(AT_FDCWD, '/sys/fs/bpf/./a')).to.equal(prog);
    expect(tree.unlink('/sys/fs/bpf/a')).to.equal(0);
    expect(prog.refcount).to.equal(1);
    expect(tree.get(AT_FDCWD, '/sys/fs/bpf/a')).to.equal(-E.ENOENT);
  });

  it('has directories and symbolic links', () => {
    const { tree, prog } = treeWithProgram();
    expect(tree.mkdir('/sys/fs/bpf/tc')).to.equal(0);
    expect(tree.mkdir('/sys/fs/bpf/tc')).to.equal(-E.EEXIST);
    expect(tree.mkdir('/sys/fs/bpf/tc/globals')).to.equal(0);
    expect(tree.symlink('/sys/fs/bpf/tc', '/sys/fs/bpf/xdp')).to.equal(0);
    expect(tree.symlink('tc/globals', '/sys/fs/bpf/ip')).to.equal(0);
    expect(tree.pin(AT_FDCWD, '/sys/fs/bpf/xdp/globals/a', prog)).to.equal(0);
    expect(tree.get(AT_FDCWD, '/sys/fs/bpf/ip/a')).to.equal(prog);
    expect(tree.list('/sys/fs/bpf')).to.deep.equal(['tc', 'xdp', 'ip']);
    expect(tree.rmdir('/sys/fs/bpf/tc')).to.equal(-E.ENOTEMPTY);
    expect(tree.rmdir('/sys/fs/bpf/tc/globals/a')).to.equal(-E.ENOTDIR);
    expect(tree.unlink('/sys/fs/bpf/tc')).to.equal(-E.EISDIR);
    tree.unmount();
    expect(prog.refcount).to.equal(1);
    expect(tree.list('/sys/fs/bpf')).to.deep.equal([]);
  });

  it('ends a circle of links', () => {
    const { tree } = treeWithProgram();
    expect(tree.symlink('/sys/fs/bpf/b', '/sys/fs/bpf/a')).to.equal(0);
    expect(tree.symlink('/sys/fs/bpf/a', '/sys/fs/bpf/b')).to.equal(0);
    expect(tree.get(AT_FDCWD, '/sys/fs/bpf/a')).to.equal(-E.ELOOP);
  });

  it('refuses a pin outside with EPERM, and one in a directory that is not there', () => {
    const { tree, prog } = treeWithProgram();
    const errors: readonly (readonly [string, number])[] = [
      ['/sys/fs/other', E.EPERM],
      ['/sys/fs/bpf', E.EEXIST],
      ['/', E.EEXIST],
      ['/tmp/x', E.ENOENT],
      ['/sys/fs/bpf/no/x', E.ENOENT],
      ['/sys/fs/bpf/a.o', E.EPERM],
      ['', E.ENOENT],
    ];
    for (const [path, errno] of errors) expect(tree.pin(AT_FDCWD, path, prog), path).to.equal(-errno);
    expect(prog.refcount).to.equal(1);
  });
});
