// What transcripts need beside the model: the folder of files they work in, and client programs that are no part of a
// distribution, built here from their sources when a compiler is there.
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { hasProgram } from '../programs.js';
import type { Transcript } from './record.js';

/** The folder of the recordings' own clients, seen from the project. */
const besideTheProject = resolve(import.meta.dirname, '../../../../../shared/programs/clients');

/** Names at places where a shell looks for a command, as far as a pattern can tell. */
const commandWords = /(?:^|[\s;&|(])((?:\/\S+\/)?[a-z][\w.-]*)(?=\s|$|[;&|)])/g;

/** Programs worth asking for; all others belong to any Linux. */
const asked =
  /^(ip|tc|bpftool|tcpdump|ethtool|ping|mount|nl-[a-z0-9-]+|gonl|goeb|craw|crawst|craw32|\/usr\/bin\/python3)$/;

/** Sources of the clients and how they are built; Debian's Go packages are found through GOPATH. */
const recipes: Readonly<Record<string, readonly [source: string, tool: string, ...args: string[]]>> = {
  gonl: ['go/nl/main.go', 'go', 'build'],
  goeb: ['go/eb/main.go', 'go', 'build'],
  craw: ['c/raw.c', 'gcc', '-O1'],
  crawst: ['c/raw.c', 'gcc', '-O1', '-static'],
  craw32: ['c/raw.c', 'gcc', '-O1', '-m32'],
};

export class Programs {
  readonly #sources: string;
  #made: string | undefined;
  readonly #built = new Map<string, boolean>();

  constructor(sources = besideTheProject) {
    this.#sources = sources;
  }

  /** A folder of this run, made when it is first needed. */
  get #root(): string {
    if (this.#made === undefined) {
      this.#made = mkdtempSync(join(tmpdir(), 'agree-'));
      mkdirSync(join(this.#made, 'bin'));
    }
    return this.#made;
  }

  /** The folder of the built clients. */
  get bin(): string {
    return join(this.#root, 'bin');
  }

  /** A fresh pair of folders: home, and one ending in /work with the recordings' files. */
  workspace(): { cwd: string; home: string; remove: () => void } {
    const root = mkdtempSync(join(this.#root, 'case-'));
    const [cwd, home] = [join(root, 'work'), join(root, 'home')];
    mkdirSync(cwd);
    mkdirSync(home);
    this.#copy('fix', cwd, () => true);
    this.#copy('py', cwd, (name) => name.endsWith('.py'));
    return {
      cwd,
      home,
      remove: () => {
        rmSync(root, { recursive: true, force: true });
      },
    };
  }

  #copy(folder: string, to: string, wanted: (name: string) => boolean): void {
    const from = join(this.#sources, folder);
    if (!existsSync(from)) return;
    for (const entry of readdirSync(from, { withFileTypes: true }))
      if (entry.isFile() && wanted(entry.name)) copyFileSync(join(from, entry.name), join(to, entry.name));
  }

  /** What the commands need and this computer lacks. */
  missing({ commands, links }: Transcript, path: string): string | undefined {
    const words = commands.flatMap(({ cmd }) => [...cmd.matchAll(commandWords)].map((match) => match[1]!));
    const program = [...new Set(words)].filter((w) => asked.test(w)).find((w) => !this.#has(w, path));
    if (program !== undefined) return program;
    const module = commands.some(({ cmd }) => /\bpr2\w*\.py\b/.test(cmd)) ? 'pyroute2' : undefined;
    if (module !== undefined && !hasModule(module)) return `the Python module ${module}`;
    const link = links.find((l) => !existsSync(l));
    return link === undefined ? undefined : `the link ${link}`;
  }

  #has(program: string, path: string): boolean {
    if (program in recipes) return this.#build(program);
    return program.startsWith('/') ? existsSync(program) : hasProgram(program, path);
  }

  #build(name: string): boolean {
    let done = this.#built.get(name);
    if (done === undefined) this.#built.set(name, (done = this.#compile(name)));
    return done;
  }

  #compile(name: string): boolean {
    const [source, tool, ...args] = recipes[name]!;
    const file = join(this.#sources, source);
    if (!existsSync(file) || !hasProgram(tool)) return false;
    const cache = join(this.#root, 'cache');
    const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: cache, GOFLAGS: '' };
    const ended = spawnSync(tool, [...args, '-o', join(this.bin, name), file], { env, stdio: 'ignore' });
    return ended.status === 0;
  }

  close(): void {
    if (this.#made !== undefined) rmSync(this.#made, { recursive: true, force: true });
    this.#made = undefined;
  }
}

function hasModule(module: string): boolean {
  return spawnSync('/usr/bin/python3', ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0;
}
