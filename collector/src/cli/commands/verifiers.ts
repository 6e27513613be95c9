import { type Command, Option } from 'commander';
import { z } from 'zod';
import { VERIFIER_STATES, VerifierSchema, type VerifierView } from '../../api/schemas/fleet.ts';
import {
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  countArgument,
  print,
} from '../command-parts.ts';
import { verifiersText } from '../render/fleet.ts';

const Answer = z.object({ verifiers: z.array(VerifierSchema), next: z.string().nullable() });

const LIMIT_DEFAULT = 200;
const LIMIT_MAX = 100_000;

// The most the collector gives at once.
const PAGE_MAX = 500;

interface VerifiersOptions extends CommonOptions {
  readonly rotation?: string;
  readonly service?: string;
  readonly state?: string;
  readonly limit: number;
}

export function verifiersCommand(program: Command, context: CommandContext): void {
  command(program, 'verifiers', 'List verifiers and what is known of each')
    .option('--rotation <id>', 'only what concerns this rotation')
    .option('--service <name>', 'only this service')
    .addOption(new Option('--state <state>', 'only those in this state').choices(VERIFIER_STATES))
    .option('--limit <n>', 'at most this many', countArgument(LIMIT_MAX), LIMIT_DEFAULT)
    .addHelpText(
      'after',
      `
Examples:
  $ keyturn verifiers --state lagging
  $ keyturn verifiers --service orders --state silent -o json`,
    )
    .action(async (options: VerifiersOptions) => {
      const verifiers: VerifierView[] = [];
      let next: string | null | undefined;
      do {
        const page = await clientOf(context, options).send({
          method: 'GET',
          path: '/v1/verifiers',
          query: {
            rotation: options.rotation,
            service: options.service,
            state: options.state,
            limit: Math.min(PAGE_MAX, options.limit - verifiers.length),
            after: next ?? undefined,
          },
          answer: Answer,
        });
        verifiers.push(...page.verifiers);
        next = page.next;
      } while (next !== null && verifiers.length < options.limit);
      print(context, options, { verifiers, next }, (body) =>
        verifiersText(body, context.world.clock.wallMs()),
      );
    });
}
