import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check, Offender } from '@keyturn/shared/model/verdict.ts';
import type { Group, OldKeyStanding, Verifier } from '../fleet.ts';
import { isReplaced } from '../fleet.ts';
import type { RotationRecord } from '../records.ts';
import { rotationFacts } from '../rotation.ts';
import type { Now, State } from '../state.ts';
import { vouchersOf, wordsInForce } from './attested.ts';
import { fail, offender, pass, unknown } from './check.ts';
import { Offenders, requiredGroups, waysOf } from './dependents.ts';
import { saidOtherwise } from './last-said.ts';

const NOBODY: ReadonlySet<Verifier> = new Set();

/** Dropping starts with a word: nothing shows that a secret may go but the operator's own step. */
export function retirementDeclared(state: State, rotation: RotationRecord): Check {
  const { withdrawnAtMs } = rotationFacts(state, rotation);
  if (withdrawnAtMs !== null) {
    return pass(
      'retire_declared',
      'policy',
      `verifiers may drop secret ${rotation.oldKid} since ${moment(withdrawnAtMs)}`,
      { sinceMs: withdrawnAtMs },
    );
  }
  return fail(
    'retire_declared',
    'policy',
    `nobody has declared that verifiers may drop secret ${rotation.oldKid}`,
    { sinceMs: rotation.startedAtMs, help: `keyturn rotation retire ${rotation.id}` },
  );
}

/** Every verifier says that it no longer holds the old secret; no time stands in for its word. */
export function oldSecretDropped(state: State, rotation: RotationRecord, now: Now): Check {
  const holding = new Offenders();
  const unsaid = new Offenders();
  const words = wordsInForce(state, rotation, 'rejects_old', now);
  for (const group of requiredGroups(state, rotation)) {
    addOld(holding, group, rotation, 'held', `still holds secret ${rotation.oldKid}`);
    holding.addAll(saidOtherwise(state, group, rotation, 'rejects_old', null, now), (verifier) =>
      offender(
        verifier,
        'holds_old',
        verifier.record.observedAtMs,
        `held secret ${rotation.oldKid} when it was heard last`,
      ),
    );
    if (waysOf(group, rotation) === 'attested') continue;
    if (vouchersOf(words, group) !== null) continue;
    const remembers = group.service.profile.cachesVerifiedTokens;
    const why = remembers ? 'its kind may remember tokens it accepted' : 'has not said so';
    addOld(unsaid, group, rotation, 'unknown', `nothing shows that it dropped the secret: ${why}`);
  }
  if (holding.count > 0) {
    const message = `${counted(holding.count, 'verifier')} still holding secret ${rotation.oldKid}`;
    return fail('old_key_dropped', 'evidence', message, {
      offenders: holding.shown,
      offenderCount: holding.count,
      sinceMs: holding.oldestMs,
      help: `keyturn verifiers --rotation ${rotation.id} --state holds_old`,
    });
  }
  if (unsaid.count === 0) {
    return pass('old_key_dropped', 'evidence', `nobody holds secret ${rotation.oldKid}`);
  }
  const message = `${counted(unsaid.count, 'verifier')} may still hold secret ${rotation.oldKid}`;
  return unknown('old_key_dropped', 'evidence', message, {
    offenders: unsaid.shown,
    offenderCount: unsaid.count,
    sinceMs: unsaid.oldestMs,
    help: 'let those verifiers say which secrets they hold, or a person vouch: `keyturn attest --help`',
  });
}

/** Tokens of the old secret are live: whoever dropped it refuses them, and would after going back. */
export function oldSecretHeld(state: State, rotation: RotationRecord, now: Now): Check {
  const dropped = new Offenders();
  const unsaid = new Offenders();
  const words = wordsInForce(state, rotation, 'rejects_old', now);
  for (const group of requiredGroups(state, rotation)) {
    addOld(dropped, group, rotation, 'dropped', `no longer holds secret ${rotation.oldKid}`);
    if (vouchersOf(words, group) !== null) {
      dropped.add(asWhole(group, 'dropped', `somebody vouches that it rejects ${rotation.oldKid}`));
    } else if (waysOf(group, rotation) !== 'attested') {
      addOld(unsaid, group, rotation, 'unknown', `has not said that it holds ${rotation.oldKid}`);
    } else if (rotationFacts(state, rotation).withdrawnAtMs !== null) {
      unsaid.add(asWhole(group, 'unknown', 'may have dropped it since retirement was declared'));
    }
  }
  if (dropped.count > 0) {
    const message = `${counted(dropped.count, 'verifier')} without secret ${rotation.oldKid}`;
    return fail('old_key_held', 'evidence', message, {
      offenders: dropped.shown,
      offenderCount: dropped.count,
      help: `configure ${rotation.oldKid} there again`,
    });
  }
  if (unsaid.count > 0) {
    const still = unsaid.count === 1 ? 'still holds' : 'still hold';
    const message = `nothing shows that ${counted(unsaid.count, 'verifier')} ${still} secret ${rotation.oldKid}`;
    return unknown('old_key_held', 'evidence', message, {
      offenders: unsaid.shown,
      offenderCount: unsaid.count,
    });
  }
  return pass('old_key_held', 'evidence', `every verifier still holds secret ${rotation.oldKid}`);
}

function addOld(
  found: Offenders,
  group: Group,
  rotation: RotationRecord,
  standing: OldKeyStanding,
  detail: string,
): void {
  const verifiers = group.tallies.get(rotation.id)?.byOld.get(standing) ?? NOBODY;
  found.addAll(verifiers, (verifier) =>
    verifier.liveness === 'silent' && isReplaced(group, verifier)
      ? undefined
      : offender(
          verifier,
          STATES[standing],
          verifier.standings.get(rotation.id)?.holdsOldSinceMs ?? null,
          detail,
        ),
  );
}

const STATES: Readonly<Record<OldKeyStanding, string>> = {
  held: 'holds_old',
  served: 'served_old',
  dropped: 'dropped_old',
  unknown: 'undecided',
};

function asWhole(group: Group, standing: OldKeyStanding, detail: string): Offender {
  return {
    service: group.service.name,
    instance: '',
    cache: '',
    state: STATES[standing],
    sinceMs: null,
    detail,
  };
}
