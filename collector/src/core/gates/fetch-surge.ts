import { counted } from '@keyturn/shared/model/counted.ts';
import type { Check } from '@keyturn/shared/model/verdict.ts';
import { groupsOfIssuer } from '../fleet.ts';
import type { RotationRecord } from '../records.ts';
import type { State } from '../state.ts';
import { pass } from './check.ts';

/**
 * How many verifiers will ask for the JWKS at once when they meet the new kid. Never blocks: it is
 * the load that the issuer has to stand at the switch, and again when the old key is gone.
 */
export function fetchSurge(state: State, rotation: RotationRecord): Check {
  let fetching = 0;
  for (const group of groupsOfIssuer(state.fleet, rotation.issuer)) {
    fetching += group.tallies.get(rotation.id)?.byNew.get('fetchable')?.size ?? 0;
  }
  return pass(
    'fetch_surge',
    'health',
    fetching === 0
      ? 'no verifier is known to wait for the new kid before it fetches the JWKS'
      : `${counted(fetching, 'verifier')} will fetch the JWKS at the switch, when they first meet ${rotation.newKid}`,
  );
}
