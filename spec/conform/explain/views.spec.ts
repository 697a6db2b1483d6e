// The views of an explained datagram: none leaves a byte out, all of them say what the regions say, and no text of a capture
// gets into a page as markup.
import { Script } from 'node:vm';
import { expect } from 'chai';
import { fromHex, toHex } from '../../../lib/codec/bytes.js';
import type { Datagram } from '../../../lib/conform/datagram.js';
import { explain } from '../../../lib/conform/explain/explain.js';
import { htmlView } from '../../../lib/conform/explain/html.js';
import { jsonView } from '../../../lib/conform/explain/json.js';
import type { Region } from '../../../lib/conform/explain/region.js';
import { textView } from '../../../lib/conform/explain/text.js';
import { mutated, randomOf } from '../random.js';
import { carriedDatagrams } from '../vectors.js';

const datagramOf = (bytes: Uint8Array): Datagram => ({
  bytes,
  direction: 'unknown',
  origin: { file: 'a<b>&"c"', offset: 0 },
});

/** The bytes that lines of text show. */
function shownBytes(text: string): string {
  const columns = text.split('\n').map((line) => /^[0-9a-f]{4,} {2}((?:[0-9a-f]{2} ?){1,8})/.exec(line)?.[1] ?? '');
  return columns.join('').replace(/ /g, '');
}

const page = (bytes: Uint8Array): string =>
  [...htmlView([{ datagram: datagramOf(bytes), regions: explain(bytes) }])].join('');

function flat(regions: readonly Region[]): Region[] {
  return regions.flatMap((region) => [region, ...flat(region.children ?? [])]);
}

describe('explain: views', () => {
  let samples: Uint8Array[] = [];

  before(() => {
    const carried = carriedDatagrams();
    const random = randomOf(11);
    const one = (): Uint8Array => carried[random(carried.length)]!.bytes;
    samples = Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? one() : mutated(one(), one(), random)));
  });

  it('show every byte in text, when all are asked for', () => {
    for (const bytes of samples)
      expect(shownBytes(textView(explain(bytes), bytes, { all: true }))).to.equal(toHex(bytes));
  });

  it('say the same in colours', () => {
    for (const bytes of samples.slice(0, 50)) {
      const regions = explain(bytes);
      const coloured = textView(regions, bytes, { colour: true });
      expect(coloured.replace(/\u001b\[\d+m/g, '')).to.equal(textView(regions, bytes));
    }
  });

  it('keep within the width as far as single pieces let them', () => {
    for (const bytes of samples.slice(0, 50)) {
      const text = textView(explain(bytes), bytes, { width: 90 });
      const long = text.split('\n').filter((line) => line.length > 90 && line.trim().split('  ').length > 2);
      expect(long.filter((line) => !/^[0-9a-f]{4}/.test(line))).to.deep.equal([]);
    }
  });

  it('are JSON of the regions and bytes', () => {
    for (const bytes of samples) {
      const parsed = JSON.parse(jsonView({ ...datagramOf(bytes), time: 5n }, explain(bytes))) as Record<
        string,
        unknown
      >;
      expect(parsed['bytes']).to.equal(toHex(bytes));
      expect(parsed['time']).to.equal('5');
      expect(parsed['regions']).to.deep.equal(JSON.parse(JSON.stringify(explain(bytes))));
    }
  });

  it('have every byte and every region in a page', () => {
    for (const bytes of samples.slice(0, 100)) {
      const html = page(bytes);
      expect([...html.matchAll(/<b>([0-9a-f]{2})<\/b>/g)].map(([, hex]) => hex).join('')).to.equal(toHex(bytes));
      const places = [...html.matchAll(/data-o="(\d+)" data-n="(\d+)"/g)].map(
        ([, offset, length]) => `${offset!}+${length!}`,
      );
      expect(places).to.deep.equal(flat(explain(bytes)).map(({ offset, length }) => `${offset}+${length}`));
    }
  });

  it('let nothing of a capture become markup, and load nothing', () => {
    const name = Array.from('<img src=x onerror=1>', (c) => c.charCodeAt(0));
    const bytes = Uint8Array.from([
      60,
      0,
      0,
      0,
      16,
      0,
      1,
      0,
      ...new Array<number>(24).fill(0),
      25,
      0,
      3,
      0,
      ...name,
      0,
      0,
      0,
    ]);
    const html = page(bytes);
    expect(html).to.contain('&lt;img src=x onerror=1&gt;').and.to.contain('a&lt;b&gt;&amp;&quot;c&quot;');
    expect(html).to.not.match(/<img|https?:|<link|src="/);
    const [, script] = /<script>([^]*)<\/script>/.exec(html)!;
    expect(() => new Script(script!)).to.not.throw();
  });

  it('tell nothing of rtnetlink in messages of other families', () => {
    const bytes = fromHex(
      '20000000' + '10000500' + '01000000' + '00000000' + '03010000' + '0b000200' + '6e6c637472006c00',
    );
    const text = textView(explain(bytes, { protocol: 16 }), bytes);
    expect(text).to.contain('GENL_ID_CTRL, 32 bytes').and.to.contain('CTRL_CMD_GETFAMILY');
    expect(text).to.not.match(/interface|must be there|RTM_/);
  });

  it('name the attribute at fault in the first line of a refusal', () => {
    const request =
      '280000002400050601000000000000000000000003000000000001000000000000000000' + '08000c0001000000'.slice(0, 8);
    const head = '38000000' + '02000003' + '01000000' + '92100000' + 'eaffffff';
    const bytes = fromHex(`${head}${request.slice(0, 32)}080002002400000008000100626164000000`.slice(0, 2 * 0x38));
    const known = fromHex(
      '2c0000002400050601000000000000000000000003000000000001000000000000000000' + '08000100666f6f00',
    );
    const [region] = explain(bytes, { request: known });
    expect(region?.meaning).to.equal('refused: EINVAL, "bad" (TCA_KIND, at byte 36 of the request)');
  });
});
