// Shell scripts that time their own steps, so that starting a box or a namespace is not part of what is compared. Each
// step prints `name microseconds`; the same script runs in a box and outside.
import { best, output } from './measure.js';
import type { Context, Program } from './measure.js';

/** Shell function `timed NAME COMMAND…`. Bash keeps the clock; nothing is started to read it. */
const prelude = `set -e
timed() {
  local name=$1 start=\${EPOCHREALTIME/[.,]/}
  shift
  "$@" >/dev/null
  echo "$name $((\${EPOCHREALTIME/[.,]/} - start))"
}
`;

export function shell(script: string, ...args: string[]): Program {
  return { file: 'bash', args: ['-c', prelude + script, 'bench', ...args] };
}

export function within(wrapper: readonly [string, ...string[]], program: Program): Program {
  return { file: wrapper[0], args: [...wrapper.slice(1), program.file, ...program.args] };
}

/** Runs every variant of a script in turn; per step, the best time of each variant. */
export function compare(variants: readonly Program[], { rounds, progress }: Context): Map<string, number[]> {
  const steps = new Map<string, number[]>();
  const runs = variants.map((program, variant) => () => {
    for (const line of output(program).trim().split('\n')) {
      const [name, time] = line.split(' ') as [string, string];
      const times = steps.get(name) ?? variants.map(() => Infinity);
      times[variant] = Math.min(times[variant]!, Number(time));
      steps.set(name, times);
    }
    return 0;
  });
  best(rounds, runs, progress);
  return steps;
}
