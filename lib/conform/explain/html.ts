// Explained datagrams as one page that needs nothing else: bytes at the left, what they are at the right; whatever the pointer
// is on is marked on both sides. All texts are escaped: a capture may hold anything.
import type { Datagram } from '../datagram.js';
import type { Region } from './region.js';

export interface Explained {
  readonly datagram: Datagram;
  readonly regions: readonly Region[];
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text for a page; what it cannot show becomes a visible escape. */
function text(value: string): string {
  return value
    .replace(/[&<>"']/g, (c) => entities[c]!)
    .replace(/[\u0000-\u001f\u007f-\u009f]/g, (c) => `\\x${hex2(c.charCodeAt(0))}`);
}

const hex2 = (byte: number): string => byte.toString(16).padStart(2, '0');

const style = `
:root { color-scheme: light dark; --mark: #ffe08a; --in: #fff4cf; --dim: #777; --value: #06703a; --odd: #b35a00; }
@media (prefers-color-scheme: dark) { :root { --mark: #7a5c00; --in: #3d3310; --dim: #999; --value: #6fd39b; --odd: #ffb066; } }
body { font: 14px/1.45 system-ui, sans-serif; margin: 1rem 2rem; }
h2 { font-size: 1rem; margin: 2rem 0 .3rem; }
.datagram { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2rem; align-items: start; }
.bytes { font: 13px/1.5 ui-monospace, monospace; white-space: pre; position: sticky; top: 1rem; max-height: 96vh; overflow-y: auto; }
.bytes b { font-weight: normal; }
.bytes i { font-style: normal; color: var(--dim); }
.tree, .tree ul { list-style: none; margin: 0; padding-left: 1.2rem; }
.tree { padding-left: 0; }
.tree div { border-radius: 3px; padding: 0 .3rem; }
.tree code { font-size: 13px; }
.tree code.value { color: var(--value); }
.dim, .padding > div { color: var(--dim); }
.odd { color: var(--odd); }
.in { background: var(--in); }
.on { background: var(--mark); }
`;

/** Marks what the pointer is on, on both sides; a click scrolls the other side to it. */
const script = `
for (const datagram of document.querySelectorAll('.datagram')) {
  const bytes = [...datagram.querySelectorAll('.bytes b')];
  const rows = [...datagram.querySelectorAll('.tree div')];
  const leaf = new Array(bytes.length);
  for (const row of rows) for (let i = +row.dataset.o; i < +row.dataset.o + +row.dataset.n; i++) leaf[i] = row;
  const mark = (row) => {
    for (const marked of datagram.querySelectorAll('.on, .in')) marked.classList.remove('on', 'in');
    if (!row) return;
    row.classList.add('on');
    for (let up = row.parentElement.parentElement.closest('li'); up; up = up.parentElement.closest('li'))
      up.firstElementChild.classList.add('in');
    for (let i = +row.dataset.o; i < +row.dataset.o + +row.dataset.n; i++) bytes[i]?.classList.add('on');
  };
  const rowOf = (target) => target.closest('.tree div') ?? leaf[bytes.indexOf(target.closest('b'))];
  datagram.addEventListener('mouseover', (event) => mark(rowOf(event.target)));
  datagram.addEventListener('mouseleave', () => mark());
  datagram.addEventListener('click', (event) => {
    const row = rowOf(event.target);
    const other = event.target.closest('.tree') ? bytes[row?.dataset.o] : row;
    other?.scrollIntoView({ block: 'nearest' });
  });
}
`;

const ROW = 16;

function dump(u8: Uint8Array): string {
  const rows: string[] = [];
  for (let at = 0; at < u8.length; at += ROW) {
    const row = Array.from(u8.subarray(at, at + ROW), (byte) => `<b>${hex2(byte)}</b>`);
    rows.push(`<i>${at.toString(16).padStart(4, '0')}</i>  ${row.join(' ')}`);
  }
  return rows.join('\n');
}

function line({ role, offset, length, name, type, value, meaning, symbol, remark }: Region): string {
  const parts = [
    `<strong>${text(name || (role === 'padding' ? 'padding' : 'bytes'))}</strong>`,
    value === undefined ? '' : `<code class="value">${text(value)}</code>`,
    meaning === undefined ? '' : text(meaning),
    remark === undefined ? '' : `<span class="odd">${text(remark)}</span>`,
    `<span class="dim">${text([type, symbol].filter((part) => part !== undefined).join(' · '))}</span>`,
  ];
  const title = `${length} byte${length === 1 ? '' : 's'} at ${offset}`;
  return `<div data-o="${offset}" data-n="${length}" title="${title}">${parts.filter((part) => part !== '').join(' ')}</div>`;
}

function item(region: Region): string {
  const inside = region.children === undefined ? '' : `<ul>${region.children.map(item).join('')}</ul>`;
  return `<li class="${region.role}">${line(region)}${inside}</li>`;
}

function section({ datagram: { bytes, origin, direction, lost = [] }, regions }: Explained, index: number): string {
  const where = [
    `${origin.file}${origin.line === undefined ? `, offset ${origin.offset}` : `:${origin.line}`}`,
    origin.label,
  ];
  const title = [...where, direction === 'unknown' ? undefined : direction, `${bytes.length} bytes`].filter(
    (part) => part !== undefined,
  );
  const notes = lost.map((note) => `<p class="odd">${text(note)}</p>`).join('');
  return `<h2 id="d${index}">${text(title.join(' · '))}</h2>${notes}
<div class="datagram"><div class="bytes">${dump(bytes)}</div><ul class="tree">${regions.map(item).join('')}</ul></div>`;
}

/** The beginning of the page, each datagram, the end: written one after the other, so that no page is held whole. */
export function* htmlView(explained: Iterable<Explained>, title = 'tcbox explain'): Generator<string, void> {
  yield `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${text(title)}</title><style>${style}</style></head><body>
<h1>${text(title)}</h1>
`;
  let index = 0;
  for (const one of explained) yield `${section(one, index++)}\n`;
  yield `<script>${script}</script></body></html>\n`;
}
