import { addTotals } from './usage.ts';
import type { Persisted } from './writes.ts';
import { emptyFleet, enrol } from './fleet.ts';
import { renewLease } from './leases.ts';
import { emptyIssuer, restoreKey } from './issuers.ts';
import type { Policy } from './policy.ts';
import { leaseMs } from './policy.ts';
import { openRotations, restandAll } from './rotation.ts';
import type { Now, State } from './state.ts';
import { usageKey } from './state.ts';

/**
 * The state to start with: what was persisted, and nothing believed that has not been heard again.
 * Every verifier's lease starts now, and gates say unknown until it has ended.
 */
export function initialState(policy: Policy, persisted: Persisted, now: Now): State {
  const state: State = {
    policy,
    fleet: emptyFleet(policy, now.atMs),
    issuers: new Map([...policy.issuers].map(([id, issuer]) => [id, emptyIssuer(issuer)])),
    usage: new Map(persisted.usage.map((record) => [usageKey(record.issuer, record.kid), record])),
    rotations: new Map(persisted.rotations.map((record) => [record.id, record])),
    attestations: new Map(persisted.attestations.map((record) => [record.id, record])),
    waivers: new Map(persisted.waivers.map((record) => [record.id, record])),
    totals: new Map(),
    sessions: new Map(),
    unevaluated: new Set(),
    changed: new Set(),
    gates: new Map(),
    health: {
      startedAtMs: now.atMs,
      // Lease ends are rounded up to whole seconds, so wait until every one of them has passed.
      holdDownUntilMs: now.atMs + leaseMs(policy) + 2_000,
      storeFailingSinceMs: null,
      refusedVerifiers: 0,
      refusedVerifierAtMs: null,
    },
    revision: Math.floor(now.atMs),
    epochFloor: persisted.meta?.epochFloor ?? 0,
    sweptAtMs: now.atMs,
  };
  for (const record of persisted.keys) {
    const issuer = state.issuers.get(record.issuer);
    if (issuer !== undefined) restoreKey(issuer, record);
  }
  for (const record of persisted.verifiers) restoreVerifier(state, record, now);
  for (const rotation of openRotations(state)) restandAll(state, rotation, now);
  return state;
}

function restoreVerifier(state: State, record: Persisted['verifiers'][number], now: Now): void {
  const liveness =
    record.departedAtMs !== null
      ? 'departed'
      : record.receivedAtMs === null
        ? 'joined'
        : 'reporting';
  const verifier = enrol(state.fleet, state.policy, record, liveness, now.atMs);
  if (liveness !== 'departed') renewLease(state.fleet, state.policy, verifier, now.atMs);
  for (const row of record.counts) addTotals(state, row, undefined);
  for (const row of record.carried) {
    addTotals(state, { ...row, ...NO_CLAIMS }, undefined);
  }
}

const NO_CLAIMS = {
  highestIatS: null,
  highestExpS: null,
  longestLifetimeS: null,
  acceptedWithoutExp: 0,
  acceptedWithoutIat: 0,
  lastAcceptedAtMs: null,
} as const;
