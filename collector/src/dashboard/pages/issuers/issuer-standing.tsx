import type { IssuerGlanceView } from '../../../api/schemas/glance.ts';
import { nowMs } from '../../live/live.ts';
import { StateBadge } from '../../ui/state-badge.tsx';
import { standingOf } from './issuer-standing-words.ts';

/** How an issuer's JWKS stands, by shape and word. */
export function IssuerStanding({ issuer }: { readonly issuer: IssuerGlanceView }) {
  const [standing, word] = standingOf(issuer, nowMs.value);
  return <StateBadge standing={standing} word={word} />;
}
