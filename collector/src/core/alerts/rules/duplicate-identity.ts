import { counted } from '@keyturn/shared/model/counted.ts';
import type { Verifier } from '../../fleet.ts';
import { leaseMs } from '../../policy.ts';
import { DUPLICATE_REMEMBERED_MS } from '../../reports.ts';
import type { Now, State } from '../../state.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import { isPartlyUnheard, named, openAlerts, servicesWatched } from '../spoken-of.ts';

/** A process that takes over from one that dies is done after a lease; two leases are no handover. */
const HANDOVER_LEASES = 2;

/** Two live processes report under one name, so that of the two only one is heard. */
export const duplicateIdentity: AlertRule = {
  names: ['DuplicateIdentity'],
  judge(state, now) {
    const byService = new Map<string, Verifier[]>();
    for (const verifier of state.fleet.contested) {
      if (verifier.liveness === 'departed' || !isTwo(state, verifier, now)) continue;
      const { service } = verifier.record.id;
      const known = byService.get(service);
      if (known === undefined) byService.set(service, [verifier]);
      else known.push(verifier);
    }
    return [
      ...[...byService].map(([service, found]) => present(service, found)),
      ...unheard(state),
    ];
  },
};

function isTwo(state: State, { record, contestedSinceMs }: Verifier, now: Now): boolean {
  if (now.atMs - (record.duplicateAtMs ?? 0) <= DUPLICATE_REMEMBERED_MS) return true;
  return now.atMs - contestedSinceMs > HANDOVER_LEASES * leaseMs(state.policy);
}

function present(service: string, found: readonly Verifier[]): Judgement {
  return {
    status: 'present',
    name: 'DuplicateIdentity',
    labels: { service },
    summary: `two live processes report as one for ${counted(found.length, 'verifier')} of service ${service}, and only one of each two is heard`,
    details: named(found, found.length, ({ record }) =>
      record.duplicateAtMs === null
        ? 'has had two streams for longer than a restart takes'
        : 'was claimed by a process that had been superseded',
    ),
  };
}

/** While some verifier of the service is not heard, its double is not seen either. */
function unheard(state: State): readonly Judgement[] {
  return openAlerts(state, 'DuplicateIdentity').flatMap(({ name, labels }): Judgement[] => {
    const groups = [...servicesWatched(state)]
      .filter(({ service }) => service === labels.service)
      .flatMap((watched) => watched.groups);
    return isPartlyUnheard(groups) ? [{ status: 'unknown', name, labels }] : [];
  });
}
