import { GATES } from '@keyturn/shared/model/verdict.ts';
import { Argument, type Command } from 'commander';
import { VerdictSchema, type VerdictView } from '../../api/schemas/verdict.ts';
import { UsageError } from '../cli-errors.ts';
import {
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  durationArgument,
  print,
  rotationOption,
} from '../command-parts.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { findRotation, rotationPath } from '../find-rotation.ts';
import { verdictText } from '../render/verdict.ts';
import { type GateWait, waitForGate } from '../wait-for-gate.ts';
import { waitProgress } from '../wait-progress.ts';

const TIMEOUT_MS = 30 * 60_000;

interface GateOptions extends CommonOptions {
  readonly rotation?: string;
  readonly wait?: boolean;
  readonly timeout?: number;
  readonly stableFor?: number;
}

export function gateCommand(program: Command, context: CommandContext): void {
  const made = command(
    program,
    'gate',
    'Ask whether a step may be taken now, or wait until it may',
  );
  made.addArgument(new Argument('<name>', 'which gate').choices(GATES));
  rotationOption(made)
    .option('--wait', 'wait until the gate is open')
    .option(
      '--timeout <duration>',
      'with --wait: give up after this (default: 30m)',
      durationArgument,
    )
    .option(
      '--stable-for <duration>',
      'with --wait: the gate must have been open this long without interruption',
      durationArgument,
    )
    .addHelpText(
      'after',
      `
Gates:
  publish   may the new key enter the JWKS?
  activate  may the signer switch to the new key?
  retire    may the old key leave the JWKS?
  purge     has every verifier stopped accepting the old key?
  rollback  is switching back safe, and is it advised?

Of a shared secret (HS256, HS384, HS512):
  publish   may the new secret be handed to verifiers?
  activate  does every verifier hold the new secret? Time never counts
  retire    may verifiers drop the old secret?
  purge     has every verifier said that it dropped it?

Exit status: 0 open, 1 aborted or failed, 2 usage, 3 closed (or time is up while closed),
4 unknown or collector unreachable (also when time is up).

Examples:
  $ keyturn gate activate
  $ keyturn gate activate --wait --timeout 30m --stable-for 2m && switch-the-signer
  $ keyturn gate retire --rotation r-20261123-a1b2c3 -o json`,
    )
    .action(async (gate: VerdictView['gate'], options: GateOptions) => {
      if (options.wait === true) await waitAndPrint(context, gate, options);
      else await askOnce(context, gate, options);
    });
}

async function askOnce(
  context: CommandContext,
  gate: VerdictView['gate'],
  options: GateOptions,
): Promise<void> {
  for (const [name, value] of [
    ['--timeout', options.timeout],
    ['--stable-for', options.stableFor],
  ] as const) {
    if (value !== undefined) throw new UsageError(`${name} means something only with --wait`);
  }
  const client = clientOf(context, options);
  const rotation = await findRotation(client, options.rotation);
  const verdict = await client.send({
    method: 'GET',
    path: rotationPath(rotation, `/gates/${gate}`),
    answer: VerdictSchema,
  });
  print(context, options, verdict, verdictText);
  context.exit(exitCodeOf(verdict.status));
}

async function waitAndPrint(
  context: CommandContext,
  gate: VerdictView['gate'],
  options: GateOptions,
): Promise<void> {
  const { world } = context;
  const wait: GateWait = {
    gate,
    rotation: options.rotation,
    timeoutMs: options.timeout ?? TIMEOUT_MS,
    stableForMs: options.stableFor ?? 0,
  };
  if (wait.stableForMs > wait.timeoutMs) {
    throw new UsageError('--stable-for must not be longer than --timeout');
  }
  // JSON alone on stdout, whoever reads it.
  const shown = options.output === 'json' ? world.err : world.out;
  const progress = waitProgress(world, shown, wait);
  try {
    const end = await waitForGate(
      {
        client: clientOf(context, options),
        clock: world.clock,
        onSight: (sight) => progress.sight(sight),
      },
      wait,
    );
    progress.end();
    if (end.verdict !== null) print(context, options, end.verdict, verdictText);
    if (end.message !== '') world.err.write(`keyturn: ${end.message}\n`);
    context.exit(end.code);
  } finally {
    progress.end();
  }
}
