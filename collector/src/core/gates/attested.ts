import { counted } from '@keyturn/shared/model/counted.ts';
import { moment } from '@keyturn/shared/model/moment.ts';
import type { Check, Offender } from '@keyturn/shared/model/verdict.ts';
import type { Group } from '../fleet.ts';
import { instancesAtMost } from '../policy.ts';
import type { AttestationRecord, RotationRecord } from '../records.ts';
import { rotationFacts } from '../rotation.ts';
import type { Now, State } from '../state.ts';
import { fail, pass, quoted } from './check.ts';
import { hasFullEvidence, Offenders, requiredGroups, waysOf } from './dependents.ts';

type Fact = AttestationRecord['fact'];

const DAY_MS = 86_400_000;

const VOUCHERS_NAMED_MAX = 3;

/** Services that cannot report are vouched for by a named person. */
export function attestedFor(state: State, rotation: RotationRecord, fact: Fact, now: Now): Check {
  const missing = new Offenders();
  const used: AttestationRecord[] = [];
  const words = wordsInForce(state, rotation, fact, now);
  let vouchedFor = 0;
  let byEvidence = 0;
  for (const group of requiredGroups(state, rotation)) {
    const inForce = vouchersOf(words, group);
    if (inForce !== null) {
      used.push(...inForce);
      vouchedFor += 1;
    } else if (waysOf(group, rotation) !== 'attested') continue;
    else if (fact === 'holds_new' && hasFullEvidence(group, rotation)) byEvidence += 1;
    else missing.add(unattested(state, group, rotation, fact));
  }
  if (missing.count === 0) return vouched(rotation, fact, { vouchedFor, byEvidence, used }, now);
  const [first] = missing.shown;
  return fail('attested', 'policy', `${counted(missing.count, 'service')} nobody has vouched for`, {
    offenders: missing.shown,
    offenderCount: missing.count,
    sinceMs: missing.oldestMs,
    help: attestHelp(first?.service ?? '', rotation, fact),
  });
}

/** Attestations in force about one fact of a rotation, by service. */
export type Words = ReadonlyMap<string, readonly AttestationRecord[]>;

/** Everything people vouch for now, about one fact of a rotation. */
export function wordsInForce(state: State, rotation: RotationRecord, fact: Fact, now: Now): Words {
  const words = new Map<string, AttestationRecord[]>();
  for (const attested of state.attestations.values()) {
    if (attested.rotationId !== rotation.id || attested.fact !== fact) continue;
    if (attested.expiresAtMs <= now.atMs || isOutdated(state, attested, rotation)) continue;
    // Who vouched before a switch that was undone vouches anew: going back takes the old key again.
    if (attested.atMs <= (rotation.rolledBackAtMs ?? 0)) continue;
    const ofService = words.get(attested.service);
    if (ofService === undefined) words.set(attested.service, [attested]);
    else ofService.push(attested);
  }
  return words;
}

/**
 * Keys that are fetched may have been fetched away since, or fetched again: what was seen before an
 * origin or edge went back, or before the old key was withdrawn, says nothing of what is held after.
 */
function isOutdated(
  state: State,
  { service, fact, atMs }: AttestationRecord,
  rotation: RotationRecord,
): boolean {
  const declared = state.policy.services.get(service);
  if (declared?.kind === 'static' || declared?.profile.staticKeys === true) return false;
  const { publishedAtMs, withdrawnAtMs } = rotationFacts(state, rotation);
  const changedAtMs = fact === 'holds_new' ? publishedAtMs : withdrawnAtMs;
  return changedAtMs !== null && atMs < changedAtMs;
}

/**
 * The attestations that vouch for a whole group: the one that lasts longest, or one for each of as
 * many instances as were declared. Null when they do not cover it.
 */
export function vouchersOf(words: Words, group: Group): readonly AttestationRecord[] | null {
  const byInstance = new Map<string | null, AttestationRecord>();
  for (const attested of words.get(group.service.name) ?? []) {
    const longest = byInstance.get(attested.instance);
    if (longest === undefined || attested.expiresAtMs > longest.expiresAtMs) {
      byInstance.set(attested.instance, attested);
    }
  }
  const whole = byInstance.get(null);
  if (whole !== undefined) return [whole];
  const expected = instancesAtMost(group.service);
  if (expected === null || byInstance.size === 0 || byInstance.size < expected) return null;
  const all = [...group.members].every((verifier) => byInstance.has(verifier.record.id.instance));
  return all ? [...byInstance.values()] : null;
}

/** True when an attestation is about to run out: in a day, or in the last quarter of a short life. */
export function expiresSoon(attested: AttestationRecord, now: Now): boolean {
  const lifeMs = attested.expiresAtMs - attested.atMs;
  return attested.expiresAtMs - now.atMs <= Math.min(DAY_MS, lifeMs / 4);
}

/** Services that nobody needs to be asked about any more. */
interface Vouched {
  readonly vouchedFor: number;
  readonly byEvidence: number;
  readonly used: readonly AttestationRecord[];
}

function shown(services: number): string {
  return `every instance of ${counted(services, 'service')} shows it, so nobody has to vouch`;
}

/** Who vouches, until when, and who should do so again. */
function vouched(
  rotation: RotationRecord,
  fact: Fact,
  { vouchedFor, byEvidence, used }: Vouched,
  now: Now,
): Check {
  if (vouchedFor === 0) {
    const message = byEvidence === 0 ? 'no service depends on attestation' : shown(byEvidence);
    return pass('attested', 'policy', message);
  }
  const soonest = used.toSorted((a, b) => a.expiresAtMs - b.expiresAtMs);
  const named = soonest
    .slice(0, VOUCHERS_NAMED_MAX)
    .map(
      ({ service, by, expiresAtMs }) => `${by} for ${service}, expires at ${moment(expiresAtMs)}`,
    );
  const more = soonest.length - named.length;
  if (more > 0) named.push(`${more} more, later`);
  const [first] = soonest;
  const soon = first !== undefined && expiresSoon(first, now);
  return pass(
    'attested',
    'policy',
    [
      `${counted(vouchedFor, 'service')} vouched for: ${named.join('; ')}`,
      ...(byEvidence === 0 ? [] : [`; ${shown(byEvidence)}`]),
      ...(soon ? [`; the gate closes then unless somebody vouches again`] : []),
    ].join(''),
    {
      offenders: soonest.map(voucher),
      offenderCount: soonest.length,
      help: soon ? attestHelp(first.service, rotation, fact) : '',
    },
  );
}

function voucher({
  service,
  instance,
  by,
  reason,
  atMs,
  expiresAtMs,
}: AttestationRecord): Offender {
  return {
    service,
    instance: instance ?? '',
    cache: '',
    state: 'attested',
    sinceMs: atMs,
    detail: `by ${by} until ${moment(expiresAtMs)}: ${reason}`,
  };
}

function unattested(state: State, group: Group, rotation: RotationRecord, fact: Fact): Offender {
  const { name, kind, profile } = group.service;
  const why =
    kind === 'static' || profile.staticKeys
      ? 'its keys are configured, not fetched'
      : kind === 'managed'
        ? 'nothing bounds how long it keeps keys'
        : group.service.population !== null
          ? 'nobody can see its verifiers, and time brings them no secret'
          : 'its settings ask for a named person to vouch';
  return {
    service: name,
    instance: '',
    cache: '',
    state: 'unattested',
    sinceMs: rotation.startedAtMs,
    detail: `${why}${shipping(state, group, rotation, fact)}${outdatedWord(state, group, rotation, fact)}`,
  };
}

/** When keys that are shipped have reached everybody, so that somebody can vouch for it. */
function shipping(state: State, group: Group, rotation: RotationRecord, fact: Fact): string {
  const everyMs = group.service.shippingIntervalMs;
  if (everyMs === null) return '';
  const { publishedAtMs, withdrawnAtMs } = rotationFacts(state, rotation);
  const sinceMs = fact === 'holds_new' ? publishedAtMs : withdrawnAtMs;
  return sinceMs === null ? '' : `; the next shipment is due by ${moment(sinceMs + everyMs)}`;
}

/** Says why a word that was given does not count. */
function outdatedWord(state: State, group: Group, rotation: RotationRecord, fact: Fact): string {
  for (const attested of state.attestations.values()) {
    if (attested.rotationId !== rotation.id || attested.fact !== fact) continue;
    if (attested.service !== group.service.name || !isOutdated(state, attested, rotation)) continue;
    const what = fact === 'holds_new' ? 'publication of the new key' : 'withdrawal of the old key';
    return `; the word of ${attested.by} is older than the ${what}`;
  }
  return '';
}

function attestHelp(service: string, rotation: RotationRecord, fact: Fact): string {
  return `keyturn attest ${quoted(service)} --rotation ${rotation.id} --fact ${fact} --reason "how you know" --valid-for 1d`;
}
