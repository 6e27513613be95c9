import type { Command } from 'commander';
import { z } from 'zod';
import { ProfileSchema } from '../../api/schemas/fleet.ts';
import { LocalError } from '../cli-errors.ts';
import {
  clientOf,
  command,
  type CommandContext,
  type CommonOptions,
  print,
} from '../command-parts.ts';
import { profilesText, profileText } from '../render/fleet.ts';

export const ProfilesAnswer = z.object({
  profiles: z.array(ProfileSchema),
  fallback: ProfileSchema,
});

export function profilesCommand(program: Command, context: CommandContext): void {
  command(program, 'profiles [id]', 'Show how kinds of verifiers behave')
    .addHelpText('after', '\nExamples:\n  $ keyturn profiles\n  $ keyturn profiles jose')
    .action(async (id: string | undefined, options: CommonOptions) => {
      const { profiles, fallback } = await clientOf(context, options).send({
        method: 'GET',
        path: '/v1/profiles',
        answer: ProfilesAnswer,
      });
      const all = [...profiles, fallback];
      if (id === undefined) {
        print(context, options, { profiles: all }, (body) => profilesText(body.profiles));
        return;
      }
      const found = all.find((profile) => profile.id === id);
      if (found === undefined) {
        const near = all.map((profile) => profile.id).filter((other) => other.includes(id));
        const hint = near.length === 0 ? 'see `keyturn profiles`' : `is it ${near.join(' or ')}?`;
        throw new LocalError(`there is no profile ${id}; ${hint}`);
      }
      print(context, options, found, profileText);
    });
}
