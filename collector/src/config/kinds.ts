import { type Grade, GRADES } from '@keyturn/shared/model/evidence.ts';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { KeyPath } from '@keyturn/shared/settings/check.ts';
import { impliedKind, type ServiceKind } from '../core/kinds.ts';
import type { ProblemList } from './problem-list.ts';
import type { ServiceSettings } from './schema.ts';

interface KindRule {
  /** Grades that can be asked of it. */
  readonly evidence: readonly Grade[];
  /** Asked where the settings name none. */
  readonly asks: (profile: ProfileFacts) => Grade;
  /** Why no other grade can be. */
  readonly because: string;
}

const REPORTED = GRADES.filter((grade) => grade !== 'attested' && grade !== 'timed');

const RULES: Readonly<Record<ServiceKind, KindRule>> = {
  instrumented: {
    evidence: REPORTED,
    asks: () => 'present',
    because: 'its verifiers report, and neither a word nor a clock replaces that',
  },
  pushed: {
    evidence: REPORTED,
    asks: () => 'present',
    because: 'its verifiers report, and neither a word nor a clock replaces that',
  },
  proxied: {
    evidence: ['served', 'fetchable'],
    asks: () => 'served',
    because: 'a proxy sees the documents it serves, not what is kept or accepted behind it',
  },
  attested: {
    evidence: ['attested'],
    asks: () => 'attested',
    because: 'named people vouch for it',
  },
  static: {
    evidence: ['attested'],
    asks: () => 'attested',
    because:
      'its keys are configured or shipped, so only a named person can tell; where agents report them, use kind pushed',
  },
  managed: {
    evidence: ['attested', 'timed'],
    asks: (profile) => (isBounded(profile) ? 'timed' : 'attested'),
    because: 'nothing can report from inside it',
  },
  unmanaged: {
    evidence: ['timed'],
    asks: () => 'timed',
    because: 'nobody can see its verifiers, so they count by time',
  },
};

const UNPROBED =
  'expected served or fetchable for kind proxied, got verified: a proxy sees the documents it ' +
  'serves, and only canary tokens show what is accepted behind it; set canary for each of its issuers';

/** What decides about a service. */
export interface Judged {
  readonly kind: ServiceKind;
  readonly evidence: Grade;
  readonly profile: ProfileFacts;
}

/**
 * The kind of a service, the evidence asked of it and its profile as that kind has it, with what
 * contradicts itself refused.
 */
export function judgedBy(
  settings: ServiceSettings,
  { profile: catalogued, isProbed }: { readonly profile: ProfileFacts; readonly isProbed: boolean },
  path: KeyPath,
  problems: ProblemList,
): Judged {
  const { kind } = settings;
  if (kind === undefined) {
    const evidence = settings.evidence ?? defaultEvidence(catalogued);
    if (evidence === 'timed') checkTimed(catalogued, path, problems);
    return { kind: impliedKind(evidence, catalogued.staticKeys), evidence, profile: catalogued };
  }
  checkProfile(kind, settings, catalogued, path, problems);
  const profile = kind === 'static' ? { ...catalogued, staticKeys: true } : catalogued;
  const rule = RULES[kind];
  const evidence = settings.evidence ?? rule.asks(profile);
  if (kind === 'proxied' && evidence === 'verified') {
    if (!isProbed) problems.add([...path, 'evidence'], UNPROBED);
  } else if (!rule.evidence.includes(evidence)) {
    problems.add(
      [...path, 'evidence'],
      `expected ${rule.evidence.join(' or ')} for kind ${kind}, got ${evidence}: ${rule.because}`,
    );
  } else if (kind === 'managed' && evidence === 'timed') checkTimed(profile, path, problems);
  return { kind, evidence, profile };
}

/**
 * `served` is the weakest grade that still is an observation of the new key on its way into this
 * verifier, and the strongest that one behind the proxy can reach; whether a fetch proves anything
 * for its kind of cache is the gate's to judge. What rests on a promise (`fetchable`), a person
 * (`attested`) or a clock (`timed`) must be asked for. Keys that are configured are never fetched, so
 * there a person is all there is.
 */
export function defaultEvidence(profile: ProfileFacts): Grade {
  return profile.staticKeys ? 'attested' : 'served';
}

function checkProfile(
  kind: ServiceKind,
  { overrides = {} }: ServiceSettings,
  profile: ProfileFacts,
  path: KeyPath,
  problems: ProblemList,
): void {
  if ((kind === 'proxied' || kind === 'unmanaged') && profile.staticKeys) {
    problems.add(
      [...path, 'kind'],
      `kind ${kind} fetches keys, and those of ${whose(profile)} are configured: expected kind static`,
    );
  }
  if (kind === 'static') {
    for (const key of ['refresh', 'cooldown', 'new_kid_refused', 'removed_key_accepted'] as const) {
      if (overrides[key] === undefined) continue;
      problems.add(
        [...path, 'overrides', key],
        'kind static fetches nothing, so no time says when its keys change: expected this left out',
      );
    }
    if (overrides.static_keys === false) {
      problems.add([...path, 'overrides', 'static_keys'], 'expected true for kind static');
    }
    if (overrides.refetches_on_unknown_kid === true) {
      problems.add(
        [...path, 'overrides', 'refetches_on_unknown_kid'],
        'expected false for kind static, which fetches nothing',
      );
    }
  }
}

function checkTimed(profile: ProfileFacts, path: KeyPath, problems: ProblemList): void {
  if (isBounded(profile)) return;
  problems.add(
    [...path, 'evidence'],
    `timed would never pass: ${whose(profile)} knows no bound on how long a new key may be refused; set ` +
      'overrides.new_kid_refused if you know one, or use attested',
  );
}

function isBounded(profile: ProfileFacts): boolean {
  return profile.newKidRefusedS !== null && !profile.staticKeys;
}

function whose(profile: ProfileFacts): string {
  return profile.id === '' ? 'a service without profile' : `profile ${profile.id}`;
}
