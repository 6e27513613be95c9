import { messageOf } from '@keyturn/shared/errors.ts';
import { PROBE_LIMITS } from '@keyturn/shared/model/probe.ts';
import type { Command } from 'commander';
import { z } from 'zod';
import { CanariesSchema } from '../../api/schemas/rotation.ts';
import { LocalError, UsageError } from '../cli-errors.ts';
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
import { toTheSecond } from '../render/time.ts';

interface CanaryOptions extends CommonOptions {
  readonly rotation?: string;
  readonly next: string;
  readonly current: string;
  readonly by: string;
}

/** `keyturn rotation canary [ID] --next FILE --current FILE`. Tokens never are arguments. */
export function canaryCommand(rotation: Command, context: CommandContext): void {
  const made = command(rotation, 'canary [id]', 'Hand over canary tokens that agents present');
  actOptions(rotationOption(made), context.world)
    .requiredOption('--next <file>', 'file with a token signed by the new key, or - for stdin')
    .requiredOption('--current <file>', 'file with a token signed by the old key, or - for stdin')
    .addHelpText(
      'after',
      `
The collector checks both and keeps them in memory alone: after its restart, hand them over again.
Tokens are read from files or stdin, never from the command line, where others could see them.

Example:
  $ keyturn rotation canary r-20261123-a1b2c3 --next next.jwt --current current.jwt`,
    )
    .action(async (id: string | undefined, options: CanaryOptions) => {
      if (options.next === '-' && options.current === '-') {
        throw new UsageError('only one of --next and --current can be stdin (-)');
      }
      const client = clientOf(context, options);
      const rotationId = await namedRotation(client, id, options.rotation);
      const body = await client.send({
        method: 'POST',
        path: rotationPath(rotationId, '/canaries'),
        operator: true,
        body: {
          next: await tokenIn(context, '--next', options.next),
          current: await tokenIn(context, '--current', options.current),
          by: options.by,
        },
        answer: z.object({ canaries: CanariesSchema.nullable() }),
      });
      print(context, options, body, ({ canaries }) => {
        const until = canaries?.held_until_at ?? null;
        const wait = canaries?.not_presented_because ?? null;
        const held = `canaries of rotation ${rotationId} are at hand${until === null ? '' : ` until ${toTheSecond(until)}`}`;
        return `${held}\n${wait === null ? '' : `not presented yet: ${wait}\n`}`;
      });
    });
}

/** The one line of a file; its content is in no message. */
async function tokenIn(context: CommandContext, option: string, file: string): Promise<string> {
  let text: string;
  try {
    text = (await context.world.readText(file === '-' ? null : file)).trim();
  } catch (error) {
    throw new LocalError(`${option}: the token cannot be read: ${messageOf(error)}`);
  }
  if (text === '' || Buffer.byteLength(text) > PROBE_LIMITS.tokenBytes || /\s/.test(text)) {
    throw new UsageError(
      `${option}: expected one token of at most ${PROBE_LIMITS.tokenBytes} bytes, got ${Buffer.byteLength(text)} bytes that are none`,
    );
  }
  return text;
}
