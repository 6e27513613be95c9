import { verifierKey } from '@keyturn/shared/model/ids.ts';
import { alertIdentity } from './alerts/alert.ts';
import { withSecondTry } from './alerts/given-up.ts';
import { restoreNotices } from './alerts/outbox.ts';
import { countedRows } from './counts.ts';
import { restoreCacheLife } from './cache-life.ts';
import { addTotals } from './usage.ts';
import { restoredDetectors } from './detectors/restore.ts';
import type { Persisted } from './writes.ts';
import { contest } from './contests.ts';
import { emptyFleet, enrol } from './fleet.ts';
import { renewLease } from './leases.ts';
import { emptyIssuer, restoreKey } from './issuers.ts';
import type { Policy } from './policy.ts';
import { leaseMs } from './policy.ts';
import { DUPLICATE_REMEMBERED_MS } from './reports.ts';
import { rehearsalsByRotation } from './rehearsals.ts';
import { openRotations, restandAll, restoreServedOld } from './rotation.ts';
import { evidenceTaken } from './snapshot/take.ts';
import type { Now, State } from './state.ts';
import { noteStale } from './stale-caches.ts';
import { usageKey } from './state.ts';
import { restoreWatch } from './watch.ts';
import { Touched } from './touched.ts';

/**
 * The state to start with: what was persisted, and nothing believed that has not been heard again.
 * Every verifier's lease starts now, and gates say unknown until it has ended.
 *
 * @param policySha256 SHA-256 of the policy, hex, for the record of decisions
 */
export function initialState(
  policy: Policy,
  persisted: Persisted,
  now: Now,
  policySha256 = '',
): State {
  const byKey = new Map(
    persisted.series.length === 0
      ? []
      : persisted.verifiers.map(({ id }) => [verifierKey(id), id.service] as const),
  );
  const services = (key: string): string | undefined => byKey.get(key);
  const state: State = {
    policy,
    fleet: emptyFleet(policy, now.atMs),
    issuers: new Map([...policy.issuers].map(([id, issuer]) => [id, emptyIssuer(issuer)])),
    usage: new Map(persisted.usage.map((record) => [usageKey(record.issuer, record.kid), record])),
    rotations: new Map(persisted.rotations.map((record) => [record.id, record])),
    attestations: new Map(persisted.attestations.map((record) => [record.id, record])),
    waivers: new Map(persisted.waivers.map((record) => [record.id, record])),
    evidence: evidenceTaken(persisted.evidence),
    policySha256,
    rehearsals: rehearsalsByRotation(persisted.rehearsals),
    alerts: new Map(
      persisted.alerts.map((record) => [alertIdentity(record.name, record.labels), record]),
    ),
    silences: new Map(persisted.silences.map((record) => [record.id, record])),
    notices: withSecondTry(restoreNotices(persisted.notices), persisted.alerts, now),
    deliveries: new Map(),
    detectors: restoredDetectors(
      policy.issuers.keys(),
      persisted.series,
      services,
      now.atMs,
      policy.alerts.calmForMs,
      new Set([...policy.services.values()].filter((one) => !one.required).map(({ name }) => name)),
    ),
    alertsChanged: false,
    noticesAdded: false,
    rejections: new Map(),
    recentUse: new Map(),
    totals: new Map(),
    verifications: new Map(),
    sessions: new Map(),
    unevaluated: new Touched(),
    steadySinceMs: new Map(),
    changed: new Set(),
    gates: new Map(),
    health: {
      startedAtMs: now.atMs,
      holdDownUntilMs: holdDownEndMs(policy, now),
      storeFailingSinceMs: null,
      provenAtMs: null,
      proofFailing: null,
      refusedVerifiers: 0,
      refusedVerifierAtMs: null,
      untrackedUsage: 0,
      droppedKeys: 0,
      droppedKeyAtMs: null,
      droppedAlerts: 0,
      droppedAlertAtMs: null,
      droppedNotices: 0,
      droppedRotations: 0,
    },
    revision: Math.floor(now.atMs),
    epochFloor: persisted.meta?.epochFloor ?? 0,
    sweptAtMs: now.atMs,
  };
  for (const record of persisted.issuers) {
    const issuer = state.issuers.get(record.issuer);
    if (issuer !== undefined) restoreCacheLife(issuer, record, now);
  }
  for (const record of persisted.keys) {
    const issuer = state.issuers.get(record.issuer);
    if (issuer !== undefined) restoreKey(issuer, record);
  }
  const known = new Map(persisted.issuers.map((record) => [record.issuer, record]));
  for (const issuer of state.issuers.values()) restoreWatch(issuer, known.get(issuer.issuer));
  // An issuer known before has its baseline: what appeared while the collector was down is new.
  for (const issuer of state.issuers.values()) if (issuer.keys.size > 0) issuer.unread.clear();
  for (const record of persisted.verifiers) restoreVerifier(state, record, now);
  for (const rotation of openRotations(state)) {
    restandAll(state, rotation, now);
    restoreServedOld(state, rotation);
  }
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
  for (const row of countedRows(record)) addTotals(state, row, undefined);
  const contestedUntilMs = (record.duplicateAtMs ?? 0) + DUPLICATE_REMEMBERED_MS;
  if (contestedUntilMs > now.atMs) {
    contest(state.fleet, verifier, contestedUntilMs, now.atMs);
  }
  if (liveness !== 'departed') noteStale(state.policy, verifier);
}

/** Lease ends are rounded up to whole seconds, so a hold-down waits until every one has passed. */
export function holdDownEndMs(policy: Policy, now: Now): number {
  return now.atMs + leaseMs(policy) + 2_000;
}
