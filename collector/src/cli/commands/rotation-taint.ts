import type { Command } from 'commander';
import { RotationDetailSchema } from '../../api/schemas/rotation.ts';
import {
  actOptions,
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  print,
  rotationOption,
} from '../command-parts.ts';
import { namedRotation, rotationPath } from '../find-rotation.ts';
import { declaredText } from '../render/rotation.ts';
import { DeclaredAnswer } from './rotation-step.ts';

interface TaintOptions extends CommonOptions {
  readonly rotation?: string;
  readonly reason: string;
  readonly by: string;
}

export function taintCommand(rotation: Command, context: CommandContext): void {
  const made = command(
    rotation,
    'taint [id]',
    'Mark the old key as compromised; nothing undoes it',
  );
  actOptions(rotationOption(made), context.world)
    .requiredOption('--reason <text>', 'why, for the audit trail')
    .addHelpText(
      'after',
      `
Example:
  $ keyturn rotation taint r-20261123-a1b2c3 --reason "key found in a public repository"`,
    )
    .action((id: string | undefined, options: TaintOptions) => taint(context, id, options));
}

async function taint(
  context: CommandContext,
  id: string | undefined,
  options: TaintOptions,
): Promise<void> {
  const client = clientOf(context, options);
  const rotation = await namedRotation(client, id, options.rotation);
  const detail = await client.send({
    method: 'GET',
    path: rotationPath(rotation),
    answer: RotationDetailSchema,
  });
  const body = await client.send({
    method: 'POST',
    path: rotationPath(rotation, '/steps'),
    operator: true,
    body: {
      step: 'taint',
      by: options.by,
      reason: options.reason,
      confirm: {
        old_kid: detail.rotation.old_key.kid,
        seen_at: detail.gates[0]?.evaluated_at,
      },
    },
    answer: DeclaredAnswer,
  });
  print(context, options, body, ({ rotation: after, verdict }) =>
    declaredText(after, 'taint', verdict),
  );
}
