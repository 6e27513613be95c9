import type { Grade } from '@keyturn/shared/model/evidence.ts';
import type { Source } from '@keyturn/shared/model/report.ts';
import type { ProfileOverrides } from '@keyturn/shared/profiles/catalogue.ts';
import type { Behaviour } from './kinds.ts';

/** How one profile is simulated: what its entry says in words, beside the figures it states. */
export interface Simulated {
  readonly told: Partial<Behaviour> & Pick<Behaviour, 'style'>;
  readonly ways: readonly (readonly [Source, Grade])[];
  /** What an operator knows better than the catalogue can, of every installation. */
  readonly overrides?: ProfileOverrides;
}

const PRESENT = ['pushed', 'present'] as const;
const PUSHED = ['pushed', 'fetchable'] as const;
const FETCHES = ['proxy', 'fetchable'] as const;
const SERVED = ['proxy', 'served'] as const;
const TIMED = ['proxy', 'timed'] as const;
const VOUCHED = ['pushed', 'attested'] as const;

const FIXED: Simulated = {
  told: { style: 'static', staleOnError: true },
  ways: [VOUCHED, PRESENT],
};
/** Keys come from code of the application, here: a set of ten minutes, and nothing on demand. */
const APPLICATION: Simulated = { told: { style: 'lazy' }, ways: [PRESENT] };
const NEVER = { style: 'never', staleOnError: true } as const;
const HOUR_S = 3_600;

/** Each profile of the catalogue. */
export const SIMULATED: Readonly<Record<string, Simulated>> = {
  'npm-jose': {
    told: { style: 'lazy' },
    ways: [
      ['in_process', 'present'],
      ['in_process', 'served'],
      ['in_process', 'fetchable'],
      SERVED,
    ],
  },
  'npm-jwks-rsa': { told: { style: 'per_kid' }, ways: [FETCHES, PUSHED] },
  'npm-get-jwks': { told: { style: 'per_kid', revives: true }, ways: [FETCHES] },
  'npm-fast-jwt': {
    told: { style: 'lazy', tokenCacheMs: 600_000 },
    ways: [PRESENT],
    overrides: { cachesVerifiedTokens: true },
  },
  'npm-aws-jwt-verify': { told: { ...NEVER, cooldownFrom: 'miss' }, ways: [PUSHED, FETCHES] },
  'npm-express-oauth2-jwt-bearer': { told: { style: 'lazy' }, ways: [SERVED, PRESENT] },
  'npm-passport-jwt': FIXED,
  'npm-openid-client': { told: { style: 'lazy' }, ways: [PRESENT] },
  'npm-hono-jwk': { told: { style: 'lazy' }, ways: [SERVED] },
  'go-oidc': { told: NEVER, ways: [PUSHED] },
  'go-keyfunc-jwkset': {
    told: { style: 'background', cooldownFrom: 'forced' },
    ways: [PRESENT, SERVED],
  },
  // A refresh is due after 15 minutes and done within the next 15.
  'go-jwx-cache': {
    told: { style: 'background', refreshMs: 1_800_000 },
    ways: [PRESENT, SERVED, TIMED],
    overrides: { refreshS: 1_800, newKidRefusedS: 1_800 },
  },
  'go-auth0-middleware': {
    told: { style: 'lazy', aheadMs: 180_000 },
    ways: [SERVED, PRESENT],
    overrides: { refreshS: 900, newKidRefusedS: 900, removedKeyAcceptedS: 900 },
  },
  'java-nimbus': { told: { style: 'lazy', aheadMs: 30_000 }, ways: [PRESENT, TIMED] },
  'java-spring-servlet': { told: { style: 'lazy' }, ways: [SERVED, PUSHED] },
  'java-spring-reactive': { told: NEVER, ways: [PUSHED, FETCHES] },
  'java-smallrye-jwt': {
    told: { style: 'lazy' },
    ways: [PRESENT, TIMED],
    overrides: { refreshS: HOUR_S, removedKeyAcceptedS: HOUR_S },
  },
  'java-jose4j': {
    told: { style: 'lazy' },
    ways: [PUSHED, SERVED],
    overrides: { refreshS: HOUR_S, removedKeyAcceptedS: HOUR_S },
  },
  // Ten fetches a minute, over a document without an end; few unknown kids come here.
  'java-auth0-jwks-rsa': {
    told: { style: 'per_kid', documentMs: Infinity, forcedPerMinute: 10 },
    ways: [FETCHES, PUSHED],
    overrides: { cooldownS: 60, newKidRefusedS: 60 },
  },
  'py-pyjwt': {
    told: { style: 'lazy', workers: 2 },
    ways: [['in_process', 'present'], FETCHES],
  },
  // The OIDC client, which fetches on an unknown kid.
  'py-authlib': {
    told: { ...NEVER, workers: 2 },
    ways: [PUSHED, FETCHES],
    overrides: { refetchesOnUnknownKid: true, cooldownS: 0, newKidRefusedS: 0 },
  },
  'py-python-jose': { ...APPLICATION, told: { style: 'lazy', ignoresKid: true, workers: 2 } },
  'dotnet-identitymodel': {
    told: {
      style: 'lazy',
      cooldownFrom: 'forced',
      usesOldMeanwhile: true,
      keepsPreviousMs: 3_600_000,
    },
    ways: [PUSHED, FETCHES, TIMED],
  },
  // The loader of its README.
  'ruby-jwt': {
    told: { ...NEVER, cooldownMs: 300_000, workers: 2 },
    ways: [PUSHED],
    overrides: { refetchesOnUnknownKid: true, cooldownS: 300, newKidRefusedS: 300 },
  },
  'rust-jsonwebtoken': APPLICATION,
  'rust-jwt-authorizer': { told: NEVER, ways: [PUSHED, FETCHES] },
  'envoy-jwt-authn-sync': { told: { style: 'lazy', workers: 3 }, ways: [TIMED, PRESENT] },
  'envoy-jwt-authn-async': {
    told: { style: 'background', retryMs: [1_000, 1_000] },
    ways: [SERVED, TIMED],
  },
  'istio-istiod': {
    told: { style: 'background', lagMs: 30_000, retryMs: [60_000, 3_600_000], workers: 2 },
    ways: [PRESENT, VOUCHED],
  },
  'istio-remote': { told: { style: 'lazy', workers: 3 }, ways: [TIMED, PRESENT] },
  // Behind the proxy_cache of the ingress controller's JWT policy.
  'nginx-plus-auth-jwt': {
    told: { style: 'lazy', refreshMs: 43_200_000 },
    ways: [PRESENT, VOUCHED],
  },
  'apache-mod-auth-openidc': {
    told: { style: 'lazy', cooldownFrom: 'forced' },
    ways: [SERVED, PRESENT, TIMED],
  },
  'kong-jwt': FIXED,
  'kong-openid-connect': {
    told: { ...NEVER, cooldownFrom: 'forced', workers: 2 },
    ways: [PUSHED, FETCHES],
  },
  'apisix-openid-connect': {
    told: { style: 'per_kid', documentMs: 86_400_000, tokenCacheMs: Infinity },
    ways: [FETCHES],
  },
  // What it forwards to, which nobody can look into.
  traefik: { told: { style: 'lazy', refreshMs: 300_000 }, ways: [VOUCHED] },
  'oauth2-proxy': { told: { ...NEVER, tokenCacheMs: Infinity }, ways: [FETCHES] },
  'haproxy-jwt-verify': FIXED,
  'kube-apiserver': { told: { ...NEVER, tokenCacheMs: 10_000 }, ways: [PUSHED, FETCHES] },
  'cloudflare-api-shield': FIXED,
  'aws-apigw-rest-jwt': { told: { style: 'lazy', workers: 2 }, ways: [TIMED, VOUCHED] },
  'aws-apigw-http-jwt': { told: { style: 'lazy', workers: 2 }, ways: [VOUCHED] },
  'aws-alb-jwt': { told: { style: 'lazy', workers: 2 }, ways: [VOUCHED] },
  'google-espv2': {
    told: { style: 'background', tokenCacheMs: Infinity, retryMs: [1_000, 1_000] },
    ways: [SERVED, TIMED],
  },
  // Workloads hold copies of their own; a minute stands for the five seconds.
  'spire-agent': {
    told: { style: 'background', refreshMs: 60_000, retryMs: [5_000, 240_000], workers: 2 },
    ways: [PRESENT, TIMED],
    overrides: { refreshS: 60, newKidRefusedS: 300 },
  },
};
