// `npm run ynl`: compares lib/uapi with the YNL specifications of Linux that are kept here, says where they are wrong and what
// shows it, and fails when a declaration is.
import { evidence, known, release, specification } from './files.js';
import { judge } from './judge.js';

let failed = false;
const recorded = evidence();
for (const name of ['tc', 'rt_link']) {
  const verdict = judge(specification(name), known, recorded);
  const counts = Object.entries(verdict.compared).map(([what, [compared, all]]) => `${compared} of ${all} ${what}`);
  console.log(`${name}.yaml of Linux ${release}: ${counts.join(', ')} compared`);
  for (const [{ place, wrong, why, recorded: own, shown }, differences] of verdict.known) {
    const [first] = differences;
    if (first === undefined) continue;
    const whose = wrong === 'ynl' ? 'is wrong' : 'says otherwise';
    console.log(`  ${place}: the specification ${whose}: ${first.ynl}, declared ${first.declared}: ${why}`);
    if (own !== undefined) console.log(`    recorded: ${own.attribute} has ${own.lengths.join(', ')} bytes`);
    if (shown !== undefined) console.log(`    ${shown}`);
  }
  for (const { place, ynl, declared } of verdict.unknown)
    console.log(`  ${place}: NOT KNOWN: specified ${ynl}, declared ${declared}`);
  for (const line of verdict.wrong) console.log(`  known.json: ${line}`);
  failed ||= verdict.unknown.length + verdict.wrong.length > 0;
}
process.exitCode = failed ? 1 : 0;
