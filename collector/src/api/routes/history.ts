import { RESOLUTIONS } from '../../history/resolutions.ts';
import type { Api, RouteContext } from '../route-context.ts';
import { HistorySchema } from '../schemas/history.ts';

/** What is kept of the past, and what of it was lost. */
export function historyRoute(app: Api, { history }: RouteContext): void {
  app.get(
    '/v1/history',
    {
      schema: {
        operationId: 'getHistory',
        summary: 'What history is kept, and what of it was lost since the start',
        tags: ['history'],
        response: { 200: HistorySchema },
      },
    },
    async () => {
      const health = history.health();
      return {
        version: history.version(),
        settled_until: history.settledS(),
        kept: RESOLUTIONS.map(({ stepS, keptS }) => ({ step_s: stepS, kept_s: keptS })),
        late: health.late,
        damaged: health.damaged,
        unwritten: health.unwritten,
        crowded_events: health.crowdedEvents,
        uncounted_by_minute: health.uncountedByMinute,
        failed_looks: health.failedLooks,
        failed_writes: health.failedWrites,
      };
    },
  );
}
