import { GATES } from '@keyturn/shared/model/verdict.ts';
import { Argument, type Command } from 'commander';
import { z } from 'zod';
import { WaiverSchema } from '../../api/schemas/rotation.ts';
import {
  actOptions,
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  print,
  rotationOption,
  validityArgument,
} from '../command-parts.ts';
import { findRotation, rotationPath } from '../find-rotation.ts';
import { toTheSecond } from '../render/time.ts';

interface WaiveOptions extends CommonOptions {
  readonly rotation?: string;
  readonly reason: string;
  readonly validFor: number;
  readonly by: string;
}

export function waiveCommand(program: Command, context: CommandContext): void {
  const made = command(program, 'waive', 'Set one check of one gate aside, in your name');
  made
    .addArgument(new Argument('<gate>', 'which gate').choices(GATES))
    .argument('<check>', 'id of the check, as `keyturn gate` shows it');
  actOptions(rotationOption(made), context.world)
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .requiredOption('--valid-for <duration>', 'how long the waiver lasts', validityArgument)
    .addHelpText(
      'after',
      `
Example:
  $ keyturn waive activate fleet_heard --reason "orders-3 is being replaced" --valid-for 2h`,
    )
    .action(async (gate: string, check: string, options: WaiveOptions) => {
      const client = clientOf(context, options);
      const rotation = await findRotation(client, options.rotation);
      const body = await client.send({
        method: 'POST',
        path: rotationPath(rotation, '/waivers'),
        operator: true,
        body: {
          gate,
          check_id: check,
          by: options.by,
          reason: options.reason,
          valid_for_s: options.validFor,
        },
        answer: z.object({ waiver: WaiverSchema }),
      });
      print(
        context,
        options,
        body,
        ({ waiver }) =>
          `waiver ${waiver.id}: check ${waiver.check_id} of gate ${waiver.gate} is set aside until ${toTheSecond(waiver.expires_at)}\n`,
      );
    });
}
