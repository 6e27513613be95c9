import type { Command } from 'commander';
import { z } from 'zod';
import {
  actOptions,
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  print,
} from '../command-parts.ts';

interface RemoveOptions extends CommonOptions {
  readonly reason: string;
  readonly by: string;
}

export function removeCommand(program: Command, context: CommandContext): void {
  const made = command(
    program,
    'remove <service> <instance> [cache]',
    'Remove a verifier that is gone for good and said no goodbye',
  );
  actOptions(made, context.world)
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .addHelpText(
      'after',
      `
Example:
  $ keyturn remove orders orders-3 --reason "node was scrapped"`,
    )
    .action(
      async (
        service: string,
        instance: string,
        cache: string | undefined,
        options: RemoveOptions,
      ) => {
        const path = [service, instance, ...(cache === undefined ? [] : [cache])];
        const body = await clientOf(context, options).send({
          method: 'DELETE',
          path: `/v1/verifiers/${path.map(encodeURIComponent).join('/')}`,
          query: { by: options.by, reason: options.reason },
          operator: true,
          answer: z.object({ removed: z.int() }),
        });
        print(
          context,
          options,
          body,
          ({ removed }) => `removed ${removed} ${removed === 1 ? 'verifier' : 'verifiers'}\n`,
        );
      },
    );
}
