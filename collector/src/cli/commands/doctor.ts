import { statSync } from 'node:fs';
import { messageOf } from '@keyturn/shared/errors.ts';
import type { Command } from 'commander';
import { z } from 'zod';
import { ReceiverSchema } from '../../api/schemas/receiver.ts';
import { ServiceSchema } from '../../api/schemas/service.ts';
import { StatusSchema } from '../../api/schemas/status.ts';
import { LocalError, RefusedError, UnreachableError } from '../cli-errors.ts';
import type { Client } from '../client.ts';
import {
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  paintOf,
  print,
} from '../command-parts.ts';
import { tokenFileOf } from '../connection.ts';
import { diagnose, type TokenFacts } from '../diagnose.ts';
import type { Finding } from '../finding.ts';
import { ProfilesAnswer } from './profiles.ts';
import { EXIT } from '../exit-codes.ts';
import { findingsText } from '../render/findings.ts';

export function doctorCommand(program: Command, context: CommandContext): void {
  command(program, 'doctor', 'Look for what keeps gates from being trusted, and say what to do')
    .option('--token-file <file>', 'file with the operator token')
    .addHelpText(
      'after',
      `
Exit status: 0 nothing fails, 1 something does, 4 collector unreachable.

Example:
  $ keyturn doctor --collector http://127.0.0.1:7460`,
    )
    .action(async (options: CommonOptions) => {
      const findings = await examine(context, options);
      print(context, options, { findings }, (body) =>
        findingsText(body.findings, paintOf(context)),
      );
    });
}

async function examine(context: CommandContext, options: CommonOptions): Promise<Finding[]> {
  const { world } = context;
  const client = clientOf(context, options);
  const beforeMs = world.clock.wallMs();
  try {
    const status = await client.send({ method: 'GET', path: '/v1/status', answer: StatusSchema });
    const askedAtMs = (beforeMs + world.clock.wallMs()) / 2;
    const { services } = await client.send({
      method: 'GET',
      path: '/v1/services',
      answer: z.object({ services: z.array(ServiceSchema) }),
    });
    const { profiles, fallback } = await client.send({
      method: 'GET',
      path: '/v1/profiles',
      answer: ProfilesAnswer,
    });
    const { receivers } = await client.send({
      method: 'GET',
      path: '/v1/receivers',
      answer: z.object({ receivers: z.array(ReceiverSchema) }),
    });
    const token = await examineToken(context, client, options);
    const findings = diagnose({
      status,
      services,
      profiles,
      receivers,
      fallbackProfile: fallback.id,
      token,
      cliVersion: world.version,
      askedAtMs,
    });
    if (findings.some((finding) => finding.level === 'fail')) context.exit(EXIT.failed);
    return [
      { level: 'ok', what: `a collector answers at ${client.base.origin}`, todo: '' },
      ...findings,
    ];
  } catch (error) {
    if (!(error instanceof UnreachableError)) throw error;
    context.exit(EXIT.unknown);
    return [
      {
        level: 'fail',
        what: error.message,
        todo: 'start the collector (`pnpm start`), or name it with --collector or KEYTURN_COLLECTOR',
      },
    ];
  }
}

async function examineToken(
  context: CommandContext,
  client: Client,
  options: CommonOptions,
): Promise<TokenFacts> {
  const file = tokenFileOf(context.world.environment, { ...context.given(), ...options });
  if (file === undefined) return { kind: 'environment', accepted: await isAccepted(client) };
  try {
    const mode = statSync(file).mode & 0o777;
    return { kind: 'file', file, mode, problem: '', accepted: await isAccepted(client) };
  } catch (error) {
    if (error instanceof UnreachableError) throw error;
    return { kind: 'file', file, mode: null, problem: messageOf(error), accepted: null };
  }
}

/** Null when the token could not be sent. */
async function isAccepted(client: Client): Promise<boolean | null> {
  try {
    await client.send({
      method: 'GET',
      path: '/v1/operator',
      operator: true,
      answer: z.object({ operator: z.literal(true) }),
    });
    return true;
  } catch (error) {
    if (error instanceof RefusedError) return false;
    if (error instanceof LocalError) return null;
    throw error;
  }
}
