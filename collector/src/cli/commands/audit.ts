import type { Command } from 'commander';
import { z } from 'zod';
import { AuditEntrySchema } from '../../api/schemas/status.ts';
import {
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  countArgument,
  print,
} from '../command-parts.ts';
import { auditText } from '../render/status.ts';

const LIMIT_MAX = 500;

interface AuditOptions extends CommonOptions {
  readonly rotation?: string;
  readonly after?: number;
  readonly limit: number;
}

export function auditCommand(program: Command, context: CommandContext): void {
  command(program, 'audit', 'Show the audit trail, oldest first')
    .option('--rotation <id>', 'only this rotation')
    .option('--after <number>', 'entries after this number', countArgument(Number.MAX_SAFE_INTEGER))
    .option('--limit <n>', 'at most this many', countArgument(LIMIT_MAX), 100)
    .addHelpText(
      'after',
      `
Examples:
  $ keyturn audit --rotation r-20261123-a1b2c3
  $ keyturn audit --after 1200 -o json`,
    )
    .action(async (options: AuditOptions) => {
      const body = await clientOf(context, options).send({
        method: 'GET',
        path: '/v1/audit',
        query: { rotation: options.rotation, after: options.after, limit: options.limit },
        answer: z.object({ entries: z.array(AuditEntrySchema), next: z.int().nullable() }),
      });
      print(context, options, body, auditText);
    });
}
