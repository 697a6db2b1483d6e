// Makes dist/bin: the command line as one CommonJS file (tcbox.bundle.cjs), V8's code cache of it (tcbox.cache), the
// same for `tcbox exec` and `tcbox run` alone, and the launcher (tcbox.cjs) that starts a bundle through its cache. Starting
// a hundred modules costs ten times what node itself costs; one file with a warm cache costs little. Nothing here is written
// again when tcbox runs: a node of another version rejects the cache and compiles the bundle as usual. The names in a bundle
// are short, so the launcher tells where an error was by its map.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const launcher = `#!/usr/bin/env node
'use strict';
const { readFileSync } = require('node:fs');
const { Script } = require('node:vm');
function load(name) {
  const filename = __dirname + '/' + name + '.bundle.cjs';
  let cachedData;
  try {
    cachedData = readFileSync(__dirname + '/' + name + '.cache');
  } catch {}
  const script = new Script(readFileSync(filename, 'latin1'), { filename, cachedData });
  const bundle = { exports: {} };
  script.runInThisContext()(bundle.exports, require, bundle, filename, __dirname);
  return { script, main: bundle.exports.main };
}
/** The text of an error; places in a bundle become places in the sources. */
function readable(error) {
  const { SourceMap } = require('node:module');
  const maps = {};
  const text = require('node:util').inspect(error).replaceAll(__dirname + '/', '');
  return text.replace(/(\\w+\\.bundle\\.cjs):(\\d+):(\\d+)/g, (place, bundle, line, column) => {
    maps[bundle] ??= new SourceMap(JSON.parse(readFileSync(__dirname + '/' + bundle + '.map', 'utf8')));
    const { originalSource, originalLine, originalColumn } = maps[bundle].findEntry(line - 1, column - 1);
    if (originalSource === undefined) return place;
    return originalSource.replace(/^(\\.\\.\\/)+/, '') + ':' + (originalLine + 1) + ':' + (originalColumn + 1);
  });
}
async function main(argv) {
  const code = argv[0] === 'exec' || argv[0] === 'run' ? await load(argv[0]).main(argv) : undefined;
  return code ?? load('tcbox').main(argv);
}
module.exports = { load };
if (require.main === module) {
  main(process.argv.slice(2)).then(
    (code) => process.exit(code),
    (error) => {
      console.error(readable(error));
      process.exit(125);
    },
  );
}
`;

/** The bundles by name: the module each begins with, and the command that warms it up. */
const bundles = {
  tcbox: { entry: 'main.js', command: ['run', '--', 'true'] },
  run: { entry: 'run_main.js', command: ['run', '--', 'true'] },
  // Reaches everything of `exec` but a box.
  exec: { entry: 'exec_main.js', command: ['exec', 'nobody', '--', 'true'] },
};

/** Resolves koffi to tools/build/koffi.cjs, and what that one requires to the package. */
function nativeKoffi(build) {
  const path = join(import.meta.dirname, 'koffi.cjs');
  build.onResolve({ filter: /^koffi$/ }, ({ importer }) =>
    importer === path ? { path: 'koffi', external: true } : { path },
  );
}

/** Bundles lib/cli/main.ts as compiled under dist/. Does nothing as long as there is no such file. */
export async function bundle(root) {
  if (!existsSync(join(root, 'dist/lib/cli/main.js'))) return;
  const bin = join(root, 'dist/bin');
  mkdirSync(bin, { recursive: true });
  replace(join(bin, 'tcbox.cjs'), launcher);
  chmodSync(join(bin, 'tcbox.cjs'), 0o755);
  for (const [name, { entry, command }] of Object.entries(bundles)) {
    await bundleOne(join(root, 'dist/lib/cli', entry), join(bin, `${name}.bundle.cjs`));
    rmSync(join(bin, `${name}.cache`), { force: true });
    warm(root, name, command);
  }
}

async function bundleOne(entry, outfile) {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    external: ['@koromix/*'],
    plugins: [{ name: 'koffi', setup: nativeKoffi }],
    define: { 'import.meta.url': '__bundle.url', __tcboxVersion: JSON.stringify(version) },
    // Reading it is part of every start: one byte a character, and as few of them as can be.
    charset: 'ascii',
    minify: true,
    sourcemap: 'external',
    sourcesContent: false,
    banner: {
      js: `(function (exports, require, module, __filename, __dirname) {
const __bundle = { get url() { return require('node:url').pathToFileURL(__filename).href; } };`,
    },
    footer: { js: '})' },
    logLevel: 'warning',
  });
}

/** Writes the code cache in a process that has just done the main job, so that the functions of that path are in it. */
function warm(root, name, command) {
  const args = [join(root, 'tools/build/warm.cjs'), join(root, 'dist/bin'), name, ...command];
  const { status, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });
  if (status !== 0) console.error(`no code cache (tcbox works, but starts slower): ${stderr.trim()}`);
}

function replace(path, text) {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}
