// The kernel's own type information: found by its number, described by the loader's reader as well as by the kernel's.
import { expect } from 'chai';
import { Machine } from '../../../../../lib/linux/machine.js';
import { Btf } from '../../../../../lib/loader/btf.js';
import * as E from '../../../../../lib/uapi/asm-generic/errno.js';
import * as B from '../../../../../lib/uapi/linux/bpf.js';
import { bpf_btf_info } from '../../../../../lib/uapi/linux/bpf_attr.js';
import { Bytes } from '../../../../../lib/codec/bytes.js';
import { tcmsg } from '../../../../../lib/uapi/linux/rtnetlink.js';

/** BPF_OBJ_GET_INFO_BY_FD with room for data and name. */
function infoOf(machine: Machine, fd: number, data: Uint8Array, name: Uint8Array) {
  const { memory } = machine.init;
  const info = bpf_btf_info.bytes({
    btf: BigInt(memory.map(data)),
    btf_size: data.length,
    name: BigInt(memory.map(name)),
    name_len: name.length,
  });
  const ret = machine.bpf(B.BPF_OBJ_GET_INFO_BY_FD, { bpf_fd: fd, info_len: info.length, info });
  return { ret, ...bpf_btf_info.get(new Bytes(info), 0) };
}

describe("the kernel's own BTF", () => {
  const machine = new Machine();
  const next = { start_id: 0, next_id: 0 };

  it('is the first, and has a name', () => {
    expect(machine.bpf(B.BPF_BTF_GET_NEXT_ID, next)).to.equal(0);
    expect(next.next_id).to.equal(1);
    const fd = machine.bpf(B.BPF_BTF_GET_FD_BY_ID, { btf_id: 1 });
    const name = new Uint8Array(8);
    const info = infoOf(machine, fd, new Uint8Array(0), name);
    expect(info).to.include({ ret: 0, id: 1, kernel_btf: 1, name_len: 7 });
    expect(Buffer.from(name).toString()).to.equal('vmlinux\0');
    expect(infoOf(machine, fd, new Uint8Array(0), new Uint8Array(4)).ret).to.equal(-E.ENOSPC);
  });

  it('describes the structs of the interface', () => {
    const fd = machine.bpf(B.BPF_BTF_GET_FD_BY_ID, { btf_id: 1 });
    const data = new Uint8Array(1 << 16);
    const { btf_size } = infoOf(machine, fd, data, new Uint8Array(8));
    const btf = new Btf(data.subarray(0, btf_size));
    const found = Array.from({ length: btf.typeCount - 1 }, (_, i) => btf.type(i + 1)).find(
      ({ name }) => name === 'tcmsg',
    );
    expect(found).to.include({ sizeOrType: tcmsg.size });
  });

  it('is no BTF of a map', () => {
    const btf_fd = machine.bpf(B.BPF_BTF_GET_FD_BY_ID, { btf_id: 1 });
    const map = {
      map_type: 2,
      key_size: 4,
      value_size: 4,
      max_entries: 1,
      btf_fd,
      btf_key_type_id: 1,
      btf_value_type_id: 1,
    };
    expect(machine.bpf(B.BPF_MAP_CREATE, map)).to.equal(-E.EACCES);
  });
});
