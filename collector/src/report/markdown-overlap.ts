import type { OverlapView, WindowView } from '../api/schemas/report.ts';
import { plain } from './markdown-text.ts';
import { table } from './markdown-table.ts';
import { spanOrUnknown } from './span.ts';

/** The overlap window: its moments, the formula term by term, and what was left to spare. */
export function overlapLines(overlap: OverlapView): string[] {
  return [
    '## Overlap of both keys',
    '',
    ...table(
      ['Moment', 'When'],
      [
        ['new key served at every vantage', overlap.published_at],
        ['signer declared switched', overlap.switched_at],
        ['first token of the new key accepted after that', overlap.switch_seen_at],
        ['latest the old key may have signed', overlap.last_old_signature_at],
        ['last token of the old key accepted', overlap.last_old_accepted_at],
        ['no token of the old key can be accepted any more', overlap.old_tokens_gone_at],
        ['old key served nowhere', overlap.withdrawn_at],
        ['old key declared gone everywhere', overlap.gone_at],
      ].map(([what, at]) => [what ?? '', at ?? 'not seen']),
    ),
    `Required: ${overlap.formula}${overlap.terms_from === null ? ', as set now' : `, as in evidence ${overlap.terms_from}`}.`,
    '',
    ...table(
      ['Term', 'What', 'Value', ''],
      overlap.terms.map((term) => [
        term.symbol,
        term.name,
        spanOrUnknown(term.ms),
        term.note === '' ? '' : plain(term.note),
      ]),
    ),
    ...table(
      ['Window', 'Required', 'Actual', 'To spare'],
      [
        row('published to withdrawn', overlap.whole),
        row('published to switched (P + Spub)', overlap.before_switch),
        row('last old signature to withdrawn (Tmax + σ + Sret)', overlap.after_switch),
      ],
    ),
    'Where verifiers give evidence, `activate` need not wait for P + Spub, and the second window may fall',
    'short. The old key is never withdrawn on evidence alone.',
    '',
  ];
}

function row(name: string, window: WindowView): string[] {
  return [
    name,
    spanOrUnknown(window.required_ms),
    spanOrUnknown(window.actual_ms),
    spanOrUnknown(window.margin_ms),
  ];
}
