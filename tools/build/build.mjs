// Compiles lib, spec and tools with tsc, then bundles the command line into one CommonJS file with a V8 code cache.
// `--if-stale` does nothing when the output is newer than every source, so that a user who may not write here can run.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
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

/** Removes what was compiled from a file that is gone: a deleted spec must not run on. */
function prune() {
  for (const folder of ['lib', 'spec', 'tools']) {
    for (const name of readdirSync(join(root, 'dist', folder), { recursive: true })) {
      const match = /^(.*?)\.(js|js\.map|d\.ts)$/.exec(name);
      if (match && !existsSync(join(root, folder, `${match[1]}.ts`))) rmSync(join(root, 'dist', folder, name));
    }
  }
}

if (!(process.argv.includes('--if-stale') && isFresh())) {
  const start = new Date();
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/@typescript/native/bin/tsc'), '-p', root], {
      stdio: 'inherit',
    });
  } catch {
    process.exit(1);
  }
  prune();
  await bundle(root);
  writeFileSync(stamp, '');
  // A source saved while this ran counts as newer.
  utimesSync(stamp, start, start);
}
