// What programs get from helpers on maps: the functions themselves, called with registers as the VM calls them.
import { expect } from 'chai';
import { internalMapHelpers, mapHelpers } from '../../../../lib/linux/kernel/bpf/map_helpers.js';
import { perfEventOutput } from '../../../../lib/linux/kernel/trace/perf_output.js';
import { PerfEventArrayMap } from '../../../../lib/linux/kernel/bpf/fd_array.js';
import { RingbufMap } from '../../../../lib/linux/kernel/bpf/ringbuf.js';
import { E2BIG, EAGAIN, EINVAL, ENOENT } from '../../../../lib/uapi/asm-generic/errno.js';
import * as B from '../../../../lib/uapi/linux/bpf.js';
import * as F from '../../../../lib/uapi/linux/bpf_func_id.js';
import { BPF_RINGBUF_BUSY_BIT, BPF_RINGBUF_DISCARD_BIT } from '../../../../lib/vm/maps/ringbuf.js';
import { HTAB_MAP_LOOKUP_ELEM } from '../../../../lib/vm/internal_helpers.js';
import { MapBed, type MapHandle } from './map_bed.js';

const le32 = (...words: number[]): Uint8Array => new Uint8Array(Uint32Array.from(words).buffer);

class Program extends MapBed {
  /** R0 of a helper; a negative number as such, else unsigned. */
  call(id: number, ...args: number[]): number {
    const make = mapHelpers.get(id) ?? internalMapHelpers.get(id);
    const regs = new Int32Array(22);
    for (const [i, arg] of args.entries()) {
      regs[2 + 2 * i] = arg;
      regs[3 + 2 * i] = Math.floor(arg / 2 ** 32);
    }
    make!(this.machine)(regs);
    return regs[1] === -1 ? regs[0]! : regs[0]! >>> 0;
  }

  /** The same with R1 the map. */
  on(map: MapHandle, id: number, ...args: number[]): number {
    return this.call(id, map.map.address, ...args);
  }

  put(...words: number[]): number {
    const address = this.machine.memory.alloc(words.length * 4);
    this.machine.memory.u8.set(le32(...words), address);
    return address;
  }

  word(address: number): number {
    return this.machine.memory.view.getUint32(address, true);
  }

  ring(size = 4096): { handle: MapHandle; map: RingbufMap } {
    const handle = this.make([B.BPF_MAP_TYPE_RINGBUF, 0, 0, size]);
    return { handle, map: handle.as(RingbufMap) };
  }
}

describe('kernel/bpf: helpers on maps', () => {
  it('look up, update and delete, and see the values of bpf(2)', () => {
    const program = new Program();
    const map = program.make([B.BPF_MAP_TYPE_HASH, 4, 8, 4]);
    const key = program.put(7);
    expect(program.on(map, F.BPF_FUNC_map_lookup_elem, key)).to.equal(0);
    expect(program.on(map, F.BPF_FUNC_map_delete_elem, key)).to.equal(-ENOENT);
    expect(program.on(map, F.BPF_FUNC_map_update_elem, key, program.put(1, 2), B.BPF_NOEXIST)).to.equal(0);
    const value = program.on(map, F.BPF_FUNC_map_lookup_elem, key);
    expect([program.word(value), program.word(value + 4)]).to.deep.equal([1, 2]);
    program.machine.memory.view.setUint32(value, 99, true);
    expect(map.lookup(le32(7)).out).to.deep.equal(le32(99, 2));
    expect(program.on(map, HTAB_MAP_LOOKUP_ELEM, key)).to.equal(value - 48 - 8);
    expect(program.on(map, F.BPF_FUNC_map_delete_elem, key)).to.equal(0);
  });

  it('take no flags above 32 bits', () => {
    const program = new Program();
    const map = program.make([B.BPF_MAP_TYPE_ARRAY, 4, 4, 1]);
    expect(program.on(map, F.BPF_FUNC_map_update_elem, program.put(0), program.put(0), 2 ** 32)).to.equal(-EINVAL);
    const queue = program.make([B.BPF_MAP_TYPE_QUEUE, 0, 4, 1]);
    expect(program.on(queue, F.BPF_FUNC_map_push_elem, program.put(0), 2 ** 32)).to.equal(-EINVAL);
  });

  it('write the value of their own CPU and may look at those of others', () => {
    const program = new Program();
    const array = program.make([B.BPF_MAP_TYPE_PERCPU_ARRAY, 4, 4, 2]);
    const key = program.put(1);
    expect(program.on(array, F.BPF_FUNC_map_update_elem, key, program.put(5), B.BPF_ANY)).to.equal(0);
    expect(array.lookup(le32(1)).out).to.deep.equal(le32(5, 0, 0, 0));
    array.update(le32(1), le32(1, 0, 2, 0));
    const [first, second, none] = [0, 1, 2].map((cpu) =>
      program.on(array, F.BPF_FUNC_map_lookup_percpu_elem, key, cpu),
    );
    expect([program.word(first!), program.word(second!), none]).to.deep.equal([1, 2, 0]);
    const hash = program.make([B.BPF_MAP_TYPE_PERCPU_HASH, 4, 4, 2]);
    hash.update(le32(1), le32(8, 0, 9, 0));
    hash.delete(le32(1));
    expect(program.on(hash, F.BPF_FUNC_map_update_elem, key, program.put(5), B.BPF_ANY)).to.equal(0);
    expect(hash.lookup(le32(1)).out).to.deep.equal(le32(5, 0, 0, 0));
  });

  it('push, pop and peek', () => {
    const program = new Program();
    const stack = program.make([B.BPF_MAP_TYPE_STACK, 0, 4, 2]);
    const to = program.put(77);
    expect(program.on(stack, F.BPF_FUNC_map_pop_elem, to)).to.equal(-ENOENT);
    expect(program.word(to)).to.equal(0);
    for (const word of [1, 2]) program.on(stack, F.BPF_FUNC_map_push_elem, program.put(word), B.BPF_ANY);
    expect(program.on(stack, F.BPF_FUNC_map_push_elem, program.put(3), B.BPF_ANY)).to.equal(-E2BIG);
    expect(program.on(stack, F.BPF_FUNC_map_peek_elem, to)).to.equal(0);
    expect(program.word(to)).to.equal(2);
  });

  it('lock and unlock', () => {
    const program = new Program();
    const lock = program.put(0);
    program.call(F.BPF_FUNC_spin_lock, lock);
    expect(program.word(lock)).to.equal(1);
    program.call(F.BPF_FUNC_spin_unlock, lock);
    expect(program.word(lock)).to.equal(0);
  });
});

describe('kernel/bpf: ringbuf', () => {
  it('gives records in the order they were reserved, when they are committed', () => {
    const program = new Program();
    const { handle, map } = program.ring();
    let woken = 0;
    map.waiters.add(() => woken++);
    const first = program.on(handle, F.BPF_FUNC_ringbuf_reserve, 8, 0);
    const second = program.on(handle, F.BPF_FUNC_ringbuf_reserve, 4, 0);
    expect(second - first).to.equal(16);
    program.machine.memory.u8.set(le32(1, 2), first);
    program.machine.memory.u8.set(le32(3), second);
    program.call(F.BPF_FUNC_ringbuf_submit, second, 0);
    expect([map.read(), woken]).to.deep.equal([undefined, 0]);
    program.call(F.BPF_FUNC_ringbuf_submit, first, 0);
    expect([map.read(), map.read(), map.read()]).to.deep.equal([le32(1, 2), le32(3), undefined]);
    expect(woken).to.equal(1);
  });

  it('skips what was discarded, and wakes as the flags say', () => {
    const program = new Program();
    const { handle, map } = program.ring();
    let woken = 0;
    map.waiters.add(() => woken++);
    const discarded = program.on(handle, F.BPF_FUNC_ringbuf_reserve, 8, 0);
    program.call(F.BPF_FUNC_ringbuf_discard, discarded, B.BPF_RB_NO_WAKEUP);
    expect(program.word(discarded - 8)).to.equal(BPF_RINGBUF_DISCARD_BIT + 8);
    const data = program.put(5, 6);
    expect(program.on(handle, F.BPF_FUNC_ringbuf_output, data, 8, B.BPF_RB_FORCE_WAKEUP)).to.equal(0);
    expect(program.on(handle, F.BPF_FUNC_ringbuf_output, data, 8, 4)).to.equal(-EINVAL);
    expect([woken, map.read()]).to.deep.equal([1, le32(5, 6)]);
  });

  it('has no room beyond its size, counts what is free again, and answers queries', () => {
    const program = new Program();
    const { handle, map } = program.ring();
    const data = program.machine.memory.alloc(4096);
    expect(program.on(handle, F.BPF_FUNC_ringbuf_output, data, 4096, 0)).to.equal(-EAGAIN);
    expect(program.on(handle, F.BPF_FUNC_ringbuf_output, data, 4080, 0)).to.equal(0);
    expect(program.on(handle, F.BPF_FUNC_ringbuf_output, data, 0, 0)).to.equal(-EAGAIN);
    const query = (what: number): number => program.on(handle, F.BPF_FUNC_ringbuf_query, what);
    expect([0, 1, 2, 3, 4].map(query)).to.deep.equal([4088, 4096, 0, 4088, 0]);
    expect(map.read()?.length).to.equal(4080);
    expect([0, 1, 2, 3].map(query)).to.deep.equal([0, 4096, 4088, 4088]);
    expect(program.on(handle, F.BPF_FUNC_ringbuf_reserve, 2 ** 32, 0)).to.equal(0);
    expect(program.on(handle, F.BPF_FUNC_ringbuf_reserve, 8, 1)).to.equal(0);
  });

  it('keeps records that reach over the end in one piece for the program, and where a client finds them', () => {
    const program = new Program();
    const { handle, map } = program.ring();
    const changed: [number, number][] = [];
    for (let round = 0; round < 500; round++) {
      const bytes = Uint8Array.from({ length: 1 + ((round * 37) % 1500) }, (_, i) => (i + round) & 255);
      const sample = program.on(handle, F.BPF_FUNC_ringbuf_reserve, bytes.length, 0);
      expect(program.word(sample - 8)).to.equal(BPF_RINGBUF_BUSY_BIT + bytes.length);
      program.machine.memory.u8.set(bytes, sample);
      map.ring.mapping = {
        consumerPos: () => map.ring.producerPos - 8 * Math.ceil((bytes.length + 8) / 8),
        changed: (at, length) => changed.push([at, length]),
      };
      program.call(F.BPF_FUNC_ringbuf_submit, sample, 0);
      map.ring.mapping = undefined;
      expect(map.read()).to.deep.equal(bytes);
    }
    expect(changed.every(([at, length]) => at >= 0 && at + length <= 2 * 4096 + 4096)).to.equal(true);
  });
});

describe('kernel/bpf: perf event arrays', () => {
  it('hand samples to the reader at the place', () => {
    const program = new Program();
    const map = program.make([B.BPF_MAP_TYPE_PERF_EVENT_ARRAY, 4, 4, 2]).as(PerfEventArrayMap);
    const seen: Uint8Array[] = [];
    map.subscribe(0, { output: (data) => seen.push(data) });
    const sample = (): Uint8Array => le32(1);
    expect(perfEventOutput(map, -1, sample)).to.equal(0);
    expect([1, 2].map((place) => perfEventOutput(map, place, sample))).to.deep.equal([-ENOENT, -E2BIG]);
    expect(seen).to.deep.equal([le32(1)]);
    map.subscribe(0, undefined);
    expect(perfEventOutput(map, 0, sample)).to.equal(-ENOENT);
  });
});
