// The version in package.json, which the bundle and the compiled modules both find by the package's own name.
import { createRequire } from 'node:module';

export function version(): string {
  const manifest = createRequire(import.meta.url)('tcbox/package.json') as { version: string };
  return manifest.version;
}
