import { TIMINGS } from './timings.ts';

/** One after the other: each deployment of warehouse has a name of its own. */
export const WAREHOUSES = ['warehouse-1', 'warehouse-2', 'warehouse-3'] as const;

interface IssuerAddress {
  readonly issuer: string;
  readonly jwksUri: string;
}

/** Settings of the collector: the demo's issuer and the inventory of who verifies its tokens. */
export function collectorSettings(issuer: IssuerAddress): unknown {
  return {
    listen: { http: '127.0.0.1:0', grpc: '127.0.0.1:0' },
    data: './collector-data',
    issuers: [
      {
        issuer: issuer.issuer,
        jwks_uri: issuer.jwksUri,
        watch_interval: `${TIMINGS.watchMs}ms`,
        max_token_lifetime: `${TIMINGS.documentedTokenS}s`,
        clock_skew: '1s',
        origin_spread: '0s',
        failed_fetch_allowance: '0s',
      },
    ],
    services: [
      {
        name: 'orders',
        instances: 2,
        profile: 'npm-jose',
        evidence: 'present',
        overrides: {
          refresh: `${TIMINGS.joseCacheMs}ms`,
          cooldown: `${TIMINGS.joseCooldownMs}ms`,
          new_kid_refused: `${TIMINGS.joseCooldownMs}ms`,
          removed_key_accepted: `${TIMINGS.joseCacheMs}ms`,
        },
      },
      {
        name: 'billing',
        instances: 1,
        profile: 'npm-jwks-rsa',
        evidence: 'served',
        overrides: {
          refresh: `${TIMINGS.jwksRsaCacheMs}ms`,
          removed_key_accepted: `${TIMINGS.jwksRsaCacheMs}ms`,
        },
      },
      { name: 'gateway', instances: 1, profile: 'npm-hono-jwk', evidence: 'served' },
      {
        name: 'reports',
        instances: 1,
        profile: 'npm-fast-jwt',
        evidence: 'present',
        overrides: {
          refresh: `${TIMINGS.pollMs}ms`,
          refetches_on_unknown_kid: false,
          new_kid_refused: `${TIMINGS.pollMs}ms`,
          removed_key_accepted: `${TIMINGS.pollMs}ms`,
          replaces_whole_set: true,
        },
      },
      {
        name: 'warehouse',
        instances: 1,
        evidence: 'attested',
        overrides: { static_keys: true },
      },
    ],
    policy: {
      publish_safety: '1s',
      retire_safety: '1s',
      heartbeat: `${TIMINGS.heartbeatMs}ms`,
      reconnect_window: '1s',
      calm_for: `${TIMINGS.calmMs}ms`,
    },
  };
}

/** Settings of the sidecar: two verifiers fetch their keys through it, one tells it its own. */
export function agentSettings(issuer: IssuerAddress, collectorAddress: string): unknown {
  return {
    collector: { address: collectorAddress },
    proxy: { listen: '127.0.0.1:0' },
    push: { listen: '127.0.0.1:0', lease: '4s' },
    issuers: [
      {
        issuer: issuer.issuer,
        jwks_uri: issuer.jwksUri,
        refresh: `${TIMINGS.proxyRefreshMs}ms`,
        fresh_for: '500ms',
      },
    ],
    verifiers: [
      { service: 'billing', instance: 'billing-1', profile: 'npm-jwks-rsa' },
      { service: 'gateway', instance: 'gateway-1', profile: 'npm-hono-jwk' },
      { service: 'reports', instance: 'reports-1', profile: 'npm-fast-jwt', via: 'push' },
      ...WAREHOUSES.map((instance) => ({ service: 'warehouse', instance, via: 'push' })),
    ],
  };
}
