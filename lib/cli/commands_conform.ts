// The commands that judge bytes, for the parser of commands.ts: their options and their help.
import type { Command } from 'commander';
import type { CheckCommandOptions } from './check.js';

type Done = (code: number) => void;

const checkHelp = `
Examples:
  $ tcbox check capture.pcap            a capture of nlmon0, or of all devices
  $ strace -f -e write=all -e read=all -e trace=network -o t ./my-tool; tcbox check t
  $ tcbox check --report sarif recording > findings.sarif
  $ ./my-encoder --hex | tcbox check --kernel v6.1 -

The format is told from the content: recording, capture (pcap, pcapng), strace, json (recordings of requests, messages in
other documents), dump (xxd, hexdump, od, tcpdump, tshark, gdb and the like), literal (C, Python, Go, Rust, JavaScript), hex,
base64, or raw bytes. A finding is one line: file, line of its text or offset of its first byte, code, severity, and what is
wrong. Severities, the gravest first: refused; reply (the kernel would not send this); strict (refused under
NETLINK_GET_STRICT_CHK); version (refused by another kernel); ignored; wasteful.

Exit code 0; 1 when there are findings that are neither silenced, less grave than --severity nor in the baseline, or when
something could not be read; 2 usage.`;

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
    .option('--direction <name>', 'request, reply or notification, where the format does not say')
    .option('--protocol <number>', 'netlink protocol, where the format does not say')
    .addHelpText('after', checkHelp)
    .action(async (files: string[], options: CheckCommandOptions) => {
      const { checkCommand } = await import('./check.js');
      done(checkCommand(files, options));
    });
}
