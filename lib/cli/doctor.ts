// `tcbox doctor`: prints what the host's probes found, one line each or as JSON. Exit code 0 when `tcbox run` can work
// here, 1 when something needed is missing.
import type { Probe, Tier } from '../host/probe.js';
import type { DoctorOptions } from './options.js';

/** Version of the JSON output. */
const SCHEMA = 1;

const tiers: Readonly<Record<Tier, string>> = {
  full: 'everything tcbox has works',
  listing: 'everything tcbox has works; the last close of a socket is seen up to 0.1 s late',
  netlink:
    'netlink works; bpf(2) is refused by an outer filter (a container lifts it: --security-opt seccomp=unconfined)',
  none: 'no box can be started',
};

async function probes(): Promise<{ tier: Tier; found: Probe[] }> {
  try {
    const { probeMachine, tierOf } = await import('../host/probe.js');
    const found = probeMachine();
    return { tier: tierOf(found), found };
  } catch (error) {
    const detail = (error as Error).message;
    const advice = 'install koffi for this platform: npm install koffi';
    return { tier: 'none', found: [{ name: 'koffi', found: false, detail, needed: true, advice }] };
  }
}

function line({ name, found, detail, needed, advice }: Probe): string {
  const mark = found ? 'found   ' : needed ? 'MISSING ' : 'missing ';
  const seen = detail === '' ? '' : `: ${detail}`;
  return `${mark} ${name}${seen}${advice === '' ? '' : `\n           ${advice}`}`;
}

export async function doctorCommand(options: DoctorOptions): Promise<number> {
  const { tier, found } = await probes();
  const works = tier !== 'none';
  if (options.json === true) {
    console.log(JSON.stringify({ schema: SCHEMA, works, tier, probes: found }, null, 2));
  } else {
    for (const probe of found) console.log(line(probe));
    console.log(`tier     ${tier}: ${tiers[tier]}`);
    console.log(works ? 'tcbox run works on this machine' : 'tcbox run does not work on this machine');
  }
  return works ? 0 : 1;
}
