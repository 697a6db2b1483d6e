// What the command line says of files of datagrams whose format does not say it: options of all commands that read them.
import type { Direction } from '../conform/datagram.js';
import type { ImportOptions } from '../conform/import/datagrams.js';
import { formats } from '../conform/import/format.js';
import { UsageError } from './usage_error.js';

/** As they are on the command line. */
export interface FileOptions {
  format?: string;
  direction?: string;
  protocol?: string;
}

const directions: readonly Direction[] = ['request', 'reply', 'notification', 'unknown'];
const PROTOCOLS = 32;

/** The one of `known` that the user named. */
export function chosen<T extends string>(option: string, known: readonly T[], given: string): T {
  const found = known.find((name) => name === given);
  if (found === undefined) throw new UsageError(`--${option} '${given}' is none of ${known.join(', ')}`);
  return found;
}

export function importOptions({ format, direction, protocol }: FileOptions): ImportOptions {
  const number = Number(protocol);
  if (protocol !== undefined && !(Number.isInteger(number) && number >= 0 && number < PROTOCOLS))
    throw new UsageError(`--protocol '${protocol}' is no number from 0 to ${PROTOCOLS - 1}`);
  return {
    ...(format === undefined ? {} : { format: chosen('format', formats, format) }),
    ...(direction === undefined ? {} : { direction: chosen('direction', directions, direction) }),
    ...(protocol === undefined ? {} : { protocol: number }),
  };
}
