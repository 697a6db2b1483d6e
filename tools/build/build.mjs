// Compiles lib, spec and tools with tsc, then bundles the command line into one CommonJS file with a V8 code cache.
// `--if-stale` does nothing when the output is newer than every source, so that a user who may not write here can run.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';

const root = join(import.meta.dirname, '..', '..');
const stamp = join(root, 'dist', '.stamp');

function newest(path) {
  const s = statSync(path);
  if (!s.isDirectory()) return s.mtimeMs;
  return Math.max(s.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

function isFresh() {
  if (!existsSync(stamp)) return false;
  const sources = ['lib', 'spec', 'tools', 'tsconfig.json', 'package.json'].map((name) => newest(join(root, name)));
  return Math.max(...sources) < statSync(stamp).mtimeMs;
}

if (!(process.argv.includes('--if-stale') && isFresh())) {
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/@typescript/native/bin/tsc'), '-p', root], {
      stdio: 'inherit',
    });
  } catch {
    process.exit(1);
  }
  await bundle(root);
  writeFileSync(stamp, '');
}
