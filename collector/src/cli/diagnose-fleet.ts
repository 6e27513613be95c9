import { counted } from '@keyturn/shared/model/counted.ts';
import type { ProfileView } from '../api/schemas/fleet.ts';
import type { ServiceView } from '../api/schemas/service.ts';
import type { StatusView } from '../api/schemas/status.ts';
import { fail, type Finding, ok, warn } from './finding.ts';

/** Who is heard, and who should be. */
export function fleet(status: StatusView, services: readonly ServiceView[]): Finding[] {
  if (services.length === 0) {
    return [
      warn(
        'no service is declared and no verifier has reported, so every gate stays unknown',
        'declare the services that verify tokens in the collector settings, and start agents',
      ),
    ];
  }
  const findings = services.flatMap(serviceFindings);
  for (const { issuer, verifiers, silent } of status.fleet.issuers) {
    if (verifiers > 0 && silent === verifiers) {
      findings.push(
        fail(
          verifiers === 1
            ? `the one verifier of issuer ${issuer} is silent`
            : `all ${verifiers} verifiers of issuer ${issuer} are silent`,
          "look at the collector's own network first",
        ),
      );
    }
  }
  const bad = findings.some((finding) => finding.level !== 'ok');
  return bad ? findings : [...findings, ok('every service reports in full')];
}

function serviceFindings(service: ServiceView): Finding[] {
  const findings: Finding[] = [];
  if (!service.declared) {
    findings.push(
      warn(
        `service ${service.name} reports but is not declared`,
        'declare it in the collector settings, so that missing instances show',
      ),
    );
  }
  const reports = service.judged_by === 'evidence';
  for (const group of service.issuers) {
    const expected = group.instances_expected ?? (service.declared ? 1 : 0);
    const missing = expected - group.instances_live;
    if (service.required && reports && missing > 0) {
      findings.push(
        warn(
          `${group.instances_live} of ${expected} instances of service ${service.name} report for ${group.issuer}`,
          'start the agents, or correct the number of instances in the collector settings',
        ),
      );
    }
    const most = group.instances_at_most;
    if (most !== null && group.instances_live > most) {
      findings.push(
        warn(
          `service ${service.name} shows ${group.instances_live} instances for ${group.issuer}, and at most ${most} are declared`,
          'correct the number of instances in the collector settings',
        ),
      );
    }
    if (service.judged_by === 'population' && group.verifiers > 0) {
      findings.push(
        warn(
          `somebody reports as service ${service.name}, which is declared unmanaged`,
          `keyturn verifiers --service ${service.name}, and give them a service of their own`,
        ),
      );
    } else if (group.silent > 0) {
      findings.push(
        warn(
          `${counted(group.silent, 'verifier')} of service ${service.name} ${group.silent === 1 ? 'is' : 'are'} silent`,
          `keyturn verifiers --service ${service.name} --state silent`,
        ),
      );
    }
  }
  return findings;
}

/** What the settings of services make impossible or leave unsaid. */
export function settings(facts: {
  readonly services: readonly ServiceView[];
  readonly profiles: readonly ProfileView[];
  readonly fallbackProfile: string;
}): Finding[] {
  return facts.services.flatMap((service) => {
    if (service.population !== null) return population(service, service.population);
    if (service.profile === facts.fallbackProfile) {
      // A person vouches for it: no rule asks how it caches.
      if (service.evidence === 'attested') return [];
      return [
        warn(
          `nothing is known of how service ${service.name} caches keys`,
          'set its profile in the collector settings; `keyturn profiles` lists them',
        ),
      ];
    }
    const profile = facts.profiles.find((entry) => entry.id === service.profile);
    if (service.evidence === 'timed' && profile?.new_kid_refused_s === null) {
      return [
        fail(
          `service ${service.name} is judged by time, but profile ${profile.id} knows no bound, so activate never opens`,
          'put an agent next to it, or set its evidence to attested in the collector settings',
        ),
      ];
    }
    return [];
  });
}

function population(
  { name }: ServiceView,
  { cover_percentile: cover, covered_percentile: covered }: NonNullable<ServiceView['population']>,
): Finding[] {
  if (covered !== null) return [];
  return [
    fail(
      `no declared cohort of service ${name} covers ${cover} % of it, so activate stays unknown`,
      'declare a larger percentile under services[].cohorts, or lower cover_percentile',
    ),
  ];
}
