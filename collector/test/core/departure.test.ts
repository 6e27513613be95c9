import t from 'tap';
import { dismiss } from '../../src/core/departure.ts';
import { usageKey } from '../../src/core/state.ts';
import type { Write } from '../../src/core/writes.ts';
import { ISSUER, NEW, OLD } from '../support/policies.ts';
import { rotating } from '../support/rotating.ts';

const A = 'orders/a/jwks';

t.test('who says goodbye is out of every count, and its record stays', (t) => {
  const { world, id, a } = rotating();
  const { state } = world;
  state.unevaluated.clear();
  a.goodbye();
  const verifier = state.fleet.verifiers.get(A);
  t.equal(verifier?.record.departedAtMs, world.atMs);
  t.equal(verifier?.liveness, 'departed');
  t.equal(verifier?.session, null);
  t.equal(verifier?.standings.size, 0);
  t.equal(state.sessions.size, 1, 'nobody waits for its stream');
  const group = state.fleet.groups.get(ISSUER)?.get('orders');
  t.equal(group?.members.size, 1);
  t.equal(group?.tallies.get(id)?.byNew.get('present')?.size, 1);
  t.ok(state.unevaluated.has(id));
  const [kept] = world.store.load().verifiers.filter(({ id }) => id.instance === 'a');
  t.equal(kept?.departedAtMs, world.atMs);
  t.end();
});

t.test('who is dismissed leaves nothing but a floor for epochs', (t) => {
  const { world, id, a } = rotating();
  const { state } = world;
  a.report({ keys: [OLD, NEW], counts: [{ kid: 'old', outcomes: { ok: 3 } }] });
  state.unevaluated.clear();
  const record = state.fleet.verifiers.get(A)?.record;
  const writes: Write[] = [];
  dismiss(state, A, world.now(), writes);
  t.same(writes, [
    { kind: 'verifier_removed', record },
    { kind: 'meta', record: { epochFloor: 1, lastNowMs: world.atMs } },
  ]);
  t.notOk(state.fleet.verifiers.has(A));
  t.same(state.totals.get(usageKey(ISSUER, 'old')), { ok: 0 });
  t.ok(state.unevaluated.has(id));
  t.equal(state.sessions.size, 1);
  t.equal(state.fleet.groups.get(ISSUER)?.get('orders')?.members.size, 1);
  dismiss(state, A, world.now(), writes);
  t.equal(writes.length, 2, 'once');
  state.epochFloor = 9;
  dismiss(state, 'orders/b/jwks', world.now(), writes);
  t.equal(state.epochFloor, 9, 'never lower');
  t.end();
});

t.test('failures that go with a verifier are not counted against the switch', (t) => {
  const failing = (n: number) => ({
    keys: [OLD, NEW],
    counts: [{ kid: 'new', outcomes: { ok: 1, bad_signature: n } }],
  });
  const world = (
    until: 'known' | 'switched',
    failuresAtSwitch: number,
    origin: 'declared' | 'observed' = 'declared',
  ) => {
    const made = rotating({ until });
    made.a.report(failing(4));
    made.b.report(failing(1));
    const before = made.world.state.rotations.get(made.id);
    if (before === undefined) throw new Error('no rotation');
    made.world.state.rotations.set(made.id, { ...before, failuresAtSwitch, origin });
    return made;
  };
  const rows: [string, Parameters<typeof world>, number, boolean][] = [
    ['some of those before', ['switched', 5], 1, true],
    ['more than there were before', ['switched', 2], 0, true],
    ['none before', ['switched', 0], 0, false],
    ['not switched yet', ['known', 5], 5, false],
    ['observed: they count from its start', ['known', 5, 'observed'], 1, true],
  ];
  for (const [name, args, expected, written] of rows) {
    const { world: it, id } = world(...args);
    const writes: Write[] = [];
    dismiss(it.state, A, it.now(), writes);
    t.equal(it.state.rotations.get(id)?.failuresAtSwitch, expected, name);
    t.equal(
      writes.some(({ kind }) => kind === 'rotation'),
      written,
      `${name}: kept`,
    );
  }
  const idle = world('switched', 5);
  idle.world.join('orders', 'c');
  const writes: Write[] = [];
  dismiss(idle.world.state, 'orders/c/jwks', idle.world.now(), writes);
  t.equal(writes.length, 2, 'who counted nothing changes nothing');
  t.end();
});
