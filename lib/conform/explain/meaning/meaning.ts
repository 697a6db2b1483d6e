// One entry of a table of meanings: a sentence, or what makes one from the value and the message.

export interface Told {
  /** The value as a number; NaN when it is none or not there. */
  readonly number: number;
  readonly value: unknown;
  /** nlmsg_type and nlmsg_flags of the message. */
  readonly type: number;
  readonly flags: number;
  /** First byte of its body. */
  readonly family: number;
  readonly isRequest: boolean;
}

export type Meaning = string | ((told: Told) => string | undefined);
export type Meanings = Readonly<Record<string, Meaning>>;
