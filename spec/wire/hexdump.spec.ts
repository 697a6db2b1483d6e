// The hexdump: offsets, columns that line up, printable text.
import { expect } from 'chai';
import { hexdump } from '../../lib/wire/hexdump.js';

describe('wire hexdump', () => {
  it('shows sixteen bytes a line with offset and text', () => {
    const bytes = Uint8Array.from({ length: 18 }, (_, i) => (i < 16 ? 0x41 + i : i));
    expect(hexdump(bytes).split('\n')).to.deep.equal([
      '0000  41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP',
      '0010  10 11                                            ..',
    ]);
  });

  it('shows nothing for no bytes', () => {
    expect(hexdump(new Uint8Array())).to.equal('');
  });
});
