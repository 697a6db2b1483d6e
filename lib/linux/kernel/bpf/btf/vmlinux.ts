// kernel/bpf/btf.c, the kernel's own type information: an object with an id as any other, the first one, which the kernel
// holds for ever. It describes what this kernel has in the way of types: the structs of its interface, from the same
// declarations that the model decodes and encodes with. Made when it is first asked for.
import { alignUp } from '../../../../codec/struct.js';
import * as A from '../../../../uapi/linux/bpf_attr.js';
import * as K from '../../../../uapi/linux/btf.js';
import { sock_filter } from '../../../../uapi/linux/filter.js';
import { nlmsghdr, sockaddr_nl } from '../../../../uapi/linux/netlink.js';
import { tc_ratespec } from '../../../../uapi/linux/pkt_sched.js';
import { ifinfomsg, tcamsg, tcmsg } from '../../../../uapi/linux/rtnetlink.js';
import type { Machine } from '../../../machine.js';
import { Btf } from './btf.js';
import { parseBtf } from './load.js';

/** Its number, and its name. */
export const VMLINUX_ID = 1;
const NAME = 'vmlinux';

interface AnyCodec {
  readonly name: string;
  readonly size: number;
  readonly align: number;
  readonly members?: Readonly<Record<string, AnyCodec>>;
}

const described: readonly AnyCodec[] = [
  nlmsghdr,
  sockaddr_nl,
  ifinfomsg,
  tcmsg,
  tcamsg,
  tc_ratespec,
  sock_filter,
  K.btf_header,
  K.btf_type,
  A.bpf_prog_info,
  A.bpf_map_info,
  A.bpf_btf_info,
];

const ints: Readonly<Record<number, string>> = {
  1: 'unsigned char',
  2: 'short unsigned int',
  4: 'unsigned int',
  8: 'long long unsigned int',
};
const signedInts: Readonly<Record<number, string>> = { 1: 'signed char', 2: 'short int', 4: 'int', 8: 'long long int' };

class BtfWriter {
  readonly #words: number[] = [];
  #strings = '\0';
  #count = 0;
  readonly #made = new Map<string, number>();

  /** The id of what a codec stands for. */
  add(codec: AnyCodec): number {
    const array = /^(.*)\[(\d+)\]$/.exec(codec.name);
    const made = this.#made.get(codec.name);
    if (made !== undefined) return made;
    const id = array === null ? this.#addPlain(codec) : this.#addArray(codec, Number(array[2]));
    this.#made.set(codec.name, id);
    return id;
  }

  #addPlain(codec: AnyCodec): number {
    return codec.members === undefined ? this.#addInt(codec) : this.#addStruct(codec, codec.members);
  }

  #addInt({ name, size }: AnyCodec): number {
    const signed = /^s\d/.test(name);
    const cName = (signed ? signedInts : ints)[size]!;
    const known = this.#made.get(cName);
    if (known !== undefined) return known;
    const encoding = signed ? K.BTF_INT_SIGNED : 0;
    const id = this.#type(cName, K.BTF_KIND_INT, 0, size, [((encoding << 24) | (size * 8)) >>> 0]);
    this.#made.set(cName, id);
    return id;
  }

  #addArray({ size, align }: AnyCodec, count: number): number {
    const element = this.add({ name: `u${(size / count) * 8}`, size: size / count, align });
    const index = this.add({ name: 'u32', size: 4, align: 4 });
    return this.#type('', K.BTF_KIND_ARRAY, 0, 0, [element, index, count]);
  }

  #addStruct({ name, size }: AnyCodec, members: Readonly<Record<string, AnyCodec>>): number {
    let offset = 0;
    const words = Object.entries(members).flatMap(([member, codec]) => {
      offset = alignUp(offset, codec.align);
      const at = offset;
      offset += codec.size;
      return [this.#string(member), this.add(codec), at * 8];
    });
    return this.#type(name, K.BTF_KIND_STRUCT, words.length / 3, size, words);
  }

  #type(name: string, kind: number, length: number, size: number, more: readonly number[]): number {
    this.#words.push(this.#string(name), (kind << 24) | length, size, ...more);
    return ++this.#count;
  }

  #string(text: string): number {
    if (text === '') return 0;
    const found = this.#strings.indexOf(`\0${text}\0`);
    if (found >= 0) return found + 1;
    this.#strings += `${text}\0`;
    return this.#strings.length - text.length - 1;
  }

  bytes(): Uint8Array {
    const header = K.btf_header.bytes({
      magic: K.BTF_MAGIC,
      version: K.BTF_VERSION,
      hdr_len: K.btf_header.size,
      type_len: this.#words.length * 4,
      str_off: this.#words.length * 4,
      str_len: this.#strings.length,
    });
    const types = new Uint8Array(Uint32Array.from(this.#words).buffer);
    const strings = Uint8Array.from(this.#strings, (letter) => letter.charCodeAt(0));
    return Uint8Array.of(...header, ...types, ...strings);
  }
}

/** The kernel's own BTF. @models kernel/bpf/btf.c bpf_get_btf_vmlinux() @differs the types of the interface alone */
export function bpfGetBtfVmlinux(machine: Machine): Btf {
  const known = machine.bpfIds.btfs.get(VMLINUX_ID);
  if (known !== undefined) return known;
  const writer = new BtfWriter();
  for (const codec of described) writer.add(codec);
  const btf = new Btf(machine, parseBtf(writer.bytes(), { write: () => {}, needed: false }), machine, NAME);
  machine.bpfIds.btfs.insert(VMLINUX_ID, btf);
  return btf;
}
