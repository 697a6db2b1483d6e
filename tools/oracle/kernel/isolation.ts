// Private namespaces for everything that touches the real kernel. The process runs itself again under unshare(1) with
// network, mount and process namespaces of its own: no request can reach the machine's network, not even one that
// moves a device into the namespace of another process. Says why a kernel cannot serve.
import { spawnSync } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import { availableParallelism, release } from 'node:os';
import { hasProgram } from '../../agree/programs.js';
import { supported } from './calls.js';

/** The kernel whose answers the model gives. */
const modelled = { release: '6.18.', cpus: 2 };

const variable = 'TCBOX_ORACLE_OUTSIDE';

const network = (): string => readlinkSync('/proc/self/ns/net');

/** Whether this process has namespaces of its own: it is the first of them, and the network is not that of outside. */
export function isIsolated(): boolean {
  const outside = process.env[variable];
  return process.pid === 1 && outside !== undefined && outside !== network();
}

const prefix = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];

/** Why the real kernel cannot be driven here; undefined when it can. */
export function obstacle(): string | undefined {
  if (process.platform !== 'linux' || !supported) return 'needs Linux on x86-64';
  if (process.getuid?.() !== 0) return 'needs root';
  if (!release().startsWith(modelled.release)) return `needs Linux ${modelled.release}x, this is ${release()}`;
  if (availableParallelism() !== modelled.cpus) return `needs ${modelled.cpus} CPUs, as the recorded kernel has`;
  if (!hasProgram('unshare')) return 'needs unshare(1)';
  const { status, stderr } = spawnSync('unshare', [...prefix, 'true'], { encoding: 'utf8' });
  return status === 0 ? undefined : `cannot make namespaces: ${stderr.trim()}`;
}

/** Runs a script of this project again, inside; its exit status. */
export function runIsolated(script: string, args: readonly string[]): number {
  const env = { ...process.env, [variable]: network() };
  const { status, error } = spawnSync(
    'unshare',
    [...prefix, process.execPath, '--enable-source-maps', script, ...args],
    {
      env,
      stdio: 'inherit',
    },
  );
  if (error !== undefined) throw error;
  return status ?? 1;
}
