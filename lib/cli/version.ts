// The version in package.json. The bundle has it built in, since looking for the file is part of every start;
// compiled modules find it by the package's own name.
import { createRequire } from 'node:module';

declare const __tcboxVersion: string | undefined;

export function version(): string {
  if (typeof __tcboxVersion === 'string') return __tcboxVersion;
  const manifest = createRequire(import.meta.url)('tcbox/package.json') as { version: string };
  return manifest.version;
}
