// include/linux/bpf.h struct bpf_map as the verifier sees it: a map, or what the maps in a map of maps look like.
import type { Memory } from '../../../../vm/memory.js';
import type { BtfRecord } from '../btf/record.js';
import type { InnerMapMeta } from '../map_in_map.js';
import type { BpfInsn } from '../verifier_ops.js';

export interface MapView {
  readonly mapType: number;
  readonly keySize: number;
  readonly valueSize: number;
  readonly maxEntries: number;
  readonly mapFlags: number;
  readonly record: BtfRecord | undefined;
  readonly btf: object | undefined;
  readonly genLookup: () => BpfInsn[] | undefined;
  /** A map in a map has none of these. */
  readonly name?: string;
  readonly frozen?: boolean;
  /** Whether its maker may see addresses, so that indexes need no mask. */
  readonly bypassSpecV1?: boolean;
  readonly memory?: Memory;
  readonly innerMapMeta?: InnerMapMeta;
  directValueAddr?(off: number): number;
}
