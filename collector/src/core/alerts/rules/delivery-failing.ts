import { moment } from '@keyturn/shared/model/moment.ts';
import { receiverNames } from '../deliveries.ts';
import type { AlertRule, Judgement } from '../judgement.ts';

/**
 * A receiver that does not take what it is sent. Until something was sent since the start, whether it
 * does cannot be told.
 */
export const deliveryFailing: AlertRule = {
  names: ['DeliveryFailing'],
  judge: (state) =>
    receiverNames(state).flatMap((receiver): readonly Judgement[] => {
      const subject = { name: 'DeliveryFailing', labels: { receiver } } as const;
      const delivery = state.deliveries.get(receiver);
      if (delivery === undefined) return [{ ...subject, status: 'unknown' }];
      const { error, failingSinceMs } = delivery;
      if (error === null || failingSinceMs === null) return [];
      const since = moment(failingSinceMs);
      const waiting = waitingFor(state.notices.values(), receiver);
      return [
        {
          ...subject,
          status: 'present',
          summary: `receiver ${receiver} has not taken what it was sent since ${since}: ${error}`,
          details: waiting ? ['what it is to be told waits in the outbox'] : [],
        },
      ];
    }),
};

function waitingFor(
  notices: Iterable<{ readonly receiver: string; readonly givenUpAtMs: number | null }>,
  receiver: string,
): boolean {
  for (const notice of notices) {
    if (notice.receiver === receiver && notice.givenUpAtMs === null) return true;
  }
  return false;
}
