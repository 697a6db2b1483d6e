// Writes mixed_tos.pcap: eight IPv4 packets of 60 bytes, a millisecond apart, whose types of service are mixed. Run as
//   node tools/examples/mixed_tos/make.mjs
import { writeFileSync } from 'node:fs';
import { PcapWriter } from '../../../dist/lib/wire/pcap/writer.js';

const mixed = [0x00, 0x10, 0x08, 0x10, 0xb8, 0x00, 0x04, 0x10];
const writer = new PcapWriter();
const packets = mixed.map((tos, i) => {
  const data = new Uint8Array(60);
  data.fill(0xff, 0, 6);
  data.set([2, 0, 0, 0, 0, 1, 8, 0, 0x45, tos, 0, 46, 0, i, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2], 6);
  data.set([0, 9, 0, 9, 0, 26], 34);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += (data[at] << 8) | data[at + 1];
  sum = ~((sum & 0xffff) + (sum >>> 16)) & 0xffff;
  data.set([sum >>> 8, sum & 0xff], 24);
  return writer.packet({ seconds: 1_700_000_000, nanos: i * 1_000_000, data });
});
writeFileSync(new URL('mixed_tos.pcap', import.meta.url), Buffer.concat([writer.header(), ...packets]));
