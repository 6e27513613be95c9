import { isAttributable, OUTCOMES } from '@keyturn/shared/model/outcome.ts';
import { labelName } from '../../src/telemetry/prometheus-name.ts';
import type { Panel } from './grafana.ts';
import { labels, series } from './promql.ts';

const ISSUER = { 'keyturn.issuer': { like: '$issuer' } };
const KEY_FAILURES = { among: OUTCOMES.filter(isAttributable) };

export function verifications(): Panel {
  return {
    title: 'Accepted tokens by key',
    description: 'The old key drains, the new one rises.',
    kind: 'timeseries',
    unit: 'reqps',
    width: 6,
    height: 8,
    stacked: true,
    targets: [
      {
        expr: `sum by (${labels('keyturn.kid.bucket')}) (rate(${series('verifications', { ...ISSUER, 'error.type': '' })}[$__rate_interval]))`,
        legend: `{{${labelName('keyturn.kid.bucket')}}}`,
      },
    ],
  };
}

export function failures(): Panel {
  return {
    title: 'Failures that keys can cause',
    description: 'Of kids that are the issuer’s own. What strangers invent is left out.',
    kind: 'timeseries',
    unit: 'reqps',
    width: 6,
    height: 8,
    stacked: true,
    targets: [
      {
        expr: `sum by (${labels('error.type')}) (rate(${series('verifications', { ...ISSUER, 'keyturn.kid.bucket': { among: ['next', 'active', 'retired'] }, 'error.type': KEY_FAILURES })}[$__rate_interval]))`,
        legend: `{{${labelName('error.type')}}}`,
      },
    ],
  };
}

export function control(): Panel {
  const by = labels('keyturn.kid.bucket');
  const failed = series('verifications', { ...ISSUER, 'error.type': { like: '.+' } });
  return {
    title: 'Failing share by key',
    description:
      'Old and new key at the same moment: a rotation is to blame for what only one of them shows.',
    kind: 'timeseries',
    unit: 'percentunit',
    width: 6,
    height: 8,
    targets: [
      {
        expr: [
          `sum by (${by}) (rate(${failed}[$__rate_interval]))`,
          `/ (sum by (${by}) (rate(${series('verifications', ISSUER)}[$__rate_interval])) > 0)`,
        ].join('\n'),
        legend: `{{${labelName('keyturn.kid.bucket')}}}`,
      },
    ],
  };
}

export function byService(): Panel {
  return {
    title: 'Failures that keys can cause, by service',
    description: 'In the last five minutes.',
    kind: 'bargauge',
    unit: 'none',
    width: 6,
    height: 8,
    redFrom: 1,
    targets: [
      {
        expr: `sum by (${labels('keyturn.service')}) (increase(${series('verifications', { ...ISSUER, 'error.type': KEY_FAILURES })}[5m]))`,
        legend: `{{${labelName('keyturn.service')}}}`,
        instant: true,
      },
    ],
  };
}

export function jwksAge(): Panel {
  return {
    title: 'Time since every address was readable',
    description: 'A line that climbs: an address is away, and waits for time begin anew.',
    kind: 'timeseries',
    unit: 's',
    width: 8,
    height: 7,
    targets: [{ expr: series('jwksAge', ISSUER), legend: `{{${labelName('keyturn.issuer')}}}` }],
  };
}

export function fetches(): Panel {
  return {
    title: 'Fetches of the JWKS',
    description: 'The collector’s own; a failed one has an error type.',
    kind: 'timeseries',
    unit: 'reqps',
    width: 8,
    height: 7,
    targets: [
      {
        expr: `sum by (${labels('error.type')}) (rate(${series('fetches', ISSUER)}[$__rate_interval]))`,
        legend: `fetched {{${labelName('error.type')}}}`,
      },
    ],
  };
}

export function keys(): Panel {
  return {
    title: 'Keys',
    description: 'Kids that were seen with two keys are an alarm.',
    kind: 'timeseries',
    unit: 'none',
    width: 8,
    height: 7,
    targets: [
      {
        expr: `sum by (${labels('keyturn.key.state')}) (${series('keys', ISSUER)})`,
        legend: `{{${labelName('keyturn.key.state')}}}`,
      },
      { expr: `sum(${series('reusedKids', ISSUER)})`, legend: 'kid reused' },
    ],
  };
}
