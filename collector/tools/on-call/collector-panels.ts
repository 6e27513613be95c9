import { labelName } from '../../src/telemetry/prometheus-name.ts';
import type { Panel, StateName } from './grafana.ts';
import { bucketsOf, labels, series } from './promql.ts';

const COLLECTOR_STATES: readonly StateName[] = [
  { value: 1, text: 'ready', color: 'green' },
  { value: 2, text: 'hold_down', color: 'text' },
  { value: 3, text: 'store_failing', color: 'red' },
];

export function status(): Panel {
  return {
    title: 'Collector',
    description: 'In hold-down gates say unknown until the fleet was heard.',
    kind: 'state-timeline',
    unit: 'none',
    width: 8,
    height: 7,
    states: COLLECTOR_STATES,
    targets: [
      {
        expr: COLLECTOR_STATES.map(
          ({ text, value }) =>
            `${value} * max by (instance) (${series('status', { 'keyturn.collector.status': text })})`,
        ).join('\n+ '),
        legend: '{{instance}}',
      },
    ],
  };
}

export function reports(): Panel {
  return {
    title: 'Reports',
    description:
      'Rejected ones are an agent’s fault, superseded ones a second process under one name.',
    kind: 'timeseries',
    unit: 'reqps',
    width: 8,
    height: 7,
    targets: [
      {
        expr: `sum by (${labels('keyturn.report.result')}) (rate(${series('reports')}[$__rate_interval]))`,
        legend: `{{${labelName('keyturn.report.result')}}}`,
      },
      { expr: `sum(rate(${series('refusedMessages')}[$__rate_interval]))`, legend: 'unreadable' },
    ],
  };
}

export function sessions(): Panel {
  return {
    title: 'Agents connected',
    description: 'And what was dropped because a bound was reached.',
    kind: 'timeseries',
    unit: 'none',
    width: 8,
    height: 7,
    targets: [
      { expr: `sum(${series('sessions')})`, legend: 'streams' },
      {
        expr: `sum by (${labels('keyturn.dropped.kind')}) (increase(${series('dropped')}[$__rate_interval]))`,
        legend: `dropped {{${labelName('keyturn.dropped.kind')}}}`,
      },
    ],
  };
}

export function commits(): Panel {
  const quantile = (q: number): string =>
    `histogram_quantile(${q}, sum by (le) (rate(${bucketsOf('commitDuration')}[$__rate_interval])))`;
  return {
    title: 'Commits',
    description: 'Agents wait for them, nothing else does.',
    kind: 'timeseries',
    unit: 's',
    width: 8,
    height: 7,
    targets: [
      { expr: quantile(0.5), legend: 'half' },
      { expr: quantile(0.99), legend: '99 of 100' },
    ],
  };
}

export function memory(): Panel {
  return {
    title: 'Memory',
    description: 'Physical memory of the collector.',
    kind: 'timeseries',
    unit: 'bytes',
    width: 8,
    height: 7,
    targets: [{ expr: series('memory'), legend: '{{instance}}' }],
  };
}

export function cpu(): Panel {
  return {
    title: 'CPU',
    description: 'Cores the collector uses.',
    kind: 'timeseries',
    unit: 'none',
    width: 8,
    height: 7,
    targets: [
      {
        expr: `sum by (instance) (rate(${series('cpu')}[$__rate_interval]))`,
        legend: '{{instance}}',
      },
    ],
  };
}
