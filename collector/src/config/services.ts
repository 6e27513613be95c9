import type { Grade } from '@keyturn/shared/model/evidence.ts';
import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { KeyPath } from '@keyturn/shared/settings/check.ts';
import { nearest, nearestFew } from '@keyturn/shared/settings/nearest.ts';
import type { ServicePolicy } from '../core/policy.ts';
import { listOf } from './issuers.ts';
import type { ProblemList } from './problem-list.ts';
import { overridden } from './profile-overrides.ts';
import { serviceSchema, type ServiceSettings } from './schema.ts';

const SERVICES_MAX = 10_000;

/** The profiles known, and the one for verifiers nothing is known of. */
export interface Profiles {
  readonly facts: ReadonlyMap<string, ProfileFacts>;
  readonly unknown: ProfileFacts;
}

export function resolveServices(
  value: unknown,
  issuerNames: readonly string[],
  profiles: Profiles,
  problems: ProblemList,
): ReadonlyMap<string, ServicePolicy> {
  const services = new Map<string, ServicePolicy>();
  for (const [index, entry] of listOf(value, 'services', SERVICES_MAX, problems).entries()) {
    const path = ['services', index];
    const settings = problems.check(serviceSchema, entry, path);
    if (settings === undefined) continue;
    if (services.has(settings.name)) {
      problems.add([...path, 'name'], `${settings.name} is there twice`);
    }
    services.set(settings.name, resolved(settings, issuerNames, profiles, path, problems));
  }
  return services;
}

function resolved(
  settings: ServiceSettings,
  issuerNames: readonly string[],
  profiles: Profiles,
  path: KeyPath,
  problems: ProblemList,
): ServicePolicy {
  const catalogued = profileOf(settings.profile, profiles, path, problems);
  const profile =
    settings.overrides === undefined ? catalogued : overridden(catalogued, settings.overrides);
  const evidence = settings.evidence ?? defaultEvidence(profile);
  if (evidence === 'timed') checkTimed(profile, path, problems);
  return {
    name: settings.name,
    declared: true,
    issuers: issuersOf(settings, issuerNames, path, problems),
    instances: settings.instances ?? null,
    required: settings.required,
    profile,
    evidence,
  };
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

function profileOf(
  id: string | undefined,
  profiles: Profiles,
  path: KeyPath,
  problems: ProblemList,
): ProfileFacts {
  if (id === undefined) return profiles.unknown;
  const found = profiles.facts.get(id);
  if (found !== undefined) return found;
  const near = nearestFew(id, [...profiles.facts.keys()], 3);
  const help =
    near.length === 0 ? 'list them with `keyturn profiles`' : `did you mean ${near.join(' or ')}?`;
  problems.add([...path, 'profile'], `there is no profile ${id}; ${help}`);
  return profiles.unknown;
}

function issuersOf(
  settings: ServiceSettings,
  known: readonly string[],
  path: KeyPath,
  problems: ProblemList,
): readonly string[] {
  if (settings.issuers === undefined) {
    if (known.length === 0) {
      problems.add(path, `${settings.name} takes tokens from no issuer: declare one under issuers`);
    }
    return known;
  }
  for (const [index, issuer] of settings.issuers.entries()) {
    const at = [...path, 'issuers', index];
    if (settings.issuers.indexOf(issuer) < index) problems.add(at, `${issuer} is there twice`);
    if (!known.includes(issuer)) problems.add(at, unknownIssuer(issuer, known));
  }
  return settings.issuers;
}

function unknownIssuer(issuer: string, known: readonly string[]): string {
  const near = nearest(issuer, known);
  const help = near === undefined ? 'declare it under issuers' : `did you mean ${near}?`;
  return `${issuer} is not one of the issuers; the text must match byte for byte; ${help}`;
}

function checkTimed(profile: ProfileFacts, path: KeyPath, problems: ProblemList): void {
  if (profile.newKidRefusedS !== null && !profile.staticKeys) return;
  const whose = profile.id === '' ? 'a service without profile' : `profile ${profile.id}`;
  problems.add(
    [...path, 'evidence'],
    `timed would never pass: ${whose} knows no bound on how long a new key may be refused; set ` +
      'overrides.new_kid_refused if you know one, or use attested',
  );
}
