import { z } from 'zod';
import { reportMarkdown } from '../../report/markdown.ts';
import { ApiError, noSuchRotation } from '../api-error.ts';
import { preferred } from '../preferred.ts';
import { RotationIdSchema } from '../schemas/acts.ts';
import { problems } from '../schemas/problem.ts';
import { ReportSchema, type ReportView } from '../schemas/report.ts';
import type { Api, RouteContext } from '../route-context.ts';

const FORMATS = ['json', 'md', 'jws'] as const;
type Format = (typeof FORMATS)[number];

const MEDIA: Readonly<Record<Format, string>> = {
  json: 'application/json',
  md: 'text/markdown',
  jws: 'application/jwt',
};

/** Why a key was retired on that day: the evidence report of a rotation, and a signed receipt of it. */
export function reportRoute(app: Api, { reports, heavy }: RouteContext): void {
  app.get(
    '/v1/rotations/:rotation_id/report',
    {
      schema: {
        operationId: 'getReport',
        summary: 'The evidence report of a rotation, as JSON, Markdown or a signed receipt',
        description:
          '`format`, or else the Accept header, says which. The receipt is a compact JWS (ES256) with ' +
          "the report's SHA-256 over its canonical JSON (keys sorted, no white space); " +
          '/.well-known/jwks.json has the keys.',
        tags: ['rotations'],
        params: z.object({ rotation_id: RotationIdSchema }),
        querystring: z.strictObject({ format: z.enum(FORMATS).optional() }),
        response: {
          200: {
            description: 'The report',
            content: {
              'application/json': { schema: ReportSchema },
              'text/markdown': { schema: z.string() },
              'application/jwt': { schema: z.string() },
            },
          },
          ...problems(400, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const format = request.query.format ?? accepted(request.headers.accept);
      const text: unknown = await heavy.run(async () => {
        const report = await reports.report(request.params.rotation_id);
        return report === undefined ? undefined : rendered(report, format, reports);
      });
      if (text === undefined) throw noSuchRotation();
      reply.header('vary', 'accept');
      reply.type(`${MEDIA[format]}${format === 'md' ? '; charset=utf-8' : ''}`);
      // Text of three kinds; what the JSON looks like is held by tests and not looked at again here.
      reply.serializer(String);
      return text as ReportView;
    },
  );
}

/** The evidence of one decision, byte for byte as it was stored and as the audit trail names it. */
export function evidenceRoute(app: Api, { engine, heavy }: RouteContext): void {
  app.get(
    '/v1/rotations/:rotation_id/evidence/:number',
    {
      schema: {
        operationId: 'getEvidence',
        summary: 'What was known at one decision, as stored',
        description:
          'Byte for byte: its SHA-256 is in the audit trail, in the report and, for steps, in receipts.',
        tags: ['rotations'],
        params: z.object({
          rotation_id: RotationIdSchema,
          number: z.coerce.number().int().min(1).max(1_000_000_000),
        }),
        response: {
          200: {
            description: 'The stored evidence',
            content: { 'application/json': { schema: z.record(z.string(), z.unknown()) } },
          },
          ...problems(400, 404, 503),
        },
      },
    },
    async (request, reply) => {
      const { rotation_id: id, number } = request.params;
      const stored = await heavy.run(async () => engine.evidence(id, number));
      if (stored === undefined) {
        throw new ApiError('NOT_FOUND', 'There is no evidence of this number for this rotation.');
      }
      reply.type('application/json').serializer(String);
      return stored.body as unknown as Record<string, unknown>;
    },
  );
}

async function rendered(
  report: ReportView,
  format: Format,
  reports: RouteContext['reports'],
): Promise<string> {
  switch (format) {
    case 'json':
      return JSON.stringify(report);
    case 'md':
      return reportMarkdown(report);
    case 'jws':
      return reports.receipt(report);
  }
}

function accepted(header: string | undefined): Format {
  const media = preferred(header, Object.values(MEDIA));
  return FORMATS.find((format) => MEDIA[format] === media) ?? 'json';
}
