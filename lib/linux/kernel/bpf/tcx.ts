// kernel/bpf/tcx.c: programs at the two hooks of a device, before its qdiscs see a packet on the way in and after they are
// left on the way out. A program is attached by itself, and held there, or by a link, which lives as long as it is held.
// Both end with the device.
import * as E from '../../../uapi/asm-generic/errno.js';
import * as B from '../../../uapi/linux/bpf.js';
import { bpf_attr_attach, bpf_attr_link_create, bpf_attr_query, bpf_link_info } from '../../../uapi/linux/bpf_attr.js';
import { errno, errnoOf } from '../../errno.js';
import type { Holder } from '../../events.js';
import { devGetByIndex } from '../../net/core/dev/table.js';
import type { NetDevice } from '../../net/core/net_device.js';
import { LinkFile } from './file.js';
import { BpfLink } from './link.js';
import {
  mprogAttach,
  mprogDetach,
  mprogDetachLink,
  MprogEntry,
  type MprogPlace,
  mprogQuery,
  mprogUpdateLink,
} from './mprog.js';
import type { BpfProg } from './prog.js';
import type { BpfCall } from './syscall/attr.js';
import { progGetType } from './syscall/fd.js';

const attachAt = bpf_attr_attach.offsetof;
const linkAt = bpf_attr_link_create.offsetof;
const infoAt = bpf_link_info.offsetof;

const isIngress = (attachType: number): boolean => attachType === B.BPF_TCX_INGRESS;

/** The qdisc whose filters share the hook: while it is there, an entry outlives its programs. */
const miniqOf = (dev: NetDevice, attachType: number): unknown =>
  (isIngress(attachType) ? dev.miniqIngress : dev.miniqEgress)?.qdisc;

/** @models include/net/tcx.h tcx_entry_fetch() */
function entryOf(dev: NetDevice, attachType: number): MprogEntry | undefined {
  const entry = isIngress(attachType) ? dev.tcxIngress : dev.tcxEgress;
  return entry?.items.length === 0 && entry.keptFor !== miniqOf(dev, attachType) ? undefined : entry;
}

/** @models include/net/tcx.h tcx_entry_update() */
function setEntry(dev: NetDevice, attachType: number, entry: MprogEntry | undefined): void {
  if (isIngress(attachType)) dev.tcxIngress = entry;
  else dev.tcxEgress = entry;
}

/** Runs `change` on the entry of a hook, which is there only while something uses it. */
function withEntry(dev: NetDevice, attachType: number, change: (entry: MprogEntry) => void): void {
  const name = isIngress(attachType) ? 'ingress' : 'egress';
  const entry = entryOf(dev, attachType) ?? new MprogEntry(`tcx ${name} of ${dev.name}`);
  change(entry);
  entry.keptFor = miniqOf(dev, attachType);
  const active = entry.items.length > 0 || entry.keptFor !== undefined;
  setEntry(dev, attachType, active ? entry : undefined);
}

/** ENODEV for a device that is not there. */
function deviceOf(call: BpfCall, ifindex: number): NetDevice {
  const dev = devGetByIndex(call.machine.net, ifindex);
  if (dev === undefined) throw errno(E.ENODEV);
  return dev;
}

/** Where PROG_ATTACH and PROG_DETACH mean. */
function attachPlace(call: BpfCall): MprogPlace {
  return {
    flags: call.u32(attachAt.attach_flags),
    idOrFd: call.u32(attachAt.relative_fd),
    revision: call.u64(attachAt.expected_revision),
  };
}

/** BPF_PROG_ATTACH. @models kernel/bpf/tcx.c tcx_prog_attach() */
export function tcxProgAttach(call: BpfCall, prog: BpfProg): number {
  const dev = deviceOf(call, call.u32(attachAt.target_fd));
  const place = attachPlace(call);
  const replaces = (place.flags & B.BPF_F_REPLACE) !== 0;
  const old = replaces ? progGetType(call.task, call.u32(attachAt.replace_bpf_fd), prog.type) : undefined;
  withEntry(dev, call.u32(attachAt.attach_type), (entry) => {
    mprogAttach(call, entry, { prog, link: undefined }, old, place);
  });
  return 0;
}

/** BPF_PROG_DETACH. @models kernel/bpf/tcx.c tcx_prog_detach() */
export function tcxProgDetach(call: BpfCall, prog: BpfProg | undefined): number {
  const dev = deviceOf(call, call.u32(attachAt.target_fd));
  const attachType = call.u32(attachAt.attach_type);
  if (entryOf(dev, attachType) === undefined) throw errno(E.ENOENT);
  withEntry(dev, attachType, (entry) => {
    mprogDetach(call, entry, prog, attachPlace(call));
  });
  return 0;
}

/** BPF_PROG_QUERY. @models kernel/bpf/tcx.c tcx_prog_query() */
export function tcxProgQuery(call: BpfCall): number {
  const { target_fd, attach_type } = bpf_attr_query.offsetof;
  return mprogQuery(call, entryOf(deviceOf(call, call.u32(target_fd)), call.u32(attach_type)));
}

/** struct tcx_link */
class TcxLink extends BpfLink {
  readonly typeName = 'tcx';
  /** Undefined when detached, or when the device is gone. */
  dev: NetDevice | undefined;

  constructor(dev: NetDevice, attachType: number, prog: BpfProg, creator: Holder) {
    super(dev.net.machine, B.BPF_LINK_TYPE_TCX, attachType, prog, creator);
    this.dev = dev;
  }

  /** @models kernel/bpf/tcx.c tcx_link_detach() */
  detach(): number {
    this.releaseAttachment();
    return 0;
  }

  /** @models kernel/bpf/tcx.c tcx_link_update() */
  update(prog: BpfProg, old: BpfProg | undefined): number {
    if (this.dev === undefined) return -E.ENOLINK;
    if (old !== undefined && this.prog !== old) return -E.EPERM;
    if (this.prog === prog) return 0;
    try {
      withEntry(this.dev, this.attachType, (entry) => {
        mprogUpdateLink(entry, this, prog);
      });
    } catch (refusal) {
      return -errnoOf(refusal);
    }
    this.replaceProg(prog);
    return 0;
  }

  get #ifindex(): number {
    return this.dev?.ifindex ?? 0;
  }

  /** @models kernel/bpf/tcx.c tcx_link_fdinfo() */
  showFdinfo(): string {
    const name = isIngress(this.attachType) ? 'ingress' : 'egress';
    return `ifindex:\t${this.#ifindex}\nattach_type:\t${this.attachType} (${name})\n`;
  }

  /** @models kernel/bpf/tcx.c tcx_link_fill_info() */
  fillInfo(info: DataView): void {
    info.setUint32(infoAt._tcx_ifindex, this.#ifindex, true);
    info.setUint32(infoAt._tcx_attach_type, this.attachType, true);
  }

  /** @models kernel/bpf/tcx.c tcx_link_release() */
  protected releaseAttachment(): void {
    const { dev } = this;
    if (dev === undefined) return;
    withEntry(dev, this.attachType, (entry) => {
      mprogDetachLink(entry, this);
    });
    this.dev = undefined;
  }
}

/** BPF_LINK_CREATE. @models kernel/bpf/tcx.c tcx_link_attach() */
export function tcxLinkAttach(call: BpfCall, prog: BpfProg): LinkFile {
  const dev = deviceOf(call, call.u32(linkAt.target_fd));
  const link = new TcxLink(dev, call.u32(linkAt.attach_type), prog, call);
  call.machine.bpfIds.links.add(link);
  const place = {
    flags: call.u32(linkAt.flags),
    idOrFd: call.u32(linkAt.relative_fd),
    revision: call.u64(linkAt.expected_revision),
  };
  try {
    withEntry(dev, link.attachType, (entry) => {
      mprogAttach(call, entry, { prog, link }, undefined, place);
    });
    return new LinkFile(link, call.task);
  } catch (refusal) {
    link.dev = undefined;
    throw refusal;
  } finally {
    link.release(call);
  }
}

/** The device goes: links stay without it. @models kernel/bpf/tcx.c tcx_uninstall() */
export function tcxUninstall(dev: NetDevice): void {
  for (const attachType of [B.BPF_TCX_INGRESS, B.BPF_TCX_EGRESS]) {
    for (const link of entryOf(dev, attachType)?.clear() ?? []) if (link instanceof TcxLink) link.dev = undefined;
    setEntry(dev, attachType, undefined);
  }
}
