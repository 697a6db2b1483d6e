// The public API of tcbox/conform: what netlink datagrams are, byte by byte. Pure: it works in a browser.
export type { Datagram, Direction, Origin } from './datagram.js';
export { explain, type ExplainOptions } from './explain/explain.js';
export type { Region, RegionRole } from './explain/region.js';
export { textView, type TextOptions } from './explain/text.js';
export { htmlView, type Explained } from './explain/html.js';
export { jsonView } from './explain/json.js';
export { Requests } from './explain/requests.js';
