import { counted } from '@keyturn/shared/model/counted.ts';
import type { Verifier } from '../../fleet.ts';
import { groupsOfIssuer } from '../../fleet.ts';
import { leaseMs } from '../../policy.ts';
import type { Now, State } from '../../state.ts';
import { alertIdentity, isFiring } from '../alert.ts';
import type { AlertRule, Judgement } from '../judgement.ts';
import { inHoldDown, missed, named } from '../spoken-of.ts';

/** Fewer are single verifiers, whatever share of a small fleet they are. */
const SILENT_MIN = 3;

/** Silences within this many leases count as one. */
const LEASES_TOGETHER = 2;

/**
 * At least half of an issuer's reporting fleet fell silent within two leases, and at least three
 * verifiers or all there were, of more than one process. It ends when more than half is heard again, or nobody
 * is missed any more.
 */
export const fleetSilent: AlertRule = {
  names: ['FleetSilent'],
  judge(state, now) {
    if (inHoldDown(state, now)) return [];
    return [...state.policy.issuers.keys()].flatMap(
      (issuer) => judgeIssuer(state, issuer, now) ?? [],
    );
  },
};

function judgeIssuer(state: State, issuer: string, now: Now): Judgement | undefined {
  const groups = [...groupsOfIssuer(state.fleet, issuer)].filter(
    (group) => group.service.population === null,
  );
  let live = 0;
  let joined = 0;
  for (const group of groups) {
    joined += group.joined.size;
    live += group.members.size - group.silent.size - group.joined.size;
  }
  const silent = missed(groups);
  const open = state.alerts.get(alertIdentity('FleetSilent', { issuer }));
  const unheard = silent.length + joined;
  const goesOn = open !== undefined && isFiring(open) && unheard > 0 && unheard >= live;
  const together = silent.filter(
    ({ livenessSinceMs }) => now.atMs - livenessSinceMs <= LEASES_TOGETHER * leaseMs(state.policy),
  );
  if (!goesOn && !isMost(together, live)) return undefined;
  const all = live + silent.length + joined;
  return {
    status: 'present',
    name: 'FleetSilent',
    labels: { issuer },
    summary: `${silent.length} of ${counted(all, 'verifier')} of ${issuer} are silent: look at the collector's own network first, then at what they share`,
    details: named(silent, silent.length, ({ record }) =>
      record.receivedAtMs === null ? 'never reported' : 'stopped reporting without a goodbye',
    ),
  };
}

function isMost(together: readonly Verifier[], live: number): boolean {
  const enough = live === 0 ? together.length > 1 : together.length >= SILENT_MIN;
  if (!enough || together.length < live) return false;
  const first = together[0]?.record.id;
  return together.some(
    ({ record: { id } }) => id.instance !== first?.instance || id.service !== first.service,
  );
}
