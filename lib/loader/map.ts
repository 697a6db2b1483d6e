// A map that an object defines, whichever way: variables of section .maps described by BTF, records of section maps as
// iproute2 and early libbpf read them, or the global data of the program. What the kernel is asked for has the kernel's
// names.

/** A value that the object wants in a map of maps or of programs before anything runs. */
export type MapSlot =
  { readonly index: number; readonly map: number } | { readonly index: number; readonly program: number };

/**
 * Where a map wants to be pinned: by its name in the loader's folder (libbpf), in iproute2's folder for this object or for
 * all, or as /etc/iproute2/bpf_pinning says for a number.
 */
export type Pinning = 'none' | 'by-name' | 'object' | 'global' | number;

/** What MAP_CREATE gets. */
export interface MapShape {
  readonly type: number;
  readonly key_size: number;
  readonly value_size: number;
  readonly max_entries: number;
  readonly map_flags: number;
  readonly numa_node: number;
  readonly map_extra: number;
  readonly btf_key_type_id: number;
  readonly btf_value_type_id: number;
}

export interface MapDefinition extends MapShape {
  readonly name: string;
  readonly origin: 'btf' | 'legacy' | 'data' | 'rodata' | 'bss';
  /** The section it is in, and where in it. */
  readonly section: number;
  readonly offset: number;
  readonly pinning: Pinning;
  /** Shape of the maps in a map of maps, */
  readonly inner: MapShape | undefined;
  /** or which other map has it (iproute2). */
  readonly innerMap: number | undefined;
  readonly slots: readonly MapSlot[];
  /** Contents of its only value at first, when they are not zeros. */
  readonly data: Uint8Array | undefined;
  /** No program and no one else may write it after that. */
  readonly freeze: boolean;
}

export const noShape: MapShape = {
  type: 0,
  key_size: 0,
  value_size: 0,
  max_entries: 0,
  map_flags: 0,
  numa_node: 0,
  map_extra: 0,
  btf_key_type_id: 0,
  btf_value_type_id: 0,
};
