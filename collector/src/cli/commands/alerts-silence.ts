import { type Command, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import { AlertSchema, SilenceSchema } from '../../api/schemas/alert.ts';
import { ALERT_LABELS } from '../../core/alerts/alert.ts';
import { ALERT_NAMES } from '../../core/alerts/catalogue.ts';
import { UsageError } from '../cli-errors.ts';
import type { Client } from '../client.ts';
import {
  actOptions,
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  print,
  validityArgument,
} from '../command-parts.ts';
import { matched, silencesText } from '../render/alerts.ts';
import { until } from '../render/time.ts';

interface SilenceOptions extends CommonOptions {
  readonly name?: string;
  readonly label: Readonly<Record<string, string>>;
  readonly everything?: boolean;
  readonly for: number;
  readonly by: string;
  readonly reason: string;
}

interface EndOptions extends CommonOptions {
  readonly by: string;
  readonly reason: string;
}

/** `silence`, `silences` and `unsilence`. */
export function silenceCommands(alerts: Command, context: CommandContext): void {
  silenceCommand(alerts, context);
  silencesCommand(alerts, context);
  unsilenceCommand(alerts, context);
}

function silenceCommand(alerts: Command, context: CommandContext): void {
  const made = command(
    alerts,
    'silence [id]',
    'Keep one alert, or all that match, from being told for a time',
  );
  actOptions(made, context.world)
    .addOption(new Option('--name <name>', 'alerts of this name').choices(ALERT_NAMES))
    .option(
      '--label <label=value>',
      `alerts with this label (${ALERT_LABELS.join(', ')}); may be given again`,
      labelArgument,
      {},
    )
    .option('--everything', 'every alert, where neither name nor label is given')
    .requiredOption('--for <duration>', 'how long, at most 30d', validityArgument)
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .addHelpText(
      'after',
      `
What is silenced fires all the same and shuts the gates it shuts. What fires still when the time is over
is told then.

Examples:
  $ keyturn alerts silence al-1b2c3d4e-mgxq8z1k --for 2h --reason "being replaced"
  $ keyturn alerts silence --name VerifierSilent --label service=batch --for 8h --reason "moves tonight"`,
    )
    .action(async (id: string | undefined, options: SilenceOptions) => {
      const client = clientOf(context, options);
      const body = await client.send({
        method: 'POST',
        path: '/v1/silences',
        operator: true,
        body: {
          ...(await matcherOf(client, id, options)),
          by: options.by,
          reason: options.reason,
          valid_for_s: options.for,
        },
        answer: z.object({ silence: SilenceSchema }),
      });
      print(
        context,
        options,
        body,
        ({ silence }) =>
          `silence ${silence.id}: ${matched(silence)} until ${until(silence.expires_at, context.world.clock.wallMs())}\n`,
      );
    });
}

/** What one alert is about, or what was named. */
async function matcherOf(
  client: Client,
  id: string | undefined,
  { everything, label, name }: SilenceOptions,
): Promise<Readonly<Record<string, unknown>>> {
  if (id === undefined) return { name, labels: label, everything };
  if (name !== undefined || Object.keys(label).length > 0 || everything === true) {
    throw new UsageError('name an alert by its id, or alerts by --name and --label, not both');
  }
  const { alert } = await client.send({
    method: 'GET',
    path: `/v1/alerts/${encodeURIComponent(id)}`,
    answer: z.object({ alert: AlertSchema }),
  });
  return { name: alert.name, labels: alert.labels };
}

function labelArgument(
  text: string,
  before: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const at = text.indexOf('=');
  const label = text.slice(0, at);
  if (at < 1 || at === text.length - 1) {
    throw new InvalidArgumentError('Expected a label and its value, such as service=orders.');
  }
  if (!ALERT_LABELS.some((known) => known === label)) {
    throw new InvalidArgumentError(`Expected a label of ${ALERT_LABELS.join(', ')}.`);
  }
  return { ...before, [label]: text.slice(at + 1) };
}

function silencesCommand(alerts: Command, context: CommandContext): void {
  command(alerts, 'silences', 'List silences in force')
    .addHelpText('after', '\nExample:\n  $ keyturn alerts silences')
    .action(async (options: CommonOptions) => {
      const body = await clientOf(context, options).send({
        method: 'GET',
        path: '/v1/silences',
        answer: z.object({ silences: z.array(SilenceSchema) }),
      });
      print(context, options, body, ({ silences }) =>
        silencesText(silences, context.world.clock.wallMs()),
      );
    });
}

function unsilenceCommand(alerts: Command, context: CommandContext): void {
  const made = command(alerts, 'unsilence <id>', 'End a silence before its time');
  actOptions(made, context.world)
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .addHelpText(
      'after',
      '\nExample:\n  $ keyturn alerts unsilence sil-1b2c3d4e5f60 --reason "moved"',
    )
    .action(async (id: string, options: EndOptions) => {
      const body = await clientOf(context, options).send({
        method: 'DELETE',
        path: `/v1/silences/${encodeURIComponent(id)}`,
        query: { by: options.by, reason: options.reason },
        operator: true,
        answer: z.object({ silence: SilenceSchema }),
      });
      print(context, options, body, ({ silence }) => `silence ${silence.id} is over\n`);
    });
}
