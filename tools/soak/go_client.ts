// Builds the Go client of the storm from client.go, where Go and the library it uses are there: in Debian the packages
// golang-go and golang-github-vishvananda-netlink-dev.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const source = join(import.meta.dirname, '../../../tools/soak/client.go');
const gopath = '/usr/share/gocode';
const library = 'github.com/vishvananda/netlink';

export interface GoClient {
  readonly path: string;
  remove(): void;
}

/** The program in a folder of its own, or the reason why there is none. */
export function buildGoClient(): GoClient | string {
  if (spawnSync('go', ['version']).status !== 0) return 'needs go';
  if (!existsSync(join(gopath, 'src', library))) return `needs ${library} in ${gopath}`;
  const folder = mkdtempSync(join(tmpdir(), 'tcbox-go-'));
  const remove = (): void => {
    rmSync(folder, { recursive: true });
  };
  const path = join(folder, 'client');
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: gopath, GOFLAGS: '', GOCACHE: join(folder, 'cache') };
  const { status, stderr } = spawnSync('go', ['build', '-o', path, source], { env, encoding: 'utf8' });
  if (status === 0) return { path, remove };
  remove();
  return `go build: ${stderr}`;
}
