import { type Algs, algsText, oldAlgOf, sharesAlg } from '../alg.ts';
import { isSecretKey, namesSecret } from '@keyturn/shared/model/secret-keys.ts';
import type { ActResult } from '../acts.ts';
import type { RotationRecord } from '../records.ts';
import { claimKid } from '../observed/claim.ts';
import { observedRivals, thirdPartyRefusal, yieldRefusal, yieldTo } from '../observed/yield.ts';
import { keepRotation, openRotations, restandAll } from '../rotation.ts';
import type { Now, State } from '../state.ts';
import { isKnownKid, recountTotals } from '../usage.ts';
import { isTainted } from '../tainted-key.ts';
import type { Write } from '../writes.ts';
import type { ActOf } from './result.ts';
import { done, refuse } from './result.ts';
import { startSecret } from './start-secret.ts';

/** Opens a rotation from a key the issuer publishes to another one. */
export function start(state: State, act: ActOf<'start'>, now: Now, writes: Write[]): ActResult {
  if (state.rotations.has(act.id)) {
    return refuse('conflict', 'id', `rotation ${act.id} exists already`);
  }
  const issuer = state.issuers.get(act.issuer);
  if (issuer === undefined) {
    return refuse(
      'not_found',
      'issuer',
      `issuer ${act.issuer} is not configured at the collector; add it under issuers in its settings`,
    );
  }
  const twin = twinOf(state, act.issuer, { alg: act.alg, oldAlg: act.alg });
  if (twin !== undefined) return twin;
  if (namesSecret(act.alg)) return startSecret(state, act, issuer, now, writes);
  const foreign = thirdPartyRefusal(state, act);
  if (foreign !== undefined) return foreign;
  const served = [...issuer.keys.values()].filter(
    (record) => record.withdrawnAtMs === null && !isSecretKey(record.key),
  );
  const candidates = served.filter((record) =>
    act.oldKid === null
      ? record.key.kid !== act.newKid && (record.key.alg === act.alg || record.key.alg === '')
      : record.key.kid === act.oldKid,
  );
  const [old] = candidates;
  if (old === undefined) {
    return refuse(
      'invalid',
      'old_kid',
      `expected a key the issuer publishes now, got ${act.oldKid ?? `none for ${act.alg}; where the algorithm changes, name the old key`}`,
    );
  }
  if (candidates.length > 1) {
    const kids = candidates.map((record) => record.key.kid).join(', ');
    return refuse('invalid', 'old_kid', `expected one of the published keys ${kids}, got none`);
  }
  if (old.key.kid === act.newKid) {
    return refuse('invalid', 'new_kid', 'expected another kid than the old key has');
  }
  if (isTainted(state, act.issuer, { kid: act.newKid, thumbprint: act.newThumbprint })) {
    return refuse('invalid', 'new_kid', `expected a key that is not tainted, got ${act.newKid}`);
  }
  const algs = { alg: act.alg, oldAlg: oldAlgOf(old.key.alg, act.alg) };
  const oldTwin = twinOf(state, act.issuer, algs);
  if (oldTwin !== undefined) return oldTwin;
  const entangled = openRotations(state).find(
    (rotation) =>
      rotation.issuer === act.issuer &&
      rotation.origin === 'declared' &&
      [rotation.oldKid, rotation.newKid].some((kid) => kid === old.key.kid || kid === act.newKid),
  );
  if (entangled !== undefined) {
    return refuse(
      'conflict',
      'new_kid',
      `rotation ${entangled.id} is open for ${entangled.oldKid} and ${entangled.newKid}; end it first`,
    );
  }
  const observed = observedRivals(state, act, algs, old.key.kid);
  const unyielding = yieldRefusal(observed, act);
  if (unyielding !== undefined) return unyielding;
  const published = served.filter((record) => record.key.kid === act.newKid);
  const rotation: RotationRecord = {
    id: act.id,
    issuer: act.issuer,
    ...algs,
    keyKind: 'public',
    oldKid: old.key.kid,
    oldThumbprint: old.key.thumbprint,
    newKid: act.newKid,
    newThumbprint:
      act.newThumbprint ?? (published.length === 1 ? (published[0]?.key.thumbprint ?? null) : null),
    startedAtMs: now.atMs,
    startedBy: act.by,
    declared: {},
    switchedAtMs: null,
    switchSeenAtMs: null,
    firstSwitchedAtMs: null,
    rolledBackAtMs: null,
    failuresAtSwitch: 0,
    endedAtMs: null,
    outcome: null,
    // A stolen key stays stolen, whatever became of the rotation that said so.
    tainted: isTainted(state, act.issuer, old.key),
    origin: 'declared',
    endedBecause: null,
    findings: [],
  };
  const fresh = [rotation.oldKid, rotation.newKid].filter(
    (kid) => !isKnownKid(state, act.issuer, kid),
  );
  yieldTo(state, observed, rotation, now, writes);
  keepRotation(state, rotation, writes);
  claimKid(issuer, rotation.newKid, writes);
  recountTotals(state, act.issuer, new Set(fresh));
  restandAll(state, rotation, now);
  return done({ rotation });
}

/** The refusal when another rotation is open for one of these algorithms: I4. */
function twinOf(state: State, issuer: string, algs: Algs): ActResult | undefined {
  const twin = openRotations(state).find(
    (rotation) =>
      rotation.origin === 'declared' && rotation.issuer === issuer && sharesAlg(rotation, algs),
  );
  if (twin === undefined) return undefined;
  return refuse(
    'conflict',
    'issuer',
    `rotation ${twin.id} is open for this issuer and alg (${algsText(twin)}); end it first`,
  );
}
