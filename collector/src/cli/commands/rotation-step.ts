import type { Command } from 'commander';
import { z } from 'zod';
import { RotationSchema, STEPS } from '../../api/schemas/rotation.ts';
import { VerdictSchema } from '../../api/schemas/verdict.ts';
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

export type Step = (typeof STEPS)[number];

/** Steps that are a command of this file each; `taint` has one of its own. */
type PlainStep = Exclude<Step, 'taint'>;

const MEANING: Readonly<Record<PlainStep, string>> = {
  publish: 'Say that the new key enters the JWKS, or that verifiers are given the new secret',
  activate: 'Say that the signer switches to the new key now',
  retire: 'Say that the old key leaves the JWKS, or that verifiers may drop the old secret',
  rollback: 'Say that the signer switches back to the old key',
  abort: 'Stop the rotation; its gates stay shut for good',
  complete: 'End the rotation: the old key is gone everywhere',
  destroy_old_key: 'Say that the old private key was destroyed: there is no way back',
};

/** When a step is refused. */
const REFUSED: Readonly<Record<PlainStep, string>> = {
  publish: 'Refused while the gate is not open: exit status 3 (closed) or 4 (unknown).',
  activate: 'Refused while the gate is not open: exit status 3 (closed) or 4 (unknown).',
  retire: 'Refused while the gate is not open: exit status 3 (closed) or 4 (unknown).',
  rollback: 'Refused while the gate is not open: exit status 3 (closed) or 4 (unknown).',
  abort:
    'Refused while tokens of the new key may live: exit status 3 while time will clear it, else 1.',
  complete: 'Refused while the gate is not open: exit status 3 (closed) or 4 (unknown).',
  destroy_old_key: 'Refused while the signer uses the old key: exit status 1.',
};

interface StepOptions extends CommonOptions {
  readonly rotation?: string;
  readonly override?: string;
  readonly reason?: string;
  readonly by: string;
}

/** What was declared and how the rotation stands after it. */
export const DeclaredAnswer = z.object({
  rotation: RotationSchema,
  verdict: VerdictSchema.nullable(),
});

/** One command per step: `keyturn rotation activate [ID]`. */
export function stepCommands(rotation: Command, context: CommandContext): void {
  for (const step of STEPS) {
    if (step === 'taint') continue;
    const name = step.replaceAll('_', '-');
    const made = actOptions(
      rotationOption(command(rotation, `${name} [id]`, MEANING[step])),
      context.world,
    ).option('--override <reason>', 'take the step although something stands against it; recorded');
    const isFinal = step === 'destroy_old_key';
    if (isFinal) made.requiredOption('--reason <text>', 'why, for the audit trail');
    if (step === 'abort') {
      made.option('--reason <text>', 'why; needed to dismiss a rotation that was only observed');
    }
    made
      .addHelpText(
        'after',
        `
${REFUSED[step]}

Example:
  $ keyturn rotation ${name} r-20261123-a1b2c3${isFinal ? ' --reason "the rollback window is over"' : ''}`,
      )
      .action((id: string | undefined, options: StepOptions) =>
        declare(context, step, id, options),
      );
  }
}

async function declare(
  context: CommandContext,
  step: PlainStep,
  id: string | undefined,
  options: StepOptions,
): Promise<void> {
  const client = clientOf(context, options);
  const rotation = await namedRotation(client, id, options.rotation);
  const body = await client.send({
    method: 'POST',
    path: rotationPath(rotation, '/steps'),
    operator: true,
    body: { step, by: options.by, override_reason: options.override, reason: options.reason },
    answer: DeclaredAnswer,
  });
  print(context, options, body, ({ rotation: after, verdict }) =>
    declaredText(after, step, verdict),
  );
}
