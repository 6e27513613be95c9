import { type Command, Option } from 'commander';
import { z } from 'zod';
import { AttestationSchema, FACTS } from '../../api/schemas/rotation.ts';
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

interface AttestOptions extends CommonOptions {
  readonly rotation?: string;
  readonly instance?: string;
  readonly fact: string;
  readonly reason: string;
  readonly validFor: number;
  readonly by: string;
}

export function attestCommand(program: Command, context: CommandContext): void {
  const made = command(program, 'attest <service>', 'Vouch for a service that cannot report');
  actOptions(rotationOption(made), context.world)
    .addOption(
      new Option('--fact <fact>', 'what you vouch for').choices(FACTS).makeOptionMandatory(),
    )
    .requiredOption('--reason <text>', 'how you know, for the audit trail')
    .requiredOption('--valid-for <duration>', 'how long your word counts', validityArgument)
    .option('--instance <name>', 'for this instance alone (default: all)')
    .addHelpText(
      'after',
      `
Examples:
  $ keyturn attest legacy --fact holds_new --reason "config deployed, change 4711" --valid-for 1d
  $ keyturn attest legacy --fact rejects_old --reason "key file replaced" --valid-for 7d`,
    )
    .action(async (service: string, options: AttestOptions) => {
      const client = clientOf(context, options);
      const rotation = await findRotation(client, options.rotation);
      const body = await client.send({
        method: 'POST',
        path: rotationPath(rotation, '/attestations'),
        operator: true,
        body: {
          service,
          instance: options.instance,
          fact: options.fact,
          by: options.by,
          reason: options.reason,
          valid_for_s: options.validFor,
        },
        answer: z.object({ attestation: AttestationSchema }),
      });
      print(
        context,
        options,
        body,
        ({ attestation }) =>
          `attestation ${attestation.id}: ${attestation.by} vouches that ${attestation.service} ${attestation.fact}, until ${toTheSecond(attestation.expires_at)}\n`,
      );
    });
}
