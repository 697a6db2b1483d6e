// Makes dist/bin: the command line as one CommonJS file (tcbox.bundle.cjs), V8's code cache of it (tcbox.cache), and
// the launcher (tcbox.cjs) that starts the bundle through the cache. Starting a hundred modules costs ten times what
// node itself costs; one file with a warm cache costs little. Nothing here is written again when tcbox runs: a
// node of another version rejects the cache and compiles the bundle as usual.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const launcher = `#!/usr/bin/env node
'use strict';
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
const filename = __dirname + '/tcbox.bundle.cjs';
let cachedData;
try {
  cachedData = readFileSync(__dirname + '/tcbox.cache');
} catch {}
const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
const bundle = { exports: {} };
script.runInThisContext()(bundle.exports, require, bundle, filename, __dirname);
module.exports = { script, main: bundle.exports.main };
if (require.main === module) {
  bundle.exports.main(process.argv.slice(2)).then(
    (code) => process.exit(code),
    (error) => {
      console.error(error);
      process.exit(125);
    },
  );
}
`;

/** Resolves koffi to tools/build/koffi.cjs, and what that one requires to the package. */
function nativeKoffi(build) {
  const path = join(import.meta.dirname, 'koffi.cjs');
  build.onResolve({ filter: /^koffi$/ }, ({ importer }) =>
    importer === path ? { path: 'koffi', external: true } : { path },
  );
}

/** Bundles lib/cli/main.ts as compiled under dist/. Does nothing as long as there is no such file. */
export async function bundle(root) {
  const entry = join(root, 'dist/lib/cli/main.js');
  if (!existsSync(entry)) return;
  const bin = join(root, 'dist/bin');
  mkdirSync(bin, { recursive: true });
  await build({
    entryPoints: [entry],
    outfile: join(bin, 'tcbox.bundle.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['@koromix/*'],
    plugins: [{ name: 'koffi', setup: nativeKoffi }],
    define: { 'import.meta.url': '__bundleUrl' },
    // One byte a character, and as few of them as keep a stack trace readable: reading it is part of every start.
    charset: 'ascii',
    minifyWhitespace: true,
    banner: {
      js: `(function (exports, require, module, __filename, __dirname) {
const __bundleUrl = require('node:url').pathToFileURL(__filename).href;`,
    },
    footer: { js: '})' },
    logLevel: 'warning',
  });
  rmSync(join(bin, 'tcbox.cache'), { force: true });
  replace(join(bin, 'tcbox.cjs'), launcher);
  chmodSync(join(bin, 'tcbox.cjs'), 0o755);
  warm(root);
}

/** Writes the code cache in a process that has just done the main job, so that the functions of that path are in it. */
function warm(root) {
  const { status, stderr } = spawnSync(process.execPath, [join(root, 'tools/build/warm.cjs'), join(root, 'dist/bin')], {
    encoding: 'utf8',
    timeout: 20_000,
  });
  if (status !== 0) console.error(`no code cache (tcbox works, but starts slower): ${stderr.trim()}`);
}

function replace(path, text) {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}
