// Which kernel `--config` and `--kernel` ask for. A configuration is named (`full`, `rec-6.18`, …) or stands in a JSON
// file: `{"config": "rec-6.18", "cpus": 4, "HZ": 100}`, or the description of a recorded kernel, whose `name` counts.
import { readFileSync } from 'node:fs';
import { configs } from '../linux/config.js';
import type { KernelConfig } from '../linux/config.js';
import { kernelVersions } from '../linux/version.js';
import type { KernelVersion } from '../linux/version.js';
import type { RunOptions } from './options.js';
import { UsageError } from './usage_error.js';

export interface Configuration {
  readonly config: KernelConfig;
  readonly version: KernelVersion;
}

export function configurationOf(options: RunOptions): Configuration {
  const config = options.config === undefined ? configs['full']! : configOf(options.config);
  return { config, version: options.kernel === undefined ? config.version : versionOf(options.kernel) };
}

function versionOf(name: string): KernelVersion {
  const found = kernelVersions.find((version) => version === name || version === `v${name}`);
  if (found === undefined) throw new UsageError(`no kernel '${name}': one of ${kernelVersions.join(', ')}`);
  return found;
}

function configOf(nameOrFile: string): KernelConfig {
  return Object.hasOwn(configs, nameOrFile) ? configs[nameOrFile]! : described(nameOrFile, readDescription(nameOrFile));
}

function readDescription(file: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const names = Object.keys(configs).join(', ');
    throw new UsageError(`no configuration '${file}': not one of ${names}, and as a file: ${(error as Error).message}`);
  }
  if (typeof value === 'object' && value !== null) return value as Readonly<Record<string, unknown>>;
  throw new UsageError(`${file}: no JSON object`);
}

function described(file: string, value: Readonly<Record<string, unknown>>): KernelConfig {
  const { config, name, cpus, HZ, ...rest } = value;
  const base = typeof config === 'string' ? config : name;
  if (typeof base !== 'string' || !Object.hasOwn(configs, base))
    throw new UsageError(`${file}: "config" names one of ${Object.keys(configs).join(', ')}`);
  const unknown = Object.keys(rest)[0];
  if (typeof config === 'string' && unknown !== undefined) throw new UsageError(`${file}: unknown key "${unknown}"`);
  return { ...configs[base]!, ...count(file, 'cpus', cpus), ...count(file, 'HZ', HZ) };
}

function count(file: string, key: 'cpus' | 'HZ', value: unknown): Partial<KernelConfig> {
  if (value === undefined) return {};
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= 1000) return { [key]: value };
  throw new UsageError(`${file}: "${key}" is a number from 1 to 1000`);
}
