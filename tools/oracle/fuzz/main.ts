// `npm run fuzz -- [options]`: the model against the kernel of this computer, with generated requests.
import { playToKernel } from '../kernel/real_kernel.js';
import { isIsolated, obstacle, runIsolated } from '../kernel/isolation.js';
import { findKinds } from './kinds.js';
import type { Options } from './options.js';
import { UsageError, parseOptions, usage } from './options.js';
import { Run } from './run.js';
import { playToModel } from './session.js';
import { State } from './state.js';

async function fuzz(options: Options): Promise<number> {
  const { kinds, missing } = findKinds();
  if (missing.length > 0) console.log(`left out, the model has no ${missing.join(', ')}`);
  const state = State.open(options);
  const run = new Run(options, state, { kernel: playToKernel, model: (r) => playToModel(r) }, kinds, console.log);
  const stop = (): void => {
    run.stopAfter(0);
  };
  process.on('SIGINT', stop).on('SIGTERM', stop);
  const started = performance.now();
  await run.all();
  state.save();
  console.log(`${Math.round((performance.now() - started) / 1000)} s`);
  for (const [reason, count] of state.explained) console.log(`explained ${count}: ${reason}`);
  console.log(state.toString());
  return state.differences === state.explainedCount ? 0 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    if (options === undefined) {
      console.log(usage);
      return 0;
    }
    if (isIsolated()) return await fuzz(options);
    const reason = obstacle();
    if (reason === undefined) return runIsolated(process.argv[1]!, args);
    console.error(`fuzz: ${reason}`);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`fuzz: ${error.message}\n\n${usage}`);
  }
  return 2;
}

process.exitCode = await main(process.argv.slice(2));
