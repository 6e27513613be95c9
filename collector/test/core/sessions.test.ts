import t from 'tap';
import { bindSession, endSession, unbindSession } from '../../src/core/sessions.ts';
import { policyOf, serviceOf } from '../support/policies.ts';
import { World } from '../support/world.ts';

function begin() {
  const world = new World(policyOf([serviceOf('orders')]));
  world.join('orders', 'a', { session: 's' });
  world.join('orders', 'b', { session: 's' });
  const { state } = world;
  const [a, b] = state.fleet.verifiers.values();
  if (a === undefined || b === undefined) throw new Error('no verifiers');
  const bound = () => [...state.sessions].map(([name, all]) => [name, [...all].length]);
  return { state, a, b, bound };
}

t.test('one stream speaks for a verifier, and streams nobody needs are let go', (t) => {
  const { state, a, b, bound } = begin();
  t.same(bound(), [['s', 2]]);
  const all = state.sessions.get('s');
  bindSession(state, a, 's');
  t.equal(state.sessions.get('s'), all, 'the same again');
  bindSession(state, a, 'next');
  t.equal(a.session, 'next');
  t.same(bound(), [
    ['s', 1],
    ['next', 1],
  ]);
  const next = state.sessions.get('next');
  bindSession(state, a, 'next');
  t.equal(state.sessions.get('next'), next, 'the same again, of one alone');
  bindSession(state, b, 'next');
  t.same(bound(), [['next', 2]]);
  unbindSession(state, a);
  unbindSession(state, a);
  t.equal(a.session, null);
  t.same(bound(), [['next', 1]]);
  unbindSession(state, b);
  t.same(bound(), []);
  t.end();
});

t.test('a stream that ends speaks for nobody', (t) => {
  const { state, a, b, bound } = begin();
  endSession(state, 'another');
  t.equal(a.session, 's');
  // Left behind by something that did not tidy up: the verifier has another stream.
  a.session = 'next';
  endSession(state, 's');
  t.same([a.session, b.session], ['next', null]);
  t.same(bound(), []);
  t.end();
});
