import { counted } from '@keyturn/shared/model/counted.ts';
import type { AuditEntryView, StatusView } from '../../api/schemas/status.ts';
import type { Paint } from '../paint.ts';
import { alertLine } from './alerts.ts';
import { propagationLines } from './propagation.ts';
import { dependentLines } from './services.ts';
import { canaryLines, gateLines, headLines } from './rotation.ts';
import { table } from './table.ts';
import { ago, toTheSecond, until } from './time.ts';

/** The collector, its issuers and its open rotations at a glance. */
export function statusText(status: StatusView, paint: Paint): string {
  const nowMs = Date.parse(status.now_at);
  const lines = [
    ...collectorLines(status, nowMs, paint),
    ...firingLines(status, nowMs, paint),
    ...issuerLines(status, nowMs, paint),
  ];
  for (const { rotation, gates, canaries, blind } of ofOrigin(status, 'declared')) {
    lines.push('', ...headLines(rotation, nowMs, paint), ...gateLines(gates, nowMs, paint));
    lines.push(...dependentLines(blind));
    lines.push(...canaryLines(canaries, rotation, nowMs));
  }
  const observed = ofOrigin(status, 'observed');
  if (observed.length > 0) lines.push('', 'observed, not started here:');
  for (const { rotation, propagation } of observed) {
    lines.push(
      '',
      ...headLines(rotation, nowMs, paint),
      ...propagationLines(propagation, nowMs, paint),
    );
  }
  if (ofOrigin(status, 'declared').length === 0)
    lines.push('', observed.length === 0 ? 'no rotation is open' : 'no rotation was started here');
  if (status.more_rotations > 0) {
    lines.push('', `${status.more_rotations} more rotations are open: keyturn rotation list`);
  }
  return `${lines.join('\n')}\n`;
}

function ofOrigin(status: StatusView, origin: 'declared' | 'observed'): StatusView['rotations'] {
  return status.rotations.filter((entry) => entry.rotation.origin === origin);
}

const ALERTS_SHOWN_MAX = 10;

/** The audit trail, one line per entry. */
export function auditText(body: {
  readonly entries: readonly AuditEntryView[];
  readonly next: number | null;
}): string {
  if (body.entries.length === 0) return 'no entry\n';
  const lines = table(
    body.entries.map((entry) => [
      `#${entry.number}`,
      toTheSecond(entry.at),
      entry.kind,
      entry.rotation_id ?? '-',
      entry.actor,
      entry.message,
    ]),
  );
  if (body.next !== null) lines.push(`there are more: keyturn audit --after ${body.next}`);
  return `${lines.join('\n')}\n`;
}

function collectorLines(status: StatusView, nowMs: number, paint: Paint): string[] {
  const lines = [
    `collector ${status.version}, up since ${toTheSecond(status.started_at)}, ${counted(status.fleet.verifiers_known, 'verifier')} known`,
  ];
  if (status.store_failing_since_at !== null) {
    lines.push(
      paint.red(`  the store refuses writes since ${ago(status.store_failing_since_at, nowMs)}`),
    );
  }
  if (status.hold_down_until_at !== null) {
    lines.push(
      paint.yellow(
        `  gates say unknown until the fleet has been heard, ${until(status.hold_down_until_at, nowMs)}`,
      ),
    );
  }
  if (status.refused_verifiers > 0) {
    lines.push(paint.yellow(`  ${status.refused_verifiers} hellos of verifiers were turned away`));
  }
  return lines;
}

function firingLines(status: StatusView, nowMs: number, paint: Paint): string[] {
  const { alerts, more_alerts: more } = status;
  if (alerts.length === 0) return [];
  const lines = [paint.red(`${counted(alerts.length + more, 'alert')} firing: keyturn alerts`)];
  for (const alert of alerts.slice(0, ALERTS_SHOWN_MAX)) {
    lines.push(`  ${alertLine(alert, nowMs, paint)}`);
  }
  const hidden = alerts.length + more - ALERTS_SHOWN_MAX;
  return hidden > 0 ? [...lines, `  and ${hidden} more`] : lines;
}

function healthOf(issuer: StatusView['issuers'][number], paint: Paint): string {
  if (issuer.vantages.length === 0 && issuer.shared_secrets) return 'shared secrets, no JWKS';
  return issuer.healthy ? paint.green('JWKS readable') : paint.red('JWKS not reliable');
}

function issuerLines(status: StatusView, nowMs: number, paint: Paint): string[] {
  return status.issuers.flatMap((issuer) => {
    const fleet = status.fleet.issuers.find((entry) => entry.issuer === issuer.issuer);
    const heard =
      fleet === undefined
        ? 'no verifier known'
        : `${counted(fleet.reporting, 'verifier')} reporting, ${fleet.silent} silent, ${fleet.joined} yet to report`;
    const health = healthOf(issuer, paint);
    const troubles = issuer.vantages.flatMap((vantage) =>
      vantage.message === null
        ? []
        : [
            `  ${vantage.url}: ${vantage.message}${vantage.failing_since_at === null ? '' : `, since ${ago(vantage.failing_since_at, nowMs)}`}`,
          ],
    );
    return [`issuer ${issuer.issuer}: ${health}, ${heard}`, ...troubles];
  });
}
