import { formatDuration } from '@keyturn/shared/settings.ts';
import type { DependentView, ServiceView } from '../../api/schemas/service.ts';
import { table } from './table.ts';

const DEPENDENTS_SHOWN_MAX = 20;

/** One line per service and issuer. */
export function servicesText(body: { readonly services: readonly ServiceView[] }): string {
  if (body.services.length === 0) return 'no service matches\n';
  const rows = body.services.flatMap((service) =>
    service.issuers.map((group) => [
      service.name,
      `${service.kind}${service.declared ? '' : ', undeclared'}${service.required ? '' : ', optional'}`,
      judgement(service),
      instances(group, service),
      waits(group),
      group.issuer,
    ]),
  );
  const head = ['SERVICE', 'KIND', 'JUDGED BY', 'INSTANCES', 'WAITS FOR', 'ISSUER'];
  return `${table([head, ...rows]).join('\n')}\n`;
}

/** The services a rotation waits for or knows otherwise than by their reports, one line each. */
export function dependentLines(dependents: readonly DependentView[]): string[] {
  const shown = dependents.slice(0, DEPENDENTS_SHOWN_MAX);
  const lines = shown.map((dependent) => {
    const optional = dependent.required ? '' : ', optional';
    const left = dependent.uncovered_percent ?? 0;
    const share = left > 0 ? `, ${left} % of it left out` : '';
    const what = dependent.waits_for.length === 0 ? 'nothing' : dependent.waits_for.join('; ');
    return `service ${dependent.service} (${dependent.kind}${optional}${share}) waits for ${what}`;
  });
  const more = dependents.length - shown.length;
  return more > 0 ? [...lines, `and ${more} more: keyturn services`] : lines;
}

function judgement(service: ServiceView): string {
  switch (service.judged_by) {
    case 'evidence':
      return `evidence: ${service.evidence}`;
    case 'attested':
      return `a named person${shipping(service)}`;
    case 'timed':
      return `time: profile ${service.profile}`;
    case 'population':
      return population(service);
  }
}

function shipping({ shipping_interval_s: everyS }: ServiceView): string {
  return everyS === null ? '' : `, ships every ${formatDuration(everyS * 1_000)}`;
}

function population({ population: of }: ServiceView): string {
  if (of === null) return 'time';
  if (of.covered_percentile === null || of.covered_within_s === null) {
    return `time: no cohort covers ${of.cover_percentile} %`;
  }
  return `time: ${of.covered_percentile} % within ${formatDuration(of.covered_within_s * 1_000)}`;
}

function instances(group: ServiceView['issuers'][number], service: ServiceView): string {
  if (service.judged_by === 'population') return '-';
  if (group.instances_expected === null) return `${group.instances_live}`;
  // Who is not judged by its reports is not expected to report.
  if (service.judged_by === 'attested' && group.instances_live === 0) {
    return `${group.instances_expected} declared`;
  }
  const most = group.instances_at_most;
  const range = most === null ? '' : ` to ${most}`;
  return `${group.instances_live} of ${group.instances_expected}${range}`;
}

function waits({ waits_for: rotations }: ServiceView['issuers'][number]): string {
  if (rotations.length === 0) return '-';
  const some = rotations.filter(({ what }) => what.length > 0);
  if (some.length === 0) return 'nothing';
  return some
    .map(({ rotation_id: id, what }) =>
      rotations.length === 1 ? what.join('; ') : `${id}: ${what.join('; ')}`,
    )
    .join('; ');
}
