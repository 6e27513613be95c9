import t from 'tap';
import type { Policy } from '../../src/core/policy.ts';
import { step } from '../../src/core/step.ts';
import type { Input } from '../../src/core/step.ts';
import { ISSUER, NEW, OLD, policyOf, serviceOf } from '../support/policies.ts';
import { rotating } from '../support/rotating.ts';
import { secretRotating } from '../support/secret-rotating.ts';
import { World } from '../support/world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;

t.test('what each input is answered with', (t) => {
  const { world, id } = rotating();
  const session = `session ${'0'.repeat(32)}`;
  const verifier = { service: 'orders', instance: 'a', cache: 'jwks' };
  const rows: [Input, object][] = [
    [
      { type: 'check', rotationId: id, gate: 'activate' },
      { type: 'verdict', verdict: { gate: 'activate', status: 'open' } },
    ],
    [
      { type: 'check', rotationId: 'nobody', gate: 'activate' },
      { type: 'verdict', verdict: undefined },
    ],
    [
      { type: 'probe', session, verifier, rotationId: id, probeId: 'p' },
      { type: 'probe', grant: undefined },
    ],
    [
      {
        type: 'probe_result',
        session,
        verifier,
        result: { probeId: 'p', handle: 1, ageMs: 0, answers: [] },
      },
      { type: 'probed', problem: /^probe_id: / },
    ],
    [{ type: 'tick' }, { type: 'none' }],
    [{ type: 'settle' }, { type: 'none' }],
    [{ type: 'store_health', failing: false }, { type: 'none' }],
    [{ type: 'session_ended', session }, { type: 'none' }],
    [{ type: 'goodbye', session, verifiers: [verifier] }, { type: 'none' }],
    [{ type: 'paused' }, { type: 'none' }],
  ];
  for (const [input, expected] of rows) {
    const { reply } = step(world.state, input, world.now());
    t.match(reply, expected, input.type);
    if (input.type === 'session_ended') t.notOk(world.state.sessions.has(input.session), 'let go');
  }
  t.end();
});

t.test('a pause is as a start: nothing seen before is believed, and gates wait', (t) => {
  const { world, id } = rotating({ policy: { stableForMs: 1 } });
  world.gate(id, 'activate');
  const { state } = world;
  t.equal(state.steadySinceMs.size, 1);
  world.atMs += 5;
  world.take({ type: 'paused' });
  t.match(state.health, { startedAtMs: world.atMs, holdDownUntilMs: world.atMs + 47_000 });
  t.equal(state.steadySinceMs.size, 0);
  t.equal(state.issuers.get(ISSUER)?.vantages.values().next().value?.latest, null);
  t.not(state.gates.get(id)?.get('activate')?.status, 'open', 'evaluated at once');
  t.equal(state.unevaluated.size, 0);
  t.end();
});

t.test('settling looks at what was touched, a tick at every open rotation', (t) => {
  const { world, id } = rotating();
  const { state } = world;
  world.take({ type: 'settle' });
  state.gates.clear();
  world.take({ type: 'settle' });
  t.equal(state.gates.size, 0, 'nothing was touched');
  state.unevaluated.add(id);
  world.take({ type: 'settle' });
  t.equal(state.gates.get(id)?.size, 5);
  t.equal(state.unevaluated.size, 0);
  state.gates.clear();
  world.take({ type: 'tick' });
  t.equal(state.gates.get(id)?.size, 5);
  t.end();
});

t.test('settling and asking count who fell silent', (t) => {
  for (const input of ['settle', 'check'] as const) {
    const { world, id } = rotating();
    world.atMs += 60_000;
    if (input === 'settle') world.take({ type: 'settle' });
    else world.gate(id, 'activate');
    t.equal(world.state.fleet.verifiers.get('orders/a/jwks')?.liveness, 'silent', input);
  }
  t.end();
});

t.test(
  'a store that refuses writes is remembered from the first time, and gates hear of turns',
  (t) => {
    const { world, id } = rotating();
    const { state } = world;
    const say = (failing: boolean) => {
      world.take({ type: 'settle' });
      world.atMs += 1_000;
      world.take({ type: 'store_health', failing });
      return [state.health.storeFailingSinceMs, state.unevaluated.has(id)];
    };
    t.same(say(false), [null, false]);
    const failingSinceMs = world.atMs + 1_000;
    t.same(say(true), [failingSinceMs, true]);
    t.same(say(true), [failingSinceMs, false]);
    t.same(say(false), [null, true]);
    t.end();
  },
);

t.test('a tick keeps what was declared of secrets in use', (t) => {
  const { world } = secretRotating();
  const issuer = world.policy.issuers.get(ISSUER);
  if (issuer === undefined) throw new Error('no issuer');
  const issuers = new Map([[ISSUER, { ...issuer, maxTokenLifetimeMs: 9_000_000 }]]);
  world.state = { ...world.state, policy: { ...world.policy, issuers } };
  world.take({ type: 'tick' });
  t.ok(world.store.load().keys.every((record) => record.declaredLifetimeMs === 9_000_000));
  t.end();
});

t.test('who is forgotten, to the millisecond', (t) => {
  const roomy: Partial<Policy> = { verifiersMax: 4 };
  const tight: Partial<Policy> = { verifiersMax: 3 };
  const rows: [string, Partial<Policy>, 'goodbye' | 'silent' | 'crowded', number, boolean][] = [
    ['departed, room', roomy, 'goodbye', 8 * DAY, true],
    ['departed, room, longer', roomy, 'goodbye', 8 * DAY + 1, false],
    ['departed, no room', tight, 'goodbye', HOUR, true],
    ['departed, no room, longer', tight, 'goodbye', HOUR + 1, false],
    ['silent and replaced', roomy, 'silent', DAY, true],
    ['silent and replaced, longer', roomy, 'silent', DAY + 1, false],
    ['silent and missed', roomy, 'crowded', 30 * DAY, true],
  ];
  for (const [name, part, how, ms, kept] of rows) {
    const instances = how === 'crowded' ? 2 : 1;
    const world = new World(policyOf([serviceOf('orders', { instances })], part));
    world.join('orders', 'a').report();
    const b = world.join('orders', 'b');
    b.report();
    const [a] = world.verifiers;
    if (how === 'goodbye') a?.goodbye();
    else {
      a?.crash();
      world.atMs += 60_000;
      b.report();
      world.take({ type: 'settle' });
    }
    const { sweptAtMs } = world.state;
    t.equal(
      world.state.fleet.verifiers.get('orders/a/jwks')?.liveness,
      how === 'goodbye' ? 'departed' : 'silent',
    );
    world.atMs += ms;
    b.report();
    world.take({ type: 'tick' });
    t.equal(world.state.fleet.verifiers.has('orders/a/jwks'), kept, name);
    t.not(world.state.sweptAtMs, sweptAtMs, `${name}: swept`);
    t.ok(world.state.fleet.verifiers.has('orders/b/jwks'), `${name}: the other`);
  }
  t.end();
});

t.test('it is swept every ten minutes', (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  const { sweptAtMs } = world.state;
  world.atMs = sweptAtMs + 599_999;
  world.take({ type: 'tick' });
  t.equal(world.state.sweptAtMs, sweptAtMs);
  world.atMs += 1;
  world.take({ type: 'tick' });
  t.equal(world.state.sweptAtMs, world.atMs);
  t.end();
});

t.test('sightings open rotations at once, and reports show their switch', (t) => {
  const { world, id, a } = rotating();
  world.declare(id, 'activate', 'table');
  a.report({ keys: [OLD, NEW], counts: [{ kid: 'new', outcomes: { ok: 1 } }] });
  t.equal(world.state.rotations.get(id)?.switchSeenAtMs, world.atMs);
  t.end();
});
