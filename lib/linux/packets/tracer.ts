// Follows packets while one runs through the machine, and writes down their path. It knows a packet by its structure from the
// first step to the moment it is freed; what is then still there waits in a queue.
import { toHex } from '../../codec/bytes.js';
import { BpfProg } from '../kernel/bpf/prog.js';
import type { PacketStep } from '../net/core/dev/trace.js';
import type { ClassicProg } from '../net/core/filter/classic.js';
import type { SkBuff } from '../net/core/skbuff/sk_buff.js';
import type { TcAction } from '../net/sched/act_api/action.js';
import type { TcfProto } from '../net/sched/cls_api/proto.js';
import type { Qdisc } from '../net/sched/sch_generic.js';
import * as A from '../../uapi/linux/pkt_cls.js';
import { frameChanges } from './changes.js';
import { frameOf } from './frame.js';
import { type Destination, handleText, type PathStep, type ProgramShown, verdictName } from './verdict.js';

type End = Pick<Destination, 'fate' | 'device' | 'why'>;

/** One packet on its way. */
interface Flow {
  readonly packet: number;
  frame: Uint8Array;
  /** What became of it if it were freed now. */
  end: End | undefined;
  /** The device and the qdisc it was last given to. */
  device: string;
  qdisc: string | undefined;
}

type FilterStep = Extract<PathStep, { step: 'filter' }>;
type ActionStep = Extract<PathStep, { step: 'action' }>;
/** A step without what is said of every step. */
type Told = PathStep extends infer S ? (S extends PathStep ? Omit<S, 'packet' | 'changed'> : never) : never;

const TC_ACT_CONSUMED = A.TC_ACT_VALUE_MAX + 1;

function shownProgram(prog: BpfProg | ClassicProg): ProgramShown {
  if (!(prog instanceof BpfProg)) return { kind: 'classic', insns: prog.len };
  return { kind: 'ebpf', id: prog.id, name: prog.name, tag: toHex(prog.tag) };
}

const shownFilter = (tp: TcfProto, handle: number): Omit<FilterStep, 'packet'> => ({
  step: 'filter',
  kind: tp.ops.kind,
  pref: tp.prio,
  chain: tp.chain.index,
  handle: `0x${(handle >>> 0).toString(16)}`,
});

const shownAction = (action: TcAction): Told => ({ step: 'action', kind: action.table.ops.kind, index: action.index });

const shownQdisc = ({ ops, handle }: Qdisc, { dev }: SkBuff) => ({
  qdisc: ops.id,
  handle: handleText(handle),
  time: dev!.net.machine.clock.now(),
});

/** What a verdict at a hook makes of a packet. */
function endAt(device: string, hook: string, verdict: number): End | undefined {
  if (verdict === A.TC_ACT_SHOT) return { fate: 'dropped', device, why: `TC_${hook.toUpperCase()}` };
  const kept = verdict === A.TC_ACT_STOLEN || verdict === A.TC_ACT_QUEUED || verdict === A.TC_ACT_TRAP;
  return kept ? { fate: 'taken', device, why: verdictName(verdict) } : undefined;
}

export class Tracer {
  readonly path: PathStep[] = [];
  readonly destinations: Destination[] = [];
  /** Of the last filter that decided. */
  classid: string | undefined;
  readonly #flows = new Map<SkBuff, Flow>();
  /** Filters whose verdict is not known yet, and actions at work. */
  readonly #filters: { readonly tp: TcfProto; readonly step: FilterStep }[] = [];
  readonly #actions: ActionStep[] = [];
  #packets = 0;

  /** The packet that is about to be sent. */
  follow(skb: SkBuff): void {
    this.#flowOf(skb);
  }

  readonly onStep = (step: PacketStep): void => {
    switch (step.type) {
      case 'filter':
        this.#decided(step.tp, step.verdict, step.classid);
        break;
      case 'acted':
        this.#acted(step.skb, step.verdict);
        break;
      default:
        this.#moved(step.skb, step);
    }
  };

  readonly onFree = (skb: SkBuff): void => {
    const flow = this.#flows.get(skb);
    if (flow === undefined) return;
    this.#flows.delete(skb);
    const end = flow.end ?? { fate: 'dropped', device: flow.device, why: 'NOT_SPECIFIED' };
    this.#arrived(flow.packet, end, skb.ticket, frameOf(skb));
  };

  /** What has not been freed waits, or somebody keeps it. */
  finish(): void {
    for (const [skb, { packet, end, device, qdisc, frame }] of this.#flows) {
      if (end?.fate === 'received') {
        this.#arrived(packet, end, skb.ticket, frame);
        continue;
      }
      if (skb.ticket === 0) skb.ticket = ++skb.pool.tickets;
      const why = qdisc === undefined ? {} : { why: qdisc };
      this.#arrived(packet, { fate: 'queued', device, ...why }, skb.ticket, frame);
    }
    this.#flows.clear();
  }

  #arrived(packet: number, end: End, ticket: number, frame: Uint8Array): void {
    this.destinations.push({ packet, ...end, ...(ticket === 0 ? {} : { ticket }), frame });
  }

  #flowOf(skb: SkBuff): Flow {
    let flow = this.#flows.get(skb);
    if (flow !== undefined) return flow;
    const device = skb.dev?.name ?? '';
    flow = { packet: this.#packets++, frame: frameOf(skb), end: undefined, device, qdisc: undefined };
    this.#flows.set(skb, flow);
    return flow;
  }

  #tell(flow: Flow, skb: SkBuff, told: Told): PathStep {
    const step = { packet: flow.packet, ...told } as unknown as PathStep;
    this.#compare(flow, skb, step);
    this.path.push(step);
    return step;
  }

  #compare(flow: Flow, skb: SkBuff, step: PathStep): void {
    const frame = frameOf(skb);
    const changes = frameChanges(flow.frame, frame);
    if (changes.length !== 0) step.changed = changes;
    flow.frame = frame;
  }

  /** Any step of a packet that is there. */
  #moved(skb: SkBuff, step: Exclude<PacketStep, { type: 'filter' | 'acted' }>): void {
    const flow = this.#flowOf(skb);
    flow.device = skb.dev!.name;
    flow.end = this.#endAfter(flow, step);
    const told = this.#told(flow, step);
    const written = this.#tell(flow, skb, told);
    if (step.type === 'match') this.#filters.push({ tp: step.tp, step: written as FilterStep });
    if (step.type === 'action') this.#actions.push(written as ActionStep);
    if (step.type === 'enqueue') flow.qdisc = step.qdisc.label;
  }

  #endAfter({ device, end }: Flow, step: PacketStep): End | undefined {
    switch (step.type) {
      case 'transmit':
        return { fate: 'sent', device };
      case 'deliver':
      case 'unhandled':
        return { fate: 'received', device };
      case 'drop':
        return { fate: 'dropped', device, why: step.reason };
      case 'verdict':
        return end?.fate === 'dropped' ? end : endAt(device, step.hook, step.verdict);
      default:
        return undefined;
    }
  }

  #told({ device }: Flow, step: Exclude<PacketStep, { type: 'filter' | 'acted' }>): Told {
    switch (step.type) {
      case 'hook':
        return { step: 'hook', hook: step.hook, device };
      case 'tcx':
        return { step: 'program', by: 'tcx', program: shownProgram(step.prog), result: step.verdict };
      case 'program':
        return { step: 'program', by: step.by, program: shownProgram(step.prog), result: step.result };
      case 'match':
        return shownFilter(step.tp, step.handle);
      case 'action':
        return shownAction(step.action);
      case 'verdict':
        return { step: 'verdict', hook: step.hook, verdict: verdictName(step.verdict) };
      case 'enqueue':
      case 'dequeue':
        return { step: step.type, device, ...shownQdisc(step.qdisc, step.skb) };
      case 'drop':
        return { step: 'drop', reason: step.reason };
      default:
        return { step: step.type, device };
    }
  }

  /** The last filter of `tp` that matched has decided; those before it have not. */
  #decided(tp: TcfProto, verdict: number, classid: number): void {
    const at = this.#filters.findLastIndex((open) => open.tp === tp);
    if (at < 0) return;
    const { step } = this.#filters[at]!;
    this.#filters.splice(at);
    step.verdict = verdictName(verdict);
    if (classid === 0) return;
    step.classid = handleText(classid);
    this.classid = step.classid;
  }

  #acted(skb: SkBuff, verdict: number): void {
    const step = this.#actions.pop()!;
    step.verdict = verdictName(verdict);
    const flow = verdict === TC_ACT_CONSUMED ? undefined : this.#flows.get(skb);
    if (flow?.packet === step.packet) this.#compare(flow, skb, step);
    if (flow !== undefined && verdict === A.TC_ACT_SHOT)
      flow.end = { fate: 'dropped', device: flow.device, why: 'TC_SHOT' };
  }
}
