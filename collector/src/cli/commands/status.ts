import type { Command } from 'commander';
import { StatusSchema } from '../../api/schemas/status.ts';
import {
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  print,
} from '../command-parts.ts';
import { statusText } from '../render/status.ts';

export function statusCommand(program: Command, context: CommandContext): void {
  command(program, 'status', 'Show the collector, its issuers and every open rotation')
    .addHelpText('after', '\nExamples:\n  $ keyturn status\n  $ keyturn status -o json')
    .action(async (options: CommonOptions) => {
      const body = await clientOf(context, options).send({
        method: 'GET',
        path: '/v1/status',
        answer: StatusSchema,
      });
      print(context, options, body, statusText);
    });
}
