import { moment } from '@keyturn/shared/model/moment.ts';
import type { State } from '../../state.ts';
import type { AlertRule, Judgement } from '../judgement.ts';

/** The store refuses writes, or does not give back what was written. */
export const storeFailing: AlertRule = {
  names: ['StoreFailing'],
  judge: (state) => judgeStore(state),
};

function judgeStore({ health }: State): readonly Judgement[] {
  const { storeFailingSinceMs, proofFailing, provenAtMs } = health;
  const about = { name: 'StoreFailing', labels: {} } as const;
  if (storeFailingSinceMs === null && proofFailing === null) {
    // Nothing was tried yet, so that nothing shows that it is over.
    return provenAtMs === null ? [{ status: 'unknown', ...about }] : [];
  }
  const sinceMs = storeFailingSinceMs ?? proofFailing?.sinceMs ?? 0;
  const what =
    storeFailingSinceMs === null
      ? 'the store does not give back what was written'
      : 'the store refuses writes';
  const summary = `${what} since ${moment(sinceMs)}: gates say unknown, agents are not acknowledged`;
  const details = proofFailing === null ? [] : [proofFailing.problem];
  return [{ status: 'present', ...about, summary, details }];
}
