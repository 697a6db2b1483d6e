// The parser of `tcbox record` and `tcbox convert`: a part of commands.ts, which calls it.
import type { Command } from 'commander';
import type { ConvertOptions } from './convert.js';
import type { RecordOptions } from './options.js';

const recordHelp = `
Examples:
  $ tcbox record -- tc qdisc add dev lo clsact         into tcbox.rec, in a fresh kernel of its own
  $ tcbox record -o setup.rec -- sh -c '. ./setup.sh'
  $ tcbox record --in web -- ip link show
  $ sudo tcbox record --host -- tc filter show dev eth0

A recording holds what every process of the command said to the kernel through netlink sockets and bpf(2), and what it
answered: datagrams with their addresses and control messages, socket options, errors, attributes and memory of bpf(2)
calls, times, processes. Its format is proto/tcbox/v1/recording.proto. The exit code is the command's own.

--in runs the command in a box that stays, as tcbox exec does, and records it alone.

--host runs the command on the kernel of this computer, with the rights it has, and traces its system calls (ptrace), as
strace does: nothing is done in its place. It ends with the command; what it has left running goes on without being recorded.`;

const convertHelp = `
Examples:
  $ tcbox convert tcbox.rec                            a recording as JSON, one entry a line
  $ tcbox convert tcbox.rec -o talk.pcapng             for Wireshark, tshark and tcpdump
  $ tcbox convert trace.txt -o trace.rec               from strace (-e write=all -e read=all) to a recording
  $ tcbox convert nlmon.pcap --to json

Reads recordings, pcap and pcapng captures of netlink, strace, JSON, and bytes as text in any common layout. What cannot be
read is said on standard error, and the exit code is 1; what a format has no place for is said as well.`;

/** `command` has the options that choose a kernel. */
export function describeRecord(command: Command, done: (code: number) => void): void {
  command
    .description('record what a command and the kernel say to each other')
    .usage('[options] [--] COMMAND [ARGUMENT…]')
    .argument('<command...>', 'the program and its arguments')
    .option('-o, --output <file>', 'where the recording goes; - is standard output', 'tcbox.rec')
    .option('--in <box>', 'in a box that stays')
    .option('--host', 'the kernel of this computer, in place of a modelled one')
    .passThroughOptions()
    .addHelpText('after', recordHelp)
    .action(async (argv: string[], options: RecordOptions) => {
      const { recordCommand } = await import('./record.js');
      done(await recordCommand(options, argv));
    });
}

export function describeConvert(command: Command, done: (code: number) => void): void {
  command
    .description('convert recordings, traces and captures of netlink')
    .argument('<file>', 'what to read; - is standard input')
    .option('-o, --output <file>', 'what to write; default: standard output')
    .option('--to <format>', 'json, pcapng or rec; default: as the name of the output ends, else json')
    .option('--format <format>', 'of the file, when it cannot be told from what is in it')
    .addHelpText('after', convertHelp)
    .action(async (file: string, options: ConvertOptions) => {
      const { convertCommand } = await import('./convert.js');
      done(convertCommand(file, options));
    });
}
