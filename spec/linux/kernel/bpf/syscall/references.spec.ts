// Who holds what: every refusal of bpf(2) puts back what it took, and whoever lets go last, nothing stays behind.
import { expect } from 'chai';
import fc from 'fast-check';
import * as B from '../../../../../lib/uapi/linux/bpf.js';
import type { BpfAttr } from '../../../../../lib/linux/kernel/bpf/local_call.js';
import { LocalTask } from '../../../../../lib/linux/kernel/local_task.js';
import { RTM_DELTFILTER } from '../../../../../lib/uapi/linux/rtnetlink.js';
import { INGRESS, kind, PROTO_ALL, V0 } from '../../../net/sched/bed.js';
import { BpfBed, returning, u32, usingMaps } from './bed.js';

const INVALID = new Uint8Array(8).fill(0xff);

/** Calls that are refused, whatever is open: fds 3 to 8 are what the bed below opens. */
const refusals: readonly (readonly [string, number, BpfAttr | Uint8Array])[] = [
  ['a map of no type', B.BPF_MAP_CREATE, { map_type: 99, key_size: 4, value_size: 4, max_entries: 1 }],
  ['an array with a wide key', B.BPF_MAP_CREATE, { map_type: 2, key_size: 8, value_size: 4, max_entries: 1 }],
  [
    'a map with a bad name',
    B.BPF_MAP_CREATE,
    { map_type: 2, key_size: 4, value_size: 4, max_entries: 1, map_name: 'a-b' },
  ],
  [
    'a hash with a bad name',
    B.BPF_MAP_CREATE,
    { map_type: 1, key_size: 4, value_size: 4, max_entries: 9, map_name: '-' },
  ],
  [
    'a map with types of no BTF',
    B.BPF_MAP_CREATE,
    { map_type: 2, key_size: 4, value_size: 4, max_entries: 1, btf_fd: 77, btf_key_type_id: 1, btf_value_type_id: 1 },
  ],
  [
    'a map for one program with a short digest',
    B.BPF_MAP_CREATE,
    {
      map_type: 2,
      key_size: 4,
      value_size: 4,
      max_entries: 1,
      excl_prog_hash: new Uint8Array(32),
      excl_prog_hash_size: 5,
    },
  ],
  [
    'a map of maps without one',
    B.BPF_MAP_CREATE,
    { map_type: 12, key_size: 4, value_size: 4, max_entries: 1, inner_map_fd: 4 },
  ],
  ['an update of a full map', B.BPF_MAP_UPDATE_ELEM, { map_fd: 6, key: u32(9), value: u32(1), flags: B.BPF_EXIST }],
  ['an update from nowhere', B.BPF_MAP_UPDATE_ELEM, { map_fd: 6, key: u32(1), value: 5 }],
  ['a slot for what is no program', B.BPF_MAP_UPDATE_ELEM, { map_fd: 7, key: u32(0), value: u32(6) }],
  ['a slot that is not there', B.BPF_MAP_UPDATE_ELEM, { map_fd: 7, key: u32(9), value: u32(4) }],
  ['no instructions', B.BPF_PROG_LOAD, { prog_type: 3, insn_cnt: 0 }],
  ['instructions from nowhere', B.BPF_PROG_LOAD, { prog_type: 3, insn_cnt: 2, insns: 7, license: 'GPL' }],
  ['an invalid program', B.BPF_PROG_LOAD, { prog_type: 3, insn_cnt: 1, insns: INVALID, license: 'GPL' }],
  [
    'a program without an end',
    B.BPF_PROG_LOAD,
    { prog_type: 3, insn_cnt: 1, insns: returning(0).slice(0, 8), license: 'GPL' },
  ],
  [
    'a program with maps that ends in nothing',
    B.BPF_PROG_LOAD,
    { prog_type: 3, insn_cnt: 3, insns: usingMaps(6, 7).slice(0, 24), license: 'GPL' },
  ],
  [
    'a program that uses maps and returns nothing',
    B.BPF_PROG_LOAD,
    {
      prog_type: 3,
      insn_cnt: 5,
      insns: Uint8Array.of(...usingMaps(6, 7).slice(0, 32), 0x95, 0, 0, 0, 0, 0, 0, 0),
      license: 'GPL',
    },
  ],
  ['a program of no type', B.BPF_PROG_LOAD, { prog_type: 99, insn_cnt: 2, insns: returning(0), license: 'GPL' }],
  [
    'a program with a bad name',
    B.BPF_PROG_LOAD,
    { prog_type: 3, insn_cnt: 2, insns: returning(0), license: 'GPL', prog_name: ' ' },
  ],
  ['a pin over another', B.BPF_OBJ_PIN, { pathname: '/sys/fs/bpf/pin', bpf_fd: 4 }],
  ['a pin outside', B.BPF_OBJ_PIN, { pathname: '/tmp/pin', bpf_fd: 4 }],
  ['a pin of nothing', B.BPF_OBJ_PIN, { pathname: '/sys/fs/bpf/other', bpf_fd: 99 }],
  ['a pin that is not there', B.BPF_OBJ_GET, { pathname: '/sys/fs/bpf/other' }],
  ['a link to no device', B.BPF_LINK_CREATE, { prog_fd: 4, target_ifindex: 99, attach_type: B.BPF_TCX_INGRESS }],
  ['a link to no place', B.BPF_LINK_CREATE, { prog_fd: 4, target_ifindex: V0, attach_type: B.BPF_XDP }],
  ['a link that is there', B.BPF_LINK_CREATE, { prog_fd: 5, target_ifindex: V0, attach_type: B.BPF_TCX_INGRESS }],
  [
    'a link with an old revision',
    B.BPF_LINK_CREATE,
    { prog_fd: 4, target_ifindex: V0, attach_type: B.BPF_TCX_INGRESS, expected_revision: 77 },
  ],
  ['a link update by what is no program', B.BPF_LINK_UPDATE, { link_fd: 8, new_prog_fd: 6 }],
  [
    'a link update for another',
    B.BPF_LINK_UPDATE,
    { link_fd: 8, new_prog_fd: 4, flags: B.BPF_F_REPLACE, old_prog_fd: 4 },
  ],
  [
    'an attachment of a map',
    B.BPF_PROG_ATTACH,
    { target_ifindex: V0, attach_bpf_fd: 6, attach_type: B.BPF_TCX_EGRESS },
  ],
  [
    'an attachment in the place of nothing',
    B.BPF_PROG_ATTACH,
    {
      target_ifindex: V0,
      attach_bpf_fd: 4,
      attach_type: B.BPF_TCX_EGRESS,
      attach_flags: B.BPF_F_REPLACE,
      replace_bpf_fd: 5,
    },
  ],
  ['a detachment of nothing', B.BPF_PROG_DETACH, { target_ifindex: V0, attach_type: B.BPF_TCX_EGRESS }],
  ['a test run without a packet', B.BPF_PROG_TEST_RUN, { prog_fd: 4, data_size_in: 3, data_in: new Uint8Array(3) }],
  ['a test run from nowhere', B.BPF_PROG_TEST_RUN, { prog_fd: 4, data_size_in: 64 }],
  ['a program by no id', B.BPF_PROG_GET_FD_BY_ID, { prog_id: 99 }],
  [
    'a map by its id and wrong flags',
    B.BPF_MAP_GET_FD_BY_ID,
    { map_id: 1, open_flags: B.BPF_F_RDONLY | B.BPF_F_WRONLY },
  ],
  ['information without room', B.BPF_OBJ_GET_INFO_BY_FD, { bpf_fd: 4, info_len: 232 }],
  ['BTF of nothing', B.BPF_BTF_LOAD, { btf: INVALID, btf_size: 8 }],
  ['a binding to no map', B.BPF_PROG_BIND_MAP, { prog_fd: 4, map_fd: 5 }],
  ['a token', B.BPF_TOKEN_CREATE, { bpffs_fd: 4 }],
  ['an iterator', B.BPF_ITER_CREATE, { link_fd: 8 }],
  ['statistics of another kind', B.BPF_ENABLE_STATS, { type: 9 }],
  ['a batch from nowhere', B.BPF_MAP_UPDATE_BATCH, { map_fd: 6, count: 2 }],
  ['a command that is not there', 99, new Uint8Array(8)],
  ['too much', B.BPF_MAP_FREEZE, new Uint8Array(4097)],
];

/** Everything there is: every object with its count, and the linear memory. */
function everything(bed: BpfBed): string[] {
  return [...bed.objects(), `memory: ${bed.machine.memory.used}`];
}

/** fd 3 a socket's worth of nothing; 4 and 5 programs, 6 a full hash, 7 a prog array, 8 a link of 5, and a pin of 6. */
function opened(): BpfBed {
  const bed = new BpfBed();
  const first = bed.load(returning(1), { prog_name: 'first' });
  bed.task.close(first);
  const before = bed.map(B.BPF_MAP_TYPE_ARRAY);
  expect(before).to.equal(3);
  expect(bed.load(returning(2))).to.equal(4);
  expect(bed.load(returning(3))).to.equal(5);
  expect(bed.map(B.BPF_MAP_TYPE_HASH)).to.equal(6);
  expect(bed.map(B.BPF_MAP_TYPE_PROG_ARRAY)).to.equal(7);
  const link = { prog_fd: 5, target_ifindex: V0, attach_type: B.BPF_TCX_INGRESS };
  expect(bed.bpf(B.BPF_LINK_CREATE, link)).to.equal(8);
  for (const key of [1, 2])
    expect(bed.bpf(B.BPF_MAP_UPDATE_ELEM, { map_fd: 6, key: u32(key), value: u32(0) })).to.equal(0);
  expect(bed.bpf(B.BPF_OBJ_PIN, { pathname: '/sys/fs/bpf/pin', bpf_fd: 6 })).to.equal(0);
  return bed;
}

describe('references of bpf(2)', () => {
  describe('a refusal puts back everything', () => {
    for (const [name, cmd, attributes] of refusals) {
      it(name, () => {
        const bed = opened();
        // What grows to the largest request and stays is made by a first refusal.
        expect(bed.bpf(cmd, structuredClone(attributes))).to.be.below(0);
        bed.settle();
        const before = everything(bed);
        expect(bed.bpf(cmd, structuredClone(attributes))).to.be.below(0);
        bed.settle();
        expect(everything(bed)).to.deep.equal(before);
      });
    }

    it('of a program without a capability', () => {
      const bed = opened();
      const before = everything(bed);
      const user = new LocalTask({ tgid: 7, uid: 1000 });
      const attributes = { prog_type: 3, insn_cnt: 2, insns: returning(0), license: 'GPL' };
      expect(user.bpf(bed.machine, B.BPF_PROG_LOAD, attributes)).to.equal(-1);
      expect(everything(bed)).to.deep.equal(before);
    });
  });

  describe('whoever lets go, and when', () => {
    /** What holds programs and maps, made in this order; each may be made only after what it needs. */
    const builders: readonly ((bed: BpfBed) => void)[] = [
      (bed) => void bed.map(B.BPF_MAP_TYPE_HASH),
      (bed) => void bed.load(usingMaps(3)),
      (bed) => void bed.map(B.BPF_MAP_TYPE_PROG_ARRAY),
      (bed) => void bed.bpf(B.BPF_MAP_UPDATE_ELEM, { map_fd: 5, key: u32(0), value: u32(4) }),
      (bed) => void bed.bpf(B.BPF_OBJ_PIN, { pathname: '/sys/fs/bpf/prog', bpf_fd: 4 }),
      (bed) => void bed.bpf(B.BPF_OBJ_PIN, { pathname: '/sys/fs/bpf/map', bpf_fd: 5 }),
      (bed) => void bed.qdisc('clsact'),
      (bed) => void bed.filterFd(4),
      (bed) => void bed.filterFd(4, { prio: 2 }),
      (bed) => void bed.bpf(B.BPF_LINK_CREATE, { prog_fd: 4, target_ifindex: V0, attach_type: B.BPF_TCX_INGRESS }),
      (bed) => void bed.bpf(B.BPF_PROG_ATTACH, { target_ifindex: V0, attach_bpf_fd: 4, attach_type: B.BPF_TCX_EGRESS }),
      (bed) => void bed.bpf(B.BPF_OBJ_PIN, { pathname: '/sys/fs/bpf/link', bpf_fd: 6 }),
      (bed) => void bed.map(B.BPF_MAP_TYPE_ARRAY_OF_MAPS, 4, 4, 2, { inner_map_fd: 3 }),
      (bed) => void bed.bpf(B.BPF_MAP_UPDATE_ELEM, { map_fd: 7, key: u32(1), value: u32(3) }),
    ];
    /** What lets go; each may come at any time, and more than once. */
    const enders: readonly ((bed: BpfBed) => void)[] = [
      (bed) => void bed.tc(RTM_DELTFILTER, 0, { parent: INGRESS, prio: 1, protocol: PROTO_ALL }, kind('bpf')),
      (bed) => {
        bed.removeLinks();
      },
      (bed) => {
        bed.task.exit();
      },
      (bed) => {
        bed.machine.pins.unmount();
      },
      (bed) => void bed.machine.pins.unlink('/sys/fs/bpf/prog'),
      (bed) => void bed.machine.pins.unlink('/sys/fs/bpf/map'),
      (bed) => void bed.bpf(B.BPF_LINK_DETACH, { link_fd: 6 }),
      (bed) => void bed.bpf(B.BPF_LINK_UPDATE, { link_fd: 6, new_prog_fd: bed.tryLoad(returning(9)) }),
      (bed) => void bed.bpf(B.BPF_MAP_DELETE_ELEM, { map_fd: 5, key: u32(0) }),
      ...[3, 4, 5, 6, 7].map((fd) => (bed: BpfBed) => void bed.task.close(fd)),
      (bed) => {
        bed.settle();
      },
    ];
    /** The things that must have happened for nothing to be left. */
    const all = [1, 2, 3];

    it('leaves nothing behind', () => {
      const started = new BpfBed();
      started.removeLinks();
      started.settle();
      const start = started.objects();
      const orders = fc.array(fc.nat(enders.length - 1), { maxLength: 12 });
      fc.assert(
        fc.property(
          fc.integer({ min: 1, max: builders.length }),
          orders,
          fc.shuffledSubarray(all, { minLength: 3 }),
          (made, order, last) => {
            const bed = new BpfBed();
            for (const build of builders.slice(0, made)) build(bed);
            let gone = false;
            for (const at of [...order, ...last]) {
              if (at === 1 && gone) continue;
              gone ||= at === 1;
              enders[at]!(bed);
            }
            bed.settle();
            expect(bed.objects()).to.deep.equal(start);
          },
        ),
        { numRuns: 120 },
      );
    });

    it('gives the memory back, but for what a call needs', () => {
      const bed = new BpfBed();
      const round = (): number => {
        const map = bed.map(B.BPF_MAP_TYPE_HASH, 8, 64, 100);
        for (let key = 0; key < 100; key++)
          expect(
            bed.bpf(B.BPF_MAP_UPDATE_ELEM, {
              map_fd: map,
              key: Uint8Array.of(key, 0, 0, 0, 0, 0, 0, 0),
              value: new Uint8Array(64),
            }),
          ).to.equal(0);
        bed.load(usingMaps(map));
        bed.task.exit();
        bed.settle();
        return bed.machine.memory.used;
      };
      const once = round();
      expect(round()).to.equal(once);
      expect(round()).to.equal(once);
    });
  });
});
