// net/sched/sch_api.c qdisc_get_stab(): what TCA_STAB must hold.
import { STAB_SIZE_LOG_MAX, tc_sizespec, TCA_STAB } from '../../../uapi/linux/pkt_sched.js';
import type { Attributes } from '../attributes.js';
import { liberally } from '../attributes.js';
import { C } from '../codes.js';
import { noteLongStruct, options } from './tc.js';

const { BASE, DATA } = TCA_STAB;

function checkTable(run: Attributes): void {
  const { judge } = run;
  const { offsetof } = tc_sizespec;
  const start = run.start(BASE.type);
  const tsize = judge.view.getUint32(start + offsetof.tsize, true);
  const deny = (msg: string, text: string, type: number): void => {
    judge.deny(C.sizeTable, 'EINVAL', msg, run.place(type), text);
  };
  noteLongStruct(run, BASE.type, tc_sizespec.size);
  if (tsize > 0 && !run.has(DATA.type)) {
    judge.deny(
      C.missingAttribute,
      'EINVAL',
      'Size table data attribute is missing',
      run.whole,
      'TCA_STAB_DATA is missing',
      run,
    );
  } else if (tsize > 0 && run.len(DATA.type) >> 1 !== tsize)
    deny(
      'Invalid size of size table',
      `${tsize} sizes take ${tsize * 2} bytes, ${run.len(DATA.type)} are given`,
      DATA.type,
    );
  const logs = [judge.view.getUint8(start + offsetof.size_log), judge.view.getUint8(start + offsetof.cell_log)];
  if (Math.max(...logs) > STAB_SIZE_LOG_MAX)
    deny('Invalid logarithmic size of size table', `the logarithms are at most ${STAB_SIZE_LOG_MAX}`, BASE.type);
}

export function checkSizeTable(tca: Attributes, type: number): void {
  if (!tca.ok(type)) return;
  const { judge } = tca;
  const outer = judge.symbol;
  judge.symbol = 'net/sched/sch_api.c qdisc_get_stab()';
  const run = options(tca, type, TCA_STAB, liberally);
  if (!run.has(BASE.type))
    judge.deny(
      C.missingAttribute,
      'EINVAL',
      'Size table base attribute is missing',
      run.whole,
      'TCA_STAB_BASE is missing',
      run,
    );
  else if (run.ok(BASE.type)) checkTable(run);
  judge.may('ENOMEM: there is no memory for the table');
  judge.symbol = outer;
}
