import { counted } from '@keyturn/shared/model/counted.ts';
import { formatDuration } from '@keyturn/shared/settings.ts';
import type { BlastRadiusView, ContainmentView } from '../../api/schemas/emergency.ts';
import type { Paint } from '../paint.ts';
import { table } from './table.ts';
import { ago, toTheSecond, until } from './time.ts';

const SERVICES_SHOWN_MAX = 40;

type Service = BlastRadiusView['services'][number];
type Pending = ContainmentView['services'][number]['pending'][number];

/** What tainting a key means, before anybody confirms it. */
export function blastRadiusText(radius: BlastRadiusView, paint: Paint): string {
  const nowMs = Date.parse(radius.as_of);
  const rows = radius.keys.map((use) => [
    use.kid ?? 'without kid',
    use.role,
    `${use.accepted} accepted`,
    `at most ${use.busiest_minute}/min`,
    counted(use.verifiers, 'verifier'),
    use.latest_exp_at === null
      ? 'no expiry seen'
      : `last one ends ${until(use.latest_exp_at, nowMs)}`,
  ]);
  const shown = radius.services.slice(0, SERVICES_SHOWN_MAX);
  const lines = [
    `blast radius of ${paint.bold(radius.old_kid)}, rotation ${radius.rotation_id}, as of ${toTheSecond(radius.as_of)}`,
    `  ${radius.summary}`,
    '',
    `accepted since ${toTheSecond(radius.counted_since)} (verifications; one token can make many):`,
    ...table(rows).map((line) => `  ${line}`),
    ...uncountedLine(radius),
    '',
    'once the key is removed, it may still be accepted by:',
    ...shown.flatMap((service) => reachLines(service, nowMs, paint)),
    ...(radius.services.length > shown.length
      ? [`  and ${counted(radius.services.length - shown.length, 'more service')}`]
      : []),
  ];
  return `${lines.join('\n')}\n`;
}

/** How far the old key is out of use, and what to do about the rest. */
export function containmentText(found: ContainmentView, paint: Paint): string {
  const lines = [containmentLine(found, paint)];
  const nowMs = Date.parse(found.as_of);
  for (const service of found.services) {
    if (service.pending.length === 0) continue;
    const pending = service.pending.map((entry) => pendingText(entry, nowMs)).join(', ');
    lines.push(`  ${service.service} ${service.contained}/${service.total}: ${pending}`);
    if (service.pending.some(({ state }) => state === 'holds_old' || state === 'unbounded')) {
      lines.push(`      ${service.drop_now}`);
    }
  }
  for (const check of found.reasons) {
    lines.push(`  ${check.class}: ${check.message}`);
    if (check.help !== '') lines.push(`      ${paint.dim('try:')} ${check.help}`);
  }
  return `${lines.join('\n')}\n`;
}

export function containmentLine(found: ContainmentView, paint: Paint): string {
  const share = `${found.percent} %`;
  const painted = found.percent === 100 ? paint.green(share) : paint.red(share);
  const removed =
    found.withdrawn_at === null
      ? 'still in the JWKS'
      : `out of the JWKS since ${toTheSecond(found.withdrawn_at)}`;
  if (found.status === 'unknown' && found.total === 0) {
    return `contained ${paint.red('unknown')}: nothing is known of who accepts ${found.old_kid}; it is ${removed}`;
  }
  return `contained ${painted}: ${found.contained} of ${found.total} no longer accept ${found.old_kid}; it is ${removed}`;
}

function uncountedLine({ uncounted_verifiers: uncounted }: BlastRadiusView): string[] {
  return uncounted === 0
    ? []
    : [`  and ${counted(uncounted, 'verifier')} behind the proxy, whose use nobody can count`];
}

function reachLines(service: Service, nowMs: number, paint: Paint): string[] {
  const bound =
    service.drop_bound_s === null
      ? paint.red('without any time limit')
      : service.may_accept_until === null
        ? service.drop_bound_s === 0
          ? 'no longer than it is served'
          : `for up to ${formatDuration(service.drop_bound_s * 1_000)}`
        : Date.parse(service.may_accept_until) <= nowMs
          ? `no longer, since ${ago(service.may_accept_until, nowMs)}`
          : `until ${toTheSecond(service.may_accept_until)}`;
  const optional = service.required ? '' : ', optional';
  return [
    `  ${service.service} (${counted(service.verifiers, 'verifier')}${optional}): ${bound}`,
    `      ${service.drop_now}`,
  ];
}

function pendingText({ state, count, until_at: untilAt }: Pending, nowMs: number): string {
  switch (state) {
    case 'not_withdrawn':
      return `${count} until the key is removed`;
    case 'holds_old':
      return `${count} still holding it`;
    case 'waiting':
      return `${count} by the bound of its profile${untilAt === null ? '' : `, ${until(untilAt, nowMs)}`}`;
    case 'unbounded':
      return `${count} without any time limit`;
    case 'unheard':
      return `${count} not heard`;
    case 'unvouched':
      return `${count} nobody has vouched for`;
  }
}
