import type { ProfileFacts } from '@keyturn/shared/model/profile.ts';
import type { KeyPath } from '@keyturn/shared/settings/check.ts';
import { nearest, nearestFew } from '@keyturn/shared/settings/nearest.ts';
import type { ServiceKind } from '../core/kinds.ts';
import type { ServicePolicy } from '../core/policy.ts';
import { instancesOf } from './instances.ts';
import { checkOverrides } from './contradictions.ts';
import { listOf } from './issuers.ts';
import { judgedBy } from './kinds.ts';
import { populationOf } from './population.ts';
import type { ProblemList } from './problem-list.ts';
import { overridden } from './profile-overrides.ts';
import { serviceSchema, type ServiceSettings } from './schema.ts';

const SERVICES_MAX = 10_000;

/** What the rest of the settings says about services. */
export interface ServiceDefaults {
  /** The share of an unmanaged population that must be covered, per cent. */
  readonly coverPercentile: number;
  /** Issuers with canary tokens, the one way in which a proxied verifier shows what it accepts. */
  readonly probedIssuers: ReadonlySet<string>;
}

/** The profiles known, and the one for verifiers nothing is known of. */
export interface Profiles {
  readonly facts: ReadonlyMap<string, ProfileFacts>;
  readonly unknown: ProfileFacts;
}

export function resolveServices(
  value: unknown,
  issuerNames: readonly string[],
  profiles: Profiles,
  defaults: ServiceDefaults,
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
    services.set(
      settings.name,
      resolved(settings, issuerNames, profiles, defaults, path, problems),
    );
  }
  return services;
}

function resolved(
  settings: ServiceSettings,
  issuerNames: readonly string[],
  profiles: Profiles,
  { coverPercentile, probedIssuers }: ServiceDefaults,
  path: KeyPath,
  problems: ProblemList,
): ServicePolicy {
  const catalogued = profileOf(settings.profile, profiles, path, problems);
  const own =
    settings.overrides === undefined ? catalogued : overridden(catalogued, settings.overrides);
  if (settings.overrides !== undefined) {
    checkOverrides(settings.overrides, own, path, problems);
  }
  const issuers = issuersOf(settings, issuerNames, path, problems);
  const isProbed = issuers.every((issuer) => probedIssuers.has(issuer));
  const judged = judgedBy(settings, { profile: own, isProbed }, path, problems);
  const { kind } = judged;
  return {
    name: settings.name,
    declared: true,
    ...judged,
    ...instancesOf(settings.instances, kind, path, problems),
    issuers,
    required: settings.required,
    population: populationOf(kind, settings, { profile: own, coverPercentile }, path, problems),
    shippingIntervalMs: shippingOf(kind, settings, path, problems),
    keys: settings.keys,
  };
}

function shippingOf(
  kind: ServiceKind,
  { shipping_interval: interval }: ServiceSettings,
  path: KeyPath,
  problems: ProblemList,
): number | null {
  if (interval === undefined) return null;
  if (kind !== 'static') {
    problems.add(
      [...path, 'shipping_interval'],
      `expected only with kind static, whose keys are shipped, got it with kind ${kind}`,
    );
  }
  return interval;
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
