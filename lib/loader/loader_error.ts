// What is wrong with an object file: the one error that the loader throws for whatever bytes it is given. Files come from
// anyone, so the error names the file, where in it, and why, and nothing else ever comes out.

/** How an offset is written in every message. */
export const hex = (value: number): string => `0x${value.toString(16)}`;

export class LoaderError extends Error {
  override readonly name = 'LoaderError';
  readonly file: string;
  /** In bytes from the start of the file. */
  readonly offset: number;
  readonly reason: string;

  constructor(file: string, offset: number, reason: string) {
    super(`${file}: offset ${hex(offset)}: ${reason}`);
    this.file = file;
    this.offset = offset;
    this.reason = reason;
  }
}
