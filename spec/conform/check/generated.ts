// Sessions of the fuzzer, played to the model: every request with what was said of each of its messages, as recorded
// requests have it. Each request gets numbers of its own, so that no answer can be taken for that to another.
import { Bytes, fromHex, toHex } from '../../../lib/codec/bytes.js';
import { nlmsghdr } from '../../../lib/uapi/linux/netlink.js';
import type { Json } from '../../../tools/agree/input.js';
import { netlinkRecord } from '../../../tools/agree/netlink/record.js';
import { findKinds } from '../../../tools/oracle/fuzz/kinds.js';
import type { Mode } from '../../../tools/oracle/fuzz/sequence.js';
import { modes, sequence } from '../../../tools/oracle/fuzz/sequence.js';
import { playToModel } from '../../../tools/oracle/fuzz/session.js';
import { withResults } from '../../../tools/oracle/record/recorder.js';
import { messagesOf, sentIn, type Sent } from './recorded.js';

const EXT_ACK = 11;
const STRICT = 12;
/** Requests of a session, beside those of its base and its end. */
const LENGTH = 20;
/** More messages than a generated datagram holds. */
const MOST_MESSAGES = 64;

/** A type that no kernel has a handler for: the refusal is the kernel's. */
const unknownType = /: (39|43|47|51|103) of address family 0$/;

const { kinds } = findKinds();

function numbered(step: Json, index: number): Json {
  const bytes = new Bytes(fromHex(String(step['send'])));
  for (const [i, { at }] of messagesOf(bytes.u8).entries())
    bytes.view.setUint32(at + nlmsghdr.offsetof.nlmsg_seq, MOST_MESSAGES * (index + 1) + i, true);
  return { ...step, send: toHex(bytes.u8) };
}

/** Every second session is by a socket with strict checking; one of four shows no texts, as the fuzzer chooses. */
function optionsOf(chosen: readonly number[], strict: boolean): number[] {
  const rest = chosen.filter((option) => option !== STRICT);
  return strict ? [...new Set([...rest, EXT_ACK, STRICT])] : rest;
}

/** The requests of a session, in order; or what the model lacks for it. */
export function session(seed: number, number: number, config: 'rec-6.18' | 'rec-6.1-uml'): Sent[] | string {
  const names = Object.keys(modes) as Mode[];
  const mode = names[(number >> 1) % names.length]!;
  const planned = sequence({ seed, number, mode, length: LENGTH, kinds, waitMs: 0.5 });
  const socket = planned['socket'] as Json;
  const record = netlinkRecord({
    ...planned,
    config,
    socket: { ...socket, opts: optionsOf(socket['opts'] as number[], number % 2 === 1) },
    steps: (planned['steps'] as Json[]).map(numbered),
  });
  const { results, gaps, failure } = playToModel(record);
  if (failure.length > 0) throw new Error(`${record.name}: ${failure.join('\n')}`);
  const lacking = gaps.find((gap) => !unknownType.test(gap));
  if (lacking !== undefined) return lacking;
  return [...sentIn(withResults(record, results), 'generated')];
}
