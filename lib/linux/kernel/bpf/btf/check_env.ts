// kernel/bpf/btf.c struct btf_verifier_env: the work of checking one BTF: its types, the log, and where the depth-first walk
// over types that refer to others stands (resolve.ts). The log shows each type as it is first seen; an error is a text
// behind the type it was found in.
import * as K from '../../../../uapi/linux/btf.js';
import { E2BIG, EEXIST } from '../../../../uapi/asm-generic/errno.js';
import { errno } from '../../../errno.js';
import { logDetails } from './log_details.js';
import { type BtfMember, BtfTypeInfo } from './type_info.js';

/** Where the log goes; kernel/bpf/log.ts has one. */
export interface BtfLog {
  readonly needed: boolean;
  write(text: string): void;
}

export const MAX_RESOLVE_DEPTH = 32;

const NOT_VISITED = 0;
const VISITED = 1;
const RESOLVED = 2;

/** What the walk follows: anything, until the first pointer or struct decides. */
export type ResolveMode = 'any' | 'pointer' | 'struct-or-array';

export interface Vertex {
  readonly id: number;
  nextMember: number;
}

export class BtfCheckEnv {
  readonly types: BtfTypeInfo;
  readonly log: BtfLog;
  /** The type that messages name. */
  logTypeId = 1;
  /** Whether types are looked at one by one, or already as they hang together. */
  phase: 'meta' | 'type' = 'meta';
  resolveMode: ResolveMode = 'any';
  readonly stack: Vertex[] = [];
  #visits = new Uint8Array(0);

  constructor(data: Uint8Array, log: BtfLog) {
    this.types = new BtfTypeInfo(data);
    this.log = log;
  }

  /** Begins the second phase. @models kernel/bpf/btf.c env_resolve_init() */
  startTypes(): void {
    const { nrTypes } = this.types;
    this.types.resolvedIds = new Uint32Array(nrTypes);
    this.types.resolvedSizes = new Uint32Array(nrTypes);
    this.#visits = new Uint8Array(nrTypes);
    this.phase = 'type';
  }

  /** Logs a text and refuses with `number`. */
  fail(number: number, text: string): never {
    if (this.log.needed) this.log.write(text);
    throw errno(number);
  }

  /** Logs a type, with a text behind it. @models kernel/bpf/btf.c __btf_verifier_log_type() */
  logType(id: number, text = '', details = true): void {
    if (!this.log.needed) return;
    const { types } = this;
    const kind = K.btfKind(types.kindOf(id)).replace('BTF_KIND_', '');
    const head = `[${this.logTypeId}] ${kind} ${types.shownName(types.nameOffOf(id))}${details ? ' ' : ''}`;
    this.log.write(`${head}${details ? logDetails(types, id) : ''}${text === '' ? '' : ` ${text}`}\n`);
  }

  failType(number: number, id: number, text: string): never {
    this.logType(id, text);
    throw errno(number);
  }

  /** The same without what the kind would show, for it may not be there. */
  failBasic(number: number, id: number, text: string): never {
    this.logType(id, text, false);
    throw errno(number);
  }

  /** @models kernel/bpf/btf.c btf_verifier_log_member() */
  logMember(id: number, member: BtfMember, text = ''): void {
    if (!this.log.needed) return;
    if (this.phase !== 'meta') this.logType(id);
    const { types } = this;
    const place = types.kflagOf(id)
      ? `bitfield_size=${member.bitfieldSize} bits_offset=${member.bitOffset}`
      : `bits_offset=${member.offset}`;
    const shown = `\t${types.shownName(member.nameOff)} type_id=${member.type} ${place}`;
    this.log.write(`${shown}${text === '' ? '' : ` ${text}`}\n`);
  }

  failMember(number: number, id: number, member: BtfMember, text: string): never {
    this.logMember(id, member, text);
    throw errno(number);
  }

  isResolved(id: number): boolean {
    return this.#visits[id] === RESOLVED;
  }

  /** Whether the walk need not go into a type. @models kernel/bpf/btf.c env_type_is_resolve_sink() */
  isSink(id: number): boolean {
    const { types } = this;
    if (this.resolveMode === 'any') return !needsResolve(types, id);
    if (types.isModifier(id)) return false;
    const kind = types.kindOf(id);
    return this.resolveMode === 'pointer' ? kind !== K.BTF_KIND_PTR : kind !== K.BTF_KIND_ARRAY && !types.isStruct(id);
  }

  /** Whether the walk has to go into a type first. */
  mustVisit(id: number): boolean {
    return !this.isSink(id) && !this.isResolved(id);
  }

  /** Goes into a type. Refuses (E2BIG, EEXIST) at the greatest depth and at a loop. @models kernel/bpf/btf.c env_stack_push() */
  push(id: number): void {
    if (this.stack.length === MAX_RESOLVE_DEPTH) throw errno(E2BIG);
    if (this.#visits[id] !== NOT_VISITED) throw errno(EEXIST);
    this.#visits[id] = VISITED;
    this.stack.push({ id, nextMember: 0 });
    if (this.resolveMode !== 'any') return;
    const kind = this.types.kindOf(id);
    if (kind === K.BTF_KIND_PTR) this.resolveMode = 'pointer';
    else if (kind === K.BTF_KIND_ARRAY || this.types.isStruct(id)) this.resolveMode = 'struct-or-array';
  }

  /** The type on top is done. @models kernel/bpf/btf.c env_stack_pop_resolved() */
  popResolved(resolvedId: number, size: number): void {
    const { id } = this.stack.pop()!;
    this.types.resolvedIds[id] = resolvedId;
    this.types.resolvedSizes[id] = size;
    this.#visits[id] = RESOLVED;
  }
}

/** Whether a type refers to others that have to be good. @models kernel/bpf/btf.c btf_type_needs_resolve() */
export function needsResolve(types: BtfTypeInfo, id: number): boolean {
  const kind = types.kindOf(id);
  if (types.isModifier(id) || types.isStruct(id) || types.isSourceOnly(id)) return true;
  return kind === K.BTF_KIND_PTR || kind === K.BTF_KIND_ARRAY || kind === K.BTF_KIND_FUNC;
}
