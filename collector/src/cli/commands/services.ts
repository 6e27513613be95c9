import { type Command, Option } from 'commander';
import { z } from 'zod';
import { ServiceSchema } from '../../api/schemas/service.ts';
import { SERVICE_KINDS } from '../../core/kinds.ts';
import {
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  print,
} from '../command-parts.ts';
import { servicesText } from '../render/services.ts';

interface ServicesOptions extends CommonOptions {
  readonly kind?: string;
}

export function servicesCommand(program: Command, context: CommandContext): void {
  command(program, 'services', 'List services: how each is judged, and what it waits for')
    .addOption(new Option('--kind <kind>', 'only services of this kind').choices(SERVICE_KINDS))
    .addHelpText(
      'after',
      `
Examples:
  $ keyturn services
  $ keyturn services --kind unmanaged -o json`,
    )
    .action(async (options: ServicesOptions) => {
      const body = await clientOf(context, options).send({
        method: 'GET',
        path: '/v1/services',
        answer: z.object({ services: z.array(ServiceSchema) }),
      });
      const services = body.services.filter(
        ({ kind }) => options.kind === undefined || kind === options.kind,
      );
      print(context, options, { services }, servicesText);
    });
}
