import type { Grade } from '@keyturn/shared/model/evidence.ts';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { Source } from '@keyturn/shared/model/report.ts';
import type { ProfileOverrides } from '@keyturn/shared/profiles/catalogue.ts';
import { profileFacts, withOverrides } from '@keyturn/shared/profiles/catalogue.ts';

/**
 * When a cache fetches. `lazy`: before use, once older than its refresh; `background`: by a timer;
 * `never`: only on an unknown kid; `per_kid`: lazily, one entry per kid; `static`: not at all.
 */
export type CacheStyle = 'lazy' | 'background' | 'never' | 'per_kid' | 'static';

/** One kind of verifier of the catalogue, as it is simulated. */
export interface Kind {
  /** Id in the catalogue. */
  readonly profile: string;
  readonly style: CacheStyle;
  /** Uses what it has when a refresh fails. */
  readonly staleOnError: boolean;
  /** A failed refresh leaves it with nothing. */
  readonly wipesOnFailure: boolean;
  /** How long an accepted token is accepted again without a look at keys, ms; 0: not at all. */
  readonly tokenCacheMs: number;
  /** What can be known of it, and the weakest grade a careful operator would ask for. */
  readonly ways: readonly (readonly [Source, Grade])[];
  /** Worker caches of one process. */
  readonly workers: number;
  /** What the operator states in place of the catalogue's facts. */
  readonly overrides: ProfileOverrides;
}

const PLAIN = {
  staleOnError: false,
  wipesOnFailure: false,
  tokenCacheMs: 0,
  workers: 1,
  overrides: {},
} as const;

/** Refresh intervals beyond a quarter of an hour are shortened by the operator's own statement. */
export const KINDS: readonly Kind[] = [
  {
    ...PLAIN,
    profile: 'npm-jose',
    style: 'lazy',
    ways: [
      ['in_process', 'present'],
      ['in_process', 'served'],
      ['in_process', 'fetchable'],
      ['proxy', 'served'],
    ],
  },
  {
    ...PLAIN,
    profile: 'npm-jwks-rsa',
    style: 'per_kid',
    ways: [
      ['proxy', 'fetchable'],
      ['pushed', 'fetchable'],
    ],
  },
  {
    ...PLAIN,
    profile: 'npm-get-jwks',
    style: 'per_kid',
    staleOnError: true,
    ways: [['proxy', 'fetchable']],
  },
  { ...PLAIN, profile: 'npm-hono-jwk', style: 'lazy', ways: [['proxy', 'served']] },
  {
    ...PLAIN,
    profile: 'npm-openid-client',
    style: 'lazy',
    wipesOnFailure: true,
    ways: [['pushed', 'present']],
  },
  {
    ...PLAIN,
    profile: 'npm-aws-jwt-verify',
    style: 'never',
    staleOnError: true,
    ways: [
      ['pushed', 'fetchable'],
      ['proxy', 'fetchable'],
    ],
  },
  {
    ...PLAIN,
    profile: 'go-oidc',
    style: 'never',
    staleOnError: true,
    ways: [['pushed', 'fetchable']],
  },
  {
    ...PLAIN,
    profile: 'go-keyfunc-jwkset',
    style: 'background',
    staleOnError: true,
    overrides: { refreshS: 600 },
    ways: [
      ['pushed', 'present'],
      ['proxy', 'served'],
    ],
  },
  {
    ...PLAIN,
    profile: 'java-nimbus',
    style: 'lazy',
    ways: [
      ['pushed', 'present'],
      ['proxy', 'timed'],
    ],
  },
  {
    ...PLAIN,
    profile: 'go-auth0-middleware',
    style: 'lazy',
    overrides: { refreshS: 900, newKidRefusedS: 900, removedKeyAcceptedS: 900 },
    ways: [
      ['proxy', 'served'],
      ['pushed', 'present'],
    ],
  },
  {
    ...PLAIN,
    profile: 'envoy-jwt-authn-async',
    style: 'background',
    staleOnError: true,
    ways: [
      ['proxy', 'served'],
      ['proxy', 'timed'],
    ],
  },
  {
    ...PLAIN,
    profile: 'envoy-jwt-authn-sync',
    style: 'lazy',
    workers: 3,
    ways: [
      ['proxy', 'timed'],
      ['pushed', 'present'],
    ],
  },
  {
    ...PLAIN,
    profile: 'py-pyjwt',
    style: 'lazy',
    wipesOnFailure: true,
    workers: 2,
    ways: [
      ['in_process', 'present'],
      ['proxy', 'fetchable'],
    ],
  },
  {
    ...PLAIN,
    profile: 'google-espv2',
    style: 'background',
    staleOnError: true,
    tokenCacheMs: 300_000,
    ways: [['proxy', 'served']],
  },
  {
    ...PLAIN,
    profile: 'oauth2-proxy',
    style: 'never',
    staleOnError: true,
    tokenCacheMs: 600_000,
    ways: [['proxy', 'fetchable']],
  },
  {
    ...PLAIN,
    profile: 'kong-jwt',
    style: 'static',
    staleOnError: true,
    ways: [['pushed', 'attested']],
  },
];

/** What gates reckon with for this kind. */
export function factsOf(kind: Kind): ProfileFacts {
  const facts = profileFacts(kind.profile);
  if (facts === undefined) throw new Error(`the catalogue has no profile ${kind.profile}`);
  return withOverrides(facts, kind.overrides);
}
