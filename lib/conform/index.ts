// The public API of tcbox/conform: what netlink datagrams are, byte by byte, and what is wrong with them. Pure: it works in
// a browser.
export {
  check,
  Checker,
  type CheckOptions,
  type Code,
  codeNumbers,
  type CodeText,
  codeTexts,
  type Finding,
  type Judgement,
  type KernelVersion,
  kernelVersions,
  type MessageJudgement,
  type Refusal,
  type Severity,
  type Verdict,
} from './check/index.js';
export type { Datagram, Direction, Origin } from './datagram.js';
export { explain, type ExplainOptions } from './explain/explain.js';
export type { Region, RegionRole } from './explain/region.js';
export { textView, type TextOptions } from './explain/text.js';
export { htmlView, type Explained } from './explain/html.js';
export { jsonView } from './explain/json.js';
export { Requests } from './explain/requests.js';
