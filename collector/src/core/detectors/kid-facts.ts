import { isAttributable, type Outcome } from '@keyturn/shared/model/outcome.ts';
import type { CountKey } from '@keyturn/shared/model/report.ts';
import { kidBucket, type KidBucket } from '../kid-bucket.ts';
import { lifetimeOfKidMs } from '../lifetime.ts';
import type { Now, State } from '../state.ts';
import { usageKey } from '../state.ts';

/** What a detector has to know of the kid of a row. */
export interface KidFacts {
  readonly bucket: KidBucket;
  /** A token like it may be the issuer's own; what anybody can invent is not watched. */
  readonly isOurs: boolean;
  /** An open rotation names it: a signature that does not fit may be the rotation's doing. */
  readonly inRotation: boolean;
  /** Withdrawn, and every token of it that was ever seen has expired. */
  readonly isSpent: boolean;
  /** The open rotation it is the new, or old, key of. */
  readonly rotationId: string | null;
  readonly role: 'new' | 'old' | null;
}

/** Kids looked up in one bin and kept; an attacker may send any number. */
export const KID_FACTS_MAX = 1_000;

/** Looks a kid up. */
export function kidFacts(state: State, issuer: string, key: CountKey, now: Now): KidFacts {
  const bucket = kidBucket(state, issuer, key);
  const rotation = [...state.rotations.values()].find(
    (open) =>
      open.issuer === issuer &&
      open.endedAtMs === null &&
      (key.kind === 'none' ||
        (key.kind === 'kid' && (open.newKid === key.kid || open.oldKid === key.kid))),
  );
  const kid = key.kind === 'kid' ? key.kid : null;
  return {
    bucket,
    isOurs: isOurs(state, issuer, bucket),
    inRotation: rotation !== undefined,
    isSpent: kid !== null && isSpent(state, issuer, kid, now),
    rotationId: rotation?.id ?? null,
    role: rotation === undefined || kid === null ? null : rotation.newKid === kid ? 'new' : 'old',
  };
}

/**
 * Whether a refusal counts as a key's doing. A signature that does not fit is, outside a rotation,
 * somebody's forgery. A token of a spent key is refused because it has expired, whatever a verifier
 * that does not look into it says; one that looks says so itself.
 */
export function countsAgainstKeys(
  facts: KidFacts,
  outcome: Outcome,
  looksIntoTokens: boolean,
): boolean {
  if (!facts.isOurs || !isAttributable(outcome)) return false;
  if (facts.isSpent && !looksIntoTokens) return false;
  const isSignature = outcome === 'bad_signature' || outcome === 'unknown_kid_or_bad_signature';
  return !isSignature || facts.inRotation;
}

// Tokens without a kid are the issuer's own where one was ever accepted. Kids that did not fit an
// agent's table are strangers: it keeps room for every kid that is held or watched.
function isOurs(state: State, issuer: string, bucket: KidBucket): boolean {
  if (bucket === 'none') return state.usage.has(usageKey(issuer, null));
  return bucket !== 'foreign' && bucket !== 'other';
}

function isSpent(state: State, issuer: string, kid: string, now: Now): boolean {
  const policy = state.policy.issuers.get(issuer);
  const usage = state.usage.get(usageKey(issuer, kid));
  if (policy === undefined || usage === undefined || !isWithdrawn(state, issuer, kid)) return false;
  const lifetimeMs = lifetimeOfKidMs(state, policy, kid);
  if (lifetimeMs === null || usage.acceptedWithoutExp > 0) return false;
  const signedMs = (usage.highestIatS ?? 0) * 1_000;
  const lastMs = Math.max(signedMs + lifetimeMs, (usage.highestExpS ?? 0) * 1_000);
  return now.earliestMs >= lastMs + policy.skewMs;
}

function isWithdrawn(state: State, issuer: string, kid: string): boolean {
  const records = [...(state.issuers.get(issuer)?.keys.values() ?? [])].filter(
    ({ key }) => key.kid === kid,
  );
  return records.length > 0 && records.every(({ withdrawnAtMs }) => withdrawnAtMs !== null);
}
