import { stringify } from 'yaml';
import { ALERT_KINDS, ALERT_NAMES, type AlertName } from '../../src/core/alerts/catalogue.ts';

interface InhibitRule {
  readonly source_matchers: readonly string[];
  readonly target_matchers: readonly string[];
  readonly equal?: readonly string[];
}

const ROUTES = `# An example of routes for Keyturn's alerts: what pages, what makes a ticket, what is only recorded.
# It takes them from the collector itself and from deploy/prometheus/rules.yaml, under the same names.
# Replace the URLs. Check it: amtool check-config alertmanager.yaml
#
# Made by collector/tools/on-call/generate.ts: change that, then run pnpm generate.

route:
  receiver: tickets
  # One message for one problem: an issuer's rotation, not each verifier in it.
  group_by: [alertname, issuer, rotation]
  group_wait: 10s
  group_interval: 1m
  repeat_interval: 4h
  routes:
    # Its absence is the alarm, so it goes on to something that notices absence, at a steady pace.
    - matchers: ['alertname="KeyturnWatchdog"']
      receiver: watchdog
      group_wait: 0s
      group_interval: 1m
      repeat_interval: 1m
    # A cutover that breaks logins is found within seconds; thirty more to group would undo that.
    - matchers: ['severity="critical"']
      receiver: page
      group_wait: 1s
      group_interval: 10s
      repeat_interval: 30m
    - matchers: ['severity="info"']
      receiver: record

receivers:
  - name: page
    webhook_configs:
      - url: http://127.0.0.1:9099/page
        send_resolved: true
  - name: tickets
    webhook_configs:
      - url: http://127.0.0.1:9099/ticket
        send_resolved: true
  - name: record
    webhook_configs:
      - url: http://127.0.0.1:9099/record
  - name: watchdog
    webhook_configs:
      - url: http://127.0.0.1:9099/watchdog

# What a collector that is away said last is worth no page of its own. The others are as the collector
# has them: for the same issuer, or for all where the alert names none.
`;

/** The text of `alertmanager.yaml`. */
export function routesFile(): string {
  return ROUTES + stringify({ inhibit_rules: INHIBIT_RULES }, { lineWidth: 0 });
}

const COLLECTOR_AWAY: InhibitRule = {
  source_matchers: ['alertname="KeyturnCollectorDown"'],
  target_matchers: ['alertname=~"Keyturn.+"', 'alertname!="KeyturnCollectorDown"'],
};

const INHIBIT_RULES: readonly InhibitRule[] = [
  COLLECTOR_AWAY,
  ...ALERT_NAMES.flatMap((name) => inhibitedBy(name, ALERT_KINDS[name].inhibits)),
];

/** Those of Prometheus name no issuer. */
function inhibitedBy(name: AlertName, names: readonly AlertName[]): InhibitRule[] {
  if (names.length === 0) return [];
  const source = `alertname="Keyturn${name}"`;
  const target = `alertname=~"Keyturn(${names.join('|')})"`;
  return [
    {
      source_matchers: [source, 'issuer!=""'],
      target_matchers: [target],
      equal: ['issuer'],
    },
    { source_matchers: [source, 'issuer=""'], target_matchers: [target] },
  ];
}
