import {
  isSecretAlg,
  NO_SECRET_THUMBPRINT,
  SECRET_ALGS,
} from '@keyturn/shared/model/secret-keys.ts';
import type { ActResult } from '../acts.ts';
import { KEYS_PER_ISSUER_MAX } from '../issuers.ts';
import type { KeyRecord, RotationRecord } from '../records.ts';
import { keepRotation, openRotations, restandAll } from '../rotation.ts';
import { keepSecret, secretRecord } from '../secrets/secrets.ts';
import type { IssuerState, Now, State } from '../state.ts';
import { isKnownKid, recountTotals } from '../usage.ts';
import { isTainted } from '../tainted-key.ts';
import type { Write } from '../writes.ts';
import type { ActOf } from './result.ts';
import { done, refuse } from './result.ts';

/** Opens a rotation from one shared secret to another, both named by their ids alone. */
export function startSecret(
  state: State,
  act: ActOf<'start'>,
  issuer: IssuerState,
  now: Now,
  writes: Write[],
): ActResult {
  const refused = argumentRefusal(state, act) ?? kidRefusal(state, act, issuer);
  if (refused !== undefined) return refused;
  const rotation = {
    ...rotationOf(act, now),
    tainted: isTainted(state, act.issuer, { kid: act.oldKid ?? '', thumbprint: null }),
  };
  const fresh = [rotation.oldKid, rotation.newKid].filter(
    (kid) => !isKnownKid(state, act.issuer, kid),
  );
  keepRotation(state, rotation, writes);
  for (const kid of [rotation.oldKid, rotation.newKid]) {
    keepSecret(state, issuer, kid, rotation.alg, now, writes);
  }
  recountTotals(state, act.issuer, new Set(fresh));
  restandAll(state, rotation, now);
  return done({ rotation });
}

function argumentRefusal(state: State, act: ActOf<'start'>): ActResult | undefined {
  if (!isSecretAlg(act.alg)) {
    return refuse('invalid', 'alg', `expected one of ${SECRET_ALGS.join(', ')}, got ${act.alg}`);
  }
  if (state.policy.issuers.get(act.issuer)?.sharedSecrets !== true) {
    return refuse(
      'invalid',
      'issuer',
      `expected an issuer declared with shared secrets: set issuers[].shared_secrets: true for ${act.issuer} in the collector settings`,
    );
  }
  if (act.newThumbprint !== null) return refuse('invalid', 'new_thumbprint', NO_SECRET_THUMBPRINT);
  if (act.oldKid === null) {
    return refuse(
      'invalid',
      'old_kid',
      'expected the id of the secret in use: secrets are not published, so it cannot be found',
    );
  }
  return act.oldKid === act.newKid
    ? refuse('invalid', 'new_kid', 'expected another id than the old secret has')
    : undefined;
}

function kidRefusal(state: State, act: ActOf<'start'>, issuer: IssuerState): ActResult | undefined {
  const entangled = openRotations(state).find(
    (rotation) =>
      rotation.issuer === act.issuer &&
      [rotation.oldKid, rotation.newKid].some((kid) => kid === act.oldKid || kid === act.newKid),
  );
  if (entangled !== undefined) {
    return refuse(
      'conflict',
      'new_kid',
      `rotation ${entangled.id} is open for ${entangled.oldKid} and ${entangled.newKid}; end it first`,
    );
  }
  for (const [field, kid] of [
    ['old_kid', act.oldKid],
    ['new_kid', act.newKid],
  ] as const) {
    const problem = [...issuer.keys.values()]
      .filter((record) => record.key.kid === kid)
      .map((record) => recordProblem(record, act.alg))
      .find((sentence) => sentence !== undefined);
    if (problem !== undefined) return refuse('invalid', field, problem);
  }
  if (isTainted(state, act.issuer, { kid: act.newKid, thumbprint: null })) {
    return refuse('invalid', 'new_kid', `expected an id that is not tainted, got ${act.newKid}`);
  }
  const unknown = [act.oldKid ?? '', act.newKid].filter(
    (kid) => secretRecord(issuer, kid) === undefined,
  );
  if (issuer.keys.size + unknown.length > KEYS_PER_ISSUER_MAX) {
    return refuse(
      'conflict',
      'new_kid',
      `the issuer has ${KEYS_PER_ISSUER_MAX} known keys already`,
    );
  }
  return undefined;
}

function recordProblem(record: KeyRecord, alg: string): string | undefined {
  const { kid, thumbprint } = record.key;
  if (thumbprint !== '')
    return `expected the id of a secret, and ${kid} is a public key in the JWKS`;
  if (record.tombstone !== null) return `expected an id that was never retired, and ${kid} was`;
  if (record.key.alg !== alg)
    return `expected an id for ${alg}, and ${kid} is for ${record.key.alg}`;
  return undefined;
}

function rotationOf(act: ActOf<'start'>, now: Now): RotationRecord {
  return {
    id: act.id,
    issuer: act.issuer,
    alg: act.alg,
    oldAlg: act.alg,
    keyKind: 'secret',
    oldKid: act.oldKid ?? '',
    oldThumbprint: null,
    newKid: act.newKid,
    newThumbprint: null,
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
    tainted: false,
    origin: 'declared',
    endedBecause: null,
    findings: [],
  };
}
