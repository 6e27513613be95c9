import t from 'tap';
import { groupsOfIssuer } from '../../src/core/fleet.ts';
import type { Standing } from '../../src/core/fleet.ts';
import { clearStanding, setStanding, tallyOf } from '../../src/core/tallies.ts';
import { ISSUER, policyOf, serviceOf } from '../support/policies.ts';
import { World } from '../support/world.ts';

const ROTATION = { id: 'r', issuer: ISSUER };

function standing(part: Partial<Standing> = {}): Standing {
  return {
    holdsNew: 'absent',
    holdsNewSinceMs: 1,
    holdsOld: 'held',
    holdsOldSinceMs: 1,
    decides: false,
    detail: '',
    ...part,
  };
}

function begin() {
  const world = new World(policyOf([serviceOf('orders', { issuers: [ISSUER, 'x'] })]));
  for (const instance of ['a', 'b']) world.join('orders', instance, { issuers: [ISSUER, 'x'] });
  const { fleet } = world.state;
  const [a, b] = fleet.verifiers.values();
  const [group] = groupsOfIssuer(fleet, ISSUER);
  const [other] = groupsOfIssuer(fleet, 'x');
  if (a === undefined || b === undefined || group === undefined || other === undefined) {
    throw new Error('no fleet');
  }
  const sizes = () => {
    const tally = tallyOf(group, 'r');
    return ['absent', 'present', 'held', 'dropped'].map(
      (name) =>
        (tally.byNew.get(name as Standing['holdsNew'])?.size ?? 0) +
        (tally.byOld.get(name as Standing['holdsOld'])?.size ?? 0),
    );
  };
  return { a, b, group, other, sizes };
}

t.test('every verifier is in one set of each kind, and gates hear of what they can see', (t) => {
  const { a, b, other, sizes } = begin();
  t.equal(setStanding(a, ROTATION, standing()), true, 'the first');
  t.same(sizes(), [1, 0, 1, 0]);
  t.equal(setStanding(a, ROTATION, standing({ detail: 'again' })), false);
  t.equal(a.standings.get('r')?.detail, 'again', 'kept all the same');
  t.equal(setStanding(b, ROTATION, standing()), true);
  t.same(sizes(), [2, 0, 2, 0]);
  t.equal(setStanding(a, ROTATION, standing({ holdsNew: 'present' })), true);
  t.same(sizes(), [1, 1, 2, 0]);
  t.equal(setStanding(a, ROTATION, standing({ holdsNew: 'present', holdsOld: 'dropped' })), true);
  t.same(sizes(), [1, 1, 1, 1]);
  t.equal(other.tallies.size, 0, 'groups of other issuers do not count it');
  t.end();
});

t.test('who is taken out is in no set, and may come back', (t) => {
  const { a, b, group, sizes } = begin();
  clearStanding(a, 'r');
  t.equal(group.tallies.size, 0, 'one that was never in');
  setStanding(a, ROTATION, standing());
  setStanding(b, ROTATION, standing());
  clearStanding(a, 'another');
  t.same(sizes(), [2, 0, 2, 0]);
  clearStanding(a, 'r');
  t.same(sizes(), [1, 0, 1, 0]);
  t.notOk(a.standings.has('r'));
  t.equal(setStanding(a, ROTATION, standing()), true);
  t.same(sizes(), [2, 0, 2, 0]);
  t.end();
});

t.test('who decides is counted, and gates hear of it', (t) => {
  const { a, group } = begin();
  const deciding = () => tallyOf(group, 'r').deciding.size;
  setStanding(a, ROTATION, standing({ decides: false }));
  t.equal(deciding(), 0);
  t.equal(setStanding(a, ROTATION, standing({ decides: true })), true);
  t.equal(deciding(), 1);
  t.equal(setStanding(a, ROTATION, standing({ decides: true })), false);
  setStanding(a, ROTATION, standing({ decides: false }));
  t.equal(deciding(), 0);
  setStanding(a, ROTATION, standing({ decides: true }));
  clearStanding(a, 'r');
  t.equal(deciding(), 0);
  t.end();
});

t.test('a tally is made once', (t) => {
  const { group } = begin();
  const tally = tallyOf(group, 'r');
  t.same(tally, {
    byNew: new Map(),
    byOld: new Map(),
    deciding: new Set(),
    lastServedOldAtMs: null,
  });
  t.equal(tallyOf(group, 'r'), tally);
  t.end();
});
