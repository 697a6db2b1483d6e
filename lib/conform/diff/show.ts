// Differences as text, in the manner of diff(1): `-` stands for what only the first side says, `+` for the second. And as JSON.
import type { DiffResult, Difference } from './diff.js';
import type { Message } from './message.js';

export interface ShowOptions {
  /** Messages are named by which of their side they are: for recordings that are not kept. */
  readonly numbers?: boolean;
}

const placeOf = ({ datagram: { origin }, offset, number }: Message, { numbers = false }: ShowOptions): string =>
  numbers ? `${origin.file} ${number}` : `${origin.file}:${origin.line ?? origin.offset + offset}`;

const titleOf = ({ direction, name }: Pick<Difference, 'direction' | 'name'>): string => `${direction} ${name}`;

const summaryOf = ({ said }: Message): string =>
  said
    .filter(({ name }) => !name.startsWith('struct '))
    .slice(0, 4)
    .map(({ name, value }) => (value === undefined ? name : `${name} ${value}`))
    .join(', ');

function only(sign: string, message: Message, options: ShowOptions): string {
  const summary = summaryOf(message);
  return `${sign} ${titleOf(message)} (${placeOf(message, options)})${summary === '' ? '' : `: ${summary}`}\n`;
}

export function showDifference(difference: Difference, options: ShowOptions = {}): string {
  const { a, b, changes } = difference;
  if (a === undefined || b === undefined) return only(a === undefined ? '+' : '-', (a ?? b)!, options);
  const lines = changes.flatMap(({ path, a: left, b: right }) => [
    ...(left === undefined ? [] : [`  - ${path}: ${left}\n`]),
    ...(right === undefined ? [] : [`  + ${path}: ${right}\n`]),
  ]);
  return `  ${titleOf(difference)} (${placeOf(a, options)}, ${placeOf(b, options)})\n${lines.join('')}`;
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

export const showSummary = ({ differences, a, b }: DiffResult): string =>
  differences.length === 0
    ? `no difference in ${counted(a, 'message')}\n`
    : `${counted(differences.length, 'message')} ${differences.length === 1 ? 'differs' : 'differ'}, of ${a} and ${b}\n`;

/** One line of JSON. */
export function jsonDifference({ direction, name, a, b, changes }: Difference): string {
  const side = (message: Message | undefined): object | undefined =>
    message && { origin: message.datagram.origin, offset: message.offset };
  return `${JSON.stringify({ direction, name, a: side(a), b: side(b), changes })}\n`;
}
