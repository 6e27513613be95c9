import type { Command } from 'commander';
import { z } from 'zod';
import { RehearsalSchema, type RehearsalView } from '../../api/schemas/rehearsal.ts';
import { UsageError } from '../cli-errors.ts';
import {
  actOptions,
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  print,
  rotationOption,
} from '../command-parts.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { namedRotation, rotationPath } from '../find-rotation.ts';
import { rehearsalText } from '../render/rehearsal.ts';

interface RehearseOptions extends CommonOptions {
  readonly rotation?: string;
  readonly oldKeyAvailable?: boolean;
  readonly by: string;
}

const EXIT_OF: Readonly<Record<RehearsalView['status'], ExitCode>> = {
  passed: EXIT.done,
  failed: EXIT.closed,
  unknown: EXIT.unknown,
};

export function rehearseCommand(rotation: Command, context: CommandContext): void {
  const made = command(
    rotation,
    'rehearse [id]',
    'Rehearse going back, before the signer is switched; the result is kept',
  );
  actOptions(rotationOption(made), context.world)
    .option('--old-key-available', 'you have seen that the old private key is there to sign with')
    .addHelpText(
      'after',
      `
Asks now what gate rollback will ask after the switch: is the collector well, is the old key served
everywhere and held by every verifier, is it trusted, has everybody been heard, is there a window in
which the issuer keeps its private key. Whether that key is really there only you can know.

Exit status: 0 passed, 3 a check fails, 4 something is unknown.

Example:
  $ keyturn rotation rehearse r-20261123-a1b2c3 --old-key-available`,
    )
    .action((id: string | undefined, options: RehearseOptions) => rehearse(context, id, options));
}

async function rehearse(
  context: CommandContext,
  id: string | undefined,
  options: RehearseOptions,
): Promise<void> {
  if (options.oldKeyAvailable !== true) {
    throw new UsageError(
      'say with --old-key-available that the old private key is there to sign with: nobody else can know, and without it there is no way back',
    );
  }
  const client = clientOf(context, options);
  const body = await client.send({
    method: 'POST',
    path: rotationPath(await namedRotation(client, id, options.rotation), '/rehearsals'),
    operator: true,
    body: { by: options.by, old_key_available: true },
    answer: z.object({ rehearsal: RehearsalSchema }),
  });
  print(context, options, body, ({ rehearsal }, paint) => rehearsalText(rehearsal, paint));
  context.exit(EXIT_OF[body.rehearsal.status]);
}
