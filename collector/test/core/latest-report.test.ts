import t from 'tap';
import type { CountKey } from '@keyturn/shared/model/report.ts';
import { keySetOf, lastAcceptedMs } from '../../src/core/latest-report.ts';
import type { HeldCounts, HeldKeySet } from '../../src/core/records.ts';
import { ISSUER } from '../support/policies.ts';

function row(key: CountKey, lastAcceptedAtMs: number | null, issuer = ISSUER): HeldCounts {
  return {
    issuer,
    key,
    outcomes: {},
    highestIatS: null,
    highestExpS: null,
    longestLifetimeS: null,
    acceptedWithoutExp: 0,
    acceptedWithoutIat: 0,
    lastAcceptedAtMs,
  };
}

t.test('when a token of a kid was last accepted, of this issuer and under this kid', (t) => {
  const rows = [
    row({ kind: 'none' }, 1),
    row({ kind: 'other' }, 2),
    row({ kind: 'kid', kid: 'a' }, 3, 'x'),
    row({ kind: 'kid', kid: 'b' }, 4),
    row({ kind: 'kid', kid: 'a' }, 5),
    row({ kind: 'kid', kid: 'never' }, null),
  ];
  t.equal(lastAcceptedMs(rows, ISSUER, 'a'), 5);
  t.equal(lastAcceptedMs(rows, ISSUER, 'b'), 4);
  t.equal(lastAcceptedMs(rows, 'x', 'a'), 3);
  t.equal(lastAcceptedMs(rows, 'x', 'b'), 0);
  t.equal(lastAcceptedMs(rows, ISSUER, 'never'), 0);
  t.equal(lastAcceptedMs([], ISSUER, 'a'), 0);
  t.end();
});

t.test('the key set of an issuer', (t) => {
  const sets = [{ issuer: 'x' }, { issuer: ISSUER }] as HeldKeySet[];
  t.equal(keySetOf(sets, ISSUER), sets[1]);
  t.equal(keySetOf(sets, 'y'), undefined);
  t.end();
});
