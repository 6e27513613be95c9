import t from 'tap';
import type { VerifierHello } from '@keyturn/shared/model/report.ts';
import type { HeldProbe } from '../../src/core/probes/record.ts';
import { ISSUER, NEW, OLD, policyOf, serviceOf } from '../support/policies.ts';
import { rotating } from '../support/rotating.ts';
import { checkOf, World } from '../support/world.ts';

const BOOT = 'ab'.repeat(16);

function hello(
  world: World,
  instance: string,
  issuers: readonly string[],
  part: Partial<VerifierHello> & { readonly bootId?: string; readonly session?: string } = {},
) {
  const { bootId = BOOT, session = 's', ...named } = part;
  const reply = world.take({
    type: 'hello',
    session,
    hello: {
      bootId,
      agentVersion: '1',
      wallUnixMs: 0,
      verifiers: [
        {
          handle: 7,
          id: { service: 'orders', instance, cache: 'jwks' },
          profile: '',
          source: 'in_process',
          issuers,
          cacheKind: 'any',
          ...named,
        },
      ],
    },
  });
  if (reply.type !== 'assignments') throw new Error('no assignment');
  return reply.assignments[0];
}

function verifierOf(world: World, instance: string) {
  return world.state.fleet.verifiers.get(`orders/${instance}/jwks`);
}

t.test('a verifier of an issuer nobody configured is kept, and shows under it', (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  t.equal(hello(world, 'a', ['https://other.test'])?.refused, '');
  t.equal(world.state.fleet.groups.get('https://other.test')?.get('orders')?.members.size, 1);
  t.equal(world.state.fleet.groups.get(ISSUER)?.get('orders')?.members.size, 0);
  t.end();
});

t.test('issuers nobody configured are bounded', (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  for (let i = 0; i < 80; i++) hello(world, `i${i}`, [`https://other-${i}.test`]);
  t.equal(world.state.fleet.groups.size, 65);
  t.match(hello(world, 'last', ['https://one-more.test']), {
    handle: 7,
    epoch: 0,
    committedSeq: 0,
    refused: 'issuers: none of them is configured at the collector',
  });
  t.equal(hello(world, 'last', ['https://one-more.test', ISSUER])?.refused, '');
  t.same(verifierOf(world, 'last')?.record.issuers, [ISSUER]);
  t.equal(hello(world, 'next', ['https://other-3.test'])?.refused, '', 'one that is shown already');
  t.end();
});

t.test('a first hello: all of the record, and nothing believed', (t) => {
  const world = new World(policyOf([serviceOf('orders')]));
  const named = { profile: 'p', source: 'proxy', cacheKind: 'public' } as const;
  t.same(hello(world, 'a', [ISSUER, ISSUER], named), {
    handle: 7,
    epoch: 1,
    committedSeq: 0,
    refused: '',
  });
  const record = {
    id: { service: 'orders', instance: 'a', cache: 'jwks' },
    bootId: BOOT,
    epoch: 1,
    seq: 0,
    ...named,
    issuers: [ISSUER],
    firstSeenAtMs: world.atMs,
    receivedAtMs: null,
    observedAtMs: null,
    keySets: [],
    counts: [],
    otherBoots: [],
    carried: [],
    departedAtMs: null,
    duplicateAtMs: null,
    probes: [],
  };
  t.same(verifierOf(world, 'a')?.record, record);
  t.same(world.store.load().verifiers, [record]);
  t.match(verifierOf(world, 'a'), { liveness: 'joined', session: 's', contestedUntilMs: 0 });
  world.atMs += 48_000;
  world.take({ type: 'settle' });
  t.equal(verifierOf(world, 'a')?.liveness, 'silent', 'it has one lease to report');
  t.end();
});

t.test('the same process says hello again: nothing changes', (t) => {
  const { world, a } = rotating();
  const before = verifierOf(world, 'a')?.record;
  const again = hello(world, 'a', [ISSUER], { bootId: '0'.repeat(32), session: 'another' });
  t.match(again, { epoch: 1, committedSeq: a.seq });
  t.equal(verifierOf(world, 'a')?.record, before);
  t.equal(verifierOf(world, 'a')?.liveness, 'reporting');
  t.end();
});

t.test('another process takes the name: it is judged anew, and may be one of two', (t) => {
  const { world, id, a } = rotating();
  a.report({ keys: [OLD, NEW], counts: [{ kid: 'old', outcomes: { ok: 3 } }] });
  const firstSeenAtMs = verifierOf(world, 'a')?.record.firstSeenAtMs;
  world.pass(20_000);
  world.gate(id, 'activate');
  t.equal(hello(world, 'a', [ISSUER])?.epoch, 2);
  const verifier = verifierOf(world, 'a');
  t.match(verifier?.record, {
    bootId: BOOT,
    seq: 0,
    firstSeenAtMs,
    receivedAtMs: null,
    keySets: [],
    counts: [],
    otherBoots: [{ bootId: '0'.repeat(32), counts: [{ outcomes: { ok: 3 } }] }],
  });
  t.equal(verifier?.liveness, 'joined');
  t.equal(verifier?.standings.get(id)?.holdsNew, 'never_seen');
  t.equal(verifier?.contestedUntilMs, world.atMs + 45_000, 'until both had time to speak');
  t.match(checkOf(world.gate(id, 'activate'), 'fleet_heard').offenders[0], {
    instance: 'a',
    state: 'never_seen',
  });
  world.pass(47_000, { silent: ['orders/a'] });
  t.equal(verifierOf(world, 'a')?.liveness, 'silent', 'its lease began with the hello');
  t.end();
});

t.test('no sign of a second process', (t) => {
  const rows: [string, (world: World) => void][] = [
    ['the stream before has ended', (world) => world.verifiers[0]?.crash()],
    ['it said goodbye', (world) => world.verifiers[0]?.goodbye()],
    [
      'it was silent',
      (world) => {
        world.pass(60_000, { silent: ['orders/a'] });
      },
    ],
  ];
  for (const [name, given] of rows) {
    const { world } = rotating();
    given(world);
    hello(world, 'a', [ISSUER]);
    t.equal(verifierOf(world, 'a')?.contestedUntilMs, 0, name);
    t.equal(verifierOf(world, 'a')?.liveness, 'joined', name);
  }
  const { world } = rotating();
  hello(world, 'c', [ISSUER]);
  hello(world, 'c', [ISSUER], { bootId: 'cd'.repeat(16) });
  t.equal(verifierOf(world, 'c')?.contestedUntilMs, 0, 'one that has said nothing yet');
  t.end();
});

t.test('after a goodbye the same process begins anew, and may serve other issuers', (t) => {
  const { world, a } = rotating();
  a.goodbye();
  hello(world, 'a', ['https://other.test'], { bootId: '0'.repeat(32) });
  t.match(verifierOf(world, 'a')?.record, { epoch: 2, departedAtMs: null });
  t.same(
    verifierOf(world, 'a')?.groups.map(({ issuer }) => issuer),
    ['https://other.test'],
  );
  t.end();
});

t.test('of the probes of the process before only that it takes anything is kept', (t) => {
  const { world } = rotating();
  const verifier = verifierOf(world, 'a');
  if (verifier === undefined) throw new Error('no verifier');
  const probe: HeldProbe = {
    issuer: ISSUER,
    latest: {
      rotationId: 'r-1',
      key: NEW,
      atMs: 1,
      validUntilMs: 2,
      answers: [],
    },
    refusedNew: { key: NEW, atMs: 1 },
    bogusAcceptedAtMs: 5,
  };
  const clean = { ...probe, issuer: 'x', bogusAcceptedAtMs: null };
  verifier.record = { ...verifier.record, probes: [probe, clean] };
  verifier.probe = { id: 'p', rotationId: 'r-1', session: 's', epoch: 1, sentAtMs: 1 };
  hello(world, 'a', [ISSUER]);
  t.same(verifier.record.probes, [{ ...probe, latest: null, refusedNew: null }]);
  t.equal(verifier.probe, null, 'nobody waits for the answer of the one before');
  t.ok(world.state.fleet.takesAnything.has(verifier));
  t.end();
});

t.test('turned away for want of room: gates are told when', (t) => {
  const world = new World(policyOf([serviceOf('orders')], { verifiersMax: 1 }));
  hello(world, 'a', [ISSUER]);
  world.atMs += 5;
  t.match(hello(world, 'b', [ISSUER]), {
    epoch: 0,
    refused: 'the collector is at its bound of 1 verifiers; raise policy.max_verifiers',
  });
  t.match(world.state.health, { refusedVerifiers: 1, refusedVerifierAtMs: world.atMs });
  t.equal(hello(world, 'a', [ISSUER])?.refused, '');
  t.equal(world.state.health.refusedVerifiers, 1);
  t.end();
});
