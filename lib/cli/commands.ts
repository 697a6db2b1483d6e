// The full parser: every command with its help, for whatever main() did not recognise by itself. Usage errors go to
// standard error and are exit code 2.
import { Command, CommanderError } from 'commander';
import { describeCheck, describeDiff, describeExplain } from './commands_conform.js';
import { describeConvert, describeRecord } from './commands_record.js';
import type { LoadCommandOptions } from './load.js';
import type { DumpOptions } from './prog_dump.js';
import type { SendOptions } from './send.js';
import type { DoctorOptions, LsOptions, RunOptions, StartOptions } from './options.js';
import { version } from './version.js';

const programHelp = `
Examples:
  $ tcbox run -- tc qdisc show          one command in a fresh kernel of its own
  $ tcbox run -- bash                   a shell: everything started from it shares one kernel
  $ tcbox start web                     a kernel that stays, for many commands
  $ tcbox exec web -- tc qdisc show     one command in it, from anywhere
  $ tcbox stop web                      its end
  $ tcbox record -- tc qdisc show       what a command and the kernel say to each other, into a file
  $ tcbox convert tcbox.rec             a recording as JSON, or with -o talk.pcapng for Wireshark
  $ tcbox load cls.o                    does a kernel take these BPF programs
  $ tcbox send em1 --pcap in.pcap       frames through a device, and what becomes of each
  $ tcbox check capture.pcap            what is wrong with these netlink messages
  $ tcbox explain capture.pcap          what every byte of them is
  $ tcbox diff a.rec b.rec              what two recordings, or two commands, say differently
  $ tcbox doctor                        can this machine run tcbox, and what is missing

Exit codes: of run and exec, the command's own, and 128+n when signal n ended it; 0 pass; 1 failure;
2 usage; 125 tcbox could not start; 126 the command cannot be executed; 127 it was not found.`;

const runHelp = `
Examples:
  $ tcbox run -- ip link add em1 type veth peer name em2
  $ tcbox run -- sh -c 'tc qdisc add dev lo clsact && tc qdisc show dev lo'
  $ tcbox run --config rec-6.18 -- tc -batch rules.tc
  $ tcbox run -- make test              any program; where namespaces are allowed, without the machine's network

The kernel begins empty (lo alone) and ends with the command.`;

const faultHelp = `

Faults: --fault WHAT,HOW[,WHEN]
  call=CALL,errno=E                     a call on a modelled socket fails: socket, bind, connect, getsockname,
                                        setsockopt, getsockopt, sendmsg, recvmsg (these two: all calls that send or
                                        receive), ioctl. tc and ip receive each message by two calls
  request[=TYPE],errno=E[,text=TEXT]    a request is refused instead of done; text, an extended error, comes last
  notify[=TYPE],drop                    a notification reaches nobody
  notify[=TYPE],delay=TIME              a notification comes late (100us, 50ms, 2s); others overtake it
  overrun[=TYPE]                        a reply or notification finds the receive buffer full: lost, then ENOBUFS
  interrupt[=TYPE]                      a dump asked for by TYPE says that it was interrupted (NLM_F_DUMP_INTR)
  buffer,rcvbuf=N,sndbuf=N              new sockets have buffers this short, and can set no longer ones
  seed=N                                repeats chance=P in another way; 1 by default
TYPE is RTM_NEWQDISC and the like, or a number; E is ENOMEM and the like, or a number. WHEN, every time by default:
nth=N (that one alone), from=N (that one and all later), every=N (each Nth), chance=P (0 to 1).
  $ tcbox run --fault request=RTM_NEWQDISC,errno=ENOMEM,text='no memory, on purpose' -- tc qdisc add dev lo clsact
  $ tcbox run --fault call=bind,errno=EADDRINUSE,nth=2 -- ./my-test
  $ tcbox run --fault notify=RTM_NEWLINK,drop,chance=0.5 --fault seed=7 -- ./my-monitor-test`;

const startHelp = `
Examples:
  $ tcbox start web
  $ tcbox start old --kernel v6.1 --config rec-6.1-uml
  $ tcbox start web --script setup.sh   a shell script, or any executable, that prepares the kernel first

The kernel stays until tcbox stop, with everything that runs in it. It belongs to this user alone.
When the script fails, the box is stopped, and start exits with 125.
The grammar of --fault is in tcbox run --help.`;

const execHelp = `
Examples:
  $ tcbox exec web -- tc qdisc add dev lo clsact
  $ tcbox exec web -- sh -c 'tc monitor > events &'
  $ tcbox exec web -- tc -batch - < rules.tc
  $ tcbox exec web -- bash              a shell in the box

The command gets the standard input, output and error, folder, environment, file mode mask and limits of tcbox exec, and
signals sent to tcbox exec. What it starts in the background goes on until tcbox stop. When tcbox exec is killed, the
command gets SIGHUP.

What cannot work: the command is not a child of the shell, so its session and terminal are the box's. A shell in
the box has no job control (fg, bg, ^Z for one of its commands), and /dev/tty is not there.`;

const stopHelp = `
Examples:
  $ tcbox stop web
  $ tcbox stop web old

What still runs in the box gets SIGTERM; what is there after 0.2 s loses its kernel (ENOSYS), then gets SIGKILL.`;

const lsHelp = `
Examples:
  $ tcbox ls
  $ tcbox ls --json                     the same for scripts

Boxes whose process was killed are cleaned up and named on standard error.`;

const doctorHelp = `
Examples:
  $ tcbox doctor                        one line per prerequisite, and what to do about those missing
  $ tcbox doctor --json                 the same for scripts

Exit code 0 when tcbox run works here, 1 when it does not.`;

const loadHelp = `
Examples:
  $ tcbox load cls.o                    every program of the object, into a fresh kernel
  $ tcbox load cls.o --section classify what tc would load for 'obj cls.o sec classify'
  $ tcbox load cls.o --kernel v4.1      what another kernel says to it
  $ tcbox load cls.o --log 2 --json     with the verifier's log, for scripts
  $ tcbox load core.o --btf /sys/kernel/btf/vmlinux

Prints maps, programs and the verdict; for a program that is refused, the verifier's log. Exit code 0 when everything was
accepted, 1 when something was refused or the object is damaged.`;

const sendHelp = `
Examples:
  $ tcbox send em1 --script setup.sh --pcap in.pcap          through a fresh kernel that setup.sh (ip, tc …) prepares
  $ tcbox send em1 --ingress --in web --hex 'ffffffffffff 020000000001 0800 4500 …'
  $ tcbox send em1 --script setup.sh --count 1000 --size 128 --quiet
  $ tcbox send em1 --script setup.sh --pcap in.pcapng --json --out left.pcapng
  $ tcbox send em1 --script setup.sh --pcap in.pcap --expect verdicts.jsonl && echo as expected

A frame goes out by the device, or with --ingress comes in by it. The table shows its result (0, NET_XMIT_* or an errno),
the class that the last filter chose, what that filter said, and where the frame and its copies are now: received (it
came to the protocols of a device), sent (by a device that leads nowhere), queued, taken (TC_ACT_STOLEN and the like) or
dropped, with the reason. In a fresh kernel time moves as the times of the capture do, and at the end for as long as frames
wait in queues (--wait).

--json prints one object a frame: frame, length, device, direction, result, errno, classid, action, destinations
(packet, fate, device, why, ticket, frame), and path, a list of steps (packet, step, and by step: device; hook; by, program,
result; kind, pref, chain, handle, verdict, classid; kind, index, verdict; device, qdisc, handle, time; reason) with the
bytes that each changed. Objects with "late" are of packets that left a queue later, "of" the frame with that number.

--expect FILE has one such object a frame, with as few fields as matter. All of them must be as in the frame's line; a
list of path names steps that come in this order, any other list names all there are. Lines beginning with # are left out.
  {"classid": "800:10", "destinations": [{"fate": "received", "device": "em2"}]}
  {"result": 1, "path": [{"step": "filter", "pref": 10, "verdict": "TC_ACT_SHOT"}]}

Exit code 0; 1 when something is not as expected, a capture is damaged or a frame could not be sent at all; 125 when there is
no such box or the script fails.`;

const progHelp = `
Examples:
  $ tcbox prog dump cls.o               the instructions of every program
  $ tcbox prog dump cls.o --section classify`;

/** Parses and runs any command line; resolves to the exit code. */
export async function dispatch(argv: readonly string[]): Promise<number> {
  let code = 0;
  const program = describe((result) => (code = result));
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
  return code;
}

function describe(done: (code: number) => void): Command {
  const program = new Command('tcbox')
    .description('Runs unmodified programs (tc, ip, …) against a model of the Linux kernel, without root.')
    .version(version(), '-V, --version')
    .addHelpText('after', programHelp)
    .exitOverride()
    .enablePositionalOptions();
  describeRun(program.command('run'), done);
  describeStart(program.command('start'), done);
  describeExec(program.command('exec'), done);
  describeStop(program.command('stop'), done);
  describeLs(program.command('ls'), done);
  describeSend(program.command('send'), done);
  describeRecord(withKernel(program.command('record')), done);
  describeCheck(program.command('check'), done);
  describeExplain(program.command('explain'), done);
  describeConvert(program.command('convert'), done);
  describeDiff(program.command('diff'), done);
  describeLoad(program.command('load'), done);
  describeProg(program.command('prog'), done);
  describeDoctor(program.command('doctor'), done);
  return program;
}

/** Values of an option that may be given several times. */
const collect = (value: string, before: string[] = []): string[] => [...before, value];

/** The options that choose a kernel. */
function withKernel(command: Command): Command {
  return command
    .option('--kernel <version>', 'kernel version to model, such as v6.18')
    .option('--config <name or file>', 'configuration: a built-in name (full, rec-6.18, rec-6.1-uml) or a JSON file')
    .option(
      '--fault <spec>',
      'let something go wrong on purpose (tcbox run --help); may be given several times',
      collect,
    );
}

function describeRun(command: Command, done: (code: number) => void): void {
  withKernel(command)
    .description('run a command whose netlink sockets reach a modelled kernel')
    .usage('[options] [--] COMMAND [ARGUMENT…]')
    .argument('<command...>', 'the program and its arguments')
    .passThroughOptions()
    .addHelpText('after', runHelp + faultHelp)
    .action(async (argv: string[], options: RunOptions) => {
      const { runCommand } = await import('./run.js');
      done(await runCommand(options, argv));
    });
}

function describeStart(command: Command, done: (code: number) => void): void {
  withKernel(command)
    .description('start a box that stays: a kernel for many commands')
    .argument('<name>', 'what to call it: letters, digits, - and _')
    .option('--script <file>', 'run this in the box before anything else')
    .addHelpText('after', startHelp)
    .action(async (name: string, options: StartOptions) => {
      const { startCommand } = await import('./start.js');
      done(await startCommand(options, name));
    });
}

function describeExec(command: Command, done: (code: number) => void): void {
  command
    .description('run a command in a box that stays')
    .usage('NAME [--] COMMAND [ARGUMENT…]')
    .argument('<name>', 'the box')
    .argument('<command...>', 'the program and its arguments')
    .passThroughOptions()
    .addHelpText('after', execHelp)
    .action(async (name: string, argv: string[]) => {
      const { execCommand } = await import('./exec.js');
      done(await execCommand(name, argv));
    });
}

function describeStop(command: Command, done: (code: number) => void): void {
  command
    .description('stop boxes, and everything that runs in them')
    .argument('<name...>', 'the boxes')
    .addHelpText('after', stopHelp)
    .action(async (names: string[]) => {
      const { stopCommand } = await import('./stop.js');
      done(await stopCommand(names));
    });
}

function describeLs(command: Command, done: (code: number) => void): void {
  command
    .description('list the boxes of this user')
    .option('--json', 'print JSON')
    .addHelpText('after', lsHelp)
    .action(async (options: LsOptions) => {
      const { lsCommand } = await import('./ls.js');
      done(await lsCommand(options));
    });
}

function describeSend(command: Command, done: (code: number) => void): void {
  withKernel(command)
    .description('send frames through a device, and print what becomes of them')
    .argument('<device>', 'the device')
    .option('--ingress', 'frames come in by the device')
    .option('--pcap <file>', 'frames of a capture, pcap or pcapng; - is standard input')
    .option('--hex <bytes...>', 'frames as hexadecimal digits, one an argument')
    .option('--count <n>', 'so many IPv4 frames')
    .option('--size <bytes>', 'their size, 60 by default')
    .option('--in <box>', 'through a box that stays')
    .option('--script <file>', 'run this in the fresh kernel first')
    .option('--json', 'print a JSON object a frame')
    .option('-q, --quiet', 'print the totals alone')
    .option('--out <file>', 'write what was sent and received, as pcapng')
    .option('--expect <file>', 'compare with expectations')
    .option('--wait <seconds>', 'how long queued frames are waited for at the end, 10 by default')
    .addHelpText('after', sendHelp)
    .action(async (device: string, options: SendOptions) => {
      const { sendCommand } = await import('./send.js');
      done(await sendCommand(device, options));
    });
}

/** The options that choose programs of an object. */
function withObject(command: Command): Command {
  return command
    .argument('<object>', 'an object file, as clang -target bpf -c makes it')
    .option('--section <name>', 'the section of the programs; default: all of them')
    .option('--program <name>', 'the one program of this name')
    .option('--btf <file>', 'types of the kernel, for programs that depend on them (CO-RE)')
    .option('--json', 'print JSON');
}

function describeLoad(command: Command, done: (code: number) => void): void {
  withObject(command)
    .description('load a BPF object into a fresh kernel, and print what it says')
    .option('--kernel <version>', 'kernel version to model, such as v6.18')
    .option('--config <name or file>', 'configuration: a built-in name (full, rec-6.18, rec-6.1-uml) or a JSON file')
    .option('--log <level>', 'level of the verifier log: 1, 2, 4 for statistics, or a sum')
    .addHelpText('after', loadHelp)
    .action(async (file: string, options: LoadCommandOptions) => {
      const { loadCommand } = await import('./load.js');
      done(loadCommand(file, options));
    });
}

function describeProg(command: Command, done: (code: number) => void): void {
  command.description('look at programs of BPF objects').addHelpText('after', progHelp);
  withObject(command.command('dump'))
    .description('print the instructions of the programs of an object')
    .addHelpText('after', progHelp)
    .action(async (file: string, options: DumpOptions) => {
      const { dumpCommand } = await import('./prog_dump.js');
      done(dumpCommand(file, options));
    });
}

function describeDoctor(command: Command, done: (code: number) => void): void {
  command
    .description('list the prerequisites of this machine, found or missing')
    .option('--json', 'print JSON')
    .addHelpText('after', doctorHelp)
    .action(async (options: DoctorOptions) => {
      const { doctorCommand } = await import('./doctor.js');
      done(await doctorCommand(options));
    });
}
