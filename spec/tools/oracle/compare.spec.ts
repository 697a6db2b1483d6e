// What the fuzzer does with a difference: it sees one that is planted, shrinks it to the requests that show it, explains
// nothing that is not on the list, and counts what it explains.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { Bytes } from '../../../lib/codec/bytes.js';
import { explanationOf, looksLikeTiming } from '../../../tools/oracle/fuzz/explained.js';
import type { Options } from '../../../tools/oracle/fuzz/options.js';
import { parseOptions } from '../../../tools/oracle/fuzz/options.js';
import { Run } from '../../../tools/oracle/fuzz/run.js';
import type { Difference } from '../../../tools/oracle/fuzz/session.js';
import { differenceOf } from '../../../tools/oracle/fuzz/session.js';
import { shrink } from '../../../tools/oracle/fuzz/shrink.js';
import { State } from '../../../tools/oracle/fuzz/state.js';
import type { Distortion } from './sessions.js';
import { bothModels, kinds, session, stepsOf } from './sessions.js';

const RTM_NEWTFILTER = 44;
const RTM_NEWLINK = 16;

/** One bit of every message of a type, in its last byte. */
const wrongIn =
  (type: number): Distortion =>
  (data) => {
    if (data.length >= 16 && new Bytes(data).view.getUint16(4, true) === type) data[data.length - 1]! ^= 1;
    return data;
  };

const optionsOf = (...args: string[]): Options => parseOptions(args)!;

describe('fuzz: differences', () => {
  it('finds none between a model and itself', () => {
    for (let i = 0; i < 20; i++) expect(differenceOf(session(1, i, 'mixed'), bothModels())).to.equal(undefined);
  });

  it('sees one wrong bit, and names the step', () => {
    const found = Array.from({ length: 20 }, (_, i) =>
      differenceOf(session(1, i, 'filters'), bothModels(wrongIn(RTM_NEWTFILTER))),
    ).filter((difference) => difference !== undefined);
    expect(found).not.to.deep.equal([]);
    for (const { step, lines } of found) expect(lines[0]).to.match(new RegExp(`^step ${step} (recv|notify)`));
  });

  it('counts a model that fails as a difference', () => {
    const { kernel } = bothModels();
    const model = bothModels(() => {
      throw new TypeError('planted');
    }).model;
    expect(differenceOf(session(1, 0, 'filters'), { kernel, model })?.lines[0]).to.equal('the model failed: planted');
  });

  it('shrinks a planted difference to the requests it needs', () => {
    const sides = bothModels(wrongIn(RTM_NEWTFILTER));
    const definition = Array.from({ length: 50 }, (_, i) => session(2, i, 'filters')).find(
      (candidate) => differenceOf(candidate, sides) !== undefined,
    )!;
    const steps = shrink(
      stepsOf(definition),
      (some) => differenceOf({ ...definition, steps: some }, sides) !== undefined,
    );
    expect(differenceOf({ ...definition, steps }, sides)).not.to.equal(undefined);
    // A device, a qdisc or block to hang on, and the filter.
    expect(steps.length).to.be.within(1, 3);
    for (const [i] of steps.entries())
      expect(differenceOf({ ...definition, steps: steps.toSpliced(i, 1) }, sides), `without ${i}`).to.equal(undefined);
  });

  it('explains what the model says it lacks, and what names its own numbers; nothing else', () => {
    const difference = { definition: session(1, 0, 'links'), step: 0, lines: ['step 0 errno: …'], gaps: [] };
    expect(explanationOf(difference)).to.equal(undefined);
    expect(explanationOf({ ...difference, gaps: ['not modelled: a kind'] })).to.equal('the model lacks a kind');
    const send = `28000000100005000100000000000000${'00'.repeat(16)}08001c0002000000`;
    expect(explanationOf({ ...difference, definition: { steps: [{ send }] } })).to.match(/an open file/);
    const far = send.replace(/02000000$/, '02000100');
    expect(explanationOf({ ...difference, definition: { steps: [{ send: far }] } })).to.equal(undefined);
  });

  it('takes for timing what concerns link messages nobody asked for, and nothing else', () => {
    const link = (seq: string, state: string): string =>
      `20000000100000000${seq}000000000000000${state}${'00'.repeat(15)}`;
    const at = (lines: string[], real: string[], got: string[]): Difference => ({
      definition: session(1, 0, 'links'), step: 0, gaps: [], lines, real: { recv: real }, got: { recv: got },
    }); // prettier-ignore
    const ack = '24000000020000000100000092100000000000002000000012000500010000000000000000';
    const error = ['step 0 recv 0 message 0 NLMSG_ERROR error at 16: expected 0, got -22'];
    expect(looksLikeTiming(at(['step 0 recv: 1 datagrams (36 bytes), got 2 (…)'], [], []))).to.equal(true);
    expect(looksLikeTiming(at(error, [ack], [ack.replace(/^(.{32})00/, '$1ea')]))).to.equal(false);
    expect(looksLikeTiming(at(error, [link('0', '1'), ack], [ack, link('0', '0')]))).to.equal(true);
    expect(looksLikeTiming(at(error, [link('1', '1'), ack], [ack, link('1', '0')]))).to.equal(false);
  });
});

describe('fuzz: a run', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'fuzz-spec-'));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const runOf = (options: Options, distort?: Distortion): { state: State; lines: string[]; run: Run } => {
    const lines: string[] = [];
    const state = State.open(options);
    const run = new Run(options, state, bothModels(distort), kinds, (line) => lines.push(line));
    return { state, lines, run };
  };

  it('counts messages, sequences and differences', async () => {
    const { state, lines, run } = runOf(optionsOf('--seed', '1-2', '--count', '300', '--mode', 'filters,classes'));
    await run.all();
    expect(state.toString()).to.match(/^\d+ messages, \d+ sequences, 0 differences \(0 explained\)$/);
    expect(state.messages).to.be.within(600, 800);
    expect(lines).to.deep.equal([]);
  });

  it('saves what it found as vectors, shrunk', async () => {
    const out = join(folder, 'out');
    const options = optionsOf('--count', '150', '--mode', 'links', '--out', out);
    const { state, lines, run } = runOf(options, wrongIn(RTM_NEWLINK));
    await run.all();
    expect([state.differences > 0, state.explainedCount]).to.deep.equal([true, 0]);
    expect(lines[0]).to.match(/^differs {2}fuzz-links-1-0, \d steps$/);
    const saved = JSON.parse(readFileSync(join(out, readdirSync(out)[0]!), 'utf8')) as { steps: { recv?: unknown }[] };
    expect(saved.steps.every((step) => step.recv !== undefined)).to.equal(true);
  });

  it('goes on where its state file says it was', async () => {
    const state = join(folder, 'state');
    const args = ['--seed', '5', '--count', '400', '--mode', 'filters'];
    const whole = runOf(optionsOf(...args));
    await whole.run.all();
    const first = runOf(optionsOf(...args, '--state', state));
    first.run.stopAfter(3);
    await first.run.all();
    first.state.save();
    expect(first.state.sequences).to.equal(3);
    const second = runOf(optionsOf(...args, '--state', state));
    await second.run.all();
    expect(second.state.toString()).to.equal(whole.state.toString());
    expect(() => State.open(optionsOf('--seed', '6', '--state', state))).to.throw(/other options/);
  });
});

describe('fuzz: the command line', () => {
  it('reads seeds, counts and modes', () => {
    const { seeds, count, modes } = optionsOf('--seed', '3-5', '--count=7', '--mode', 'links,filters');
    expect({ seeds, count, modes }).to.deep.equal({ seeds: [3, 4, 5], count: 7, modes: ['links', 'filters'] });
  });

  for (const [args, message] of [
    [['--seed', 'x'], /--seed needs a number/],
    [['--seed', '5-3'], /holds no seed/],
    [['--mode', 'none'], /mode 'none' is none of links/],
    [['--count'], /--count needs a value/],
    [['stray'], /unknown argument 'stray'/],
  ] as const) {
    it(`refuses '${args.join(' ')}'`, () => {
      expect(() => parseOptions(args)).to.throw(message);
    });
  }

  it('explains itself', () => {
    expect(parseOptions(['--help'])).to.equal(undefined);
  });
});
