// include/linux/bpf.h struct bpf_prog and its aux: a loaded program. Held by open files, pins, filters, links, prog arrays.
// What the verifier found out stays here; what runs is `insns` as it rewrote them. When the last reference goes, its id is
// free at once; its maps are let go of after a grace period, since packets may still run it.
import type { Program } from '../../../vm/program.js';
import type { Holder } from '../../events.js';
import type { Machine } from '../../machine.js';
import { KObject } from '../../object.js';
import type { Btf } from './btf/btf.js';
import type { BpfMap } from './map.js';

/** PROG_LOAD as given: numbers of the request, user addresses not yet followed. */
export interface ProgLoadAttr {
  readonly progType: number;
  readonly insnCnt: number;
  readonly logLevel: number;
  readonly logSize: number;
  readonly logBuf: number;
  readonly progFlags: number;
  readonly progName: string;
  readonly expectedAttachType: number;
  readonly progBtfFd: number;
  readonly funcInfoRecSize: number;
  readonly funcInfo: number;
  readonly funcInfoCnt: number;
  readonly lineInfoRecSize: number;
  readonly lineInfo: number;
  readonly lineInfoCnt: number;
  readonly attachBtfId: number;
  readonly fdArray: number;
  readonly fdArrayCnt: number;
  readonly coreRelos: number;
  readonly coreReloCnt: number;
  readonly coreReloRecSize: number;
  /** Tells the caller, who may have left no room for it, how large the log would have been (log_true_size). */
  readonly putLogTrueSize: (size: number) => void;
  /** Tells the caller the size of records that would have been good, when what is behind it is not zero. */
  readonly putRecordSize?: (field: 'func_info_rec_size' | 'line_info_rec_size', size: number) => void;
}

/** struct bpf_prog in front of the instructions, bytes, and the size of a page: what memlock counts in. */
const HEADER = 96;
const PAGE = 4096;

/** Type information that a program was loaded with, as BPF_OBJ_GET_INFO_BY_FD shows it. */
export interface ProgBtf {
  /** Held by the program. */
  readonly btf: Btf;
  /** Records as shown, `recSize` bytes each; instruction offsets as after rewriting. */
  readonly funcInfo: Uint8Array;
  readonly funcInfoRecSize: number;
  readonly lineInfo: Uint8Array;
  readonly lineInfoRecSize: number;
}

export class BpfProg extends KObject {
  readonly machine: Machine;
  readonly type: number;
  readonly expectedAttachType: number;
  readonly name: string;
  readonly gplCompatible: boolean;
  /** The uid that loaded it. */
  readonly uid: number;
  /** As submitted, then as rewritten by the verifier: 8 bytes an instruction. */
  insns: Uint8Array;
  /** 0 until it is published. */
  id = 0;
  tag: Uint8Array = new Uint8Array(8);
  /** Held. */
  readonly usedMaps: BpfMap[] = [];
  /** Type information; its `btf` is held. */
  btf: ProgBtf | undefined;
  /** Instructions the verifier walked through. */
  verifiedInsns = 0;
  /** Set by the verifier. */
  stackDepth = 0;
  /** First instruction of each subprogram of `insns`, the main one (0) first. */
  subprogStarts: readonly number[] = [0];
  /** Whether a helper that moves packet data is called, or packet data is written. */
  changesPktData = false;
  /** Whether its instructions use cb of their context, and whether they look at tstamp_type. */
  cbAccess = false;
  tstampTypeAccess = false;
  /** What the VM runs; made at the first run (net/core/filter/run.ts). */
  program: Program | undefined;
  /** ns of the machine's clock when it was loaded. */
  loadTime = 0;
  /** ns and runs while BPF_ENABLE_STATS is open. */
  runTime = 0;
  runCount = 0;

  constructor(
    machine: Machine,
    parts: Pick<BpfProg, 'type' | 'expectedAttachType' | 'name' | 'gplCompatible' | 'uid' | 'insns'>,
    creator: Holder,
  ) {
    super(machine, creator);
    this.machine = machine;
    this.type = parts.type;
    this.expectedAttachType = parts.expectedAttachType;
    this.name = parts.name;
    this.gplCompatible = parts.gplCompatible;
    this.uid = parts.uid;
    this.insns = parts.insns;
  }

  get label(): string {
    return `bpf program ${this.id}${this.name === '' ? '' : ` ${this.name}`}`;
  }

  /** Bytes of whole pages that the instructions lie in. */
  get memlock(): number {
    return Math.ceil((HEADER + this.insns.length) / PAGE) * PAGE;
  }

  /** @models kernel/bpf/syscall.c bpf_prog_put_deferred() */
  protected destroy(): void {
    const published = this.id !== 0;
    this.machine.bpfIds.progs.remove(this);
    this.btf?.btf.release(this);
    const maps = this.usedMaps.splice(0);
    const free = (): void => {
      this.program?.close();
      for (const map of maps) map.release(this);
    };
    if (published && (maps.length > 0 || this.program !== undefined)) this.machine.callRcu('bpf_prog_free', free);
    else free();
  }
}
