import type { Command } from 'commander';
import { type ReceiverTestView, ReceiverTestSchema } from '../../api/schemas/receiver.ts';
import {
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  print,
} from '../command-parts.ts';
import { EXIT } from '../exit-codes.ts';

/** A receiver may take its time, once per request. */
const TIMEOUT_MS = 60_000;

export function alertsTestCommand(alerts: Command, context: CommandContext): void {
  const made = command(
    alerts,
    'test',
    'Send a receiver of alerts a test, and show what it answers',
  );
  made.argument('<receiver>', 'its name in the collector settings');
  made
    .option('--token-file <file>', 'file with the operator token')
    .addHelpText(
      'after',
      `
Exit status: 0 it took the test, 1 it did not, 4 collector unreachable.

Example:
  $ keyturn alerts test on-call`,
    )
    .action(async (receiver: string, options: CommonOptions) => {
      const body = await clientOf(context, options).send({
        method: 'POST',
        path: `/v1/receivers/${encodeURIComponent(receiver)}/test`,
        operator: true,
        answer: ReceiverTestSchema,
        timeoutMs: TIMEOUT_MS,
      });
      if (!body.taken) context.exit(EXIT.failed);
      print(context, options, body, testText);
    });
}

function testText({ receiver, taken, answers }: ReceiverTestView): string {
  const head = taken ? 'takes what it is sent' : 'does not take what it is sent';
  const lines = answers.map(({ host, ok, status, message, took_ms: tookMs }) => {
    const said = message === '' ? '' : `: ${message}`;
    const what = ok ? `status ${status}${said}` : message;
    return `  ${host} (${tookMs} ms) ${what}`;
  });
  return `${[`${receiver} ${head}`, ...lines].join('\n')}\n`;
}
