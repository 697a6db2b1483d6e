// What the specs of the importers share: a text or bytes as datagrams, in chunks of any size, with the problems that came.
import type { Datagram } from '../../../lib/conform/datagram.js';
import { type ImportOptions, readDatagrams } from '../../../lib/conform/import/datagrams.js';
import type { ImportProblem } from '../../../lib/conform/import/importer.js';

export interface Read {
  readonly datagrams: readonly Datagram[];
  readonly problems: readonly ImportProblem[];
}

export const hexOf = ({ bytes }: { readonly bytes: Uint8Array }): string => Buffer.from(bytes).toString('hex');

export function* chunksOf(file: Uint8Array, size: number): Generator<Uint8Array, void> {
  for (let at = 0; at < file.length; at += size) yield file.slice(at, at + size);
}

export function read(file: string | Uint8Array, options: ImportOptions = {}, chunk = 1 << 16): Read {
  const bytes = typeof file === 'string' ? new TextEncoder().encode(file) : file;
  const problems: ImportProblem[] = [];
  const problem = (found: ImportProblem): void => void problems.push(found);
  return { datagrams: [...readDatagrams(chunksOf(bytes, chunk), { file: 'f', problem, ...options })], problems };
}
