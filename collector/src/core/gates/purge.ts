import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import type { Group } from '../fleet.ts';
import { isReplaced } from '../fleet.ts';
import type { IssuerPolicy } from '../policy.ts';
import { instancesAtMost } from '../policy.ts';
import type { RotationRecord } from '../records.ts';
import { rotationFacts } from '../rotation.ts';
import type { Now, State } from '../state.ts';
import { countedFacts } from '../watch.ts';
import { dropMs } from '../timing.ts';
import type { Words } from './attested.ts';
import { attestedFor, vouchersOf, wordsInForce } from './attested.ts';
import { fail, offender, pass, quoted, unknown } from './check.ts';
import { Offenders, replacedSilent, requiredGroups, waysOf } from './dependents.ts';
import { fleetHeard } from './evidence.ts';
import { rejectsBogus } from './bogus.ts';
import { collectorChecks, issuerChecks, onlyRotation } from './health.ts';
import { noAlert } from './no-alert.ts';
import { saidOtherwise } from './last-said.ts';
import { signerSwitched } from './signer-switched.ts';
import { populationDropMs, uncoveredShares } from './populations.ts';
import type { Findings } from './verdict.ts';

/** Has every verifier stopped accepting the old key? */
export function purgeFindings(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): Findings {
  return {
    checks: [
      noAlert(state, rotation, now),
      ...collectorChecks(state, now),
      ...issuerChecks(state, rotation, policy, now),
      onlyRotation(state, rotation),
      rejectsBogus(state, rotation),
      ...signerLeft(rotation),
      oldKeyWithdrawn(state, rotation),
      oldKeyDropped(state, rotation, policy, now),
      dropTimeElapsed(state, rotation, policy, now),
      attestedFor(state, rotation, 'rejects_old', now),
      fleetHeard(state, rotation),
    ],
    weakestGrade: null,
  };
}

/**
 * Who calls a rotation complete says that its new key signs: after a rollback the old one does. An
 * issuer that is only observed has shown as much by taking the old key away.
 */
function signerLeft(rotation: RotationRecord): readonly Check[] {
  return rotation.origin === 'observed' ? [] : [signerSwitched(rotation)];
}

function oldKeyWithdrawn(state: State, rotation: RotationRecord): Check {
  const { withdrawnAtMs } = rotationFacts(state, rotation);
  if (withdrawnAtMs !== null) {
    return pass(
      'old_key_withdrawn',
      'evidence',
      `${rotation.oldKid} is served nowhere since ${moment(withdrawnAtMs)}`,
    );
  }
  return fail('old_key_withdrawn', 'evidence', `${rotation.oldKid} is still served at a vantage`, {
    sinceMs: rotation.declared.retire?.atMs ?? rotation.startedAtMs,
    help: `remove ${rotation.oldKid} from the JWKS at every origin and purge its caches`,
  });
}

/** Nobody's live key set holds the old key. */
function oldKeyDropped(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): Check {
  const found = new Offenders();
  for (const group of requiredGroups(state, rotation)) {
    found.addAll(group.tallies.get(rotation.id)?.byOld.get('held') ?? new Set(), (verifier) =>
      offender(
        verifier,
        'holds_old',
        verifier.standings.get(rotation.id)?.holdsOldSinceMs ?? null,
        `still accepts ${rotation.oldKid}`,
      ),
    );
    const untilMs = dropUntilMs(state, group, rotation, policy);
    found.addAll(saidOtherwise(state, group, rotation, 'rejects_old', untilMs, now), (verifier) =>
      offender(
        verifier,
        'holds_old',
        verifier.record.observedAtMs,
        `accepted ${rotation.oldKid} when it was heard last`,
      ),
    );
  }
  if (found.count === 0)
    return pass('old_key_dropped', 'evidence', `no live key set holds ${rotation.oldKid}`);
  return fail(
    'old_key_dropped',
    'evidence',
    `${counted(found.count, 'verifier')} still holding ${rotation.oldKid}`,
    {
      offenders: found.shown,
      offenderCount: found.count,
      sinceMs: found.oldestMs,
      help: `keyturn verifiers --rotation ${rotation.id} --state holds_old`,
    },
  );
}

/** Where nothing shows the key gone, its profile's own bound must have passed since withdrawal. */
function dropTimeElapsed(
  state: State,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  now: Now,
): Check {
  const { withdrawnAtMs } = countedFacts(state, rotation);
  if (withdrawnAtMs === null) {
    return unknown(
      'drop_time_elapsed',
      'time',
      'time counts from withdrawal, which has not been seen',
    );
  }
  const unbounded = new Offenders();
  const waiting = new Offenders();
  const words = wordsInForce(state, rotation, 'rejects_old', now);
  const outlived: Group[] = [];
  let latestMs = 0;
  for (const group of requiredGroups(state, rotation)) {
    const drop = dropOf(state, group, rotation, policy, words, now);
    if (drop.kind === 'outlived') outlived.push(group);
    if (drop.kind === 'waiting') latestMs = Math.max(latestMs, drop.untilMs);
    if (drop.kind === 'waiting') addUndecided(group, rotation, waiting);
    if (drop.kind === 'unbounded') addUndecided(group, rotation, unbounded);
  }
  if (unbounded.count > 0) {
    return unknown(
      'drop_time_elapsed',
      'time',
      `${waitedFor(unbounded)} may accept ${rotation.oldKid} without any time limit, until it is restarted`,
      {
        offenders: unbounded.shown,
        offenderCount: unbounded.count,
        sinceMs: withdrawnAtMs,
        help: attestHelp(unbounded.shown[0]?.service ?? '', rotation),
      },
    );
  }
  if (waiting.count === 0) {
    return pass(
      'drop_time_elapsed',
      'time',
      `every cache that shows nothing has outlived its bound${uncoveredShares(outlived.filter(dropsWithRefresh), `still accept ${rotation.oldKid}`)}`,
    );
  }
  return fail(
    'drop_time_elapsed',
    'time',
    `${waitedFor(waiting)} may accept ${rotation.oldKid} until ${moment(latestMs)}`,
    {
      offenders: waiting.shown,
      offenderCount: waiting.count,
      sinceMs: withdrawnAtMs,
      clearsAtMs: latestMs,
    },
  );
}

/** What time has to do with a group that does not show the old key gone. */
export type GroupDrop =
  | { readonly kind: 'settled' | 'outlived' | 'unbounded' }
  | { readonly kind: 'waiting'; readonly untilMs: number };

/** `settled`: its verifiers show it, or somebody's word is what counts. Once the key is withdrawn. */
export function dropOf(
  state: State,
  group: Group,
  rotation: RotationRecord,
  policy: IssuerPolicy,
  words: Words,
  now: Now,
): GroupDrop {
  if (waysOf(group, rotation) === 'attested' || !isUndecided(group, rotation)) {
    return { kind: 'settled' };
  }
  if (vouchersOf(words, group) !== null) return { kind: 'settled' };
  const untilMs = dropUntilMs(state, group, rotation, policy);
  if (untilMs === null) return { kind: 'unbounded' };
  return now.earliestMs >= untilMs ? { kind: 'outlived' } : { kind: 'waiting', untilMs };
}

/** When a group's bound ends, Unix ms; null: never, or the key is not withdrawn. */
function dropUntilMs(
  state: State,
  group: Group,
  rotation: RotationRecord,
  policy: IssuerPolicy,
): number | null {
  const { withdrawnAtMs } = countedFacts(state, rotation);
  const boundMs = dropBoundMs(group, rotation, policy);
  if (boundMs === null || withdrawnAtMs === null) return null;
  const servedAtMs = group.tallies.get(rotation.id)?.lastServedOldAtMs ?? 0;
  return Math.max(withdrawnAtMs, servedAtMs) + boundMs;
}

/**
 * The profile's own bound; for a population that drops what it refreshes away, its refresh. A secret
 * is dropped by people, and no time does it.
 */
export function dropBoundMs(
  group: Group,
  rotation: Pick<RotationRecord, 'keyKind'>,
  policy: IssuerPolicy,
): number | null {
  if (rotation.keyKind === 'secret') return null;
  return dropsWithRefresh(group)
    ? populationDropMs(group, policy)
    : dropMs(policy, group.service.profile);
}

function dropsWithRefresh({ service }: Group): boolean {
  return service.population?.dropsWithRefresh === true;
}

function waitedFor(found: Offenders): string {
  const populations = found.shown.filter(({ state }) => state === 'unmanaged').length;
  const verifiers = found.count - populations;
  return [
    ...(verifiers > 0 ? [counted(verifiers, 'verifier')] : []),
    ...(populations > 0 ? [counted(populations, 'unmanaged population')] : []),
  ].join(' and ');
}

function attestHelp(service: string, rotation: RotationRecord): string {
  return `keyturn attest ${quoted(service)} --rotation ${rotation.id} --fact rejects_old --reason "how you know" --valid-for 1d`;
}

/** Nothing shows the key gone for some verifier, or for an instance that does not report. */
function isUndecided(group: Group, rotation: RotationRecord): boolean {
  if (undecidedCount(group, rotation) > 0 || waysOf(group, rotation) === 'population') return true;
  // A service judged by time alone may have instances that never report.
  return waysOf(group, rotation) === 'timed' && !isHeardInFull(group);
}

/** Verifiers that show neither that they hold the old key nor that they dropped it. */
export function undecidedCount(group: Group, rotation: RotationRecord): number {
  const byOld = group.tallies.get(rotation.id)?.byOld;
  const size = (byOld?.get('unknown')?.size ?? 0) + (byOld?.get('served')?.size ?? 0);
  return size === 0 ? 0 : size - replacedSilent(group, rotation);
}

function isHeardInFull(group: Group): boolean {
  // Of a range, only its upper end is known to be everybody.
  const expected = instancesAtMost(group.service);
  // Of two processes under one name only one is heard.
  if (group.contested.size > 0) return false;
  return expected !== null && expected > 0 && group.liveCaches.size >= expected;
}

function addUndecided(group: Group, rotation: RotationRecord, found: Offenders): void {
  if (undecidedCount(group, rotation) === 0 || waysOf(group, rotation) === 'population') {
    const { name, profile } = group.service;
    const population = waysOf(group, rotation) === 'population';
    found.add({
      service: name,
      instance: '',
      cache: '',
      state: population ? 'unmanaged' : 'unseen',
      sinceMs: null,
      detail: dropsWithRefresh(group)
        ? 'judged by its declared refresh'
        : `judged by ${profile.id === '' ? 'the bound set for it' : `the bound of profile ${profile.id}`}`,
    });
  }
  const byOld = group.tallies.get(rotation.id)?.byOld;
  for (const kind of ['unknown', 'served'] as const) {
    found.addAll(byOld?.get(kind) ?? new Set(), (verifier) =>
      verifier.liveness === 'silent' && isReplaced(group, verifier)
        ? undefined
        : offender(
            verifier,
            kind === 'served' ? 'served_old' : 'undecided',
            verifier.standings.get(rotation.id)?.holdsOldSinceMs ?? null,
            `nothing shows that it dropped ${rotation.oldKid}`,
          ),
    );
  }
}
