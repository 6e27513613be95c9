import type { Command } from 'commander';
import {
  BlastRadiusSchema,
  type ContainmentView,
  ContainmentSchema,
} from '../../api/schemas/emergency.ts';
import { UsageError } from '../cli-errors.ts';
import type { Client } from '../client.ts';
import {
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  durationArgument,
  paintOf,
  print,
  rotationOption,
} from '../command-parts.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { namedRotation, rotationPath } from '../find-rotation.ts';
import { blastRadiusText, containmentLine, containmentText } from '../render/emergency.ts';

const TIMEOUT_MS = 30 * 60_000;
const ASK_EVERY_MS = 2_000;

interface IdOptions extends CommonOptions {
  readonly rotation?: string;
}

interface ContainmentOptions extends IdOptions {
  readonly wait?: boolean;
  readonly timeout?: number;
}

export function blastRadiusCommand(rotation: Command, context: CommandContext): void {
  rotationOption(
    command(
      rotation,
      'blast-radius [id]',
      'Show who uses the old key, and who would keep accepting it',
    ),
  )
    .addHelpText('after', '\nExample:\n  $ keyturn rotation blast-radius r-20261123-a1b2c3')
    .action(async (id: string | undefined, options: IdOptions) => {
      const client = clientOf(context, options);
      const radius = await client.send({
        method: 'GET',
        path: rotationPath(await namedRotation(client, id, options.rotation), '/blast-radius'),
        answer: BlastRadiusSchema,
      });
      print(context, options, radius, blastRadiusText);
    });
}

const EXIT_OF: Readonly<Record<ContainmentView['status'], ExitCode>> = {
  contained: EXIT.done,
  not_contained: EXIT.closed,
  unknown: EXIT.unknown,
};

export function containmentCommand(rotation: Command, context: CommandContext): void {
  rotationOption(
    command(rotation, 'containment [id]', 'Show how many verifiers no longer accept the old key'),
  )
    .option('--wait', 'wait until all of them reject it')
    .option(
      '--timeout <duration>',
      'with --wait: give up after this (default: 30m)',
      durationArgument,
    )
    .addHelpText(
      'after',
      `
100 % is what gate purge says, and nothing else. Exit status: 0 contained, 3 not yet, 4 unknown.

Example:
  $ keyturn rotation containment r-20261123-a1b2c3 --wait --timeout 2h`,
    )
    .action(async (id: string | undefined, options: ContainmentOptions) => {
      if (options.timeout !== undefined && options.wait !== true) {
        throw new UsageError('--timeout means something only with --wait');
      }
      const client = clientOf(context, options);
      const found = await namedRotation(client, id, options.rotation);
      const last = await contained(context, client, found, options);
      print(context, options, last, containmentText);
      context.exit(EXIT_OF[last.status]);
    });
}

async function contained(
  context: CommandContext,
  client: Client,
  rotation: string,
  options: ContainmentOptions,
): Promise<ContainmentView> {
  const { clock, err } = context.world;
  const endsAtMs = clock.monotonicMs() + (options.timeout ?? TIMEOUT_MS);
  let shown = '';
  for (;;) {
    const found = await client.send({
      method: 'GET',
      path: rotationPath(rotation, '/containment'),
      answer: ContainmentSchema,
    });
    const leftMs = endsAtMs - clock.monotonicMs();
    if (options.wait !== true || found.status === 'contained' || leftMs <= 0) return found;
    const line = containmentLine(found, paintOf(context));
    if (line !== shown) err.write(`${line}\n`);
    shown = line;
    await new Promise<void>((resolve) => {
      clock.after(Math.min(ASK_EVERY_MS, leftMs), resolve);
    });
  }
}
