// kernel/bpf/mprog.c: several programs at one place, in an order that those who attach them choose: before or after one
// that is there, at an end, or in its place. Each change counts as a revision. tcx.ts has one entry a hook of a device.
import * as E from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { bpf_attr_query } from '../../../uapi/linux/bpf_attr.js';
import { errno } from '../../errno.js';
import type { Holder } from '../../events.js';
import type { BpfLink } from './link.js';
import type { BpfProg } from './prog.js';
import type { BpfCall } from './syscall/attr.js';
import { linkGet, progGet } from './syscall/fd.js';

const MPROG_MAX = 64;
/** "No position yet". */
const NOWHERE = -E.ERANGE;

/** struct bpf_tuple: a program, by itself or by a link. */
export interface Tuple {
  readonly prog: BpfProg | undefined;
  readonly link: BpfLink | undefined;
}

interface Item {
  prog: BpfProg;
  readonly link: BpfLink | undefined;
}

/** What a request says about where: flags, the fd or id of a neighbour, and the revision it expects (0 = any). */
export interface MprogPlace {
  readonly flags: number;
  readonly idOrFd: number;
  readonly revision: number;
}

/** struct bpf_mprog_entry: the programs of one place in order. It holds those that came without a link. */
export class MprogEntry implements Holder {
  readonly label: string;
  readonly items: Item[] = [];
  revision = 1;
  /** Who keeps the entry while it is empty. */
  keptFor: unknown;

  constructor(label: string) {
    this.label = label;
  }

  /** Lets go of everything, since the place goes; the links that were there are left without it. */
  clear(): BpfLink[] {
    const links: BpfLink[] = [];
    for (const { prog, link } of this.items.splice(0)) {
      if (link === undefined) prog.release(this);
      else links.push(link);
    }
    return links;
  }
}

const noTuple: Tuple = { prog: undefined, link: undefined };

/** EINVAL for a program of another type; 0 = any. */
function checkType(prog: BpfProg, type: number): BpfProg {
  if (type !== 0 && prog.type !== type) throw errno(E.EINVAL);
  return prog;
}

function relativeLink(call: BpfCall, { flags, idOrFd }: MprogPlace, type: number): Tuple {
  let link: BpfLink | undefined;
  if ((flags & B.BPF_F_ID) !== 0) {
    link = call.machine.bpfIds.links.get(idOrFd);
    if (link === undefined) throw errno(E.ENOENT);
  } else {
    if (idOrFd === 0) throw errno(E.EINVAL);
    link = linkGet(call.task, idOrFd);
  }
  return { link, prog: checkType(link.prog, type) };
}

/** The neighbour that a request names. @models kernel/bpf/mprog.c bpf_mprog_tuple_relative() */
function tupleRelative(call: BpfCall, place: MprogPlace, type: number): Tuple {
  if ((place.flags & B.BPF_F_LINK) !== 0) return relativeLink(call, place, type);
  if ((place.flags & B.BPF_F_ID) !== 0) {
    const prog = call.machine.bpfIds.progs.get(place.idOrFd);
    if (prog === undefined) throw errno(E.ENOENT);
    return { prog: checkType(prog, type), link: undefined };
  }
  if (place.idOrFd === 0) return noTuple;
  return { prog: checkType(progGet(call.task, place.idOrFd), type), link: undefined };
}

/** Position of exactly this tuple. @models kernel/bpf/mprog.c bpf_mprog_pos_exact() */
function posExact(entry: MprogEntry, { prog, link }: Tuple): number {
  const at = entry.items.findIndex((item) => item.prog === prog);
  if (at < 0) throw errno(E.ENOENT);
  if (entry.items[at]!.link !== link) throw errno(E.EBUSY);
  return at;
}

function posOf(entry: MprogEntry, { prog, link }: Tuple): number {
  const at = entry.items.findIndex((item) => item.prog === prog && (link === undefined || item.link === link));
  if (at < 0) throw errno(E.ENOENT);
  return at;
}

/** The positions that the flags ask for must be one. */
function agreed(known: number, found: number): number {
  if (known >= -1 && found !== known) throw errno(E.ERANGE);
  return found;
}

/** Position that BEFORE and AFTER mean; `known` is one that is settled already, or NOWHERE. */
function relativePosition(entry: MprogEntry, near: Tuple, flags: number, known: number): number {
  let at = known;
  if ((flags & B.BPF_F_BEFORE) !== 0) at = agreed(at, near.prog === undefined ? -1 : posOf(entry, near) - 1);
  if ((flags & B.BPF_F_AFTER) !== 0)
    at = agreed(at, near.prog === undefined ? entry.items.length : posOf(entry, near) + 1);
  return at;
}

function checkRevision(entry: MprogEntry, revision: number): void {
  if (revision !== 0 && revision !== entry.revision) throw errno(E.ESTALE);
}

/** The end, for a request that says nothing about where. */
function atEnd(entry: MprogEntry, near: Tuple, flags: number): number {
  if (near.prog !== undefined || flags !== 0) throw errno(E.EINVAL);
  return entry.items.length;
}

/** Puts `tuple` in the place of an item, whose program is let go of unless a link has it. */
function replace(entry: MprogEntry, at: number, prog: BpfProg, link: BpfLink | undefined): void {
  const item = entry.items[at]!;
  const old = item.prog;
  item.prog = prog;
  if (link !== undefined) return;
  prog.hold(entry);
  old.release(entry);
}

/**
 * Attaches `prog`, by itself or by `link`; `old` is what REPLACE means. The entry holds a program that has no link.
 *
 * @models kernel/bpf/mprog.c bpf_mprog_attach()
 */
export function mprogAttach(
  call: BpfCall,
  entry: MprogEntry,
  { prog, link }: { readonly prog: BpfProg; readonly link: BpfLink | undefined },
  old: BpfProg | undefined,
  place: MprogPlace,
): void {
  const { flags } = place;
  checkRevision(entry, place.revision);
  if (entry.items.some((item) => item.prog === prog)) throw errno(E.EEXIST);
  const near = tupleRelative(call, place, prog.type);
  const replaces = (flags & B.BPF_F_REPLACE) !== 0;
  const exact = replaces ? posExact(entry, { prog: old, link }) : NOWHERE;
  if (!replaces && entry.items.length === MPROG_MAX) throw errno(E.ERANGE);
  const found = relativePosition(entry, near, flags, exact);
  const at = found < -1 ? atEnd(entry, near, flags) : found;
  if (at >= MPROG_MAX) throw errno(E.ERANGE);
  if (replaces) replace(entry, at, prog, link);
  else {
    const place = at !== entry.items.length && (flags & B.BPF_F_BEFORE) !== 0 ? at + 1 : at;
    entry.items.splice(place, 0, { prog: link === undefined ? prog.hold(entry) : prog, link });
  }
  entry.revision++;
}

/** Puts another program under a link that is attached. @models kernel/bpf/tcx.c tcx_link_update() */
export function mprogUpdateLink(entry: MprogEntry, link: BpfLink, prog: BpfProg): void {
  if (entry.items.some((item) => item.prog === prog)) throw errno(E.EEXIST);
  replace(entry, posExact(entry, { prog: link.prog, link }), prog, link);
  entry.revision++;
}

/**
 * Takes one off: `tuple`, or what the place says. A link is not taken off but by itself.
 *
 * @models kernel/bpf/mprog.c bpf_mprog_detach()
 */
export function mprogDetach(call: BpfCall, entry: MprogEntry, prog: BpfProg | undefined, place: MprogPlace): void {
  const { flags } = place;
  if ((flags & B.BPF_F_REPLACE) !== 0) throw errno(E.EINVAL);
  checkRevision(entry, place.revision);
  const near = tupleRelative(call, place, prog?.type ?? 0);
  const exact = prog === undefined ? NOWHERE : posExact(entry, { prog, link: undefined });
  const found = relativePosition(entry, near, flags, exact);
  const at = found < -1 ? atEnd(entry, near, flags) : found;
  if (at >= MPROG_MAX) throw errno(E.ERANGE);
  const total = entry.items.length;
  remove(entry, at === -1 ? 0 : at === total ? total - 1 : at);
}

function remove(entry: MprogEntry, at: number): void {
  const item = entry.items[at];
  if (item === undefined) throw errno(E.ENOENT);
  if (item.link !== undefined) throw errno(E.EBUSY);
  entry.items.splice(at, 1);
  entry.revision++;
  item.prog.release(entry);
}

/** Takes a link off. @models kernel/bpf/tcx.c tcx_link_release() */
export function mprogDetachLink(entry: MprogEntry, link: BpfLink): void {
  entry.items.splice(posExact(entry, { prog: link.prog, link }), 1);
  entry.revision++;
}

const at = bpf_attr_query.offsetof;

/** Tells what is attached; an entry that is missing is empty. @models kernel/bpf/mprog.c bpf_mprog_query() */
export function mprogQuery(call: BpfCall, entry: MprogEntry | undefined): number {
  if (call.u32(at.query_flags) !== 0 || call.u32(at.attach_flags) !== 0) throw errno(E.EINVAL);
  const items = entry?.items ?? [];
  call.putU32(at.attach_flags, 0);
  call.putU64(at.revision, entry?.revision ?? 1);
  call.putU32(at.count, items.length);
  const room = call.u32(at.count);
  if (room === 0 || call.u64(at.prog_ids) === 0 || items.length === 0) return 0;
  const told = items.slice(0, room);
  const write = (field: number, values: readonly number[]): void => {
    if (call.u64(field) !== 0) call.write(call.u64(field), new Uint8Array(Uint32Array.from(values).buffer));
  };
  write(
    at.prog_ids,
    told.map(({ prog }) => prog.id),
  );
  write(
    at.prog_attach_flags,
    told.map(() => 0),
  );
  write(
    at.link_ids,
    told.map(({ link }) => link?.id ?? 0),
  );
  write(
    at.link_attach_flags,
    told.map(() => 0),
  );
  return told.length < items.length ? -E.ENOSPC : 0;
}
