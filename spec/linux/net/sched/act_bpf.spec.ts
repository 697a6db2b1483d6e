// The bpf action with classic programs: the order of refusals, none of which carries a text, and who holds the program.
import { expect } from 'chai';
import * as E from '../../../../lib/uapi/asm-generic/errno.js';
import { NLM_F_ECHO, NLM_F_REPLACE } from '../../../../lib/uapi/linux/netlink.js';
import { TCA_ACT } from '../../../../lib/uapi/linux/pkt_cls.js';
import { RTM_DELACTION, RTM_NEWACTION } from '../../../../lib/uapi/linux/rtnetlink.js';
import { tc_act_bpf, TCA_ACT_BPF } from '../../../../lib/uapi/linux/tc_act/tc_bpf.js';
import { foreignFile } from '../../../../lib/linux/fs/file.js';
import { act, action, actionsOf, add, dumpActions, inside, listed, named, tab } from './actions.js';
import { ADD, attr, Bed, ops } from './bed.js';

const parms = (fields: Parameters<typeof tc_act_bpf.bytes>[0] = {}): Uint8Array =>
  attr(TCA_ACT_BPF.PARMS.type, tc_act_bpf.bytes(fields));
const length = (count: number): Uint8Array => attr(TCA_ACT_BPF.OPS_LEN.type, Uint8Array.of(count & 255, count >> 8));
const program = (bytes = ops()): Uint8Array[] => [length(bytes.length / 8), attr(TCA_ACT_BPF.OPS.type, bytes)];
const fd = (number: number): Uint8Array => attr(TCA_ACT_BPF.FD.type, number);

describe('net/sched/act_bpf', () => {
  let bed: Bed;
  beforeEach(() => {
    bed = new Bed();
  });

  const refused: readonly [string, number, readonly Uint8Array[]][] = [
    ['no options', E.EINVAL, [attr(1, 'bpf')]],
    ['no parameters', E.EINVAL, action('bpf', program())],
    ['short parameters', E.ERANGE, action('bpf', [attr(TCA_ACT_BPF.PARMS.type, new Uint8Array(19))])],
    ['no program', E.EINVAL, action('bpf', [parms()])],
    ['two programs', E.EINVAL, action('bpf', [parms(), ...program(), fd(0)])],
    ['a length alone', E.EINVAL, action('bpf', [parms(), length(1)])],
    ['length 0', E.EINVAL, action('bpf', [parms(), length(0), attr(TCA_ACT_BPF.OPS.type, ops())])],
    ['another length', E.EINVAL, action('bpf', [parms(), length(2), attr(TCA_ACT_BPF.OPS.type, ops())])],
    ['a program that does not return', E.EINVAL, action('bpf', [parms(), ...program(ops(0, 0, 0, 0, 0, 0, 0, 0))])],
    ['a closed fd', E.EBADF, action('bpf', [parms(), fd(77)])],
    ['a negative fd', E.EBADF, action('bpf', [parms(), fd(0xffffffff)])],
    ['an fd of another file', E.EINVAL, action('bpf', [parms(), fd(5)])],
    [
      'no software',
      E.EOPNOTSUPP,
      action('bpf', [parms(), ...program()], attr(7, Uint8Array.of(4, 0, 0, 0, 4, 0, 0, 0))),
    ],
  ];
  for (const [title, errno, wanted] of refused)
    it(`refuses ${title} and leaves nothing behind`, () => {
      bed.client.task.files.set(5, foreignFile);
      const before = bed.objects();
      const answer = add(bed, wanted);
      expect([answer.errno, answer.text]).to.deep.equal([errno, undefined]);
      expect(bed.objects()).to.deep.equal(before);
    });

  it('holds its program until it is replaced or deleted', () => {
    const programs = (): number => bed.objects().filter((label) => label.startsWith('classic')).length;
    add(bed, action('bpf', [parms({ index: 4, action: 2 }), ...program()]));
    const before = bed.objects();
    const replace = (...inside: Uint8Array[]) => act(bed, RTM_NEWACTION, NLM_F_REPLACE, tab(action('bpf', inside)));
    expect(replace(parms({ index: 4 })).errno).to.equal(E.EINVAL);
    expect(bed.objects()).to.deep.equal(before);
    expect(replace(parms({ index: 4, action: 3 }), ...program(ops(6, 0, 0, 0, 7, 0, 0, 0))).errno).to.equal(0);
    expect(programs()).to.equal(1);
    const options = inside(actionsOf(dumpActions(bed, 'bpf')[0]!)[0]!.get(TCA_ACT.OPTIONS.type)!);
    expect([...options.keys()]).to.deep.equal([2, 3, 4, 1]);
    expect(options.get(TCA_ACT_BPF.OPS.type)!.bytes()[4]).to.equal(7);
    expect(act(bed, RTM_DELACTION, 0, tab(named('bpf', 4))).errno).to.equal(0);
    expect(programs()).to.equal(0);
  });

  it('is made but not told of when its program is too long for the message', () => {
    const long = Uint8Array.from(Array.from({ length: 600 }, () => [...ops()]).flat());
    const answer = act(bed, RTM_NEWACTION, ADD | NLM_F_ECHO, tab(action('bpf', [parms(), ...program(long)])));
    expect([answer.errno, answer.text]).to.deep.equal([
      E.EINVAL,
      'Failed to fill netlink attributes while adding TC action',
    ]);
    expect(answer.events).to.deep.equal([]);
    expect(listed(bed, 'bpf')).to.deep.equal(['1 1/0']);
    expect(act(bed, RTM_NEWACTION, ADD, tab(action('bpf', [parms({ index: 1 }), ...program()]))).errno).to.equal(
      E.EEXIST,
    );
  });
});
