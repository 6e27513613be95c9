import type { Command } from 'commander';
import { z } from 'zod';
import { RotationSchema, STEPS } from '../../api/schemas/rotation.ts';
import { VerdictSchema } from '../../api/schemas/verdict.ts';
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
import { findRotation, rotationPath } from '../find-rotation.ts';
import { declaredText } from '../render/rotation.ts';

type Step = (typeof STEPS)[number];

const MEANING: Readonly<Record<Step, string>> = {
  publish: 'Say that the new key enters the JWKS',
  activate: 'Say that the signer switches to the new key now',
  retire: 'Say that the old key leaves the JWKS',
  rollback: 'Say that the signer switches back to the old key',
  abort: 'Stop the rotation; its gates stay shut for good',
  taint: 'Mark the old key as compromised',
  complete: 'End the rotation: the old key is gone everywhere',
};

interface StepOptions extends CommonOptions {
  readonly rotation?: string;
  readonly override?: string;
  readonly reason?: string;
  readonly by: string;
}

/** One command per step: `keyturn rotation activate [ID]`. */
export function stepCommands(rotation: Command, context: CommandContext): void {
  for (const step of STEPS) {
    const abort = step === 'abort';
    const gated = step !== 'abort' && step !== 'taint';
    const made = actOptions(
      rotationOption(command(rotation, `${step} [id]`, MEANING[step])),
      context.world,
    );
    if (gated) {
      made.option('--override <reason>', 'take the step although its gate is not open; recorded');
    }
    if (abort) {
      made.option('--reason <text>', 'why; needed to dismiss a rotation that was only observed');
    }
    made
      .addHelpText(
        'after',
        `${gated ? '\nRefused while the gate is not open: exit status 3 (closed) or 4 (unknown).\n' : ''}
Example:
  $ keyturn rotation ${step} r-20261123-a1b2c3`,
      )
      .action((id: string | undefined, options: StepOptions) =>
        declare(context, step, id, options),
      );
  }
}

async function declare(
  context: CommandContext,
  step: Step,
  id: string | undefined,
  options: StepOptions,
): Promise<void> {
  if (id !== undefined && options.rotation !== undefined && id !== options.rotation) {
    throw new UsageError(`two rotations are named: ${id} and ${options.rotation}`);
  }
  const client = clientOf(context, options);
  const rotation = await findRotation(client, id ?? options.rotation);
  const body = await client.send({
    method: 'POST',
    path: rotationPath(rotation, '/steps'),
    operator: true,
    body: { step, by: options.by, override_reason: options.override ?? options.reason },
    answer: z.object({ rotation: RotationSchema, verdict: VerdictSchema.nullable() }),
  });
  print(context, options, body, ({ rotation: after, verdict }) =>
    declaredText(after, step, verdict),
  );
}
