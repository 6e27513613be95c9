import MarkdownIt from 'markdown-it';
import * as fc from 'fast-check';
import { deepStrictEqual } from 'node:assert/strict';
import t from 'tap';
import { buildReport } from '../../src/report/build.ts';
import { code, plain } from '../../src/report/markdown-text.ts';
import { reportMarkdown } from '../../src/report/markdown.ts';
import { attestation, waiver } from '../store/samples.ts';
import { decision, ENDED, factsOf, read, snapshots, T0_MS, trailOf } from './facts.ts';

// As trusting as a renderer gets: HTML passes, bare addresses become links.
const renderer = new MarkdownIt({ html: true, linkify: true });

const HOSTILE: readonly string[] = [
  '| new | cell |',
  'a|b\\|c',
  '`code`',
  '``` three',
  '`',
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '<!-- comment',
  '[link](https://evil.example)',
  '![image](https://evil.example/x.png)',
  'https://evil.example/path',
  'www.evil.com and evil.com',
  'mailto:a@evil.example',
  '<https://evil.example>',
  '**bold** _em_ ~~gone~~',
  '# heading',
  '- item',
  '+ item',
  '1. item',
  '> quote',
  '---',
  'line\nbreak\r\n# heading\n\n| a |\n|---|',
  'left\u202eto right\u202c\u200b\u2028end',
  '&lt;script&gt; &#x3c; &copy;',
  '\\',
  'trailing\\',
  '$x$ and :bomb:',
  '@mention #1',
  '[^1]: footnote',
  '[ref]: https://evil.example',
  '   ',
  '\u0000',
  'x'.repeat(2_000),
];

/** What the reader sees: the HTML without its tags. */
function seen(html: string): string {
  return html
    .replaceAll(/<[^>]*>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
    .trim();
}

/** The elements of a page, in order. */
function elements(html: string): string[] {
  return [...html.matchAll(/<([a-z][a-z0-9]*)/g)].map(([, name = '']) => name);
}

function shownAs(text: string): string {
  const shown = text
    .replaceAll(
      /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
      (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`,
    )
    .trim();
  return shown === '' ? '(empty)' : shown;
}

t.test('hostile text says in a cell exactly what it is', (t) => {
  for (const [n, text] of HOSTILE.entries()) {
    for (const [how, made] of [
      ['plain', plain(text)],
      ['code', code(text)],
    ] as const) {
      const html = renderer.render(`| a | b |\n| --- | --- |\n| x | ${made} |\n`);
      // Their own marks would confuse the test report.
      const name = `${how} ${n}`;
      const allowed = new Set(['table', 'thead', 'tbody', 'tr', 'th', 'td', 'code']);
      t.same(
        elements(html).filter((element) => !allowed.has(element)),
        [],
        `${name}: no elements`,
      );
      t.equal((html.match(/<td>/g) ?? []).length, 2, `${name}: no further cell`);
      // Spaces that stand together are one to HTML, and so are those of a code span's ends.
      const cell = seen(/<td>x<\/td>\n<td>([\s\S]*?)<\/td>/.exec(html)?.[1] ?? '');
      t.equal(cell.replaceAll(/ +/g, ' '), shownAs(text).replaceAll(/ +/g, ' '), `${name}: text`);
    }
  }
  t.end();
});

t.test('any text at all', (t) => {
  const markup = fc.constantFrom(...Array.from('|`\\*_[]()<>!#&~:@.-+=$\n"\' ax1'));
  const text = fc.oneof(
    fc.array(markup, { maxLength: 30 }).map((parts) => parts.join('')),
    fc.string({ unit: 'binary', maxLength: 30 }),
  );
  fc.assert(
    fc.property(text, (value) => {
      for (const made of [plain(value), code(value)]) {
        const html = renderer.render(`| a | b |\n| --- | --- |\n| x | ${made} |\n`);
        const found = elements(html).filter((name) => !['code'].includes(name));
        deepStrictEqual(found, ['table', 'thead', 'tr', 'th', 'th', 'tbody', 'tr', 'td', 'td']);
      }
    }),
    { numRuns: 500 },
  );
  t.end();
});

t.test('a report full of hostile names has the structure of a tame one', (t) => {
  const reportOf = (text: string) =>
    reportMarkdown(
      buildReport(
        factsOf({
          version: text,
          rotation: {
            ...ENDED,
            issuer: text,
            alg: text,
            oldKid: text,
            newKid: text,
            startedBy: text,
            oldThumbprint: text,
          },
          reusedKids: [text],
          attestations: [{ ...attestation, by: text, reason: text, service: text }],
          waivers: [{ ...waiver, by: text, reason: text, checkId: text }],
          trail: trailOf([
            { ...decision(text, text, T0_MS, [text]) },
            {
              ...decision('x', 'y', T0_MS),
              kind: 'act',
              actor: text,
              action: text,
              message: text,
            },
            { ...decision('x', 'y', T0_MS), kind: 'observation', action: text, message: text },
          ]),
          evidence: snapshots().map((record) =>
            read({
              ...record,
              occasion: {
                kind: 'step',
                step: 'retire',
                by: text,
                overrideReason: text,
                reason: null,
              },
              policySha256: text,
              services: record.services.map((service) => ({
                ...service,
                name: text,
                profile: text,
                byNew: { [text]: 1 },
              })),
              verifiers: record.verifiers.map((verifier) => ({
                ...verifier,
                service: text,
                instance: text,
                detail: text,
                holdsNew: text,
              })),
            }),
          ),
        }),
      ),
    );
  const structure = (markdown: string) =>
    elements(renderer.render(markdown)).filter((name) => name !== 'code');
  const tame = structure(reportOf('tame'));
  t.ok(tame.includes('table'));
  t.notOk(tame.includes('a'));
  for (const [n, text] of HOSTILE.entries()) {
    t.strictSame(structure(reportOf(text)), tame, `text ${n}`);
  }
  t.end();
});

t.test('no report has an element of its own but what Markdown makes', (t) => {
  const html = renderer.render(reportMarkdown(buildReport(factsOf())));
  const allowed = 'h1 h2 h3 p ul li strong em table thead tbody tr th td code'.split(' ');
  t.same(
    elements(html).filter((name) => !allowed.includes(name)),
    [],
  );
  t.match(html, /Gate retire was open/);
  t.end();
});
