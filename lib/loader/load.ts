// Loads a linked object the way libbpf 1.1 does: BTF, each map with its contents, maps into maps, each program with the
// fds of its maps written into its instructions, and last the arrays of programs. The system call is the caller's: a
// Machine, a real kernel, or a recorder. When a step fails, everything opened so far is closed.
import { Bytes } from '../codec/bytes.js';
import * as B from '../uapi/linux/bpf.js';
import { bpf_map_info } from '../uapi/linux/bpf_attr.js';
import { BPF_INSN_SIZE } from '../uapi/linux/bpf_insn.js';
import type { MapDefinition, MapShape } from './map.js';
import type { LinkedObject, LinkedProgram } from './relocate.js';

/** Fields of union bpf_attr by their names in the kernel; for a pointer, the memory it points to. */
export type BpfFields = Record<string, number | bigint | string | Uint8Array | undefined>;

export interface BpfPort {
  /** bpf(2): an fd or another number, or a negative errno. The kernel may write into the memory it is given. */
  bpf(cmd: number, fields: BpfFields): number;
  close(fd: number): void;
}

export interface LoadOptions {
  /** Length of a perf event array that does not say its own: the number of CPUs. Default 1. */
  readonly cpus?: number;
  /** Whether the kernel takes BTF, and records about instructions. Default true. */
  readonly btf?: boolean;
  /** Whether the kernel has global data; without it, only programs that use none can be loaded. Default true. */
  readonly globalData?: boolean;
  /** Whether the kernel takes names of maps and programs. Default true. */
  readonly names?: boolean;
  /** Keep .rodata with the programs, though they may not use it (PROG_BIND_MAP). Default true. */
  readonly bindRodata?: boolean;
  /** Where a map is pinned: taken from there, or put there when it is new. Default: nowhere, whatever the object says. */
  readonly pinPath?: (map: MapDefinition) => string | undefined;
  /** Told of each program that the kernel refuses; the others are loaded. Default: a refusal ends the loading. */
  readonly onRefused?: (program: LinkedProgram, refusal: LoadError) => void;
  /** log_level of PROG_LOAD. Default 0; a program that is refused is loaded again with level 1 for its log. */
  readonly logLevel?: number;
}

export interface LoadedProgram {
  readonly name: string;
  readonly section: string;
  /** Index in the programs of the opened object. */
  readonly index: number;
  readonly fd: number;
  /** The verifier's log, where one was asked for. */
  readonly log: string;
}

export interface LoadedObject {
  readonly btf: number | undefined;
  /** fds in the order of the object's maps, -1 for global data of a kernel without. */
  readonly maps: readonly number[];
  readonly programs: readonly LoadedProgram[];
  /** What went wrong without harm. */
  readonly warnings: readonly string[];
  /** Closes every fd. */
  close(): void;
}

/** A step the kernel refused, or would refuse. */
export class LoadError extends Error {
  override readonly name = 'LoadError';
  /** Positive. */
  readonly errno: number;
  /** The verifier's log, or that of BTF; empty without one. */
  readonly log: string;

  constructor(what: string, errno: number, log = '') {
    super(what);
    this.errno = errno;
    this.log = log;
  }
}

const answers = (step: string, errno: number, log = ''): LoadError =>
  new LoadError(`${step}: the kernel answers errno ${errno}`, errno, log);

const ENOENT = 2;
const EINVAL = 22;
const ENOSPC = 28;
const firstLog = 1 << 16;
const longestLog = 1 << 24;

/** Kinds of maps that describe neither key nor value. */
const withoutTypes = new Set<number>([
  B.BPF_MAP_TYPE_PERF_EVENT_ARRAY,
  B.BPF_MAP_TYPE_CGROUP_ARRAY,
  B.BPF_MAP_TYPE_STACK_TRACE,
  B.BPF_MAP_TYPE_ARRAY_OF_MAPS,
  B.BPF_MAP_TYPE_HASH_OF_MAPS,
  B.BPF_MAP_TYPE_DEVMAP,
  B.BPF_MAP_TYPE_DEVMAP_HASH,
  B.BPF_MAP_TYPE_CPUMAP,
  B.BPF_MAP_TYPE_XSKMAP,
  B.BPF_MAP_TYPE_SOCKMAP,
  B.BPF_MAP_TYPE_SOCKHASH,
  B.BPF_MAP_TYPE_QUEUE,
  B.BPF_MAP_TYPE_STACK,
]);

/** Loads everything in `object`; throws a LoadError for the step that the kernel refuses. */
export function load(object: LinkedObject, port: BpfPort, options: LoadOptions = {}): LoadedObject {
  const loading = new Loading(object, port, options);
  try {
    return loading.run();
  } catch (error) {
    loading.close();
    throw error;
  }
}

class Loading {
  readonly #object: LinkedObject;
  readonly #port: BpfPort;
  readonly #options: LoadOptions;
  readonly #fds: number[] = [];
  readonly #maps: number[] = [];
  readonly #warnings: string[] = [];
  #btf: number | undefined;

  constructor(object: LinkedObject, port: BpfPort, options: LoadOptions) {
    this.#object = object;
    this.#port = port;
    this.#options = options;
  }

  run(): LoadedObject {
    if (this.#options.btf !== false && this.#object.btf !== undefined) this.#loadBtf(this.#object.btf);
    this.#createMaps();
    const programs = this.#object.programs.flatMap((program) => this.#tryProgram(program));
    this.#fillProgramArrays(programs);
    return {
      btf: this.#btf,
      maps: this.#maps,
      programs,
      warnings: this.#warnings,
      close: () => {
        this.close();
      },
    };
  }

  close(): void {
    for (const fd of this.#fds.splice(0).reverse()) this.#port.close(fd);
  }

  #open(fd: number): number {
    this.#fds.push(fd);
    return fd;
  }

  /** Programs without BTF work as well, so a refusal is no failure. */
  #loadBtf(btf: Uint8Array): void {
    const fields = { btf, btf_size: btf.length };
    let fd = this.#port.bpf(B.BPF_BTF_LOAD, fields);
    if (fd >= 0) this.#btf = this.#open(fd);
    else {
      const log = new Uint8Array(firstLog);
      const logged = { ...fields, btf_log_buf: log, btf_log_size: log.length, btf_log_level: 1 };
      fd = this.#port.bpf(B.BPF_BTF_LOAD, logged);
      if (fd >= 0) this.#btf = this.#open(fd);
      else this.#warnings.push(`BTF is refused (errno ${-fd}), loading goes on without it\n${text(log)}`.trimEnd());
    }
  }

  /** A map of maps whose shape another map gives comes after that map. */
  #createMaps(): void {
    const { maps } = this.#object;
    const order = [...maps.keys()].sort(
      (a, b) => Number(maps[a]!.innerMap !== undefined) - Number(maps[b]!.innerMap !== undefined),
    );
    const later: number[] = [];
    for (const i of order) {
      const map = maps[i]!;
      this.#maps[i] = -1;
      if (this.#options.globalData === false && isData(map)) continue;
      const pinned = this.#pinned(map);
      const fd = pinned ?? this.#createMap(map);
      this.#maps[i] = fd;
      if (pinned !== undefined) continue;
      this.#pin(map, fd);
      if (isData(map)) this.#fill(map, fd);
      if (this.#hasMembers(map)) this.#fillMaps(map, fd);
      else later.push(i);
    }
    for (const i of later) this.#fillMaps(maps[i]!, this.#maps[i]!);
  }

  /** The map that is pinned where this one should be; one of another shape is a refusal. */
  #pinned(map: MapDefinition): number | undefined {
    const pathname = this.#options.pinPath?.(map);
    if (pathname === undefined) return undefined;
    const fd = this.#port.bpf(B.BPF_OBJ_GET, { pathname });
    if (fd === -ENOENT) return undefined;
    if (fd < 0) throw answers(`map '${map.name}', pinned at ${pathname}`, -fd);
    this.#open(fd);
    const info = new Uint8Array(bpf_map_info.size);
    this.#do(B.BPF_OBJ_GET_INFO_BY_FD, { bpf_fd: fd, info_len: info.length, info }, `map '${map.name}' at ${pathname}`);
    const found = bpf_map_info.get(new Bytes(info), 0);
    const { type, key_size, value_size, map_flags } = map;
    const wanted = { type, key_size, value_size, max_entries: this.#entries(map), map_flags };
    for (const [field, value] of Object.entries(wanted))
      if (found[field as keyof typeof wanted] !== value)
        throw new LoadError(`map '${map.name}': that at ${pathname} has another ${field}`, EINVAL);
    return fd;
  }

  #pin(map: MapDefinition, fd: number): void {
    const pathname = this.#options.pinPath?.(map);
    if (pathname !== undefined) this.#do(B.BPF_OBJ_PIN, { pathname, bpf_fd: fd }, `pinning map '${map.name}'`);
  }

  /** Whether all maps that go into this one are there. */
  #hasMembers({ slots }: MapDefinition): boolean {
    return slots.every((slot) => !('map' in slot) || this.#maps[slot.map] !== undefined);
  }

  #createMap(map: MapDefinition): number {
    const inner = map.inner === undefined ? undefined : this.#create(`${map.name}.inner`, map.inner, {});
    const template = inner ?? (map.innerMap === undefined ? undefined : this.#maps[map.innerMap]);
    try {
      return this.#open(this.#create(map.name, map, template === undefined ? {} : { inner_map_fd: template }));
    } finally {
      if (inner !== undefined) this.#port.close(inner);
    }
  }

  /** With types first, and without them when that is refused. */
  #create(name: string, shape: MapShape, more: BpfFields): number {
    const fields: BpfFields = {
      map_type: shape.type,
      key_size: shape.key_size,
      value_size: shape.value_size,
      max_entries: this.#entries(shape),
      map_flags: shape.map_flags,
      numa_node: shape.numa_node,
      map_extra: shape.map_extra,
      ...more,
    };
    if (this.#options.names !== false) fields['map_name'] = kernelName(name);
    const { btf_key_type_id, btf_value_type_id } = shape;
    const types = this.#btf === undefined || withoutTypes.has(shape.type) ? {} : { btf_fd: this.#btf };
    let fd = this.#port.bpf(
      B.BPF_MAP_CREATE,
      'btf_fd' in types ? { ...fields, ...types, btf_key_type_id, btf_value_type_id } : fields,
    );
    if (fd < 0 && 'btf_fd' in types && (btf_key_type_id !== 0 || btf_value_type_id !== 0))
      fd = this.#port.bpf(B.BPF_MAP_CREATE, fields);
    if (fd < 0) throw answers(`map '${name}'`, -fd);
    return fd;
  }

  #entries({ type, max_entries: count }: MapShape): number {
    if (type === B.BPF_MAP_TYPE_PERF_EVENT_ARRAY && count === 0) return this.#options.cpus ?? 1;
    const isRing = type === B.BPF_MAP_TYPE_RINGBUF || type === B.BPF_MAP_TYPE_USER_RINGBUF;
    return isRing ? ringSize(count) : count;
  }

  /** Global data; .bss is zeros already, but libbpf writes it, too. */
  #fill(map: MapDefinition, fd: number): void {
    const step = `contents of map '${map.name}'`;
    if (map.data !== undefined) this.#update(fd, 0, map.data, step);
    else if (map.value_size <= longestLog) this.#update(fd, 0, new Uint8Array(map.value_size), step);
    if (map.freeze) this.#do(B.BPF_MAP_FREEZE, { map_fd: fd }, `freezing map '${map.name}'`);
  }

  #fillMaps(map: MapDefinition, fd: number): void {
    for (const slot of map.slots)
      if ('map' in slot) this.#update(fd, slot.index, word(this.#maps[slot.map]!), `map '${map.name}' [${slot.index}]`);
  }

  #fillProgramArrays(programs: readonly LoadedProgram[]): void {
    const fds = new Map(programs.map(({ index, fd }) => [index, fd]));
    for (const [i, map] of this.#object.maps.entries())
      for (const slot of map.slots) {
        const fd = 'program' in slot ? fds.get(slot.program) : undefined;
        if (fd !== undefined) this.#update(this.#maps[i]!, slot.index, word(fd), `map '${map.name}' [${slot.index}]`);
      }
  }

  #update(map_fd: number, key: number, value: Uint8Array, step: string): void {
    this.#do(B.BPF_MAP_UPDATE_ELEM, { map_fd, key: word(key), value, flags: B.BPF_ANY }, step);
  }

  #do(cmd: number, fields: BpfFields, step: string): void {
    const result = this.#port.bpf(cmd, fields);
    if (result < 0) throw answers(step, -result);
  }

  #tryProgram(program: LinkedProgram): LoadedProgram[] {
    try {
      return [this.#loadProgram(program)];
    } catch (error) {
      if (!(error instanceof LoadError) || this.#options.onRefused === undefined) throw error;
      this.#options.onRefused(program, error);
      return [];
    }
  }

  #loadProgram(program: LinkedProgram): LoadedProgram {
    const step = `program '${program.name}'`;
    if (program.prog_type === B.BPF_PROG_TYPE_UNSPEC)
      throw new LoadError(`${step}: the name of section '${program.section}' says no type`, EINVAL);
    const fields = this.#programFields(program);
    const { fd, log } = this.#load(fields);
    if (fd < 0) throw answers(step, -fd, log);
    this.#open(fd);
    if (this.#options.bindRodata !== false) this.#bindRodata(program, fd);
    return { name: program.name, section: program.section, index: program.index, fd, log };
  }

  #programFields(program: LinkedProgram): BpfFields {
    const { func_info: func, line_info: line, prog_type, expected_attach_type, prog_flags } = program;
    const fields: BpfFields = {
      prog_type,
      expected_attach_type,
      prog_flags,
      insns: this.#insns(program),
      insn_cnt: program.insns.length / BPF_INSN_SIZE,
      license: this.#object.license,
      kern_version: this.#object.kern_version,
    };
    if (this.#options.names !== false) fields['prog_name'] = kernelName(program.name);
    if (this.#btf === undefined) return fields;
    fields['prog_btf_fd'] = this.#btf;
    if (func !== undefined)
      Object.assign(fields, { func_info: func.bytes, func_info_cnt: func.count, func_info_rec_size: func.rec_size });
    if (line !== undefined)
      Object.assign(fields, { line_info: line.bytes, line_info_cnt: line.count, line_info_rec_size: line.rec_size });
    return fields;
  }

  #insns({ name, insns, mapReferences }: LinkedProgram): Uint8Array {
    const copy = insns.slice();
    const view = new DataView(copy.buffer);
    for (const { insn, map } of mapReferences) {
      const fd = this.#maps[map]!;
      if (fd < 0) throw new LoadError(`program '${name}' uses global data, which this kernel does not have`, EINVAL);
      view.setInt32(insn * BPF_INSN_SIZE + 4, fd, true);
    }
    return copy;
  }

  #load(fields: BpfFields): { fd: number; log: string } {
    let level = this.#options.logLevel ?? 0;
    for (let size = firstLog; ;) {
      const log = level === 0 ? undefined : new Uint8Array(size);
      const fd = this.#port.bpf(
        B.BPF_PROG_LOAD,
        log === undefined ? fields : { ...fields, log_level: level, log_buf: log, log_size: size },
      );
      if (log !== undefined && (fd !== -ENOSPC || size >= longestLog)) return { fd, log: text(log) };
      if (log === undefined && fd >= 0) return { fd, log: '' };
      if (log === undefined) level = 1;
      else size *= 4;
    }
  }

  #bindRodata({ name }: LinkedProgram, prog_fd: number): void {
    for (const [i, map] of this.#object.maps.entries()) {
      if (map.origin !== 'rodata' || this.#maps[i]! < 0) continue;
      const result = this.#port.bpf(B.BPF_PROG_BIND_MAP, { prog_fd, map_fd: this.#maps[i]! });
      if (result < 0) this.#warnings.push(`program '${name}' does not hold map '${map.name}' (errno ${-result})`);
    }
  }
}

const pageSize = 4096;

/** The kernel wants whole pages, a power of two of them: rounded up, but 0 stays for it to refuse. */
function ringSize(bytes: number): number {
  const pages = bytes / pageSize;
  if (bytes === 0 || (Number.isInteger(pages) && (pages & (pages - 1)) === 0)) return bytes;
  for (let size = pageSize; size <= 0x80000000; size *= 2) if (size > bytes) return size;
  return bytes;
}

const isData = ({ origin }: MapDefinition): boolean => origin !== 'btf' && origin !== 'legacy';

const kernelName = (name: string): string => name.slice(0, B.BPF_OBJ_NAME_LEN - 1);

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}

/** Text up to the first NUL. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  let out = '';
  for (const byte of end < 0 ? bytes : bytes.subarray(0, end)) out += String.fromCharCode(byte);
  return out;
}
