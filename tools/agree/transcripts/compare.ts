// Whether a command printed what it printed on the recorded kernel, up to the parts that vary: ids, times, counters.
import type { Command, Output, Volatile } from './record.js';

const hex = '[0-9a-f]';

/** What a part that varies may be, by its kind; any text for other kinds. */
const tokens: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['prog_id', 'map_id', 'btf_id', 'link_id', 'jited_size', 'memlock', 'load_time', 'age_value', 'counter', 'pid'].map(
      (kind) => [kind, '\\d+'],
    ),
  ),
  map_ids: '\\d+(?:,\\d+)*',
  prog_ids: '\\d+(?:,\\d+)*',
  prog_id_bytes: `${hex}{2}(?: ${hex}{2}){3}`,
  opcode_imm: `${hex}{2}(?: ${hex}{2}){3}`,
  helper_imm: '-?\\d+',
  loaded_at: '\\d+|\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d[+-]\\d{4}',
  timestamp: '(?:\\d{4}-\\d\\d-\\d\\dT)?\\d\\d:\\d\\d:\\d\\d\\.\\d+',
  mac: `${hex}{2}(?::${hex}{2}){5}`,
  ipv6_linklocal: 'fe80::[0-9a-f:]+',
  ipv6_solicited: 'ff02::1:ff[0-9a-f:]+',
  age: '(?: installed \\d+ sec)?(?: used \\d+ sec)?(?: firstused \\d+ sec)?(?: expires \\d+ sec)?',
  qdisc_handle: `[89a-f]${hex}{3}`,
  dad_state: '(?:,? ?tentative,?)?',
  number: '-?\\d+(?:\\.\\d+)?',
  duration: '\\d+(?:\\.\\d+)?',
  kernel_address: `(?:0x)?ffff${hex}{12}`,
};

const escape = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

const fully = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`, 's');

/** The recorded line with its varying parts replaced by what they may be. */
function linePattern(sample: string, spans: readonly Volatile[]): RegExp {
  let pattern = '';
  let at = 0;
  const ordered = spans.toSorted((a, b) => a.start - b.start || a.end - b.end || (a.kind < b.kind ? -1 : 1));
  for (const { start, end, kind } of ordered) {
    pattern += `${escape(sample.slice(at, start))}(?:${tokens[kind] ?? '.*?'})`;
    at = end;
  }
  return fully(pattern + escape(sample.slice(at)));
}

interface Lines {
  readonly golden: readonly string[];
  readonly other: readonly string[];
  readonly marks: readonly Volatile[];
}

/** Takes lines that may be missing out of both sides; marks of later lines move up. */
function withoutOptional({ golden, other, marks }: Lines): Lines {
  const optional = marks.flatMap(({ kind, line }) => (kind === 'optional-line' && line !== undefined ? [line] : []));
  if (optional.length === 0) return { golden, other, marks };
  const shapes = optional.map((line) => fully(escape(golden[line] ?? '').replace(/\d+/g, '\\d+')));
  return {
    golden: golden.filter((_, i) => !optional.includes(i)),
    other: other.filter((text) => !shapes.some((shape) => shape.test(text))),
    marks: marks.flatMap((mark) => {
      const { line } = mark;
      if (line === undefined || optional.includes(line)) return [];
      return [{ ...mark, line: line - optional.filter((k) => k < line).length }];
    }),
  };
}

const quote = (text: string): string => JSON.stringify(text.length > 150 ? `${text.slice(0, 150)}…` : text);

function streamDiffers(name: string, lines: Lines): string | undefined {
  if (lines.marks.some(({ kind }) => kind === 'line-count')) return undefined;
  const { golden, other, marks } = withoutOptional(lines);
  for (let i = 0; i < Math.min(golden.length, other.length); i++) {
    const here = marks.filter(({ line }) => line === i);
    if (here.some(({ kind }) => kind === 'whole-line') || linePattern(golden[i]!, here).test(other[i]!)) continue;
    return `${name} line ${i}: expected ${quote(golden[i]!)}, got ${quote(other[i]!)}`;
  }
  if (golden.length === other.length) return undefined;
  const [extra, whose] =
    golden.length > other.length ? [golden[other.length], 'missing'] : [other[golden.length], 'extra'];
  return `${name}: ${golden.length} lines, got ${other.length}; first ${whose}: ${quote(extra!)}`;
}

/** How the output of the same command differs from the recorded one; undefined = not at all. */
export function differs(golden: Command, other: Output): string | undefined {
  const of = (stream: string): Volatile[] => golden.volatile.filter((mark) => mark.stream === stream);
  if (golden.rc !== other.rc && of('rc').length === 0) {
    const said = other.stderr.trim().split('\n')[0];
    return `rc: expected ${golden.rc}, got ${other.rc}${said ? ` (${quote(said)})` : ''}`;
  }
  for (const name of ['stdout', 'stderr'] as const) {
    const lines = { golden: golden[name].split('\n'), other: other[name].split('\n'), marks: of(name) };
    const found = streamDiffers(name, lines);
    if (found !== undefined) return found;
  }
  return undefined;
}
