// check: what is wrong with netlink datagrams, and what the kernel would say of it.
import type { Datagram } from '../datagram.js';
import type { CheckOptions } from './check.js';
import { checkRequest } from './check.js';
import type { Judgement } from './finding.js';

export type { CheckOptions } from './check.js';
export type { Code } from './codes.js';
export { C as codeNumbers } from './codes.js';
export type { Finding, Judgement, MessageJudgement, Refusal, Severity, Verdict } from './finding.js';
export type { KernelVersion } from './versions.js';
export { kernelVersions } from './versions.js';

/** Judges one datagram. */
export function check(datagram: Datagram, options: CheckOptions = {}): Judgement {
  return checkRequest(datagram, options);
}
