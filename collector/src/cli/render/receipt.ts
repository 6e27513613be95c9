import type { ReceiptClaims } from '../../receipt/receipt-claims.ts';
import { span } from '../../report/span.ts';
import { table } from './table.ts';

/** What a valid receipt says, and what follows from it. */
export function receiptText(
  claims: ReceiptClaims,
  kid: string,
  how: { readonly reportFile: string | null; readonly keysFrom: 'collector' | 'file' },
): string {
  const rows = [
    ['rotation', claims.sub],
    ['of issuer', claims.token_issuer],
    ['keys', `${claims.old_key.kid} -> ${claims.new_key.kid} (${claims.alg})`],
    ['outcome', outcomeOf(claims)],
    ['new key published', claims.published_at ?? 'not seen'],
    ['signer switched', claims.switched_at ?? 'not yet'],
    ['last old signature', claims.last_old_signature_at ?? 'not known'],
    ['old key withdrawn', claims.withdrawn_at ?? 'not seen'],
    ['overlap', overlapOf(claims)],
    ['report SHA-256', claims.report_sha256],
    ['audit trail', `${chainOf(claims)} up to entry ${claims.audit_head.number}`],
    ['signed by', `${claims.iss}, key ${kid}, at ${new Date(claims.iat * 1_000).toISOString()}`],
  ];
  const steps = claims.steps.map(
    (step) =>
      `  ${step.at}  ${step.step} by ${step.by}, ${step.gate === null ? 'no gate' : `gate ${step.gate} ${step.gate_status ?? ''}`}${step.overridden ? ', OVERRIDDEN' : ''}`,
  );
  return `${['valid receipt', '', ...table(rows).map((line) => `  ${line}`), '', ...steps, '', ...meaning(claims, how)].join('\n')}\n`;
}

export function invalidText(reason: string): string {
  return `NOT a valid receipt: ${reason}\n`;
}

function meaning(
  claims: ReceiptClaims,
  how: { readonly reportFile: string | null; readonly keysFrom: 'collector' | 'file' },
): string[] {
  return [
    `This proves that the collector that holds the key signed these facts${claims.interim ? ' while the rotation was still open' : ''}, and that they are unchanged since.`,
    how.reportFile === null
      ? 'It was not compared with a report: add --report FILE for that.'
      : `${how.reportFile} is the report it is of.`,
    how.keysFrom === 'collector'
      ? 'The key came from the collector just now, so this is no more trustworthy than the way to it.'
      : 'The key came from the saved JWKS; whose that is, is yours to know.',
    'It does not prove that what the collector was told was true.',
  ];
}

function outcomeOf(claims: ReceiptClaims): string {
  const tainted = claims.tainted ? ', old key compromised' : '';
  if (claims.outcome === null) return `open${tainted}`;
  return `${claims.outcome} at ${claims.ended_at ?? ''}${tainted}`;
}

function overlapOf({ overlap_actual_ms: actual, overlap_required_ms: required }: ReceiptClaims) {
  const needed = required === null ? 'required not known' : `required ${span(required)}`;
  return actual === null ? `not over, ${needed}` : `${span(actual)}, ${needed}`;
}

function chainOf({ audit_intact: intact }: ReceiptClaims): string {
  if (intact === null) return 'not looked at,';
  return intact ? 'intact' : 'BROKEN';
}
