import { join } from 'node:path';
import { startAlertmanager } from '../../harness/alertmanager.ts';
import { startPrometheusWith } from '../../harness/prometheus.ts';
import type { Teardown } from '../../harness/teardown.ts';
import type { Hooked, WebhookServer } from '../../harness/webhook-server.ts';
import { startWebhookServer } from '../../harness/webhook-server.ts';

/** A way from a failing verifier to a webhook. */
export interface Way {
  readonly name: string;
  readonly hook: WebhookServer;
  /** Which run a message tells of; undefined: of none. */
  readonly runOf: (hooked: Hooked) => string | undefined;
}

/** How Prometheus and Alertmanager are set. */
interface Pace {
  readonly name: string;
  readonly intervalS: number;
  /** Alertmanager's, before it sends the first message of a group; null: its default, 30 s. */
  readonly groupWait: string | null;
}

const PACES: readonly Pace[] = [
  {
    name: 'Prometheus + Alertmanager, defaults (15 s, group_wait 30 s)',
    intervalS: 15,
    groupWait: null,
  },
  {
    name: 'Prometheus + Alertmanager, tuned (5 s, group_wait 1 s)',
    intervalS: 5,
    groupWait: '1s',
  },
];

/** Three failures in a minute, at once: as quick as a rule on a counter can be. */
const RULE = 'sum by (run) (increase(jwt_verifications_total{outcome="failed"}[1m])) >= 3';

/** Prometheus, scraping the verifiers themselves, with an Alertmanager behind it; once per pace. */
export async function startRivals(
  cleanup: Teardown,
  directory: string,
  targets: ReadonlyMap<string, string>,
): Promise<readonly Way[]> {
  const ways: Way[] = [];
  for (const [at, pace] of PACES.entries()) {
    const hook = await startWebhookServer(cleanup);
    const home = join(directory, `prometheus-${at}`);
    const alertmanager = await startAlertmanager(
      cleanup,
      join(home, 'alertmanager'),
      routesTo(hook, pace.groupWait, ['alertname', 'run']),
    );
    await startPrometheusWith(cleanup, home, {
      global: {
        scrape_interval: `${pace.intervalS}s`,
        evaluation_interval: `${pace.intervalS}s`,
      },
      scrape_configs: [
        {
          job_name: 'verifiers',
          static_configs: [...targets].map(([run, target]) => ({
            targets: [target],
            labels: { run },
          })),
        },
      ],
      alerting: {
        alertmanagers: [{ static_configs: [{ targets: [new URL(alertmanager.url).host] }] }],
      },
      rule_files: ['rules.yml'],
      rules: {
        groups: [
          {
            name: 'verifications',
            rules: [{ alert: 'VerificationsFail', expr: RULE, labels: { severity: 'critical' } }],
          },
        ],
      },
    });
    ways.push({
      name: pace.name,
      hook,
      runOf: ({ json }) => json.alerts[0]?.labels.run,
    });
  }
  return ways;
}

/** Settings of an Alertmanager that sends everything to one webhook. */
export function routesTo(
  hook: WebhookServer,
  groupWait: string | null,
  groupBy: readonly string[],
): object {
  return {
    route: {
      receiver: 'hook',
      group_by: groupBy,
      ...(groupWait === null ? {} : { group_wait: groupWait }),
    },
    receivers: [{ name: 'hook', webhook_configs: [{ url: hook.url, send_resolved: false }] }],
  };
}
