// The commands that judge bytes or tell what they are, for the parser of commands.ts: their options and their help.
import type { Command } from 'commander';
import type { CheckCommandOptions } from './check.js';
import type { ExplainCommandOptions } from './explain.js';
import type { DiffCommandOptions } from './diff.js';

type Done = (code: number) => void;

const checkHelp = `
Examples:
  $ tcbox check capture.pcap            a capture of nlmon0, or of all devices
  $ strace -f -e write=all -e read=all -e trace=network -o t ./my-tool; tcbox check t
  $ tcbox check --report sarif recording > findings.sarif
  $ ./my-encoder --hex | tcbox check --kernel v6.1 -

The format is told from the content: recording, capture (pcap, pcapng), strace, json (recordings of requests, messages in
other documents), library (what libnl and libmnl print for debugging), dump (xxd, hexdump, od, tcpdump, tshark, gdb and the
like), literal (C, Python, Go, Rust, JavaScript), hex,
base64, or raw bytes. A finding is one line: file, line of its text or offset of its first byte, code, severity, and what is
wrong. Severities, the gravest first: refused; reply (the kernel would not send this); strict (refused under
NETLINK_GET_STRICT_CHK); version (refused by another kernel); ignored; wasteful.

Exit code 0; 1 when there are findings that are neither silenced, less grave than --severity nor in the baseline, or when
something could not be read; 2 usage; 125 when there is no box for --in. Requests take effect in the box.`;

const diffHelp = `
Examples:
  $ tcbox diff before.rec after.rec                     recordings, captures, traces: whatever tcbox check reads
  $ tcbox diff --requests -- tc qdisc add dev lo clsact -- ./my-tool lo
  $ tcbox diff --json yesterday.pcap today.pcap

Messages are compared by what they say: the order of attributes, padding, lengths, sequence numbers, ports, fds and numbers
of devices do not count, nor do, in answers, counters, times and random addresses (--all). Lines with - are of the first
side, with + of the second. bpf(2) calls of recordings are not compared. Commands run in a fresh kernel each, as with tcbox record.

Exit code 0 when both say the same, 1 when they do not, 2 usage.`;

/** Values of an option that may be given several times. */
const collect = (value: string, before: string[] = []): string[] => [...before, value];

export function describeCheck(command: Command, done: Done): void {
  command
    .description('judge netlink messages by the rules of the kernel')
    .argument('<file...>', 'captures, traces, recordings, dumps; - is standard input')
    .option('--format <name>', 'the format of the files, instead of telling it from the content')
    .option('--report <format>', 'text (default), json, tap, junit, sarif or github')
    .option('--json', 'the same as --report json')
    .option('--verdicts', 'what each kernel says to each message, liberally and strictly, too')
    .option('--kernel <version>', 'the kernel whose rules count: v4.1, v6.1 or v6.18 (default)')
    .option('--strict', 'as if every socket had NETLINK_GET_STRICT_CHK')
    .option('--severity <name>', 'leave out what is less grave')
    .option('--silence <codes>', 'leave out findings of these codes; may be given several times', collect)
    .option('--baseline <file>', 'leave out findings that this file knows')
    .option('--write-baseline <file>', 'write what was found there, to be known from now on')
    .option('--in <box>', 'send the requests into a box that stays, too, and print its answers')
    .option('--direction <name>', 'request, reply or notification, where the format does not say')
    .option('--protocol <number>', 'netlink protocol, where the format does not say')
    .addHelpText('after', checkHelp)
    .action(async (files: string[], options: CheckCommandOptions) => {
      const { checkCommand } = await import('./check.js');
      done(await checkCommand(files, options));
    });
}

const explainHelp = `
Examples:
  $ tcbox explain capture.pcap | less   every byte of every message
  $ strace -f -e write=all -e read=all -e trace=network -o t tc qdisc show; tcbox explain t
  $ tcbox explain --hex '24000000 1200 0103 …'
  $ tcbox explain --html talk > talk.html
  $ ./my-encoder | tcbox explain --json

Each line has the offset, the bytes, the name of the field, its value, and what it means there. Lines of attributes begin with
their header. [net/sched/cls_api.c tc_new_tfilter()] is the function of the kernel that reads or writes the attributes; ! marks
what is odd. Formats are those of tcbox check. Where an acknowledgement names an attribute, it is looked up in the request.

--json prints one object a datagram: its place (origin), bytes, and regions: role (group, value, frame, padding, rest), offset,
length, name, type, value, meaning, symbol, remark, children. Regions lie side by side; children fill the region they are in.

Exit code 0; 1 when something could not be read; 2 usage.`;

export function describeExplain(command: Command, done: Done): void {
  command
    .description('say what every byte of netlink messages is')
    .argument('[file]', 'a capture, trace, recording or dump; standard input by default')
    .option('--hex <digits...>', 'a message as hexadecimal digits, instead of a file')
    .option('--json', 'print a JSON object a datagram')
    .option('--html', 'print a page: bytes and their meaning, linked')
    .option('--all', 'every byte of long values and tables')
    .option('--color <when>', 'always, never, or auto: on a terminal (default)')
    .option('--width <columns>', 'of lines; that of the terminal, or 120')
    .option('--format <name>', 'the format of the file, instead of telling it from the content')
    .option('--direction <name>', 'request, reply or notification, where the format does not say')
    .option('--protocol <number>', 'netlink protocol, where the format does not say')
    .addHelpText('after', explainHelp)
    .action(async (file: string | undefined, options: ExplainCommandOptions) => {
      const { explainCommand } = await import('./explain.js');
      done(explainCommand(file, options));
    });
}

export function describeDiff(command: Command, done: Done): void {
  command
    .description('compare what two recordings, or two commands, say to the kernel and hear from it')
    .usage('[options] A B | [options] -- COMMAND … -- COMMAND …')
    .argument('<arguments...>', 'two files, or two commands with -- before each')
    .option('--requests', 'requests alone')
    .option('--all', 'also what differs in every run: counters, times, random addresses, ids')
    .option('--json', 'print a JSON object a message that differs')
    .option('--format <name>', 'the format of the files, instead of telling it from the content')
    .option('--direction <name>', 'request, reply or notification, where the format does not say')
    .option('--protocol <number>', 'netlink protocol, where the format does not say')
    .option('--kernel <version>', 'for commands: kernel version to model, such as v6.18')
    .option('--config <name or file>', 'for commands: configuration, a built-in name or a JSON file')
    .option('--fault <spec>', 'for commands: let something go wrong on purpose', collect)
    .passThroughOptions()
    .addHelpText('after', diffHelp)
    .action(async (args: string[], options: DiffCommandOptions) => {
      const { diffCommand } = await import('./diff.js');
      done(diffCommand(args, options));
    });
}
