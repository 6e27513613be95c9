import { z } from 'zod';
import { noSuchRotation } from '../api-error.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { RotationIdSchema } from '../schemas/acts.ts';
import { BlastRadiusSchema, ContainmentSchema } from '../schemas/emergency.ts';
import { problems } from '../schemas/problem.ts';
import { blastRadiusView, containmentView } from '../views/emergency.ts';

/** What tainting and removing the old key would do, and how far it is out of use. */
export function emergencyRoutes(app: Api, context: RouteContext): void {
  const params = z.object({ rotation_id: RotationIdSchema });
  app.get(
    '/v1/rotations/:rotation_id/blast-radius',
    {
      schema: {
        operationId: 'getBlastRadius',
        summary: 'Who uses the old key now, and who would go on accepting it once it is removed',
        tags: ['rotations'],
        params,
        response: { 200: BlastRadiusSchema, ...problems(400, 404, 503) },
      },
    },
    async (request) => {
      const id = request.params.rotation_id;
      const radius = await context.heavy.run(async () => context.engine.blastRadius(id));
      const rotation = context.engine.state().rotations.get(id);
      if (rotation === undefined || radius === undefined) throw noSuchRotation();
      return blastRadiusView(rotation, radius);
    },
  );
  app.get(
    '/v1/rotations/:rotation_id/containment',
    {
      schema: {
        operationId: 'getContainment',
        summary: 'How many verifiers reject the old key, by the rules of gate purge',
        tags: ['rotations'],
        params,
        response: { 200: ContainmentSchema, ...problems(400, 404) },
      },
    },
    async (request) => {
      const id = request.params.rotation_id;
      const rotation = context.engine.state().rotations.get(id);
      const found = context.engine.containment(id);
      if (rotation === undefined || found === undefined) throw noSuchRotation();
      return containmentView(rotation, found);
    },
  );
}
