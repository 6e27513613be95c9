import { type Command } from 'commander';
import { z } from 'zod';
import { IssuerSchema } from '../../api/schemas/fleet.ts';
import { RotationDetailSchema, RotationSchema } from '../../api/schemas/rotation.ts';
import { UsageError } from '../cli-errors.ts';
import type { Client } from '../client.ts';
import {
  actOptions,
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  print,
  rotationOption,
} from '../command-parts.ts';
import { namedRotation, rotationPath, RotationsAnswer } from '../find-rotation.ts';
import { rotationsText, rotationText } from '../render/rotation.ts';
import { canaryCommand } from './rotation-canary.ts';
import { blastRadiusCommand, containmentCommand } from './rotation-emergency.ts';
import { rehearseCommand } from './rotation-rehearse.ts';
import { stepCommands } from './rotation-step.ts';
import { taintCommand } from './rotation-taint.ts';

interface StartOptions extends CommonOptions {
  readonly issuer?: string;
  readonly alg: string;
  readonly newKid: string;
  readonly oldKid?: string;
  readonly newThumbprint?: string;
  readonly by: string;
}

export function rotationCommand(program: Command, context: CommandContext): void {
  const rotation = program
    .command('rotation')
    .description('Start and follow rotations, and say which step is taken')
    .addHelpText(
      'after',
      `
A rotation in full:
  $ keyturn rotation start --issuer https://issuer.example --alg RS256 --new-kid 2026-11
  $ keyturn gate publish --wait  && publish-the-new-key  && keyturn rotation publish
  $ keyturn gate activate --wait && switch-the-signer    && keyturn rotation activate
  $ keyturn gate retire --wait   && remove-the-old-key   && keyturn rotation retire
  $ keyturn gate purge --wait    && keyturn rotation complete`,
    );
  startCommand(rotation, context);
  listCommand(rotation, context);
  showCommand(rotation, context);
  rehearseCommand(rotation, context);
  stepCommands(rotation, context);
  canaryCommand(rotation, context);
  taintCommand(rotation, context);
  blastRadiusCommand(rotation, context);
  containmentCommand(rotation, context);
}

function startCommand(rotation: Command, context: CommandContext): void {
  actOptions(command(rotation, 'start', 'Start a rotation to a new key'), context.world)
    .option('--issuer <iss>', 'exact `iss` (default: the one that is configured)')
    .requiredOption('--alg <alg>', 'signing algorithm, such as RS256')
    .requiredOption('--new-kid <kid>', 'kid of the new key')
    .option(
      '--old-kid <kid>',
      'kid of the key in use (default: the one published for this alg; needed where the alg changes)',
    )
    .option('--new-thumbprint <thumbprint>', 'RFC 7638 SHA-256 thumbprint of the new key')
    .addHelpText(
      'after',
      `
Example:
  $ keyturn rotation start --issuer https://issuer.example --alg RS256 --new-kid 2026-11
To another algorithm:
  $ keyturn rotation start --alg ES256 --old-kid 2025-11 --new-kid 2026-11

A shared secret, by ids alone:
  $ keyturn rotation start --alg HS256 --old-kid 2025-11 --new-kid 2026-11`,
    )
    .action(async (options: StartOptions) => {
      const client = clientOf(context, options);
      const body = await client.send({
        method: 'POST',
        path: '/v1/rotations',
        operator: true,
        body: {
          issuer: options.issuer ?? (await onlyIssuer(client)),
          alg: options.alg,
          new_kid: options.newKid,
          old_kid: options.oldKid,
          new_thumbprint: options.newThumbprint,
          by: options.by,
        },
        answer: z.object({ rotation: RotationSchema }),
      });
      print(
        context,
        options,
        body,
        ({ rotation }) =>
          `rotation ${rotation.id} started: ${rotation.key_kind === 'secret' ? 'shared secret ' : ''}${rotation.old_key.kid} -> ${rotation.new_key.kid}\nnext: keyturn gate publish --rotation ${rotation.id}\n`,
      );
    });
}

function listCommand(rotation: Command, context: CommandContext): void {
  command(rotation, 'list', 'List open rotations')
    .option('--all', 'ended ones too')
    .addHelpText('after', '\nExample:\n  $ keyturn rotation list --all')
    .action(async (options: CommonOptions & { all?: boolean }) => {
      const body = await clientOf(context, options).send({
        method: 'GET',
        path: '/v1/rotations',
        query: { state: options.all === true ? 'all' : 'open' },
        answer: RotationsAnswer,
      });
      print(context, options, body, (rotations) =>
        rotationsText(rotations, context.world.clock.wallMs()),
      );
    });
}

function showCommand(rotation: Command, context: CommandContext): void {
  rotationOption(
    command(rotation, 'show [id]', 'Show one rotation with its gates, attestations and waivers'),
  )
    .addHelpText('after', '\nExample:\n  $ keyturn rotation show r-20261123-a1b2c3')
    .action(async (id: string | undefined, options: CommonOptions & { rotation?: string }) => {
      const client = clientOf(context, options);
      const body = await client.send({
        method: 'GET',
        path: rotationPath(await namedRotation(client, id, options.rotation)),
        answer: RotationDetailSchema,
      });
      print(context, options, body, (detail, paint) =>
        rotationText(detail, context.world.clock.wallMs(), paint),
      );
    });
}

async function onlyIssuer(client: Client): Promise<string> {
  const { issuers } = await client.send({
    method: 'GET',
    path: '/v1/issuers',
    answer: z.object({ issuers: z.array(IssuerSchema) }),
  });
  const [only, ...others] = issuers;
  if (only === undefined) throw new UsageError('the collector has no issuer configured');
  if (others.length === 0) return only.issuer;
  throw new UsageError(
    `name one of the configured issuers with --issuer: ${issuers.map((issuer) => issuer.issuer).join(', ')}`,
  );
}
