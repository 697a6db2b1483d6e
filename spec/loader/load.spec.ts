// Loading when the kernel refuses something: what is tried again, what is said, and that every fd is closed. The kernel
// here answers as it is told; what is asked of a real one is in libbpf.spec.ts.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';
import { load, LoadError } from '../../lib/loader/load.js';
import type { BpfFields, BpfPort } from '../../lib/loader/load.js';
import { openObject } from '../../lib/loader/object.js';
import { relocate } from '../../lib/loader/relocate.js';
import type { LinkedObject } from '../../lib/loader/relocate.js';
import * as B from '../../lib/uapi/linux/bpf.js';
import { bpf_map_info } from '../../lib/uapi/linux/bpf_attr.js';

const folder = join(import.meta.dirname, '../../../spec/loader/objects');
const linked = (name: string): LinkedObject => relocate(openObject(readFileSync(join(folder, name)), name));

const ENOENT = 2;
const EINVAL = 22;
const ENOSPC = 28;

/** Gives fds from 10 up unless `refuse` names an errno, and knows which are open. */
class Kernel implements BpfPort {
  readonly calls: { readonly cmd: number; readonly fields: BpfFields }[] = [];
  readonly open = new Set<number>();
  #next = 10;
  readonly #refuse: (cmd: number, fields: BpfFields) => number | undefined;

  constructor(refuse: (cmd: number, fields: BpfFields) => number | undefined = () => undefined) {
    this.#refuse = refuse;
  }

  bpf(cmd: number, fields: BpfFields): number {
    this.calls.push({ cmd, fields: { ...fields } });
    const refused = this.#refuse(cmd, fields);
    if (refused !== undefined) return refused === 0 ? 0 : -refused;
    if (cmd !== B.BPF_MAP_CREATE && cmd !== B.BPF_PROG_LOAD && cmd !== B.BPF_BTF_LOAD) return 0;
    this.open.add(this.#next);
    return this.#next++;
  }

  close(fd: number): void {
    expect(this.open.delete(fd), `fd ${fd} is open`).to.equal(true);
  }

  of(cmd: number): BpfFields[] {
    return this.calls.filter((call) => call.cmd === cmd).map(({ fields }) => fields);
  }
}

const say = (to: BpfFields[string], text: string): void => {
  (to as Uint8Array).set(Uint8Array.from(text, (c) => c.charCodeAt(0)));
};

describe('loader load', () => {
  it('closes what it opened, in the end and not before', () => {
    const kernel = new Kernel();
    const loaded = load(linked('maps.o'), kernel);
    expect(kernel.open).to.deep.equal(new Set([loaded.btf!, ...loaded.maps, ...loaded.programs.map(({ fd }) => fd)]));
    loaded.close();
    expect(kernel.open.size).to.equal(0);
    loaded.close();
  });

  it('closes everything after a refusal at any call', () => {
    const names = ['maps.o', 'globals.o', 'legacy_36.o'];
    for (const object of names.map(linked)) {
      const whole = { ...object, programs: object.programs.map((each) => ({ ...each, prog_type: 3 })) };
      const all = new Kernel();
      load(whole, all).close();
      for (let i = 0; i < all.calls.length; i++) {
        let at = 0;
        const kernel = new Kernel(() => (at++ >= i ? EINVAL : undefined));
        try {
          load(whole, kernel).close();
        } catch (error) {
          if (!(error instanceof LoadError)) throw error;
          expect(error.errno).to.equal(EINVAL);
        }
        expect(kernel.open.size, `fds left when call ${i} and later ones fail`).to.equal(0);
      }
    }
  });

  it('goes on without BTF when it is refused, and says so with its log', () => {
    const kernel = new Kernel((cmd, { btf_log_buf }) => {
      if (cmd !== B.BPF_BTF_LOAD) return undefined;
      if (btf_log_buf !== undefined) say(btf_log_buf, 'Invalid offset');
      return EINVAL;
    });
    const { btf, warnings } = load(linked('calls.o'), kernel);
    expect(btf).to.equal(undefined);
    expect(warnings).to.deep.equal(['BTF is refused (errno 22), loading goes on without it\nInvalid offset']);
    expect(kernel.of(B.BPF_BTF_LOAD)).to.have.length(2);
    for (const fields of [...kernel.of(B.BPF_MAP_CREATE), ...kernel.of(B.BPF_PROG_LOAD)])
      expect(fields).to.not.have.any.keys('btf_fd', 'prog_btf_fd', 'func_info', 'line_info');
  });

  it('makes a map without types when the kernel refuses it with them', () => {
    const kernel = new Kernel((cmd, { btf_key_type_id: id }) =>
      cmd === B.BPF_MAP_CREATE && id !== undefined && id !== 0 ? EINVAL : undefined,
    );
    load(linked('calls.o'), kernel);
    const keys = kernel.of(B.BPF_MAP_CREATE).map(({ map_name, btf_key_type_id: id }) => [map_name, id]);
    expect(keys).to.deep.equal([['numbers', 8], ['numbers', undefined], ['calls.bss', 0]]); // prettier-ignore
  });

  it('loads a refused program again for its log, with more room while it does not fit', () => {
    const kernel = new Kernel((cmd, { log_buf, log_size }) => {
      if (cmd !== B.BPF_PROG_LOAD) return undefined;
      if (log_buf !== undefined) say(log_buf, '0: R1=ctx() R10=fp0');
      return log_buf !== undefined && Number(log_size) < 1 << 20 ? ENOSPC : EINVAL;
    });
    expect(() => load(linked('calls.o'), kernel))
      .to.throw(LoadError, "program 'one': the kernel answers errno 22")
      .with.property('log', '0: R1=ctx() R10=fp0');
    const sizes = kernel.of(B.BPF_PROG_LOAD).map(({ log_level, log_size }) => [log_level, log_size]);
    expect(sizes).to.deep.equal([[undefined, undefined], [1, 1 << 16], [1, 1 << 18], [1, 1 << 20]]); // prettier-ignore
  });

  it('goes on after a refused program when someone wants to be told, and leaves it out of arrays', () => {
    const kernel = new Kernel((cmd, { prog_name }) =>
      cmd === B.BPF_PROG_LOAD && prog_name === 'target' ? EINVAL : undefined,
    );
    const told: string[] = [];
    const { programs, maps } = load(linked('maps.o'), kernel, {
      onRefused: ({ name }, { errno }) => told.push(`${name} ${errno}`),
    });
    expect(told).to.deep.equal([`target ${EINVAL}`]);
    expect(programs.map(({ name, index }) => [name, index])).to.deep.equal([['entry', 1]]);
    const jumps = maps[linked('maps.o').maps.findIndex(({ name }) => name === 'jumps')];
    expect(kernel.of(B.BPF_MAP_UPDATE_ELEM).map(({ map_fd }) => map_fd)).to.not.include(jumps);
  });

  it('gives the log of a program that loads, when asked', () => {
    const kernel = new Kernel((cmd, { log_buf }) => {
      if (cmd === B.BPF_PROG_LOAD) say(log_buf, 'processed 2 insns');
      return undefined;
    });
    const { programs } = load(linked('calls.o'), kernel, { logLevel: 2 });
    expect(programs.map(({ log }) => log)).to.deep.equal(Array(3).fill('processed 2 insns'));
  });

  it('says which section has no type, before it asks', () => {
    const kernel = new Kernel();
    expect(() => load(linked('legacy_28.o'), kernel)).to.throw(
      LoadError,
      /program 'zero': the name of section '0x10\/0'/,
    );
    expect(kernel.of(B.BPF_PROG_LOAD)).to.deep.equal([]);
  });

  it('asks an old kernel for nothing it does not know', () => {
    const kernel = new Kernel();
    load(linked('calls.o'), kernel, { btf: false, names: false });
    expect(kernel.of(B.BPF_BTF_LOAD)).to.deep.equal([]);
    for (const { fields } of kernel.calls) expect(fields).to.not.have.any.keys('map_name', 'prog_name', 'btf_fd');
  });

  it('makes no maps of global data where the kernel has none, and refuses programs that use it', () => {
    const kernel = new Kernel();
    const refused: string[] = [];
    const onRefused = (_: unknown, { message }: LoadError): number => refused.push(message);
    const { maps, programs } = load(linked('calls.o'), kernel, { globalData: false, onRefused });
    expect(kernel.of(B.BPF_MAP_CREATE).map(({ map_name: name }) => name)).to.deep.equal(['numbers']);
    expect(maps[1]).to.equal(-1);
    expect(programs.map(({ name }) => name)).to.deep.equal(['three']);
    expect(refused).to.have.length(2);
    expect(refused[0]).to.match(/^program 'one' uses global data, which this kernel does not have/);
  });

  it('rounds ring buffers up, and counts CPUs for perf events', () => {
    const kernel = new Kernel();
    load(linked('maps.o'), kernel, { cpus: 6 });
    const entries = new Map(kernel.of(B.BPF_MAP_CREATE).map(({ map_name, max_entries }) => [map_name, max_entries]));
    expect([entries.get('ring'), entries.get('events')]).to.deep.equal([8192, 6]);
  });

  describe('pins', () => {
    const pinPath = ({ name }: { name: string }): string | undefined => (name === 'numbers' ? '/pin' : undefined);
    const calls = linked('calls.o');

    it('puts a new map where it belongs, before its contents', () => {
      const kernel = new Kernel((cmd) => (cmd === B.BPF_OBJ_GET ? ENOENT : undefined));
      const { maps } = load(calls, kernel, { pinPath });
      expect(kernel.of(B.BPF_OBJ_PIN)).to.deep.equal([{ pathname: '/pin', bpf_fd: maps[0] }]);
    });

    /** A kernel with a pinned map of this length. */
    const pinned = (entries: number): Kernel =>
      new Kernel((cmd, { info }) => {
        if (cmd === B.BPF_OBJ_GET) return -77;
        if (cmd !== B.BPF_OBJ_GET_INFO_BY_FD) return undefined;
        (info as Uint8Array).set(bpf_map_info.bytes({ type: 2, key_size: 4, value_size: 8, max_entries: entries }));
        return 0;
      });

    it('takes the one that is there', () => {
      const kernel = pinned(4);
      kernel.open.add(77);
      const loaded = load(calls, kernel, { pinPath });
      expect(loaded.maps[0]).to.equal(77);
      expect(kernel.of(B.BPF_MAP_CREATE).map(({ map_name: name }) => name)).to.deep.equal(['calls.bss']);
      loaded.close();
      expect(kernel.open.size).to.equal(0);
    });

    it('refuses one of another shape', () => {
      const kernel = pinned(5);
      kernel.open.add(77);
      expect(() => load(calls, kernel, { pinPath })).to.throw(LoadError, /that at \/pin has another max_entries/);
      expect(kernel.open.size).to.equal(0);
    });
  });
});
