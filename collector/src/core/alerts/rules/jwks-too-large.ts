import { counted } from '@keyturn/shared/model/counted.ts';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import { type DocumentSize, servedSize, usedShare } from '../../gates/jwks-fits.ts';
import type { IssuerState, State } from '../../state.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import { isRequired, type ServiceGroups, serviceNoun, servicesWatched } from '../spoken-of.ts';

/** The JWKS as it is served is over a limit of verifiers that read it, or of the collector itself. */
export const jwksTooLarge: AlertRule = {
  names: ['JwksTooLarge'],
  judge: (state) =>
    [...overOurs(state), ...servicesWatched(state)].flatMap((found) =>
      'status' in found ? found : (overTheirs(state, found) ?? []),
    ),
};

function overOurs(state: State): readonly Judgement[] {
  return [...state.issuers.values()].flatMap(({ issuer, vantages }) =>
    [...vantages.values()].flatMap(({ url, latest }): Judgement[] => {
      const about = { name: 'JwksTooLarge', labels: { issuer, address: url } } as const;
      if (latest === null) return [{ status: 'unknown', ...about }];
      const { result } = latest.sighting;
      if (result.ok) return [];
      if (result.error !== 'too_large') return [{ status: 'unknown', ...about }];
      const summary = `the JWKS of ${issuer} at ${url} is larger than the collector reads`;
      return [{ status: 'present', ...about, summary, details: [result.message] }];
    }),
  );
}

function overTheirs(state: State, watched: ServiceGroups): Judgement | undefined {
  const { service, groups } = watched;
  const { issuer } = watched.issuer;
  const limits = groups.map((group) => group.service.profile).filter(isLimited);
  const known = state.issuers.get(issuer);
  if (limits.length === 0 || known === undefined) return undefined;
  const about = { name: 'JwksTooLarge', labels: { issuer, service } } as const;
  const { largest, unread } = sizesOf(known);
  const over = limits.find((profile) => largest !== null && usedShare(profile, largest.size) > 1);
  if (over === undefined || largest === null) {
    return unread ? { status: 'unknown', ...about } : undefined;
  }
  return {
    status: 'present',
    ...about,
    ...(isRequired(watched) ? {} : { severity: 'info' as const }),
    summary: `the JWKS of ${issuer} is too large for ${serviceNoun(watched)}, which refuses all of it`,
    details: [
      `${largest.url} serves ${counted(largest.size.keys, 'key')} in ${counted(largest.size.bytes, 'byte')}`,
      `${over.name} takes ${limitsOf(over)}`,
    ],
  };
}

function sizesOf({ vantages }: IssuerState): {
  readonly largest: { readonly url: string; readonly size: DocumentSize } | null;
  readonly unread: boolean;
} {
  let largest: { readonly url: string; readonly size: DocumentSize } | null = null;
  let unread = false;
  for (const vantage of vantages.values()) {
    const size = servedSize(vantage);
    if (size === null) unread = true;
    else if (size.bytes > (largest?.size.bytes ?? -1)) largest = { url: vantage.url, size };
  }
  return { largest, unread };
}

function isLimited({ jwksBytesMax, jwksKeysMax }: ProfileFacts): boolean {
  return jwksBytesMax !== null || jwksKeysMax !== null;
}

function limitsOf({ jwksBytesMax, jwksKeysMax }: ProfileFacts): string {
  return [
    ...(jwksKeysMax === null ? [] : [`at most ${counted(jwksKeysMax, 'key')}`]),
    ...(jwksBytesMax === null ? [] : [`at most ${counted(jwksBytesMax, 'byte')}`]),
  ].join(' and ');
}
