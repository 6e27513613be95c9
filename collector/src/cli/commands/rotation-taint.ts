import type { Command } from 'commander';
import { BlastRadiusSchema } from '../../api/schemas/emergency.ts';
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
import { EXIT } from '../exit-codes.ts';
import { namedRotation, rotationPath } from '../find-rotation.ts';
import { NO_PAINT } from '../paint.ts';
import { blastRadiusText } from '../render/emergency.ts';
import { declaredText } from '../render/rotation.ts';
import type { Input } from '../world.ts';
import { DeclaredAnswer } from './rotation-step.ts';

interface TaintOptions extends CommonOptions {
  readonly rotation?: string;
  readonly reason: string;
  readonly yes?: boolean;
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
    .option('--yes', 'you have seen the blast radius; needed where there is no terminal to ask on')
    .addHelpText(
      'after',
      `
Shows the blast radius first, and asks. From then on the gates of the rotation hurry: activate waits
for policy.emergency.publish_safety, retire opens once the new key is in use, and rollback is shut.

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
  const { input, err } = context.world;
  const asks = options.yes !== true;
  if (asks && input?.isTerminal !== true) {
    throw new UsageError(
      'nothing undoes a taint, and there is no terminal to ask on: look with `keyturn rotation blast-radius`, then say --yes',
    );
  }
  const client = clientOf(context, options);
  const rotation = await namedRotation(client, id, options.rotation);
  const radius = await client.send({
    method: 'GET',
    path: rotationPath(rotation, '/blast-radius'),
    answer: BlastRadiusSchema,
  });
  err.write(blastRadiusText(radius, NO_PAINT));
  if (asks && !(await agrees(input, radius.old_kid))) {
    err.write(`keyturn: ${radius.old_kid} was not tainted\n`);
    context.exit(EXIT.failed);
    return;
  }
  const body = await client.send({
    method: 'POST',
    path: rotationPath(rotation, '/steps'),
    operator: true,
    body: {
      step: 'taint',
      by: options.by,
      reason: options.reason,
      confirm: { old_kid: radius.old_kid, seen_at: radius.as_of },
    },
    answer: DeclaredAnswer,
  });
  print(context, options, body, ({ rotation: after, verdict }) =>
    declaredText(after, 'taint', verdict),
  );
}

async function agrees(input: Input | undefined, kid: string): Promise<boolean> {
  const answer = await input?.ask(`\nTaint ${kid}? Its valid tokens will be refused. [y/N] `);
  return /^y(?:es)?$/i.test(answer?.trim() ?? '');
}
