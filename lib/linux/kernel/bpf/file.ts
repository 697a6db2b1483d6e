// The open files that bpf(2) makes: anon inodes of maps, programs, links and BTF. An open file holds its object; close() is
// the last close of the description, wherever dup(), fork() and SCM_RIGHTS have carried it.
import type { Holder } from '../../events.js';
import type { File } from '../../fs/file.js';
import { KObject, type ObjectTable } from '../../object.js';

export const FMODE_READ = 1;
export const FMODE_WRITE = 2;

/** As readlink() of /proc/self/fd/N shows it behind `anon_inode:`. */
export type BpfFileKind = 'bpf-map' | 'bpf-prog' | 'bpf_link' | 'btf';

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
  abstract get openFlags(): number;

  /** The last close. */
  close(): void {
    this.release(this.#opener);
  }
}
