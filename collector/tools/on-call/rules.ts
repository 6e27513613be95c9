import { isAttributable, OUTCOMES } from '@keyturn/shared/model/outcome.ts';
import { ALERT_KINDS, ALERT_NAMES, type AlertName } from '../../src/core/alerts/catalogue.ts';
import { bucketsOf, labels, series } from './promql.ts';

export interface RecordingRule {
  readonly record: string;
  readonly expr: string;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: {
    readonly summary: string;
    readonly description: string;
    readonly runbook_url?: string;
  };
}

export interface RuleGroup {
  readonly name: string;
  readonly interval?: string;
  readonly rules: readonly (RecordingRule | AlertRule)[];
}

/** Kids that are or were this issuer's; what strangers invent burns nobody's budget. */
const OWN_KIDS = { among: ['next', 'active', 'retired'] };

const KEY_FAILURES = { among: OUTCOMES.filter(isAttributable) };

/** Share of verifications that may fail for reasons of keys. */
export const OBJECTIVE = 0.001;

/** Below this many verifications in the longer window, one failure says nothing of a rate. */
export const VERIFICATIONS_MIN = 1_000;

/**
 * Slow burns for tickets, of a budget of 30 days: 10 % in a day, 10 % in three days (The Site
 * Reliability Workbook, chapter 5, table 5-8). Fast ones are the detectors' to find.
 */
const BURNS = [
  { name: 'Day', long: '1d', short: '2h', factor: 3 },
  { name: 'ThreeDays', long: '3d', short: '6h', factor: 1 },
] as const;

const WINDOWS = ['5m', '2h', '6h', '1d', '3d'] as const;

/** For so long an alert outlives a collector that went away; by then its absence has its own alert. */
const KEPT = '15m';

const BY_ISSUER = labels('keyturn.issuer');

const ROTATION = labels('keyturn.issuer', 'keyturn.rotation.alg', 'keyturn.rotation.origin');

/** The name of the recorded share of key-caused failures over a window. */
export function failureShare(window: (typeof WINDOWS)[number]): string {
  return `keyturn_issuer:key_failures:ratio_rate${window}`;
}

/** Everything in `rules.yaml`. */
export const RULE_GROUPS: readonly RuleGroup[] = [
  { name: 'keyturn-shares', interval: '30s', rules: shares() },
  { name: 'keyturn-burn-rate', interval: '1m', rules: BURNS.map(burnRule) },
  { name: 'keyturn-collector', rules: collectorRules() },
  { name: 'keyturn-alerts', rules: ALERT_NAMES.filter((name) => name !== 'Watchdog').map(mirror) },
];

function shares(): RecordingRule[] {
  return [
    ...WINDOWS.map((window) => ({ record: failureShare(window), expr: shareOver(window) })),
    {
      record: 'keyturn_issuer_bucket:verifications:rate5m',
      expr: `sum by (${labels('keyturn.issuer', 'keyturn.kid.bucket')}) (rate(${series('verifications')}[5m]))`,
    },
    {
      record: 'keyturn_issuer:new_key:share',
      expr: [
        `sum by (${ROTATION}) (${series('propagation', { 'keyturn.new_key': { among: ['verified', 'present'] } })})`,
        `/ sum by (${ROTATION}) (${series('propagation')})`,
      ].join('\n'),
    },
  ];
}

function shareOver(window: string): string {
  const failures = series('verifications', {
    'keyturn.kid.bucket': OWN_KIDS,
    'error.type': KEY_FAILURES,
  });
  const all = series('verifications', { 'keyturn.kid.bucket': OWN_KIDS });
  return [
    `sum by (${BY_ISSUER}) (rate(${failures}[${window}]))`,
    `/ sum by (${BY_ISSUER}) (rate(${all}[${window}]))`,
  ].join('\n');
}

function burnRule({ name, long, short, factor }: (typeof BURNS)[number]): AlertRule {
  const limit = String(Number((factor * OBJECTIVE).toPrecision(6)));
  const all = series('verifications', { 'keyturn.kid.bucket': OWN_KIDS });
  return {
    alert: `KeyturnVerificationBurnRate${name}`,
    expr: [
      `${failureShare(long)} > ${limit}`,
      `and ${failureShare(short)} > ${limit}`,
      `and sum by (${BY_ISSUER}) (increase(${all}[${long}])) > ${VERIFICATIONS_MIN}`,
    ].join('\n'),
    labels: { severity: 'warning', window: long },
    annotations: {
      summary: 'Verification fails more often than the objective allows',
      description: `{{ $value | humanizePercentage }} of the verifications of {{ $labels.${BY_ISSUER} }} failed for reasons of keys over ${long}; ${OBJECTIVE * 100} % are allowed.`,
    },
  };
}

/** On the collector itself, at its address unless another is set. */
function runbookUrl(name: AlertName): string {
  return `http://127.0.0.1:7460/runbooks/${name}`;
}

/** What the collector cannot say of itself, or says best in numbers. */
function collectorRules(): AlertRule[] {
  return [
    {
      alert: 'KeyturnCollectorDown',
      expr: `absent(${series('status', { 'keyturn.collector.status': 'ready' })})`,
      for: '1m',
      labels: { severity: 'critical' },
      annotations: {
        summary: 'The collector cannot be scraped',
        description: 'Nobody gates rotations or watches verifications. Nothing opens meanwhile.',
      },
    },
    {
      alert: 'KeyturnWatchdogMissing',
      expr: [
        `sum(${series('alerts', { 'keyturn.alert.name': 'Watchdog', 'keyturn.alert.status': 'firing' })}) == 0`,
        `and sum(${series('status', { 'keyturn.collector.status': 'ready' })}) > 0`,
      ].join('\n'),
      for: '2m',
      labels: { severity: 'critical' },
      annotations: {
        summary: 'The collector runs and its watchdog does not fire',
        description:
          'It does not get through a write and a read of its own: alerts may be missing.',
        runbook_url: runbookUrl('Watchdog'),
      },
    },
    {
      alert: 'KeyturnCommitsSlow',
      expr: `histogram_quantile(0.99, sum by (le) (rate(${bucketsOf('commitDuration')}[5m]))) > 0.25`,
      for: '10m',
      labels: { severity: 'warning' },
      annotations: {
        summary: 'Commits to the store are slow',
        description:
          '1 in 100 takes longer than {{ $value | humanizeDuration }}; agents wait for them.',
      },
    },
    {
      alert: 'KeyturnBoundReached',
      expr: `sum by (${labels('keyturn.dropped.kind')}) (increase(${series('dropped')}[10m])) > 0`,
      labels: { severity: 'warning' },
      annotations: {
        summary: 'The collector had no room for something',
        description: `{{ $value | humanize }} of {{ $labels.${labels('keyturn.dropped.kind')} }} were not kept in ten minutes.`,
      },
    },
  ];
}

/** The collector's own alert as Prometheus sees it, for those who let it tell nobody itself. */
function mirror(name: AlertName): AlertRule {
  const { title } = ALERT_KINDS[name];
  const severity = labels('keyturn.alert.severity');
  const firing = {
    'keyturn.alert.name': name,
    'keyturn.alert.status': { among: ['firing', 'no_data'] },
  };
  return {
    alert: `Keyturn${name}`,
    expr: `sum by (${severity}) (last_over_time(${series('alerts', firing)}[${KEPT}])) > 0`,
    labels: { severity: `{{ $labels.${severity} }}` },
    annotations: {
      summary: title,
      description:
        'The collector has {{ $value }} of them; `keyturn alerts` says which, since when and what to do.',
      runbook_url: runbookUrl(name),
    },
  };
}
