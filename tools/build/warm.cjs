// Run by bundle.mjs in a process of its own: starts the bundle as the launcher would, runs one empty command in a box,
// and writes V8's code cache of everything compiled by then. A machine that cannot run a box still gets a cache.
'use strict';
const { mkdtempSync, renameSync, rmSync, writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');

const bin = process.argv[2];
const { script, main } = require(join(bin, 'tcbox.cjs'));

function save() {
  const path = join(bin, 'tcbox.cache');
  writeFileSync(`${path}.tmp`, script.createCachedData());
  renameSync(`${path}.tmp`, path);
  process.exit(0);
}

setTimeout(save, 10_000).unref();
async function mainJobs() {
  await main(['run', '--', 'true']);
  // Reaches everything of `exec` but a box.
  process.env.XDG_RUNTIME_DIR = mkdtempSync(join(tmpdir(), 'tcbox-warm-'));
  try {
    await main(['exec', 'nobody', '--', 'true']);
  } finally {
    rmSync(process.env.XDG_RUNTIME_DIR, { recursive: true });
  }
}

mainJobs().then(save, save);
