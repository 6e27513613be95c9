import t from 'tap';
import type { RehearsalRecord } from '../../src/core/records.ts';
import { REHEARSALS_KEPT_MAX } from '../../src/core/records.ts';
import { keepRehearsal, rehearsalsByRotation, rehearsalsOf } from '../../src/core/rehearsals.ts';
import type { Write } from '../../src/core/writes.ts';
import { policyOf } from '../support/policies.ts';
import { World } from '../support/world.ts';

function rehearsal(number: number, rotationId = 'r'): RehearsalRecord {
  return { rotationId, number, by: 'me', atMs: number, status: 'passed', checks: [] };
}

t.test('the latest are kept, all are written', (t) => {
  const { state } = new World(policyOf([]));
  const writes: Write[] = [];
  t.same(rehearsalsOf(state, 'r'), []);
  keepRehearsal(state, rehearsal(1, 'other'), writes);
  for (let n = 1; n <= REHEARSALS_KEPT_MAX + 1; n += 1) keepRehearsal(state, rehearsal(n), writes);
  const numbers = rehearsalsOf(state, 'r').map(({ number }) => number);
  t.equal(numbers.length, REHEARSALS_KEPT_MAX);
  t.same([numbers[0], numbers.at(-1)], [2, REHEARSALS_KEPT_MAX + 1]);
  t.equal(writes.length, REHEARSALS_KEPT_MAX + 2);
  t.same(writes[0], { kind: 'rehearsal', record: rehearsal(1, 'other') });
  t.end();
});

t.test('after a restart they are in order, by rotation', (t) => {
  const records = [rehearsal(2), rehearsal(1, 'other'), rehearsal(10), rehearsal(1)];
  t.same(
    [...rehearsalsByRotation(records)],
    [
      ['r', [rehearsal(1), rehearsal(2), rehearsal(10)]],
      ['other', [rehearsal(1, 'other')]],
    ],
  );
  t.end();
});
