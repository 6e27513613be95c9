import type { Outcome } from '@keyturn/shared/model/outcome.ts';
import fc from 'fast-check';
import t from 'tap';
import { ISSUER, NEW, OLD, policyOf, serviceOf } from '../support/policies.ts';
import { rotating } from '../support/rotating.ts';
import { World } from '../support/world.ts';

/** `service bucket outcome` with its count, sorted. */
function counted(world: World): readonly string[] {
  return [...world.state.verifications.values()]
    .flatMap(({ service, bucket, outcomes }) =>
      Object.entries(outcomes).map(([outcome, n]) => `${service} ${bucket} ${outcome} ${n}`),
    )
    .toSorted();
}

function total(world: World): number {
  return [...world.state.verifications.values()]
    .flatMap(({ outcomes }) => Object.values(outcomes))
    .reduce((sum, n) => sum + n, 0);
}

function seenWorld(): World {
  const world = new World(policyOf([serviceOf('orders')]));
  world.sight([OLD]);
  world.sight([OLD]);
  return world;
}

t.test('a count goes under what its kid is at that moment and stays there', (t) => {
  const { world, id, a } = rotating();
  a.report({
    keys: [OLD, NEW],
    counts: [
      { kid: 'old', outcomes: { ok: 4 } },
      { kid: 'new', outcomes: { unknown_kid: 1 } },
    ],
  });
  t.same(counted(world), ['orders active ok 4', 'orders next unknown_kid 1']);
  world.declare(id, 'activate', 'to see what becomes of the counts');
  a.report({
    keys: [OLD, NEW],
    counts: [
      { kid: 'old', outcomes: { ok: 9 } },
      { kid: 'new', outcomes: { unknown_kid: 1, ok: 3 } },
    ],
  });
  t.same(counted(world), [
    'orders active ok 7',
    'orders next unknown_kid 1',
    'orders retired ok 5',
  ]);
  t.end();
});

t.test('what nobody declared adds nothing but its count', (t) => {
  const world = seenWorld();
  for (let n = 0; n < 50; n += 1) {
    const stranger = world.join(`stranger-${n}`, 'a');
    stranger.report({ counts: [{ kid: `invented-${n}`, outcomes: { unknown_kid: 2 } }] });
  }
  t.same(counted(world), ['undeclared foreign unknown_kid 100']);
  t.end();
});

t.test('a key that left the JWKS is retired', (t) => {
  const world = seenWorld();
  const orders = world.join('orders', 'a');
  orders.report({ keys: [OLD], counts: [{ kid: 'old', outcomes: { ok: 1 } }] });
  world.sight([NEW]);
  world.sight([NEW]);
  orders.report({
    keys: [OLD],
    counts: [{ kid: 'old', outcomes: { ok: 1, unknown_kid: 3 } }],
  });
  t.same(counted(world), ['orders active ok 1', 'orders retired unknown_kid 3']);
  t.end();
});

t.test('however reports cut them up, the sum is what was verified, and nothing shrinks', (t) => {
  fc.assert(
    fc.property(
      fc.array(
        fc.tuple(
          fc.constantFrom('old', 'x'),
          fc.constantFrom<Outcome>('ok', 'bad_signature'),
          fc.nat(5),
        ),
        { maxLength: 30 },
      ),
      (events) => {
        const world = seenWorld();
        const orders = world.join('orders', 'a');
        const totals = new Map<string, Partial<Record<Outcome, number>>>();
        let before = 0;
        let verified = 0;
        for (const [kid, outcome, count] of events) {
          const of = totals.get(kid) ?? {};
          totals.set(kid, { ...of, [outcome]: (of[outcome] ?? 0) + count });
          verified += count;
          orders.report({ counts: [...totals].map(([kid, outcomes]) => ({ kid, outcomes })) });
          const sum = total(world);
          if (sum !== verified || sum < before) return false;
          before = sum;
        }
        return true;
      },
    ),
  );
  t.end();
});

t.test('a verifier that goes takes nothing along', (t) => {
  const world = seenWorld();
  const orders = world.join('orders', 'a');
  orders.report({ keys: [OLD], counts: [{ kid: 'old', outcomes: { ok: 7 } }] });
  world.act({
    type: 'remove_verifier',
    service: 'orders',
    instance: 'a',
    cache: null,
    by: 'alice',
    reason: 'gone',
  });
  t.equal(total(world), 7);
  t.equal([...world.state.verifications.values()][0]?.issuer, ISSUER);
  t.end();
});
