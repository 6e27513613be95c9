import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { z } from 'zod';
import { problems } from '../schemas/problem.ts';
import { FleetCursorSchema, FleetRowsSchema, type FleetRowsView } from '../schemas/fleet-rows.ts';
import type { Api, RouteContext } from '../route-context.ts';

/** Below this many characters, packing costs more than it saves. */
const PACKED_FROM_CHARS = 4_096;

const pack = promisify(gzip);

/** Every verifier in a few bytes, and then what changed. */
export function fleetRowsRoute(app: Api, { fleetRows, heavy }: RouteContext): void {
  app.get(
    '/v1/fleet/rows',
    {
      schema: {
        operationId: 'getFleetRows',
        summary: 'All verifiers as compact rows, or the rows that changed since an answer before',
        description:
          'For readers that keep a copy, up to once a second. Rows name services, profiles, issuers, ' +
          'keys and words by their place in lists that only grow; /v1/verifiers spells them out.',
        tags: ['fleet'],
        querystring: z.strictObject({ since: FleetCursorSchema.optional() }),
        response: {
          200: {
            description: 'Rows; gzip where the client takes it',
            content: { 'application/json': { schema: FleetRowsSchema } },
          },
          ...problems(400, 503),
        },
      },
    },
    async (request, reply) => {
      const { since } = request.query;
      const isPacked = takesGzip(request.headers['accept-encoding']);
      const read = async (): Promise<string | Buffer> => {
        const { text } = await fleetRows.read(since);
        return isPacked && text.length >= PACKED_FROM_CHARS ? pack(text, { level: 3 }) : text;
      };
      // All of it is work; whoever keeps up needs little.
      const body = since === undefined ? await heavy.run(read) : await read();
      reply.header('vary', 'accept-encoding').type('application/json');
      if (typeof body !== 'string') reply.header('content-encoding', 'gzip');
      // Text as it is kept; what it looks like is held by tests and not looked at again here.
      reply.serializer((made: unknown) => made as string);
      return body as unknown as FleetRowsView;
    },
  );
}

const GZIP = /(?:^|,)\s*gzip\s*(?:;\s*q=(?!0(?:\.0*)?\s*(?:,|$))|,|$)/i;

function takesGzip(header: string | string[] | undefined): boolean {
  return GZIP.test(String(header ?? ''));
}
