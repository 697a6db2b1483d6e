// Replays one recording of bpf(2) calls on a fresh machine.
import { configs } from '../../../lib/linux/config.js';
import { Machine } from '../../../lib/linux/machine.js';
import { explain } from '../netlink/replay.js';
import type { Outcome } from '../outcome.js';
import { differs, judged, notRun } from '../outcome.js';
import type { Settings } from '../suite.js';
import { playSyscalls } from './play.js';
import type { SyscallRecord } from './record.js';

export function replaySyscalls(
  record: SyscallRecord,
  { kernel, config }: Pick<Settings, 'kernel' | 'config'>,
): Outcome {
  if (record.obstacle !== undefined) return notRun(record.obstacle);
  const named = configs[config ?? record.config];
  if (named === undefined) return differs(`configuration '${config ?? record.config}' is not modelled`);
  const gaps: string[] = [];
  try {
    const onGap = (what: string): void => void gaps.push(`not modelled: ${what}`);
    const machine = new Machine({ version: kernel ?? named.version, config: named, onGap });
    const lines = playSyscalls(record, machine);
    return judged(lines.length === 0 ? [] : [...gaps, ...lines]);
  } catch (error) {
    return differs(...gaps, ...explain(error));
  }
}
