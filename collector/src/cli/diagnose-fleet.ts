import type { ProfileView, ServiceView } from '../api/schemas/fleet.ts';
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
          `all ${verifiers} verifiers of issuer ${issuer} are silent`,
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
  const reports = !['attested', 'timed'].includes(service.evidence);
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
    if (group.silent > 0) {
      findings.push(
        warn(
          `${group.silent} verifiers of service ${service.name} are silent`,
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
