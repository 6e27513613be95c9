import { z } from 'zod';
import { MomentSchema, VerdictSchema } from './verdict.ts';

/** RFC 9457 problem details. */
export const ProblemSchema = z
  .object({
    type: z.string().describe('Stable: urn:keyturn:problem:…'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What was expected, what came, and what to do'),
    field: z.string().optional().describe('The argument at fault'),
    clears_at: MomentSchema.optional().describe('When the same request would be carried out'),
    verdict: VerdictSchema.optional().describe('The verdict that stands in the way'),
  })
  .meta({ id: 'Problem' });

export type Problem = z.infer<typeof ProblemSchema>;

const WHEN: Readonly<Record<number, string>> = {
  400: 'The request is malformed; `field` and `detail` say where and how',
  401: 'The operator token is missing or wrong',
  404: 'No such thing',
  409: 'The present state does not allow it',
  503: 'Not now; try again after `Retry-After` seconds',
};

/** The error answers of a route, for its schema. */
export function problems<Status extends 400 | 401 | 404 | 409 | 503>(
  ...statuses: readonly Status[]
): Record<
  Status,
  {
    description: string;
    content: { 'application/problem+json': { schema: typeof ProblemSchema } };
  }
> {
  return Object.fromEntries(
    statuses.map((status) => [
      status,
      {
        description: WHEN[status] ?? '',
        content: { 'application/problem+json': { schema: ProblemSchema } },
      },
    ]),
  ) as ReturnType<typeof problems<Status>>;
}
