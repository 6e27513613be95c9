import { z } from 'zod';
import type { TaintConfirmation } from '../../core/acts.ts';
import { carriedOut, noSuchRotation } from '../api-error.ts';
import { DeclareSchema, RotationIdSchema } from '../schemas/acts.ts';
import { problems } from '../schemas/problem.ts';
import { RotationSchema } from '../schemas/rotation.ts';
import { VerdictSchema } from '../schemas/verdict.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { gateView } from '../views/gate.ts';
import { rotationView } from '../views/rotation.ts';

/** Say which step of a rotation is being taken. */
export function declareStepRoute(app: Api, context: RouteContext): void {
  app.post(
    '/v1/rotations/:rotation_id/steps',
    {
      config: { access: 'operator' },
      schema: {
        operationId: 'declareStep',
        summary: 'Declare a step of a rotation',
        description:
          'Refused with 409 and the verdict while the gate of the step is not open, unless ' +
          '`override_reason` is given; so is abort while tokens of the new key may live. What is ' +
          'declared is intent: phases are observed.',
        tags: ['acts'],
        params: z.object({ rotation_id: RotationIdSchema }),
        body: DeclareSchema,
        response: {
          200: z.object({
            rotation: RotationSchema,
            verdict: VerdictSchema.nullable().describe('The verdict the step was taken under'),
          }),
          ...problems(400, 401, 404, 409, 503),
        },
      },
    },
    async (request) => {
      const { engine } = context;
      const done = carriedOut(
        await engine.act({
          type: 'declare',
          by: request.body.by,
          rotationId: request.params.rotation_id,
          step: request.body.step,
          overrideReason: request.body.override_reason ?? null,
          reason: request.body.reason ?? null,
          confirm: confirmationOf(request.body.confirm),
        }),
      );
      if (done.rotation === null) throw noSuchRotation();
      return {
        rotation: rotationView(engine.state(), done.rotation),
        verdict: done.verdict === null ? null : gateView(engine, done.verdict),
      };
    },
  );
}

function confirmationOf(
  confirm: z.infer<typeof DeclareSchema>['confirm'],
): TaintConfirmation | null {
  if (confirm === undefined) return null;
  return { oldKid: confirm.old_kid, seenAtMs: Date.parse(confirm.seen_at) };
}
