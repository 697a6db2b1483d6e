// kernel/bpf/verifier.c: where functions and lines of source begin, as func_info and line_info say; kept right while the
// program is rewritten.

/** Records by the instruction they belong to. */
export class Lines {
  /** Instruction of each record of line_info that is left, in order. */
  starts: number[] = [];
  /** Number of the record as given. */
  records: number[] = [];

  /** Begins with records at `starts`. */
  set(starts: readonly number[]): void {
    this.starts = [...starts];
    this.records = starts.map((_, i) => i);
  }

  /** Instructions have moved: a line of which nothing is left is gone. @models kernel/bpf/verifier.c bpf_adj_linfo_after_remove() */
  move(moved: Int32Array): void {
    const starts: number[] = [];
    const records: number[] = [];
    for (const [i, old] of this.starts.entries()) {
      const start = moved[old]!;
      const end = moved[this.starts[i + 1] ?? moved.length - 1]!;
      if (start === end) continue;
      starts.push(start);
      records.push(this.records[i]!);
    }
    this.starts = starts;
    this.records = records;
  }
}
