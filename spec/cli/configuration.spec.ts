// --config and --kernel: names, files, and what is wrong with the wrong ones.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { configurationOf } from '../../lib/cli/configuration.js';
import { UsageError } from '../../lib/cli/usage_error.js';

describe('cli configuration', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'tcbox-config-'))));
  after(() => {
    rmSync(folder, { recursive: true });
  });

  function file(text: string): string {
    const path = join(folder, 'config.json');
    writeFileSync(path, text);
    return path;
  }

  it('is full, at the newest kernel, when nothing is said', () => {
    expect(configurationOf({}).config.name).to.equal('full');
    expect(configurationOf({}).version).to.equal('v6.18');
  });

  it('takes built-in names, with the version that belongs to them', () => {
    expect(configurationOf({ config: 'rec-6.1-uml' }).version).to.equal('v6.1');
    expect(configurationOf({ config: 'rec-6.1-uml', kernel: 'v6.18' }).version).to.equal('v6.18');
    expect(configurationOf({ kernel: '6.1' }).version).to.equal('v6.1');
  });

  it('takes a JSON file that names a built-in one, with a few changes', () => {
    const { config } = configurationOf({ config: file('{"config": "rec-6.18", "cpus": 4}') });
    expect(config).to.include({ name: 'rec-6.18', cpus: 4, HZ: 250 });
  });

  it('takes the description of a recorded kernel by its name', () => {
    const text = '{"name": "rec-6.18", "cpus": 2, "kinds_present": {}, "config": {"CONFIG_BPF": "y"}}';
    expect(configurationOf({ config: file(text) }).config.name).to.equal('rec-6.18');
  });

  it('refuses everything else as a usage error', () => {
    expect(() => configurationOf({ kernel: 'v9' })).to.throw(UsageError, /v4\.1/);
    expect(() => configurationOf({ config: '/nowhere' })).to.throw(UsageError, /full, rec-6\.18/);
    expect(() => configurationOf({ config: 'constructor' })).to.throw(UsageError);
    for (const text of [
      '',
      '3',
      'null',
      '{}',
      '{"config": "x"}',
      '{"config": "full", "cpu": 2}',
      '{"config": "full", "HZ": 0}',
    ])
      expect(() => configurationOf({ config: file(text) }), text).to.throw(UsageError);
  });
});
