import { INSTRUMENTS } from '../../src/metric-names.ts';
import { labelName, prometheusName } from '../../src/telemetry/prometheus-name.ts';
import { commits, cpu, memory, reports, sessions, status } from './collector-panels.ts';
import type { Row, Variable } from './grafana.ts';
import { alerts, gates, newKey, newKeyOverTime, phases, silent } from './rotation-panels.ts';
import {
  byService,
  control,
  failures,
  fetches,
  jwksAge,
  keys,
  verifications,
} from './verification-panels.ts';

export const VARIABLES: readonly Variable[] = [
  {
    name: 'issuer',
    label: 'Issuer',
    query: `label_values(${prometheusName(INSTRUMENTS.keys)}, ${labelName('keyturn.issuer')})`,
  },
];

/** What on-call looks at, from the question to its causes. */
export const ROWS: readonly Row[] = [
  { title: 'May the next step be taken?', panels: [gates(), phases(), alerts()] },
  { title: 'Who knows the new key?', panels: [newKey(), newKeyOverTime(), silent()] },
  {
    title: 'What do verifications say?',
    panels: [verifications(), failures(), control(), byService()],
  },
  { title: 'Can the keys be read?', panels: [jwksAge(), fetches(), keys()] },
  {
    title: 'Is the collector well?',
    panels: [status(), reports(), sessions(), commits(), memory(), cpu()],
  },
];
