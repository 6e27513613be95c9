import type { IssuerGlanceView } from '../../../api/schemas/glance.ts';
import type { VerdictView } from '../../../api/schemas/verdict.ts';

/** How an issuer's JWKS stands, and the word for it. What was not read lately is unknown. */
export function standingOf(
  issuer: Pick<
    IssuerGlanceView,
    'standing' | 'differs' | 'read_counts_until_at' | 'reused_kids' | 'shared_secrets'
  >,
  atMs: number,
): readonly [standing: VerdictView['status'], word: string] {
  if (issuer.reused_kids > 0) return ['closed', 'KID REUSED'];
  switch (issuer.standing) {
    case 'failing':
      return ['closed', 'NOT READABLE'];
    case 'unread':
      return ['unknown', 'NOT READ YET'];
    case 'none':
      return ['unknown', issuer.shared_secrets ? 'NO JWKS: SECRETS' : 'NO JWKS'];
    case 'readable':
      if (issuer.differs) return ['closed', 'DIFFERS'];
      return issuer.read_counts_until_at === null || Date.parse(issuer.read_counts_until_at) <= atMs
        ? ['unknown', 'NOT READ LATELY']
        : ['open', 'READABLE'];
  }
}
