// What a program can call outside itself. `linux` gives the VM a table of these when a program is loaded; the verifier has
// proved the arguments.

/**
 * A helper. `regs` are the registers of the caller as halves: the low half of Rn at `2n`, the high half at `2n + 1`. It
 * reads its arguments from R1 to R5 and writes R0, both halves (setR0() below does it for a signed 32-bit result).
 */
export type Helper = (regs: Int32Array) => void;

/** R0 = a 32-bit number, sign-extended: what a helper that returns int or long gives. */
export function setR0(regs: Int32Array, value: number): void {
  regs[0] = value;
  regs[1] = value >> 31;
}

/** R0 = an unsigned 32-bit number or an address, zero-extended. */
export function setR0Unsigned(regs: Int32Array, value: number): void {
  regs[0] = value;
  regs[1] = 0;
}
