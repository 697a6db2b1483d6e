// A machine with a veth pair that is up, a requester, and somebody who hears every group. What it looks like is told in
// two ways: all objects with the holders of all their references, and all that dumps show.
import { configs } from '../../../lib/linux/config.js';
import { Machine } from '../../../lib/linux/machine.js';
import type { KernelVersion } from '../../../lib/linux/version.js';
import { NSEC_PER_SEC } from '../../../lib/linux/clock.js';
import * as N from '../../../lib/uapi/linux/netlink.js';
import type { Message } from '../../../tools/oracle/fuzz/message.js';
import { encode } from '../../../tools/oracle/fuzz/message.js';
import { Client } from '../client.js';
import * as L from './links.js';
import { type Case, V0, V1 } from './build.js';
import * as S from './sched.js';

/** Long enough for whatever a request has put off. */
const REST = 2 * NSEC_PER_SEC;
const EVERY_GROUP = 0xffffffff;
const config = { ...configs['full']!, disableIpv6: false };

/** A request that must go before was refused. */
export class NotGranted extends Error {}

/** What a request was answered. */
export interface Answer {
  /** Positive; of the acknowledgement, or of the end of a dump. 0 = it was granted. */
  readonly errno: number;
  /** Every datagram that came, to the requester and to the group, as hex. */
  readonly said: readonly string[];
}

const inventory: readonly Message[] = [
  ...[...L.links, ...L.addresses, ...L.routes, ...L.neighbours, ...L.namespaces]
    .map(({ request }) => request)
    .filter(({ flags }) => (flags & N.NLM_F_DUMP) === N.NLM_F_DUMP),
  ...S.inventory,
];

function errnoIn(datagrams: readonly string[]): number {
  for (const hex of datagrams) {
    const bytes = Buffer.from(hex, 'hex');
    for (let at = 0; at + N.NLMSG_HDRLEN <= bytes.length; at += N.nlmsgAlign(bytes.readUInt32LE(at))) {
      const type = bytes.readUInt16LE(at + 4);
      const isEnd = type === N.NLMSG_ERROR || type === N.NLMSG_DONE;
      if (isEnd && bytes.readInt32LE(at + N.NLMSG_HDRLEN) !== 0) return -bytes.readInt32LE(at + N.NLMSG_HDRLEN);
    }
  }
  return 0;
}

export class Stage {
  readonly machine: Machine;
  readonly #client: Client;
  readonly #listener: Client;

  constructor({ before }: Pick<Case, 'before'>, version: KernelVersion) {
    this.machine = new Machine({ config, version });
    this.#client = new Client(this.machine, { opts: this.machine.has('netlink-ext-ack') ? [N.NETLINK_EXT_ACK] : [] });
    this.#listener = new Client(this.machine, { tgid: 200 });
    this.#listener.bind(777, EVERY_GROUP);
    for (const message of [L.pair, L.up(V0), L.up(V1), ...before]) {
      const { errno } = this.ask(encode(message));
      if (errno !== 0) throw new NotGranted(`errno ${errno}`);
      this.rest();
    }
  }

  /** Sends bytes, and takes everything that comes. */
  ask(data: Uint8Array): Answer {
    this.#client.send(data);
    const answers = this.#client.drain();
    return { errno: errnoIn(answers), said: [...answers, ...this.#listener.drain()] };
  }

  /** Lets everything happen that was put off. */
  rest(): void {
    this.machine.advance(REST);
    this.#listener.drain();
  }

  /** Makes it as late as on the other stage. */
  catchUp(other: Stage): void {
    this.machine.advance(other.machine.clock.now() - this.machine.clock.now());
    this.#listener.drain();
  }

  /** Every object and who holds it. */
  references(): string {
    return JSON.stringify(this.machine.snapshot());
  }

  /** What is different in two of these texts, for people. */
  static difference(before: string, after: string): string[] {
    const lines = (text: string): string[] =>
      (JSON.parse(text) as { label: string; holders: string[] }[]).map((o) => `${o.label} ← ${o.holders.join(', ')}`);
    const [was, is] = [lines(before), lines(after)];
    const only = (some: string[], others: string[], sign: string): string[] =>
      some.filter((line) => !others.includes(line)).map((line) => `${sign} ${line}`);
    return [...only(was, is, '-'), ...only(is, was, '+')];
  }

  /** All that dumps show. */
  shown(): string[] {
    return inventory.map((message) => {
      const { said } = this.ask(encode(message));
      return said.join(' ');
    });
  }
}
