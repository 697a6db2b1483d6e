// The list of all codes as a page of Markdown, made of the table: CODES.md beside it is this text, and a spec holds it so.
import { codeTexts } from './code_texts.js';
import { C, type Code } from './codes.js';

/** What the hundreds of the numbers stand for. */
const chapters: Readonly<Record<string, string>> = {
  TCB00: 'Datagrams and message headers',
  TCB01: 'How attributes lie',
  TCB02: 'What the policy of an attribute says of its value',
  TCB03: 'What a request needs',
  TCB04: 'Options of qdiscs, classifiers and actions',
  TCB09: 'What the kernel sends',
};

const introduction = `# Codes of \`tcbox check\`

A finding has a code, which never changes its meaning, and a severity, which depends on the request and on the kernel that is
asked for: \`refused\` (the kernel refuses the message; the finding says with which errno, text and place), \`strict\` (refused
under \`NETLINK_GET_STRICT_CHK\` alone), \`version\` (refused by another version), \`ignored\` (taken, without effect), \`wasteful\`
(more bytes or calls than needed), \`reply\` (the kernel would not send this).`;

function entry(code: Code): string {
  const { title, example, fix } = codeTexts[code];
  return `### ${code}\n\n${title}.\n\n- Example: ${example}.\n- Fix: ${fix}`;
}

/** The whole page. */
export function codesDocument(): string {
  const codes = Object.values(C).toSorted();
  const parts = Object.entries(chapters).map(([prefix, title]) => {
    const entries = codes.filter((code) => code.startsWith(prefix)).map(entry);
    return `## ${title}\n\n${entries.join('\n\n')}`;
  });
  return `${[introduction, ...parts].join('\n\n')}\n`;
}
