import { z } from 'zod';
import { findVerifier } from '../../core/fleet.ts';
import { ApiError } from '../api-error.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { problems } from '../schemas/problem.ts';
import { VerifierDetailSchema } from '../schemas/verifier-detail.ts';
import { verifierDetailView } from '../views/verifier-detail.ts';

/** One verifier. */
export function verifierRoute(app: Api, { engine }: RouteContext): void {
  app.get(
    '/v1/verifiers/:service/:instance/:cache',
    {
      schema: {
        operationId: 'getVerifier',
        summary:
          'One verifier: what it holds, shows and counts, and what it does when a key is removed',
        tags: ['fleet'],
        params: z.object({
          service: z.string().min(1).max(64),
          instance: z.string().min(1).max(128),
          cache: z.string().min(1).max(64),
        }),
        response: { 200: VerifierDetailSchema, ...problems(400, 404) },
      },
    },
    async (request) => {
      const state = engine.state();
      const verifier = findVerifier(state.fleet, request.params);
      if (verifier === undefined) {
        throw new ApiError(
          'NOT_FOUND',
          'No verifier of this name is known; `keyturn verifiers` lists those that are.',
          'instance',
        );
      }
      return verifierDetailView(state, verifier, engine.nowMs());
    },
  );
}
