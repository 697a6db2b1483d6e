// The tables of system call numbers, against the kernel's headers where they are installed.
import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { abiOf } from '../../lib/host/abi.js';
import { filterProgram } from '../../lib/host/filter.js';
import { dispatchTable } from '../../lib/host/syscalls/table.js';

const headers: Readonly<Record<string, readonly string[]>> = {
  arm64: ['/usr/include/asm-generic/unistd.h'],
  x64: ['/usr/include/x86_64-linux-gnu/asm/unistd_64.h', '/usr/include/asm/unistd_64.h'],
};

describe('host: abi', () => {
  for (const [arch, paths] of Object.entries(headers)) {
    it(`numbers the calls of ${arch} as the kernel's headers do`, function () {
      const path = paths.find((candidate) => existsSync(candidate));
      if (path === undefined) {
        console.log(`      skipped: needs ${paths.join(' or ')}`);
        this.skip();
      }
      const text = readFileSync(path, 'latin1');
      const defined = (name: string): number => {
        const found = new RegExp(`^#define __NR(?:3264)?_${name} (\\d+)$`, 'm').exec(text);
        return Number(found?.[1]);
      };
      const { nr } = abiOf(arch)!;
      for (const [name, number] of Object.entries(nr)) expect(number, name).equal(defined(name));
    });

    it(`has a filter for ${arch}`, () => {
      const table = abiOf(arch)!;
      const { handlers, rules } = dispatchTable(table.nr);
      expect(handlers.size).equal(rules.length);
      expect(filterProgram(table, rules).length / 8).within(rules.length, 4096);
    });
  }

  it('has nothing for other architectures', () => {
    expect(abiOf('riscv64')).equal(undefined);
  });
});
