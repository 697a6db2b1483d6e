// The open files that bpf(2) makes: anon inodes of maps, programs, links and BTF. An open file holds its object; close() is
// the last close of the description, wherever dup(), fork() and SCM_RIGHTS have carried it. The caller of bpf(2) puts a new
// file into its table with O_CLOEXEC.
import { toHex } from '../../../codec/bytes.js';
import type { Holder } from '../../events.js';
import type { File } from '../../fs/file.js';
import { KObject, type ObjectTable } from '../../object.js';
import type { Btf } from './btf/btf.js';
import type { BpfLink } from './link.js';
import type { BpfMap } from './map.js';
import type { BpfProg } from './prog.js';

export const FMODE_READ = 1;
export const FMODE_WRITE = 2;

const O_WRONLY = 1;
const O_RDWR = 2;
const O_CLOEXEC = 0o2000000;

/** As readlink() of /proc/self/fd/N shows it behind `anon_inode:`. */
export type BpfFileKind = 'bpf-map' | 'bpf-prog' | 'bpf_link' | 'bpf-link' | 'btf' | 'bpf-stats';

export abstract class BpfFile extends KObject implements File {
  abstract readonly kind: BpfFileKind;
  /** FMODE_* */
  readonly mode: number;
  readonly #opener: Holder;

  /** `opener` (the task) holds the file until close(). */
  constructor(table: ObjectTable, mode: number, opener: Holder) {
    super(table, opener);
    this.mode = mode;
    this.#opener = opener;
  }

  get label(): string {
    return `open file ${this.kind}`;
  }

  /** What /proc/PID/fdinfo/N shows behind pos, flags, mnt_id and ino; lines end with newline. */
  abstract showFdinfo(): string;

  /** Flags that fdinfo shows, O_* as in open(2). */
  get openFlags(): number {
    const access = (this.mode & FMODE_WRITE) === 0 ? 0 : (this.mode & FMODE_READ) === 0 ? O_WRONLY : O_RDWR;
    return access | O_CLOEXEC;
  }

  /** The last close. */
  close(): void {
    this.release(this.#opener);
  }
}

/** `name:` tab `value` newline, for each. */
function lines(shown: Readonly<Record<string, string | number>>): string {
  return Object.entries(shown).reduce((text, [name, value]) => `${text}${name}:\t${value}\n`, '');
}

/** A number as fdinfo shows flags. */
const hex = (value: number): string => `0x${value.toString(16)}`;

export class MapFile extends BpfFile {
  readonly kind = 'bpf-map';
  readonly map: BpfMap;

  constructor(map: BpfMap, mode: number, opener: Holder) {
    super(map.machine, mode, opener);
    this.map = map.holdWithUref(this);
  }

  override get label(): string {
    return `open file of ${this.map.label}`;
  }

  /** FMODE_* that bpf(2) goes by. @models kernel/bpf/syscall.c map_get_sys_perms() */
  get sysPerms(): number {
    return this.map.frozen ? this.mode & ~FMODE_WRITE : this.mode;
  }

  /** @models kernel/bpf/syscall.c bpf_map_show_fdinfo() */
  showFdinfo(): string {
    const { map } = this;
    const extra = map.mapExtraHigh * 0x100000000 + map.mapExtraLow;
    const common = lines({
      map_type: map.mapType,
      key_size: map.keySize,
      value_size: map.valueSize,
      max_entries: map.maxEntries,
      map_flags: hex(map.mapFlags),
      map_extra: hex(extra),
      memlock: map.memUsage(),
      map_id: map.id,
      frozen: map.frozen ? 1 : 0,
    });
    return common + map.fdinfoExtra();
  }

  protected destroy(): void {
    this.map.releaseWithUref(this);
  }
}

export class ProgFile extends BpfFile {
  readonly kind = 'bpf-prog';
  readonly prog: BpfProg;

  constructor(prog: BpfProg, opener: Holder) {
    super(prog.machine, FMODE_READ | FMODE_WRITE, opener);
    this.prog = prog.hold(this);
  }

  override get label(): string {
    return `open file of ${this.prog.label}`;
  }

  /** @models kernel/bpf/syscall.c bpf_prog_show_fdinfo() */
  showFdinfo(): string {
    const { prog } = this;
    return lines({
      prog_type: prog.type,
      prog_jited: 1,
      prog_tag: toHex(prog.tag),
      memlock: prog.memlock,
      prog_id: prog.id,
      run_time_ns: prog.runTime,
      run_cnt: prog.runCount,
      recursion_misses: 0,
      verified_insns: prog.verifiedInsns,
    });
  }

  protected destroy(): void {
    this.prog.release(this);
  }
}

export class LinkFile extends BpfFile {
  readonly kind: 'bpf_link' | 'bpf-link';
  readonly link: BpfLink;

  /** `kind`: a file made with the link and one made later have names of their own. */
  constructor(link: BpfLink, opener: Holder, kind: 'bpf_link' | 'bpf-link' = 'bpf_link') {
    super(link.machine, FMODE_READ, opener);
    this.kind = kind;
    this.link = link.hold(this);
  }

  override get label(): string {
    return `open file of ${this.link.label}`;
  }

  /** @models kernel/bpf/syscall.c bpf_link_show_fdinfo() */
  showFdinfo(): string {
    const { link } = this;
    const { prog } = link;
    const common = lines({ link_type: link.typeName, link_id: link.id, prog_tag: toHex(prog.tag), prog_id: prog.id });
    return common + link.showFdinfo();
  }

  protected destroy(): void {
    this.link.release(this);
  }
}

export class BtfFile extends BpfFile {
  readonly kind = 'btf';
  readonly btf: Btf;

  constructor(btf: Btf, opener: Holder) {
    super(btf.machine, FMODE_READ, opener);
    this.btf = btf;
    btf.hold(this);
  }

  override get label(): string {
    return `open file of ${this.btf.label}`;
  }

  /** @models kernel/bpf/btf.c bpf_btf_show_fdinfo() */
  showFdinfo(): string {
    return lines({ btf_id: this.btf.id });
  }

  protected destroy(): void {
    this.btf.release(this);
  }
}

/** BPF_ENABLE_STATS: while it is open, runs of programs are counted. */
export class StatsFile extends BpfFile {
  readonly kind = 'bpf-stats';
  readonly #onRelease: () => void;

  constructor(table: ObjectTable, opener: Holder, onRelease: () => void) {
    super(table, FMODE_READ, opener);
    this.#onRelease = onRelease;
  }

  showFdinfo(): string {
    return '';
  }

  protected destroy(): void {
    this.#onRelease();
  }
}
