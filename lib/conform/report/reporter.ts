// What a report is made of: datagrams with what check said of them go in as they are read, text comes out. Reporters keep as
// little as their format lets them, so that captures of any size can be reported.
import type { Datagram, Origin } from '../datagram.js';
import type { Finding, MessageJudgement, Severity } from '../check/finding.js';
import type { ImportProblem } from '../import/importer.js';

/** The gravest first. */
export const severities: readonly Severity[] = ['refused', 'reply', 'strict', 'version', 'ignored', 'wasteful'];

/** One datagram and what is to be told of it. */
export interface Judged {
  readonly datagram: Datagram;
  readonly findings: readonly Finding[];
  readonly messages: readonly MessageJudgement[];
}

export interface Summary {
  readonly files: number;
  readonly datagrams: number;
  readonly messages: number;
  readonly findings: number;
  /** Findings that the baseline knows. */
  readonly known: number;
  /** Datagrams that are not there as they were sent, and were not judged. */
  readonly inexact: number;
  readonly problems: number;
}

/** A code and what it means, for formats that list rules. */
export interface Rule {
  readonly code: string;
  readonly text: string;
  readonly help?: string;
}

/** Each method gives what comes next in the report. */
export interface Reporter {
  start(): string;
  datagram(judged: Judged): string;
  /** A datagram that was not judged. */
  inexact(datagram: Datagram): string;
  problem(problem: ImportProblem): string;
  /** What the kernel of a box answered to a datagram; left out by formats that have findings alone. */
  answer?(datagram: Datagram, box: string, text: string): string;
  end(summary: Summary): string;
}

export type Level = 'error' | 'warning' | 'notice';

const levels: Readonly<Record<Severity, Level>> = {
  refused: 'error',
  reply: 'error',
  strict: 'warning',
  version: 'warning',
  ignored: 'notice',
  wasteful: 'notice',
};

export const levelOf = ({ severity }: Finding): Level => levels[severity];

/** Of the first byte concerned, in formats that hold bytes as they were sent. */
export const fileOffset = ({ offset }: Origin, finding: Finding): number => offset + finding.offset;

/** `file:line` in formats made of lines, else `file:offset`. */
export const placeOf = (origin: Origin, finding?: Finding): string =>
  `${origin.file}:${origin.line ?? (finding === undefined ? origin.offset : fileOffset(origin, finding))}`;

/** `EINVAL "Attribute failed policy validation"`. */
export function refusalText({ refusal }: Pick<Finding, 'refusal'>): string {
  if (refusal === undefined) return '';
  return refusal.msg === undefined ? refusal.errno : `${refusal.errno} "${refusal.msg}"`;
}

/** Everything of a finding that people want in one line, without its place and code. */
export function sentence(finding: Finding, { line }: Origin): string {
  const { path, text, fix, severity, versions, offset } = finding;
  const on = versions === undefined ? '' : ` from ${versions.join(', ')}`;
  const refusal = refusalText(finding);
  const answer = refusal === '' || severity === 'ignored' || severity === 'wasteful' ? '' : `, ${refusal}`;
  const byte = line === undefined ? '' : ` (byte ${offset})`;
  return `${severity}${on}${answer}: ${path}: ${text}${byte}${fix === undefined ? '' : `; ${fix}`}`;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

export function summaryText({ datagrams, messages, findings, known, inexact, problems }: Summary): string {
  const parts = [`${counted(datagrams, 'datagram')}, ${counted(messages, 'message')}: ${counted(findings, 'finding')}`];
  if (known > 0) parts.push(`${known} in the baseline`);
  if (inexact > 0) parts.push(`${counted(inexact, 'datagram')} not judged, as not all of their bytes are there`);
  if (problems > 0) parts.push(counted(problems, 'problem'));
  return parts.join('; ');
}
