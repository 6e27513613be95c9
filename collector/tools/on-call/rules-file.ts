import { stringify } from 'yaml';
import { RULE_GROUPS } from './rules.ts';

const HEADING = `# Recording and alert rules for Prometheus.
# Made by collector/tools/on-call/generate.ts: change that, then run pnpm generate.
#
# keyturn-alerts has the collector's own alerts once more. Leave that group out where the collector
# tells Alertmanager itself, or each is told twice. Replace http://127.0.0.1:7460 with the address at
# which people reach the collector.
`;

/** The text of `rules.yaml`. */
export function rulesFile(): string {
  return HEADING + stringify({ groups: RULE_GROUPS }, { lineWidth: 0 });
}
