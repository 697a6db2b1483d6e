// The `--fault` options of a command as options of a machine, for run and start. The parser of their language is loaded
// only when there is one, because every command in a box pays for what is loaded on its way.
import type { MachineOptions } from '../linux/machine.js';
import type { RunOptions } from './options.js';

/** Throws UsageError for a spec that makes no sense. */
export async function faultsOf({ fault }: RunOptions): Promise<Pick<MachineOptions, 'faults' | 'faultSeed'>> {
  return fault === undefined ? {} : (await import('./faults.js')).parseFaults(fault);
}
