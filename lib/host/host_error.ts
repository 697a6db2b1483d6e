// The third of the four kinds of error: this machine, as it is, cannot run the supervisor. Thrown by the Box and by
// what it opens; the command line prints both texts and exits with 125.

export class HostError extends Error {
  readonly code: string;
  readonly missing: string;
  readonly whatToDo: string;

  /** `code` is a stable word for programs; the two texts are for people. */
  constructor(code: string, missing: string, whatToDo: string) {
    super(`${missing}; ${whatToDo}`);
    this.name = 'HostError';
    this.code = code;
    this.missing = missing;
    this.whatToDo = whatToDo;
  }
}
