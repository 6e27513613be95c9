import type { IssuerGlanceView } from '../../../api/schemas/glance.ts';
import { nowMs } from '../../live/live.ts';
import { type Standing, StateBadge } from '../../ui/state-badge.tsx';

/** How an issuer's JWKS stands, by shape and word. What was not read lately is unknown. */
export function IssuerStanding({ issuer }: { readonly issuer: IssuerGlanceView }) {
  const [standing, word] = standingOf(issuer, nowMs.value);
  return <StateBadge standing={standing} word={word} />;
}

/** The state and the word for it. */
export function standingOf(
  issuer: Pick<
    IssuerGlanceView,
    'standing' | 'differs' | 'read_counts_until_at' | 'reused_kids' | 'shared_secrets'
  >,
  atMs: number,
): readonly [Standing, string] {
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
