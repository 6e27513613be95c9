import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import type {
  CountKey,
  KeySetReport,
  KidCounts,
  Report,
  Source,
} from '@keyturn/shared/model/report.ts';
import type { Sighting } from '../../src/core/sighting.ts';
import { ISSUER, OLD } from './policies.ts';

export interface CountsPart {
  /** Null: tokens without one; undefined: kids that did not fit the agent's table. */
  readonly kid: string | null | undefined;
  readonly outcomes: KidCounts['outcomes'];
  readonly iatS?: number;
  readonly expS?: number;
  readonly lifetimeS?: number;
  readonly lastAcceptedAgeMs?: number;
  readonly withoutExp?: number;
  readonly withoutIat?: number;
  readonly issuer?: string;
}

export interface ReportPart {
  readonly keys?: readonly KeyRef[];
  readonly counts?: readonly CountsPart[];
  readonly observedAgeMs?: number;
  readonly dataAgeMs?: number | null;
  readonly attemptAgeMs?: number | null;
  readonly servedAgeMs?: number | null;
  readonly failures?: number;
  readonly issuer?: string;
  /** Absent: nothing was said of secrets. */
  readonly secretsAgeMs?: number;
}

/** A readable answer of the issuer. */
export type Readable = Extract<Sighting['result'], { ok: true }>;

/** One reading of the issuer's JWKS. */
export function sightingOf(
  keys: readonly KeyRef[],
  originDateMs: number | null,
  vantage: string,
  part: Partial<Readable> = {},
): Sighting {
  return {
    issuer: ISSUER,
    vantage,
    result: {
      ok: true,
      keys,
      untrackedKeys: 0,
      bytes: 500,
      documentSha256: '00',
      maxAgeS: null,
      staleS: 0,
      ageS: null,
      originDateMs,
      ...part,
    },
  };
}

/** The report a verifier sends next. */
export function reportOf(
  verifier: { readonly epoch: number; readonly seq: number },
  part: ReportPart,
  source: Source,
): Report {
  const set: KeySetReport = {
    issuer: part.issuer ?? ISSUER,
    keys: part.keys ?? [OLD],
    dataAgeMs: part.dataAgeMs === undefined ? 0 : part.dataAgeMs,
    attemptAgeMs: part.attemptAgeMs === undefined ? 0 : part.attemptAgeMs,
    consecutiveFailures: part.failures ?? 0,
    lastError: null,
    nextRefreshInMs: null,
    cooldownInMs: null,
    documentSha256: null,
    servedAgeMs:
      source === 'proxy' ? (part.servedAgeMs === undefined ? 0 : part.servedAgeMs) : null,
    secretsAgeMs: part.secretsAgeMs ?? null,
  };
  return {
    handle: 1,
    epoch: verifier.epoch,
    seq: verifier.seq,
    observedAgeMs: part.observedAgeMs ?? 0,
    keySets: [set],
    counts: (part.counts ?? []).map(countsOf),
    dropped: 0,
  };
}

function countsOf(part: CountsPart): KidCounts {
  return {
    issuer: part.issuer ?? ISSUER,
    key: countKeyOf(part.kid),
    outcomes: part.outcomes,
    highestIat: part.iatS ?? null,
    highestExp: part.expS ?? null,
    longestLifetimeS: part.lifetimeS ?? null,
    acceptedWithoutExp: part.withoutExp ?? 0,
    acceptedWithoutIat: part.withoutIat ?? 0,
    lastAcceptedAgeMs: part.lastAcceptedAgeMs ?? (part.outcomes.ok === undefined ? null : 0),
  };
}

function countKeyOf(kid: CountsPart['kid']): CountKey {
  if (kid === undefined) return { kind: 'other' };
  return kid === null ? { kind: 'none' } : { kind: 'kid', kid };
}
