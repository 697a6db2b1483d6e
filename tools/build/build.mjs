// Compiles lib, spec and tools with tsc, then bundles the command line into one CommonJS file with a V8 code cache.
// `--if-stale` does nothing when the output was made from these very sources: it goes by their content, so that a copy
// of the tree, whatever its times, runs for a user who may not write into it.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from './bundle.mjs';

const root = join(import.meta.dirname, '..', '..');
const stamp = join(root, 'dist', '.stamp');
const code = /\.(ts|mjs|cjs|json|proto)$/;
/** Data that nothing is compiled from. */
const data = /^spec\/vectors\/.*\.jsonl?$/;

function* filesBelow(path) {
  if (!statSync(join(root, path)).isDirectory()) yield path;
  else for (const name of readdirSync(join(root, path)).sort()) yield* filesBelow(`${path}/${name}`);
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const top of ['lib', 'spec', 'tools', 'proto', 'tsconfig.json', 'package.json'])
    for (const path of existsSync(join(root, top)) ? filesBelow(top) : [])
      if (code.test(path) && !data.test(path)) hash.update(`${path}\0`).update(readFileSync(join(root, path)));
  return hash.digest('hex');
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

/** Taken before the compiler reads: a source saved while it runs leaves the stamp stale. */
const made = fingerprint();
const fresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === made;
if (!(process.argv.includes('--if-stale') && fresh)) {
  try {
    execFileSync(process.execPath, [join(root, 'node_modules/@typescript/native/bin/tsc'), '-p', root], {
      stdio: 'inherit',
    });
  } catch {
    process.exit(1);
  }
  prune();
  await bundle(root);
  writeFileSync(stamp, made);
}
