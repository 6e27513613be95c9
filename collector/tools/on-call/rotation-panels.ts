import type { VerdictStatus } from '@keyturn/shared/model/verdict.ts';
import type { Phase } from '../../src/core/rotation.ts';
import { labelName } from '../../src/telemetry/prometheus-name.ts';
import type { Panel, StateName } from './grafana.ts';
import { labels, series } from './promql.ts';

const ISSUER = { 'keyturn.issuer': { like: '$issuer' } };
const ROTATION = labels('keyturn.issuer', 'keyturn.rotation.alg');
const LEGEND = `{{${labelName('keyturn.issuer')}}} {{${labelName('keyturn.rotation.alg')}}}`;

/** Unknown is grey: it opens nothing, and it is not a fault either. */
const GATE_STATES: readonly (StateName & { readonly text: VerdictStatus })[] = [
  { value: 1, text: 'open', color: 'green' },
  { value: 2, text: 'closed', color: 'orange' },
  { value: 3, text: 'unknown', color: 'text' },
  { value: 4, text: 'aborted', color: 'red' },
];

const PHASES: readonly (StateName & { readonly text: Phase })[] = [
  { value: 1, text: 'staged', color: 'text' },
  { value: 2, text: 'published', color: 'blue' },
  { value: 3, text: 'ready', color: 'green' },
  { value: 4, text: 'active', color: 'blue' },
  { value: 5, text: 'drained', color: 'green' },
  { value: 6, text: 'withdrawn', color: 'blue' },
];

export function gates(): Panel {
  return {
    title: 'Gates',
    description: 'Grey is unknown, which opens nothing. `keyturn gate` says why.',
    kind: 'state-timeline',
    unit: 'none',
    width: 12,
    height: 9,
    states: GATE_STATES,
    targets: [
      {
        expr: GATE_STATES.map(
          ({ text, value }) =>
            `${value} * max by (${ROTATION}, ${labels('keyturn.gate')}) (${series('gateStatus', { ...ISSUER, 'keyturn.gate.status': text })})`,
        ).join('\n+ '),
        legend: `${LEGEND} {{${labelName('keyturn.gate')}}}`,
      },
    ],
  };
}

export function phases(): Panel {
  return {
    title: 'Phase of the rotation',
    description: 'As observed in the JWKS and in tokens, not as declared.',
    kind: 'state-timeline',
    unit: 'none',
    width: 8,
    height: 9,
    states: PHASES,
    targets: [
      {
        expr: PHASES.map(
          ({ text, value }) =>
            `${value} * max by (${ROTATION}) (${series('phase', { ...ISSUER, 'keyturn.rotation.phase': text })})`,
        ).join('\n+ '),
        legend: LEGEND,
      },
    ],
  };
}

export function alerts(): Panel {
  return {
    title: 'Alerts firing',
    description: "The collector's own, without its watchdog. `keyturn alerts` says which and why.",
    kind: 'stat',
    unit: 'none',
    width: 4,
    height: 9,
    redFrom: 1,
    targets: [
      {
        expr: `sum(${series('alerts', { 'keyturn.alert.name': { not: 'Watchdog' }, 'keyturn.alert.status': { among: ['firing', 'no_data'] } })})`,
        legend: 'firing',
        instant: true,
      },
    ],
  };
}

export function newKey(): Panel {
  return {
    title: 'Verifiers by what is known of the new key',
    description:
      '`verified` and `present` are proof; `absent`, `stale`, `silent` and `never_seen` block.',
    kind: 'bargauge',
    unit: 'none',
    width: 8,
    height: 8,
    targets: [
      {
        expr: `sum by (${labels('keyturn.new_key')}) (${series('propagation', ISSUER)})`,
        legend: `{{${labelName('keyturn.new_key')}}}`,
        instant: true,
      },
    ],
  };
}

export function newKeyOverTime(): Panel {
  return {
    title: 'Share of verifiers that hold the new key',
    description:
      'How the key spreads. A line that stops short of 100 % names the blockers in `keyturn gate`.',
    kind: 'timeseries',
    unit: 'percentunit',
    width: 8,
    height: 8,
    targets: [
      {
        expr: [
          `sum by (${ROTATION}) (${series('propagation', { ...ISSUER, 'keyturn.new_key': { among: ['verified', 'present'] } })})`,
          `/ sum by (${ROTATION}) (${series('propagation', ISSUER)})`,
        ].join('\n'),
        legend: LEGEND,
      },
    ],
  };
}

export function silent(): Panel {
  return {
    title: 'Verifiers',
    description: 'Silent ones keep gates shut until they say goodbye or are replaced.',
    kind: 'timeseries',
    unit: 'none',
    width: 8,
    height: 8,
    stacked: true,
    targets: [
      {
        expr: `sum by (${labels('keyturn.verifier.state')}) (${series('verifiers', ISSUER)})`,
        legend: `{{${labelName('keyturn.verifier.state')}}}`,
      },
    ],
  };
}
