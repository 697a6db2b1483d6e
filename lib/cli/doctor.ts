// `tcbox doctor`: prints what the host's probes found, one line each or as JSON. Exit code 0 when `tcbox run` can work
// here, 1 when something needed is missing.
import type { Probe } from '../host/probe.js';
import type { DoctorOptions } from './options.js';

/** Version of the JSON output. */
const SCHEMA = 1;

async function probes(): Promise<Probe[]> {
  try {
    const { probeMachine } = await import('../host/probe.js');
    return probeMachine();
  } catch (error) {
    const detail = (error as Error).message;
    const advice = 'install koffi for this platform: npm install koffi';
    return [{ name: 'koffi', found: false, detail, needed: true, advice }];
  }
}

function line({ name, found, detail, needed, advice }: Probe): string {
  const mark = found ? 'found   ' : needed ? 'MISSING ' : 'missing ';
  const seen = detail === '' ? '' : `: ${detail}`;
  return `${mark} ${name}${seen}${advice === '' ? '' : `\n           ${advice}`}`;
}

export async function doctorCommand(options: DoctorOptions): Promise<number> {
  const found = await probes();
  const works = found.every((probe) => probe.found || !probe.needed);
  if (options.json === true) {
    console.log(JSON.stringify({ schema: SCHEMA, works, probes: found }, null, 2));
  } else {
    for (const probe of found) console.log(line(probe));
    console.log(works ? 'tcbox run works on this machine' : 'tcbox run does not work on this machine');
  }
  return works ? 0 : 1;
}
