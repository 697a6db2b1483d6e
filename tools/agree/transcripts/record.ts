// A transcript as FORMAT.md of the recordings describes it: commands of one scenario with what they printed.
import type { Json } from '../input.js';
import { ShapeError, asArray, asNumber, asObject, asString, objectsOf } from '../input.js';

/** A part of the output that varies; `line` counts from 0, `start` and `end` are characters of that line. */
export interface Volatile {
  readonly stream: string;
  readonly kind: string;
  readonly line: number | undefined;
  readonly start: number;
  readonly end: number;
}

/** What a command printed and how it ended: its status, or minus the signal it died of. */
export interface Output {
  readonly stdout: string;
  readonly stderr: string;
  readonly rc: number;
}

export interface Command extends Output {
  readonly cmd: string;
  readonly volatile: readonly Volatile[];
  /** Whether the outcome is the model's to answer for: not one of the kernel's timing or of things outside. */
  readonly judged: boolean;
}

export interface Transcript {
  readonly scenario: string;
  readonly config: string;
  readonly ipv6: boolean;
  /** Symbolic links that must exist before the first command. */
  readonly links: readonly string[];
  /** What the scenario needs of the recorded kernel and computer. */
  readonly needs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly commands: readonly Command[];
}

const count = (value: unknown, path: string): number => (value === undefined ? 0 : asNumber(value, path));

function volatileOf(value: Json, path: string): Volatile {
  return {
    stream: asString(value['stream'], `${path}.stream`),
    kind: asString(value['kind'], `${path}.kind`),
    line: value['line'] === undefined ? undefined : asNumber(value['line'], `${path}.line`),
    start: count(value['start'], `${path}.start`),
    end: count(value['end'], `${path}.end`),
  };
}

function commandOf(value: Json, i: number): Command {
  const path = `commands[${i}]`;
  return {
    cmd: asString(value['cmd'], `${path}.cmd`),
    stdout: asString(value['stdout'], `${path}.stdout`),
    stderr: asString(value['stderr'], `${path}.stderr`),
    rc: asNumber(value['rc'], `${path}.rc`),
    volatile: objectsOf(value['volatile'] ?? [], `${path}.volatile`).map((v, k) =>
      volatileOf(v, `${path}.volatile[${k}]`),
    ),
    judged: !value['timing'] && !value['global'],
  };
}

function linkOf(value: Json, i: number): string {
  if (value['kind'] !== 'symlink') throw new ShapeError(`setup[${i}].kind '${String(value['kind'])}' is not known`);
  return asString(value['path'], `setup[${i}].path`);
}

export function transcript(record: Json): Transcript {
  const env = Object.entries(asObject(record['env'], 'env')).map(([name, v]) => [name, asString(v, `env.${name}`)]);
  return {
    scenario: asString(record['scenario'], 'scenario'),
    config: asString(record['config'], 'config'),
    ipv6: record['ipv6'] === true,
    needs: asArray(record['needs'] ?? [], 'needs').map((need, i) => asString(need, `needs[${i}]`)),
    links: objectsOf(record['setup'] ?? [], 'setup').map(linkOf),
    env: Object.fromEntries(env) as Record<string, string>,
    commands: asArray(record['commands'], 'commands').map((c, i) => commandOf(asObject(c, `commands[${i}]`), i)),
  };
}
