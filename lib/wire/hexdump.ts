// Bytes for people: sixteen a line, the offset before them, what is printable behind them.

const width = 16;

function line(u8: Uint8Array, offset: number): string {
  const row = [...u8.subarray(offset, offset + width)];
  const hex = row.map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
  const text = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
  return `${offset.toString(16).padStart(4, '0')}  ${hex.padEnd(3 * width - 1)}  ${text}`;
}

/** Lines without a newline at the end; no bytes give no text. */
export function hexdump(u8: Uint8Array): string {
  const lines: string[] = [];
  for (let offset = 0; offset < u8.length; offset += width) lines.push(line(u8, offset));
  return lines.join('\n');
}
