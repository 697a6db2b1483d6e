// The semantic difference of two conversations: which messages only one of them has, and in which attributes those differ that
// both have. Not bytes: two encoders that say the same in another order or with other numbers do not differ.
import type { Datagram } from '../datagram.js';
import { align } from './align.js';
import { deviceNames, type Message, type Said, Side } from './message.js';

/** Something that one side says and the other one does not, or says otherwise. */
export interface Change {
  /** `TCA_OPTIONS TCA_BPF_FLAGS`. */
  readonly path: string;
  readonly a?: string;
  readonly b?: string;
}

export interface Difference {
  readonly name: string;
  readonly direction: Datagram['direction'];
  /** Undefined = the other side has no such message. */
  readonly a?: Message;
  readonly b?: Message;
  readonly changes: readonly Change[];
}

export interface DiffOptions {
  /** Requests alone: what two encoders say, whatever they are answered. */
  readonly requests?: boolean;
  /** Also what differs in every run: counters, times, random addresses, ids. */
  readonly all?: boolean;
}

export interface DiffResult {
  readonly differences: readonly Difference[];
  /** Messages compared on each side. */
  readonly a: number;
  readonly b: number;
}

const SHOWN = 160;

function show({ value, children }: Said): string {
  if (value !== undefined) return value;
  const text = (children ?? []).map((child) => `${child.name} ${show(child)}`).join(', ');
  return text.length > SHOWN ? `{${text.slice(0, SHOWN)}…}` : `{${text}}`;
}

/** Children with their names made unique: the second of a name is `NAME #2`. */
function named(list: readonly Said[]): Map<string, Said> {
  const all = new Map<string, Said>();
  const seen = new Map<string, number>();
  for (const said of list) {
    const count = (seen.get(said.name) ?? 0) + 1;
    seen.set(said.name, count);
    all.set(count === 1 ? said.name : `${said.name} #${count}`, said);
  }
  return all;
}

function* changesOf(a: readonly Said[], b: readonly Said[], path: string): Generator<Change, void> {
  const [left, right] = [named(a), named(b)];
  for (const [name, mine] of left) {
    const theirs = right.get(name);
    // A struct is no step of a path: its fields have names of their own.
    const inner = name.startsWith('struct ') ? path : `${path} ${name}`.trim();
    if (theirs === undefined) yield { path: `${path} ${name}`.trim(), a: show(mine) };
    else if (mine.children !== undefined && theirs.children !== undefined)
      yield* changesOf(mine.children, theirs.children, inner);
    else if (show(mine) !== show(theirs)) yield { path: inner, a: show(mine), b: show(theirs) };
  }
  for (const [name, theirs] of right) if (!left.has(name)) yield { path: `${path} ${name}`.trim(), b: show(theirs) };
}

const isRequest = ({ direction }: Datagram): boolean => direction === 'request' || direction === 'unknown';

function messagesOf(datagrams: readonly Datagram[], side: Side, requests: boolean): Message[] {
  const messages: Message[] = [];
  for (const datagram of datagrams) if (!requests || isRequest(datagram)) messages.push(...side.messages(datagram));
  return messages;
}

/** Compares two conversations, each in its order. */
export function diff(a: readonly Datagram[], b: readonly Datagram[], options: DiffOptions = {}): DiffResult {
  const { requests = false, all = false } = options;
  // Names are of use only when both sides tell them.
  const names = [deviceNames(a), deviceNames(b)] as const;
  const [mine, theirs] = names.every(({ size }) => size > 0) ? names : [new Map(), new Map()];
  const left = messagesOf(a, new Side(all, mine), requests);
  const right = messagesOf(b, new Side(all, theirs), requests);
  const alike = (i: number, j: number): boolean =>
    left[i]!.name === right[j]!.name && left[i]!.direction === right[j]!.direction;
  const keys = (messages: readonly Message[]): string[] => messages.map(({ key }) => key);
  const differences: Difference[] = [];
  for (const pair of align(keys(left), keys(right), alike)) {
    const [one, other] = [left[pair.a ?? -1], right[pair.b ?? -1]];
    if (one?.key === other?.key) continue;
    const { name, direction } = (one ?? other)!;
    const changes = one && other ? [...changesOf(one.said, other.said, '')] : [];
    differences.push({ name, direction, ...(one && { a: one }), ...(other && { b: other }), changes });
  }
  return { differences, a: left.length, b: right.length };
}
