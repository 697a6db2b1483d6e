// Every struct of lib/uapi against the type information of the running kernel: size, and offset of each member. A
// struct the kernel was built without is skipped by name; where there is no BTF to read, or another version's, all are.
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { expect } from 'chai';
import { Btf } from '../../lib/loader/btf.js';
import { structs } from '../uapi/declared.js';

const vmlinux = '/sys/kernel/btf/vmlinux';

function readKernelTypes(): Btf | string {
  if (!release().startsWith('6.18.')) return `needs the types of Linux 6.18, this is ${release()}`;
  try {
    return new Btf(readFileSync(vmlinux));
  } catch (error) {
    return `no kernel types: ${(error as Error).message}`;
  }
}

describe('uapi structs as the running kernel has them', () => {
  const btf = readKernelTypes();
  for (const { title, declaration } of structs) {
    it(title, function () {
      if (typeof btf === 'string') {
        console.log(btf);
        return this.skip();
      }
      const type = btf.struct(declaration.name);
      if (type === undefined) {
        console.log(`${vmlinux} has no struct ${declaration.name}`);
        return this.skip();
      }
      const theirs = btf.offsets(type);
      // What begins with an underscore has no name there: padding, the other members of a union.
      for (const [member, offset] of Object.entries(declaration.offsetof).filter(([name]) => !name.startsWith('_')))
        expect(theirs.get(member), `bit offset of ${declaration.name}.${member}`).to.equal(offset * 8);
      expect(declaration.size, `size of ${declaration.name}`).to.equal(type.sizeOrType);
    });
  }
});
