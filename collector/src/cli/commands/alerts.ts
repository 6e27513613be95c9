import { type Command, Option } from 'commander';
import { z } from 'zod';
import { AlertSchema, type AlertView } from '../../api/schemas/alert.ts';
import { ALERT_NAMES } from '../../core/alerts/catalogue.ts';
import type { Client } from '../client.ts';
import {
  actOptions,
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  countArgument,
  paintOf,
  print,
} from '../command-parts.ts';
import { EXIT } from '../exit-codes.ts';
import { alertsText, alertText } from '../render/alerts.ts';
import { silenceCommands } from './alerts-silence.ts';
import { alertsTestCommand } from './alerts-test.ts';

const LIMIT_DEFAULT = 200;
const LIMIT_MAX = 2_000;

// The most the collector gives at once.
const PAGE_MAX = 500;

const Page = z.object({
  alerts: z.array(AlertSchema),
  next: z.string().nullable(),
  alarms: z.int(),
});

interface ListOptions extends CommonOptions {
  readonly all?: boolean;
  readonly name?: string;
  readonly rotation?: string;
  readonly issuer?: string;
  readonly service?: string;
  readonly limit: number;
}

interface ActOptions extends CommonOptions {
  readonly by: string;
  readonly reason: string;
}

const EXIT_STATUS = `
Exit status: 0 none fires, 1 one does, 4 collector unreachable. The watchdog, which fires while all is
well, does not count.
`;

export function alertsCommand(program: Command, context: CommandContext): void {
  const alerts = program
    .command('alerts')
    .description('Show what fires; take it on, or keep it quiet');
  const listed = listCommand(alerts, context);
  alerts.addHelpText(
    'after',
    () => `${optionsText(listed)}${EXIT_STATUS}\nExample:\n  $ keyturn alerts`,
  );
  showCommand(alerts, context);
  acknowledgeCommand(alerts, context);
  silenceCommands(alerts, context);
  alertsTestCommand(alerts, context);
}

/** A command that is meant when none is named shows its options in its parent's help. */
function optionsText(listed: Command): string {
  const help = listed.createHelp();
  const width = help.longestOptionTermLength(listed, help);
  const lines = help
    .visibleOptions(listed)
    .map(
      (option) => `  ${help.optionTerm(option).padEnd(width)}  ${help.optionDescription(option)}`,
    );
  return `\nOptions without a command:\n${lines.join('\n')}\n`;
}

function listCommand(alerts: Command, context: CommandContext): Command {
  return command(alerts, 'list', 'List what fires; this is what `keyturn alerts` does', {
    isDefault: true,
  })
    .option('--all', 'also those that wait to fire and those resolved within a day')
    .addOption(new Option('--name <name>', 'only alerts of this name').choices(ALERT_NAMES))
    .option('--rotation <id>', 'only what concerns this rotation')
    .option('--issuer <issuer>', 'only what concerns this issuer')
    .option('--service <name>', 'only this service')
    .option('--limit <n>', 'at most this many', countArgument(LIMIT_MAX), LIMIT_DEFAULT)
    .addHelpText(
      'after',
      `${EXIT_STATUS}
Examples:
  $ keyturn alerts
  $ keyturn alerts --all --service orders -o json`,
    )
    .action(async (options: ListOptions) => {
      const found = await list(clientOf(context, options), options);
      if (found.alarms > 0) context.exit(EXIT.failed);
      print(context, options, found, (body, paint) =>
        alertsText(body, context.world.clock.wallMs(), paint),
      );
    });
}

async function list(
  client: Client,
  options: ListOptions,
): Promise<{
  readonly alerts: readonly AlertView[];
  readonly alarms: number;
  readonly more: boolean;
}> {
  const alerts: AlertView[] = [];
  let alarms = 0;
  let next: string | null = null;
  do {
    const page: z.output<typeof Page> = await client.send({
      method: 'GET',
      path: '/v1/alerts',
      query: {
        firing: options.all === true ? undefined : 'true',
        name: options.name,
        rotation: options.rotation,
        issuer: options.issuer,
        service: options.service,
        limit: Math.min(PAGE_MAX, options.limit - alerts.length),
        after: next ?? undefined,
      },
      answer: Page,
    });
    alerts.push(...page.alerts.filter((alert) => options.all === true || isAlarm(alert)));
    ({ alarms, next } = page);
  } while (next !== null && alerts.length < options.limit);
  return { alerts, alarms, more: next !== null };
}

// The watchdog fires while all is well.
function isAlarm({ name }: AlertView): boolean {
  return name !== 'Watchdog';
}

function showCommand(alerts: Command, context: CommandContext): void {
  command(alerts, 'show <id>', 'Show one alert in full')
    .addHelpText('after', '\nExample:\n  $ keyturn alerts show al-1b2c3d4e-mgxq8z1k')
    .action(async (id: string, options: CommonOptions) => {
      const client = clientOf(context, options);
      const body = await client.send({
        method: 'GET',
        path: alertPath(id),
        answer: z.object({ alert: AlertSchema }),
      });
      print(context, options, body, ({ alert }, paint) =>
        alertText(alert, runbookOf(client, alert), context.world.clock.wallMs(), paint),
      );
    });
}

function acknowledgeCommand(alerts: Command, context: CommandContext): void {
  const made = command(alerts, 'ack <id>', 'Take an alert on: it fires, and nobody is told again');
  actOptions(made, context.world)
    .requiredOption('--reason <text>', 'what you do about it, for the audit trail')
    .addHelpText(
      'after',
      `
It goes on shutting the gates it shuts. Whoever was told of it is told that you took it on, and again
only if it gets worse or is over.

Example:
  $ keyturn alerts ack al-1b2c3d4e-mgxq8z1k --reason "rolling back orders"`,
    )
    .action(async (id: string, options: ActOptions) => {
      const client = clientOf(context, options);
      const body = await client.send({
        method: 'POST',
        path: `${alertPath(id)}/acknowledge`,
        operator: true,
        body: { by: options.by, reason: options.reason },
        answer: z.object({ alert: AlertSchema }),
      });
      print(context, options, body, ({ alert }) =>
        alertText(alert, runbookOf(client, alert), context.world.clock.wallMs(), paintOf(context)),
      );
    });
}

export function alertPath(id: string): string {
  return `/v1/alerts/${encodeURIComponent(id)}`;
}

function runbookOf(client: Client, alert: AlertView): string {
  return new URL(alert.runbook_url, client.base).href;
}
