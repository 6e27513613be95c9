import { z } from 'zod';
import { ProfileSchema } from '../schemas/fleet.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { profileView } from '../views/fleet.ts';

/** The catalogue of verifier kinds in force. */
export function profilesRoute(app: Api, context: RouteContext): void {
  app.get(
    '/v1/profiles',
    {
      schema: {
        operationId: 'listProfiles',
        summary: 'How kinds of verifiers behave; `fallback` stands for kinds nobody named',
        tags: ['fleet'],
        response: { 200: z.object({ profiles: z.array(ProfileSchema), fallback: ProfileSchema }) },
      },
    },
    async () => {
      const { policy } = context.engine.state();
      return {
        profiles: [...policy.profiles.values()].map(profileView),
        fallback: profileView(policy.unknownProfile),
      };
    },
  );
}
