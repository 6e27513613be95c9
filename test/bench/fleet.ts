import path from 'node:path';
import { createEngine, type RunningEngine } from '@keyturn/collector/engine.ts';
import type { AddressedReport } from '@keyturn/collector/engine-port.ts';
import type { HistoryStore } from '@keyturn/collector/store/history-store.ts';
import { openSqliteStore } from '@keyturn/collector/store/sqlite/sqlite-store.ts';
import type { Policy } from '@keyturn/collector/core/policy.ts';
import { systemClock } from '@keyturn/shared/clock.ts';
import type { VerifierId } from '@keyturn/shared/model/ids.ts';
import { profileFacts, UNKNOWN_PROFILE } from '@keyturn/shared/profiles/catalogue.ts';

export const ISSUER = 'https://issuer.test';
export const VANTAGE = 'https://issuer.test/jwks';
const SERVICES = 20;
const HELLO_BATCH = 1_000;
const OLD = { kid: 'old', thumbprint: 'o'.repeat(43), alg: 'RS256' };
const NEW = { kid: 'new', thumbprint: 'n'.repeat(43), alg: 'RS256' };

/** A simulated fleet on the real engine and a real SQLite file. */
export interface BenchFleet {
  readonly engine: RunningEngine;
  /** Beside the engine's records, in the same file. */
  readonly history: HistoryStore;
  readonly rotationId: string;
  readonly size: number;
  /** The next reports of `count` verifiers in turn; a lagging one lacks the new key. */
  next(count: number, isLagging: (index: number) => boolean): readonly AddressedReport[];
  close(): void;
}

/** Opens a collector's engine on a fresh file and enrols `size` verifiers in 20 services. */
export async function openBenchFleet(directory: string, size: number): Promise<BenchFleet> {
  const store = openSqliteStore(path.join(directory, 'keyturn.db'));
  const engine = createEngine({
    policy: policyFor(size),
    store,
    clock: systemClock,
    events: { storeFailing() {}, storeRecovered() {}, committed() {} },
  });
  const ids: VerifierId[] = Array.from({ length: size }, (_, index) => ({
    service: `service-${index % SERVICES}`,
    instance: `i${index}`,
    cache: 'jwks',
  }));
  for (let at = 0; at < size; at += HELLO_BATCH) {
    await engine.hello('bench', {
      bootId: 'ab'.repeat(16),
      agentVersion: '0',
      wallUnixMs: 0,
      verifiers: ids.slice(at, at + HELLO_BATCH).map((id, offset) => ({
        handle: at + offset,
        id,
        profile: 'npm-jose',
        source: 'in_process',
        issuers: [ISSUER],
        cacheKind: 'public' as const,
      })),
    });
  }
  const rotationId = await startRotation(engine);
  const seqs = new Uint32Array(size);
  let cursor = 0;
  return {
    engine,
    history: store.history,
    rotationId,
    size,
    next(count, isLagging) {
      return Array.from({ length: count }, () => {
        const index = cursor++ % size;
        const seq = (seqs[index] = (seqs[index] ?? 0) + 1);
        return { verifier: ids[index]!, report: reportOf(index, seq, isLagging(index)) };
      });
    },
    close() {
      engine.close();
      store.close();
    },
  };
}

async function startRotation(engine: RunningEngine): Promise<string> {
  const sight = (keys: readonly (typeof OLD)[]) =>
    engine.sighting({
      issuer: ISSUER,
      vantage: VANTAGE,
      result: {
        ok: true,
        keys,
        untrackedKeys: 0,
        bytes: 900,
        documentSha256: '',
        maxAgeS: null,
        staleS: 0,
        ageS: null,
        originDateMs: null,
      },
    });
  await sight([OLD]);
  const result = await engine.act({
    type: 'start',
    id: 'r-bench',
    by: 'bench',
    issuer: ISSUER,
    alg: 'RS256',
    oldKid: 'old',
    newKid: 'new',
    newThumbprint: null,
  });
  if (!result.ok) throw new Error(result.refusal.message);
  await sight([OLD, NEW]);
  await sight([OLD, NEW]);
  return 'r-bench';
}

function reportOf(index: number, seq: number, lagging: boolean): AddressedReport['report'] {
  return {
    handle: index,
    epoch: 1,
    seq,
    observedAgeMs: 0,
    keySets: [
      {
        issuer: ISSUER,
        keys: lagging ? [OLD] : [OLD, NEW],
        dataAgeMs: 1_000,
        attemptAgeMs: 1_000,
        consecutiveFailures: 0,
        lastError: null,
        nextRefreshInMs: 299_000,
        cooldownInMs: null,
        documentSha256: null,
        servedAgeMs: null,
        secretsAgeMs: null,
      },
    ],
    counts: [
      {
        issuer: ISSUER,
        key: { kind: 'kid', kid: 'old' },
        outcomes: { ok: seq * 100 },
        highestIat: 1_700_000_000 + seq,
        highestExp: 1_700_000_600 + seq,
        longestLifetimeS: 600,
        acceptedWithoutExp: 0,
        acceptedWithoutIat: 0,
        lastAcceptedAgeMs: 5,
      },
    ],
    dropped: 0,
  };
}

/** Settings of `size` verifiers in 20 services of one issuer. */
export function policyFor(size: number): Policy {
  const profile = profileFacts('npm-jose');
  if (profile === undefined) throw new Error('profile npm-jose is missing from the catalogue');
  const services = Array.from({ length: SERVICES }, (_, index) => ({
    name: `service-${index}`,
    declared: true,
    kind: 'instrumented' as const,
    issuers: [ISSUER],
    instances: Math.ceil((size - index) / SERVICES),
    instancesMax: null,
    required: true,
    profile,
    evidence: 'present' as const,
    population: null,
    shippingIntervalMs: null,
    keys: 'any' as const,
  }));
  return {
    issuers: new Map([
      [
        ISSUER,
        {
          issuer: ISSUER,
          control: 'ours',
          vantages: [VANTAGE],
          watchIntervalMs: 3_600_000,
          maxTokenLifetimeMs: 600_000,
          skewMs: 60_000,
          originSpreadMs: 0,
          switchSpreadMs: 0,
          plannedLeadMs: null,
          sharedCachesMs: 0,
          failedFetchMs: 0,
          canary: null,
          sharedSecrets: false,
        },
      ],
    ]),
    services: new Map(services.map((service) => [service.name, service])),
    profiles: new Map([[profile.id, profile]]),
    unknownProfile: UNKNOWN_PROFILE,
    publishSafetyMs: 0,
    retireSafetyMs: 0,
    // Leases outlast the bench, so that a slow machine measures the same thing.
    heartbeatMs: 600_000,
    leaseHeartbeats: 3,
    reconnectWindowMs: 120_000,
    verifiersMax: 1_000_000,
    uncountedBlocksRetire: false,
    stableForMs: 0,
    rollback: { windowMs: 86_400_000, requireRehearsal: false, rehearsalValidForMs: 86_400_000 },
    emergency: { publishSafetyMs: 0, retireGraceMs: 0, skip: [] },
    alerts: {
      onAlert: 'close',
      calmForMs: 300_000,
      stalledAfterMs: 604_800_000,
      receivers: [],
      alertmanagers: [],
    },
  };
}
