// Run by bundle.mjs in a process of its own: starts a bundle as the launcher would, runs one command, and writes V8's
// code cache of everything compiled by then. A machine that cannot run a box still gets a cache.
'use strict';
const { mkdtempSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const [bin, name, ...command] = process.argv.slice(2);
const { script, main } = require(join(bin, 'tcbox.cjs')).load(name);
// Boxes of the user are none of the build's business.
const folder = mkdtempSync(join(tmpdir(), 'tcbox-warm-'));
process.env.XDG_RUNTIME_DIR = folder;

function save() {
  rmSync(folder, { recursive: true });
  const path = join(bin, `${name}.cache`);
  writeFileSync(`${path}.tmp`, script.createCachedData());
  renameSync(`${path}.tmp`, path);
  process.exit(0);
}

setTimeout(save, 10_000).unref();
main(command).then(save, save);
