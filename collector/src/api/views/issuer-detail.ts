import type { KeyRef } from '@keyturn/shared/model/ids.ts';
import { clockAheadMs, clockToleranceMs } from '../../core/gates/health.ts';
import type { KeyRecord } from '../../core/records.ts';
import { openRotations } from '../../core/rotation.ts';
import { type IssuerState, keyIdentity, type State, type VantageState } from '../../core/state.ts';
import { longestLifetimeMs } from '../../core/timing.ts';
import { isoMomentOrNull } from '../../iso-moment.ts';
import type {
  IssuerDetailView,
  IssuersView,
  KeyDifferenceView,
  VantageDetailView,
} from '../schemas/live-issuers.ts';
import { keyView, vantageView } from './fleet.ts';
import { countsUntilMs, issuerGlance, issuerGlances } from './issuer-glance.ts';
import { rotationReference } from './rotation-glance.ts';

const ISSUERS_SHOWN_MAX = 200;
const KEYS_SHOWN_MAX = 200;
const IN_DOCUMENT_MAX = 50;
const DIFFERENCES_MAX = 50;
const REUSED_SHOWN_MAX = 50;
const ROTATIONS_SHOWN_MAX = 20;

/** Issuers in a line each. */
export function issuersView(state: Readonly<State>): IssuersView {
  const all = issuerGlances(state);
  return {
    issuers: all.slice(0, ISSUERS_SHOWN_MAX),
    more: Math.max(0, all.length - ISSUERS_SHOWN_MAX),
  };
}

/** One issuer as each of its vantages shows it; undefined when it is not in the settings. */
export function issuerDetailView(state: State, issuer: string): IssuerDetailView | undefined {
  const known = state.issuers.get(issuer);
  if (known === undefined) return undefined;
  const policy = state.policy.issuers.get(issuer);
  const lifetimeMs =
    policy === undefined
      ? null
      : longestLifetimeMs(policy, state.usage.values(), known.keys.values());
  const open = openRotations(state).filter((rotation) => rotation.issuer === issuer);
  const different = differences([...known.vantages.values()]);
  const served = servedNow(known);
  const keys = [...known.keys.values()].sort((a, b) => byUse(served, a, b));
  return {
    glance: issuerGlance(state, known, open.length),
    max_token_lifetime_s: lifetimeMs === null ? null : lifetimeMs / 1_000,
    watch_interval_s: policy === undefined ? null : policy.watchIntervalMs / 1_000,
    skew_s: policy === undefined ? null : policy.skewMs / 1_000,
    vantages: [...known.vantages.values()].map((vantage) => detailOf(state, known, vantage)),
    differences: different.slice(0, DIFFERENCES_MAX),
    more_differences: Math.max(0, different.length - DIFFERENCES_MAX),
    keys: keys.slice(0, KEYS_SHOWN_MAX).map((record) => ({
      ...keyView(state, record),
      reused: known.reusedKids.has(record.key.kid),
      served: served.has(keyIdentity(record.key)),
    })),
    more_keys: Math.max(0, keys.length - KEYS_SHOWN_MAX),
    reused_kids: [...known.reusedKids.keys()].slice(0, REUSED_SHOWN_MAX),
    rotations: open.slice(0, ROTATIONS_SHOWN_MAX).map(rotationReference),
  };
}

function detailOf(
  state: Readonly<State>,
  issuer: IssuerState,
  vantage: VantageState,
): VantageDetailView {
  return {
    ...vantageView(vantage),
    counts_until_at: isoMomentOrNull(countsUntilMs(state, issuer, vantage)),
    document: documentOf(state, issuer, vantage),
  };
}

function documentOf(
  state: Readonly<State>,
  issuer: IssuerState,
  vantage: VantageState,
): VantageDetailView['document'] {
  const result = vantage.latest?.sighting.result;
  if (result?.ok !== true) return null;
  const policy = state.policy.issuers.get(issuer.issuer);
  return {
    keys: result.keys.slice(0, IN_DOCUMENT_MAX).map((key) => ({ ...key })),
    more_keys: Math.max(0, result.keys.length - IN_DOCUMENT_MAX),
    untracked_keys: result.untrackedKeys,
    bytes: result.bytes,
    sha256: result.documentSha256,
    max_age_s: result.maxAgeS,
    stale_s: result.staleS,
    age_s: result.ageS,
    clock_behind_ms: clockAheadMs(vantage),
    clock_tolerance_ms: policy === undefined ? 0 : clockToleranceMs(policy),
  };
}

/** Keys that some vantage shows and another does not, where both could be read. */
function differences(vantages: readonly VantageState[]): KeyDifferenceView[] {
  const readable = vantages.flatMap(({ url, latest }) => {
    const result = latest?.sighting.result;
    return result?.ok === true ? [{ url, keys: new Map(result.keys.map(identified)) }] : [];
  });
  const all = new Map(readable.flatMap(({ keys }) => [...keys]));
  return [...all].flatMap(([identity, key]) => {
    const missing = readable.filter(({ keys }) => !keys.has(identity));
    if (missing.length === 0) return [];
    const servedAt = readable.filter(({ keys }) => keys.has(identity)).map(({ url }) => url);
    return [{ ...key, served_at: servedAt, missing_at: missing.map(({ url }) => url) }];
  });
}

function identified(key: KeyRef): [string, KeyRef] {
  return [keyIdentity(key), key];
}

function servedNow(issuer: IssuerState): ReadonlySet<string> {
  const served = new Set<string>();
  for (const { latest } of issuer.vantages.values()) {
    const result = latest?.sighting.result;
    if (result?.ok === true) for (const key of result.keys) served.add(keyIdentity(key));
  }
  return served;
}

function byUse(served: ReadonlySet<string>, a: KeyRecord, b: KeyRecord): number {
  const isServed = (record: KeyRecord): number => Number(served.has(keyIdentity(record.key)));
  return (
    isServed(b) - isServed(a) ||
    b.firstSeenAtMs - a.firstSeenAtMs ||
    (a.key.kid < b.key.kid ? -1 : 1)
  );
}
