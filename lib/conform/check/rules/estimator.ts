// net/core/gen_estimator.c gen_new_estimator(): which rate estimators there are.
import { gnet_estimator } from '../../../uapi/linux/gen_stats.js';
import type { Attributes } from '../attributes.js';

/** Whether the estimator in attribute `type` is given and is none. */
export function rejectsEstimator(run: Attributes, type: number): boolean {
  if (!run.ok(type)) return false;
  if (run.len(type) < gnet_estimator.size) return true;
  const interval = run.judge.view.getInt8(run.start(type));
  const ewmaLog = run.judge.view.getUint8(run.start(type) + 1);
  return interval < -2 || interval > 3 || ewmaLog === 0 || ewmaLog >= 31;
}
