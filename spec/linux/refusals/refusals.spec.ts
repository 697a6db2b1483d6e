// Every handler of rtnetlink, every kind, every refusal: each request that succeeds is got wrong in each single way
// there is, and is asked for with memory running out at each of its allocations in turn. Whenever the answer is an
// error, every reference of every object is as it was; in the end everything looks as on a machine that was asked for
// nothing, and the right request is answered as there.
import { expect } from 'chai';
import { toHex } from '../../../lib/codec/bytes.js';
import { errno } from '../../../lib/linux/errno.js';
import { Machine } from '../../../lib/linux/machine.js';
import { linkKindsOf } from '../../../lib/linux/net/core/rtnl_link/kinds.js';
import { actionTables } from '../../../lib/linux/net/sched/act_api/action.js';
import { tcfProtoBase } from '../../../lib/linux/net/sched/cls_api/proto.js';
import { pktSched } from '../../../lib/linux/net/sched/sch_generic.js';
import { ENOMEM } from '../../../lib/uapi/asm-generic/errno.js';
import type { KernelVersion } from '../../../lib/linux/version.js';
import * as R from '../../../lib/uapi/linux/rtnetlink.js';
import { deviations } from '../../../tools/oracle/fuzz/deviations.js';
import type { Message } from '../../../tools/oracle/fuzz/message.js';
import { encode } from '../../../tools/oracle/fuzz/message.js';
import { Random } from '../../../tools/oracle/fuzz/random.js';
import type { Case } from './build.js';
import * as L from './links.js';
import * as S from './sched.js';
import { NotGranted, Stage } from './stage.js';

const groups: Readonly<Record<string, readonly Case[]>> = {
  links: L.links,
  'ports of bridges': L.ports,
  addresses: L.addresses,
  routes: L.routes,
  rules: L.rules,
  neighbours: L.neighbours,
  'ids of namespaces': L.namespaces,
  'queueing disciplines': S.qdiscs,
  classes: S.classes,
  actions: S.actions,
  'filters and chains': S.filters,
};
const all = Object.values(groups).flat();

/** Every single deviation, those with dice thrown this often. */
const THROWS = 2;

function* wrongly(request: Message): Iterable<Uint8Array> {
  const right = toHex(encode(request));
  const seen = new Set([right]);
  const r = new Random(right);
  for (const change of deviations(request)) {
    for (let i = 0; i < THROWS; i++) {
      const bytes = encode(change(r));
      const hex = toHex(bytes);
      if (!seen.has(hex)) yield bytes;
      seen.add(hex);
    }
  }
}

/** Makes attempts on stages where nothing was granted yet. */
class Walk {
  readonly #case: Case;
  #idle: Stage;
  #stage: Stage;
  #before: string;
  readonly #version: KernelVersion;
  refused = 0;

  constructor(one: Case, version: KernelVersion) {
    this.#case = one;
    this.#version = version;
    this.#idle = new Stage(one, version);
    this.#stage = new Stage(one, version);
    this.#before = this.#stage.references();
  }

  try(bytes: Uint8Array, attempt: (stage: Stage) => number): void {
    const error = attempt(this.#stage);
    this.#stage.rest();
    if (error !== 0) this.refused++;
    if (error === 0 || this.#case.partly !== undefined) {
      this.#startAgain();
      return;
    }
    const after = this.#stage.references();
    if (after !== this.#before)
      expect.fail(`errno ${error} to ${toHex(bytes)}\n${Stage.difference(this.#before, after).join('\n')}`);
  }

  #startAgain(): void {
    this.#stage = new Stage(this.#case, this.#version);
    this.#before = this.#stage.references();
  }

  /** As if nothing had been asked for. */
  end(): void {
    this.#idle.catchUp(this.#stage);
    expect(this.#stage.shown()).to.deep.equal(this.#idle.shown());
    const right = encode(this.#case.request);
    expect(this.#stage.ask(right)).to.deep.equal(this.#idle.ask(right));
  }
}

/** Asks while the nth object that the request makes finds no memory; whether it made that many. */
function askWithout(stage: Stage, bytes: Uint8Array, nth: number): { error: number; struck: boolean } {
  const { events } = stage.machine;
  let made = 0;
  events.sink = () => {};
  events.creating = () => {
    if (++made === nth) throw errno(ENOMEM);
  };
  const { errno: error } = stage.ask(bytes);
  Reflect.deleteProperty(events, 'creating');
  events.sink = undefined;
  return { error, struck: made >= nth };
}

/** Asks for the right thing without memory for the nth object; false when there is no nth. */
function starve(walk: Walk, { request }: Case, nth: number): boolean {
  const right = encode(request);
  let struck = false;
  walk.try(right, (stage) => {
    const result = askWithout(stage, right, nth);
    struck = result.struck;
    return result.error;
  });
  return struck;
}

/** Older kernels lack some of it. */
function isGranted(one: Case, version: KernelVersion): boolean {
  try {
    return new Stage(one, version).ask(encode(one.request)).errno === 0;
  } catch (error) {
    if (error instanceof NotGranted) return false;
    throw error;
  }
}

const versions = ['v6.18', 'v6.1', 'v4.1'] as const satisfies KernelVersion[];

describe('linux: refusals', () => {
  const refused: Record<KernelVersion, number> = { 'v6.18': 0, 'v6.1': 0, 'v4.1': 0 };

  it('are looked for in every handler', () => {
    const handlers = new Machine().net.rtnl.registered.map(({ family, type }) => `${family} ${R.rtmType(type)}`);
    const asked = all.map(({ request: { type, head } }) => {
      const own = `${head[0]} ${R.rtmType(type)}`;
      return handlers.includes(own) ? own : `0 ${R.rtmType(type)}`;
    });
    expect(handlers.filter((handler) => !asked.includes(handler))).to.deep.equal([]);
  });

  it('are looked for in every kind', () => {
    const { net } = new Machine();
    const actions = [...actionTables(net)].map(({ ops }) => ops.kind);
    const kinds = [...linkKindsOf(net), ...pktSched(net).kinds.keys(), ...tcfProtoBase(net).keys(), ...actions];
    const texts = all.map(({ request }) => Buffer.from(encode(request)).toString('latin1'));
    expect(kinds.filter((kind) => !texts.some((text) => text.includes(`${kind}\0`)))).to.deep.equal([]);
  });

  for (const version of versions) {
    for (const [group, cases] of Object.entries(groups)) {
      const there = cases.filter((one) => version === 'v6.18' || isGranted(one, version));
      if (there.length === 0) continue;
      describe(`${version}: ${group}`, () => {
        for (const one of there) {
          it(`${one.name}: is granted`, () => {
            expect(isGranted(one, version)).to.equal(group !== 'ports of bridges');
          });

          it(`${one.name}: restored by the refusal of whatever is wrong`, () => {
            const walk = new Walk(one, version);
            for (const bytes of wrongly(one.request)) walk.try(bytes, (stage) => stage.ask(bytes).errno);
            walk.end();
            refused[version] += walk.refused;
          });

          it(`${one.name}: restored when memory runs out`, () => {
            const walk = new Walk(one, version);
            for (let nth = 1; starve(walk, one, nth);) nth++;
            walk.end();
          });
        }
      });
    }
  }

  describe('all of them', () => {
    it('were many', () => {
      for (const version of versions) expect(refused[version], version).to.be.greaterThan(500);
    });
  });
});
