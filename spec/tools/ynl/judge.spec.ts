// lib/uapi against the YNL specifications of Linux: they agree but for what is known and shown by recordings; and a mistake on
// either side, made on purpose, is found.
import { expect } from 'chai';
import { compare } from '../../../tools/ynl/compare.js';
import { evidence, known, specification } from '../../../tools/ynl/files.js';
import { judge } from '../../../tools/ynl/judge.js';
import { readSpecification } from '../../../tools/ynl/specification.js';

describe('tools: ynl', function () {
  this.timeout(240_000);
  const tc = specification('tc');
  const link = specification('rt_link');

  it('finds lib/uapi and the specifications to agree, but for what is known', () => {
    const recorded = evidence();
    for (const spec of [tc, link]) {
      const { unknown, wrong } = judge(spec, known, recorded);
      expect([unknown, wrong], spec.name).deep.equal([[], []]);
    }
    expect(judge(tc, known, new Map()).wrong).not.deep.equal([]);
  });

  it('compares every set and struct that tc and ip need', () => {
    const { compared } = compare(tc);
    expect(compared.structs[0]).at.least(23);
    expect(compared.attributes[0]).at.least(264);
    expect(compared.messages).deep.equal([12, 12]);
    expect(compare(link).compared.attributes[0]).at.least(86);
  });

  it('finds the struct sizes of the specification that no kernel has', () => {
    const sizes = compare(tc).differences.flatMap(({ place, ynl, declared }) =>
      /^\d+ bytes$/.test(ynl) ? [`${place}: ${ynl}, ${declared}`] : [],
    );
    expect(sizes).include.members([
      'tc: struct tc_ratespec: 9 bytes, 12 bytes',
      'tc: struct tc_htb_opt: 38 bytes, 44 bytes',
      'tc: struct tc_tbf_qopt: 30 bytes, 36 bytes',
      'tc: struct tc_police: 50 bytes, 56 bytes',
    ]);
  });

  it('takes a difference that is not known for a mistake of ours', () => {
    const { structs, sets, messages } = tc;
    const changed = {
      ...tc,
      structs: structs.map((struct) => (struct.name === 'tcmsg' ? { ...struct, size: 24 } : struct)),
      sets: sets.map((set) => {
        if (set.name !== 'tc-bpf-attrs') return set;
        const attributes = set.attributes.map((attribute) =>
          attribute.name === 'ops-len'
            ? { ...attribute, type: 'u32' }
            : attribute.name === 'tag'
              ? { ...attribute, number: 12 }
              : attribute,
        );
        return { ...set, attributes };
      }),
      messages: messages.map((message) => (message.name === 'newqdisc' ? { ...message, number: 37 } : message)),
    };
    expect(judge(changed, known, evidence()).unknown).deep.equal([
      { place: 'tc: struct tcmsg', ynl: '24 bytes', declared: '20 bytes' },
      { place: 'tc: TCA_BPF_OPS_LEN', ynl: '32 bits', declared: '16 bits' },
      { place: 'tc: TCA_BPF_TAG', ynl: 'TCA_BPF has no 10', declared: '10 is TAG' },
      { place: 'tc: RTM_NEWQDISC', ynl: '37', declared: '36' },
    ]);
  });

  it('says when a known difference is gone', () => {
    const { differences } = compare(tc);
    expect(differences.length).at.least(30);
    const repaired = { ...tc, structs: tc.structs.filter(({ name }) => name !== 'tc-stats') };
    expect(judge(repaired, known, evidence()).wrong).deep.equal(['tc: struct tc_stats: differs no more']);
  });

  it('numbers attributes as specifications do', () => {
    const spec = readSpecification(`
name: small
definitions: [{ name: one-two, type: struct, members: [{ name: a, type: u8 }, { name: b, type: u32 }] }]
attribute-sets:
  - { name: some-attrs, attributes: [{ name: first, type: u8 }, { name: fifth, type: u8, value: 5 }, { name: sixth, type: u8 }] }
  - { name: part, subset-of: some-attrs, attributes: [{ name: first }] }
operations: { list: [{ name: newthing, do: { request: { value: 16 } } }, { name: getthing, dump: { request: { value: 18 } } }] }
`);
    expect(spec.structs[0]).deep.include({ name: 'one-two', size: 5 });
    expect(spec.sets.map(({ attributes }) => attributes.map(({ number }) => number))).deep.equal([[1, 5, 6]]);
    expect(spec.messages.map(({ number }) => number)).deep.equal([16, 18]);
  });
});
