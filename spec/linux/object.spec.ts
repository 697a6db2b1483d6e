// References: who holds, who releases, what a freed object does, and what the event sink hears.
import { expect } from 'chai';
import type { Holder, KernelEvent } from '../../lib/linux/events.js';
import { Events } from '../../lib/linux/events.js';
import type { ObjectTable } from '../../lib/linux/object.js';
import { KObject, ObjectList } from '../../lib/linux/object.js';

class Thing extends KObject {
  destroyed = 0;
  readonly label = 'thing';

  protected destroy(): void {
    this.destroyed++;
  }
}

describe('linux/object', () => {
  const a: Holder = { label: 'a' };
  const b: Holder = { label: 'b' };
  let table: ObjectTable;
  beforeEach(() => {
    table = { objects: new ObjectList(), events: new Events() };
  });

  it('lives from its creator until the last release, and names every holder', () => {
    const thing = new Thing(table, a);
    thing.hold(b).hold(b);
    expect(thing.holders.map((h) => h.label)).to.deep.equal(['a', 'b', 'b']);
    thing.release(b);
    thing.release(a);
    expect(thing.freed).to.equal(false);
    expect([...table.objects]).to.deep.equal([thing]);
    thing.release(b);
    expect(thing.freed).to.equal(true);
    expect(thing.destroyed).to.equal(1);
    expect(table.objects.size).to.equal(0);
  });

  it('asserts on a release without a hold, and on any use after the last one', () => {
    const thing = new Thing(table, a);
    expect(() => {
      thing.release(b);
    }).to.throw(/b releases thing without holding it/);
    thing.release(a);
    expect(() => thing.hold(a)).to.throw(/hold of freed thing by a/);
    expect(() => thing.use()).to.throw(/use of freed thing/);
    expect(() => {
      thing.release(a);
    }).to.throw(/without holding/);
  });

  it('tells the event sink what happens, in order', () => {
    const seen: string[] = [];
    table.events.sink = (e: KernelEvent) =>
      seen.push('refcount' in e ? `${e.type} ${e.holder.label} ${e.refcount}` : e.type);
    const thing = new Thing(table, a);
    thing.hold(b);
    thing.release(a);
    thing.release(b);
    expect(seen).to.deep.equal(['created', 'held b 2', 'released a 1', 'released b 0', 'freed']);
  });

  it('tells of a new object only when it is whole', () => {
    const labels: string[] = [];
    table.events.sink = (e) => {
      if ('object' in e) labels.push(`${e.type} ${e.object.label}`);
    };
    new Thing(table, a);
    expect(labels).to.deep.equal([]);
    table.events.flush();
    expect(labels).to.deep.equal(['created thing']);
  });

  it('lists what lives, oldest first, whatever goes in between', () => {
    const things = Array.from({ length: 5 }, () => new Thing(table, a));
    const live = (): number[] => Array.from(table.objects, (object) => things.findIndex((thing) => thing === object));
    for (const gone of [2, 0, 4]) things[gone]!.release(a);
    expect(live()).to.deep.equal([1, 3]);
    new Thing(table, a).release(a);
    things[1]!.release(a);
    expect(live()).to.deep.equal([3]);
    expect(table.objects.size).to.equal(1);
  });
});
