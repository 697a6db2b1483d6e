// net/sched/cls_bpf.c and act_bpf.c: a program is given by its classic instructions and their number, or by an fd.
import { BPF_MAXINSNS } from '../../../uapi/linux/bpf_common.js';
import { sock_filter } from '../../../uapi/linux/filter.js';
import type { Attributes } from '../attributes.js';
import { C } from '../codes.js';
import { classicFault } from '../../../wire/classic.js';
import { noteUnread } from './tc.js';

/** The numbers of the attributes. */
export interface ProgramTypes {
  readonly len: number;
  readonly ops: number;
  readonly fd: number;
  readonly name: number;
}

/** Exactly one of instructions and fd. */
export function checkPresence(run: Attributes, { len, ops, fd }: ProgramTypes): void {
  const { judge } = run;
  const classic = run.has(len) && run.has(ops);
  if (classic === run.has(fd)) {
    if (classic) {
      judge.deny(
        C.exclusiveAttributes,
        'EINVAL',
        undefined,
        run.place(fd),
        'both classic instructions and the fd of a program',
      );
      return;
    }
    const half = run.has(len) ? ops : run.has(ops) ? len : undefined;
    const text =
      half === undefined
        ? 'neither classic instructions nor the fd of a program'
        : `${run.set.$byType[half]!.name} is missing beside the other`;
    judge.deny(C.missingAttribute, 'EINVAL', undefined, run.whole, text, run);
  } else if (!classic && (run.has(len) || run.has(ops))) {
    const other = run.has(len) ? len : ops;
    noteUnread(run, other, 'a program is named by its fd: this is not read');
  }
}

/** The instructions: as many as OPS_LEN says, and such that the kernel takes them. */
function checkInstructions(run: Attributes, { len, ops }: ProgramTypes): void {
  const { judge } = run;
  const count = run.u16(len);
  if (count === undefined || !run.ok(ops)) return;
  const length = run.len(ops);
  if (count === 0 || count > BPF_MAXINSNS) {
    judge.deny(
      C.countMismatch,
      'EINVAL',
      undefined,
      run.place(len),
      `a program has 1 to ${BPF_MAXINSNS} instructions, not ${count}`,
    );
    return;
  }
  if (count * sock_filter.size !== length) {
    const text = `${count} instructions take ${count * sock_filter.size} bytes, ${length} are given`;
    judge.deny(C.countMismatch, 'EINVAL', undefined, run.place(ops), text);
    return;
  }
  const fault = classicFault(judge.view, run.start(ops), count);
  if (fault === undefined) return;
  const at = {
    offset: run.start(ops) + fault.at * sock_filter.size,
    length: sock_filter.size,
    path: `${run.pathOf(ops)}[${fault.at}]`,
  };
  judge.deny(C.classicProgram, 'EINVAL', undefined, at, `instruction ${fault.at}: ${fault.text}`);
}

/** What is given for a program. */
export function checkInstructionsOrFd(run: Attributes, types: ProgramTypes): void {
  const { judge } = run;
  if (run.has(types.fd)) {
    judge.may('EBADF: the fd is not open');
    judge.may('EINVAL: the fd is no program of the right kind');
    return;
  }
  noteUnread(run, types.name, 'only programs that are named by an fd have a name');
  checkInstructions(run, types);
}

export function checkProgram(run: Attributes, types: ProgramTypes): void {
  checkPresence(run, types);
  checkInstructionsOrFd(run, types);
}
