import type { Verdict } from '@keyturn/shared/model/verdict.ts';
import { z } from 'zod';
import { RotationIdSchema } from '../schemas/acts.ts';
import { problems } from '../schemas/problem.ts';
import { GateSchema, VerdictSchema } from '../schemas/verdict.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { gateView, verdictNow } from '../views/gate.ts';

/** Longest pause asked of a caller, seconds: a gate can open earlier than its `clears_at`. */
const RETRY_AFTER_S_MAX = 60;

const DESCRIPTION =
  '200 when the gate is open; 503 with Retry-After while it is closed or unknown; 409 when the ' +
  'rotation was aborted, or an alert stops it by `policy.on_alert`, so that nobody goes on waiting. The body is the verdict. For gate ' +
  '`rollback` the question is whether to go back: 200 when that is advised and not known to be ' +
  'unsafe (closed), else 503.';

/** GET or POST a gate that answers by status. */
export function gateCheckRoute(app: Api, context: RouteContext): void {
  for (const method of ['GET', 'POST'] as const) {
    app.route({
      method,
      url: '/v1/rotations/:rotation_id/gates/:gate/check',
      schema: {
        operationId: method === 'GET' ? 'checkGate' : 'postCheckGate',
        summary: 'A gate that answers by status',
        description:
          method === 'GET'
            ? DESCRIPTION
            : `${DESCRIPTION} A JSON body is allowed and not looked at; nothing is changed.`,
        tags: ['gates'],
        params: z.object({ rotation_id: RotationIdSchema, gate: GateSchema }),
        ...(method === 'POST' ? { body: z.unknown() } : {}),
        response: {
          200: VerdictSchema.describe('Open; for rollback: go back'),
          ...problems(400, 404),
          409: VerdictSchema.describe('Aborted: stop waiting'),
          503: VerdictSchema.describe('Closed or unknown: ask again after Retry-After seconds'),
        },
      },
      handler: async (request, reply) => {
        const { rotation_id: rotationId, gate } = request.params;
        const verdict = verdictNow(context.engine, rotationId, gate);
        const status = checkStatus(verdict);
        if (status === 503) {
          reply.header(
            'retry-after',
            retryAfterS(verdict, context.engine.state().policy.heartbeatMs),
          );
        }
        return reply.code(status).send(gateView(context.engine, verdict));
      },
    });
  }
}

/** The HTTP status that says what a verdict says. */
export function checkStatus(
  verdict: Pick<Verdict, 'gate' | 'status' | 'advised'>,
): 200 | 409 | 503 {
  if (verdict.status === 'aborted') return 409;
  if (verdict.gate === 'rollback') {
    // Unknown does not hold back a rescue that failures call for; known harm does.
    return verdict.advised && verdict.status !== 'closed' ? 200 : 503;
  }
  return verdict.status === 'open' ? 200 : 503;
}

/** Seconds until asking again makes sense. */
export function retryAfterS(
  verdict: Pick<Verdict, 'clearsAtMs' | 'evaluatedAtMs'>,
  heartbeatMs: number,
): number {
  const pauseMs =
    verdict.clearsAtMs === null ? heartbeatMs : verdict.clearsAtMs - verdict.evaluatedAtMs;
  return Math.min(RETRY_AFTER_S_MAX, Math.max(1, Math.ceil(pauseMs / 1_000)));
}
