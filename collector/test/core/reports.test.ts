import t from 'tap';
import type { Ack } from '@keyturn/shared/model/report.ts';
import { COUNT_ROWS_MAX } from '../../src/core/counts.ts';
import { DUPLICATE_REMEMBERED_MS, expireLeases } from '../../src/core/reports.ts';
import { usageKey } from '../../src/core/state.ts';
import { usageSchema, verifierSchema } from '../../src/store/record-schemas.ts';
import { ORDERS, rotating } from '../support/rotating.ts';
import { ISSUER, NEW, OLD, policyOf, profileOf, serviceOf } from '../support/policies.ts';
import { blockers, checkOf, World } from '../support/world.ts';
import type { TestVerifier } from '../support/world.ts';

function begin(): { readonly world: World; readonly a: TestVerifier } {
  const world = new World(policyOf([ORDERS]));
  world.sight();
  world.sight();
  return { world, a: world.join('orders', 'a', { boot: 'a'.repeat(32) }) };
}

function counts(ok: number, more: Record<string, number> = {}) {
  return { keys: [OLD], counts: [{ kid: 'old', outcomes: { ok, ...more } }] };
}

function recordOf(world: World, key = 'orders/a/jwks') {
  return world.state.fleet.verifiers.get(key)?.record;
}

t.test('epochs and sequence numbers decide, nothing else', (t) => {
  const { world, a } = begin();
  t.equal(a.epoch, 1);
  const rows: [string, Partial<{ epoch: number; seq: number }>, Ack['result'], RegExp?][] = [
    ['the first', { seq: 1 }, 'applied'],
    ['the same again', { seq: 1 }, 'ignored'],
    ['a gap', { seq: 5 }, 'applied'],
    ['one that was overtaken', { seq: 3 }, 'ignored'],
    ['an epoch nobody assigned', { epoch: 2, seq: 6 }, 'rejected', /expected 1 as assigned, got 2/],
  ];
  for (const [name, stamp, result, reason] of rows) {
    const ack = a.send({ ...a.make(counts(1)), ...stamp });
    t.equal(ack.result, result, name);
    if (reason !== undefined) t.match(ack.reason, reason);
  }
  t.equal(recordOf(world)?.seq, 5);
  t.end();
});

t.test('counts that go back are refused and change nothing', (t) => {
  const { world, a } = begin();
  t.equal(a.report(counts(5, { expired: 3 })).result, 'applied');
  const ack = a.report(counts(6, { expired: 2 }));
  t.match(ack, {
    result: 'rejected',
    reason: 'counts.expired: expected at least 3 as reported before, got 2',
  });
  t.match(recordOf(world)?.counts, [{ outcomes: { ok: 5, expired: 3 } }]);
  t.same(world.state.totals.get(usageKey(ISSUER, 'old')), { ok: 5, expired: 3 });
  t.equal(a.report(counts(6, { expired: 3 })).result, 'applied', 'and the next good one counts');
  t.end();
});

t.test('rows that are missing stay as they were', (t) => {
  const { world, a } = begin();
  a.report({
    keys: [OLD],
    counts: [
      { kid: 'old', outcomes: { ok: 5 } },
      { kid: null, outcomes: { ok: 2 } },
    ],
  });
  a.report({ keys: [OLD], counts: [{ kid: null, outcomes: { ok: 3 } }] });
  t.match(
    recordOf(world)?.counts.map((row) => [row.key.kind, row.outcomes.ok]),
    [
      ['none', 3],
      ['kid', 5],
    ],
  );
  t.equal(a.report(counts(4)).result, 'rejected');
  t.end();
});

t.test('rows beyond the bound are refused', (t) => {
  const { a } = begin();
  const rows = (from: number, n: number) => ({
    counts: Array.from({ length: n }, (_, i) => ({ kid: `k${from + i}`, outcomes: { ok: 1 } })),
  });
  t.equal(a.report(rows(0, 256)).result, 'applied');
  t.equal(a.report(rows(256, 256)).result, 'applied');
  t.match(a.report(rows(512, 1)), {
    result: 'rejected',
    reason: `counts: expected at most ${COUNT_ROWS_MAX} rows of one process, got ${COUNT_ROWS_MAX + 1}`,
  });
  t.end();
});

t.test('a process that starts anew carries the totals of the one before', (t) => {
  const { world, a } = begin();
  a.report(counts(5));
  a.crash();
  const again = world.join('orders', 'a', { boot: 'b'.repeat(32) });
  t.equal(again.epoch, 2);
  t.equal(again.seq, 0);
  t.equal(recordOf(world)?.receivedAtMs, null, 'nothing is believed of it yet');
  again.report(counts(2));
  t.same(world.state.totals.get(usageKey(ISSUER, 'old')), { ok: 7 });
  world.restart();
  t.same(world.state.totals.get(usageKey(ISSUER, 'old')), { ok: 7 });
  t.end();
});

t.test('totals of many processes are folded, kids that matter by name', (t) => {
  const { world } = begin();
  for (let boot = 0; boot < 8; boot++) {
    const process = world.join('orders', 'a', { boot: String(boot).padStart(32, '0') });
    const junk = Array.from({ length: 200 }, (_, i) => ({
      kid: `junk-${boot}-${i}`,
      outcomes: { bad_signature: 1 },
    }));
    // The first ones fill all the room there is with junk.
    const old = boot < 4 ? [] : [{ kid: 'old', outcomes: { ok: 1 } }];
    process.report({ keys: [OLD], counts: [...junk, ...old] });
    process.crash();
  }
  t.ok((recordOf(world)?.carried.length ?? 0) <= COUNT_ROWS_MAX);
  t.same(world.state.totals.get(usageKey(ISSUER, 'old')), { ok: 4 });
  world.restart();
  t.same(world.state.totals.get(usageKey(ISSUER, 'old')), { ok: 4 });
  t.end();
});

t.test('a process that comes back after a goodbye goes on from what was counted', (t) => {
  const { world, a } = begin();
  a.report(counts(5));
  a.goodbye();
  const back = world.join('orders', 'a', { boot: 'a'.repeat(32) });
  t.equal(back.epoch, 2);
  back.report(counts(6));
  t.same(world.state.totals.get(usageKey(ISSUER, 'old')), { ok: 6 });
  t.end();
});

t.test('the same process with a ledger that began anew', (t) => {
  const { world, a } = begin();
  a.report(counts(5));
  a.goodbye();
  const back = world.join('orders', 'a', { boot: 'a'.repeat(32) });
  t.equal(back.report(counts(1)).result, 'applied', 'not shut out for ever');
  t.same(world.state.totals.get(usageKey(ISSUER, 'old')), { ok: 6 });
  t.end();
});

t.test('the newer of two processes under one name is believed, the other flagged', (t) => {
  const { world, id, a } = rotating();
  a.report();
  const twin = world.join('orders', 'a');
  twin.report({ keys: [OLD, NEW] });
  const ack = a.send(a.make({ keys: [OLD] }));
  t.match(ack, { result: 'superseded', reason: /a newer process reports as orders\/a\/jwks/ });
  t.equal(recordOf(world)?.duplicateAtMs, world.atMs);
  t.same(
    checkOf(world.gate(id, 'activate'), 'fleet_heard').offenders.map((o) => o.state),
    ['duplicate'],
  );
  world.restart();
  world.pass(60_000);
  t.same(
    blockers(world.gate(id, 'activate')),
    ['fleet_heard:unknown'],
    'a restart forgives nothing',
  );
  world.pass(DUPLICATE_REMEMBERED_MS);
  t.equal(world.gate(id, 'activate').status, 'open');
  t.end();
});

t.test('two processes that share a boot id show by their streams', (t) => {
  const { world, id, a } = rotating();
  const fork = world.join('orders', 'a', { boot: '0'.repeat(32), session: 'another stream' });
  fork.seq = a.seq;
  fork.report({ keys: [OLD, NEW] });
  a.send(a.make({ keys: [OLD] }));
  t.same(
    checkOf(world.gate(id, 'activate'), 'fleet_heard').offenders.map((o) => o.state),
    ['duplicate'],
  );
  t.end();
});

t.test('a stream that broke and came back is no second process', (t) => {
  const { world, id, a } = rotating();
  world.take({ type: 'session_ended', session: `session ${'0'.repeat(32)}` });
  const back = world.join('orders', 'a', { boot: '0'.repeat(32), session: 'the next stream' });
  t.equal(back.epoch, a.epoch);
  t.equal(back.seq, a.seq);
  back.report({ keys: [OLD, NEW] });
  t.equal(world.gate(id, 'activate').status, 'open');
  t.end();
});

t.test('a superseded process says no goodbye for the one that took over', (t) => {
  const { world, a } = begin();
  a.report(counts(1));
  const twin = world.join('orders', 'a', { boot: 'b'.repeat(32) });
  twin.report(counts(1));
  a.goodbye();
  t.equal(recordOf(world)?.departedAtMs, null);
  world.pass(120_000);
  twin.goodbye();
  t.equal(recordOf(world)?.departedAtMs, world.atMs, 'nobody else showed itself for long');
  t.equal(twin.report(counts(2)).result, 'rejected', 'after a goodbye a hello comes first');
  t.end();
});

t.test(
  'of two processes under one name, one says goodbye and the other keeps the gate shut',
  (t) => {
    const { world, id, a } = rotating({ services: [serviceOf('pair', { instances: null })] });
    const first = world.join('pair', 'x', { boot: 'a'.repeat(32) });
    first.report({ keys: [OLD] });
    const second = world.join('pair', 'x', { boot: 'b'.repeat(32) });
    second.report({ keys: [OLD, NEW] });
    t.equal(
      first.report({ keys: [OLD] }).result,
      'superseded',
      'it lives, and is told to keep quiet',
    );
    t.not(world.gate(id, 'activate').status, 'open');
    second.goodbye();
    t.not(world.gate(id, 'activate').status, 'open', 'the first one still verifies tokens');
    world.pass(120_000);
    t.match(checkOf(world.gate(id, 'activate'), 'fleet_heard').offenders, [
      { service: 'pair', instance: 'x', state: 'silent' },
    ]);
    // Ten minutes later, or when a person says so.
    const back = world.join('pair', 'x', { boot: 'a'.repeat(32) });
    back.report({ keys: [OLD, NEW] });
    a.report();
    world.pass(DUPLICATE_REMEMBERED_MS);
    t.equal(world.gate(id, 'activate').status, 'open');
    t.end();
  },
);

t.test('counts beyond all bounds stay within what the store takes back', (t) => {
  const { world } = begin();
  const most = Number.MAX_SAFE_INTEGER;
  for (const boot of ['b', 'c', 'd', 'e', 'f']) {
    world.join('orders', 'a', { boot: boot.repeat(32) }).report({
      keys: [OLD],
      counts: [
        {
          kid: 'old',
          outcomes: { ok: most, bad_signature: most },
          withoutExp: most,
          withoutIat: most,
        },
      ],
    });
  }
  const record = recordOf(world);
  t.match(record?.carried, [{ outcomes: { ok: most, bad_signature: most } }]);
  t.ok(verifierSchema.safeParse(record).success);
  const usage = world.state.usage.get(usageKey(ISSUER, 'old'));
  t.match(usage, { acceptedWithoutExp: most, acceptedWithoutIat: most });
  t.ok(usageSchema.safeParse(usage).success);
  t.same(world.state.totals.get(usageKey(ISSUER, 'old')), { ok: most, bad_signature: most });
  t.end();
});

t.test('hellos that are turned away', (t) => {
  const world = new World(policyOf([ORDERS], { verifiersMax: 1 }));
  world.join('orders', 'a');
  t.throws(
    () => world.join('orders', 'b'),
    /at its bound of 1 verifiers; raise policy.max_verifiers/,
  );
  t.equal(world.state.health.refusedVerifiers, 1);
  t.doesNotThrow(() => world.join('orders', 'a'), 'one that is known may return');
  t.end();
});

t.test('a verifier counts for the issuers it named, or its service declares', (t) => {
  const policy = policyOf([ORDERS]);
  const rows: [string, readonly string[], number][] = [
    ['none named', [], 1],
    ['one', [ISSUER], 1],
    ['the same twice', [ISSUER, ISSUER], 1],
    ['one more that nobody configured', [ISSUER, 'https://nobody.test'], 2],
  ];
  for (const [name, issuers, groups] of rows) {
    const world = new World(policy);
    world.join('orders', 'a', { issuers });
    t.equal(world.state.fleet.verifiers.get('orders/a/jwks')?.groups.length, groups, name);
  }
  t.end();
});

t.test('verifiers of an undeclared service are judged by their own profiles', (t) => {
  const profiles = new Map([
    ['good', profileOf({ id: 'good' })],
    ['sticky', profileOf({ id: 'sticky', cachesVerifiedTokens: true, removedKeyAcceptedS: null })],
  ]);
  const { world, id } = rotating({ until: 'retired', policy: { profiles } });
  world.join('stranger', 'a', { profile: 'good' }).report({ keys: [NEW] });
  world.join('stranger', 'b', { profile: 'sticky' }).report({ keys: [NEW] });
  t.same(
    checkOf(world.gate(id, 'purge'), 'drop_time_elapsed').offenders.map((o) => o.instance),
    ['b'],
  );
  t.end();
});

t.test('settings that change across a restart: each is counted as it is declared now', (t) => {
  const services = [serviceOf('orders', { instances: 1 })];
  const { world, id, b } = rotating();
  world.restart({
    policy: { ...world.policy, services: new Map(services.map((s) => [s.name, s])) },
  });
  world.pass(60_000);
  t.equal(world.gate(id, 'activate').status, 'open');
  b.goodbye();
  t.equal(world.gate(id, 'activate').status, 'open', 'one of one is there');
  t.end();
});

t.test('ages of a report become moments of the collector', (t) => {
  const { world, a } = begin();
  const report = a.make({ keys: [OLD], observedAgeMs: 7, dataAgeMs: 11, secretsAgeMs: 13 });
  const [set] = report.keySets;
  if (set === undefined) throw new Error('no key set');
  const told = {
    ...set,
    attemptAgeMs: 17,
    consecutiveFailures: 2,
    lastError: 'timeout',
    nextRefreshInMs: 19,
    cooldownInMs: 23,
    documentSha256: 'ab',
    servedAgeMs: 29,
  } as const;
  t.equal(a.send({ ...report, keySets: [told] }).result, 'applied');
  const at = world.atMs;
  t.match(recordOf(world), { seq: report.seq, receivedAtMs: at, observedAtMs: at - 7 });
  t.same(recordOf(world)?.keySets, [
    {
      issuer: ISSUER,
      keys: [OLD],
      dataAtMs: at - 11,
      attemptAtMs: at - 17,
      consecutiveFailures: 2,
      lastError: 'timeout',
      nextRefreshAtMs: at + 19,
      cooldownUntilMs: at + 23,
      documentSha256: 'ab',
      servedAtMs: at - 29,
      secretsAtMs: at - 13,
    },
  ]);
  const kept = world.store.load().verifiers[0];
  t.same(kept, recordOf(world));
  const nothing = { ...told, dataAgeMs: null, attemptAgeMs: null, servedAgeMs: null };
  const untold = { ...nothing, nextRefreshInMs: null, cooldownInMs: null, secretsAgeMs: null };
  a.send({ ...a.make(), keySets: [untold] });
  t.match(recordOf(world)?.keySets[0], {
    dataAtMs: null,
    attemptAtMs: null,
    nextRefreshAtMs: null,
    cooldownUntilMs: null,
    servedAtMs: null,
    secretsAtMs: null,
  });
  t.end();
});

t.test('acknowledgements say of what', (t) => {
  const { world, a } = begin();
  const report = a.make();
  t.same(a.send(report), { handle: 1, epoch: 1, seq: 1, result: 'applied', reason: '' });
  t.match(a.send({ ...report, epoch: 3 }), { epoch: 3, seq: 1, result: 'rejected' });
  const stranger = { service: 'orders', instance: 'nobody', cache: 'jwks' };
  t.match(world.take({ type: 'report', session: 's', verifier: stranger, report }), {
    ack: {
      result: 'rejected',
      reason: 'handle: expected a verifier named in a hello, got one that is not',
    },
  });
  a.goodbye();
  t.match(a.send({ ...report, seq: 9 }), { result: 'rejected', reason: /^handle: / });
  t.end();
});

t.test('who shows that a second process lives, and until when', (t) => {
  const { world, a } = begin();
  const id = { service: 'orders', instance: 'a', cache: 'jwks' };
  const verifier = () => world.state.fleet.verifiers.get('orders/a/jwks');
  a.report();
  t.equal(verifier()?.contestedUntilMs, 0);
  const fork = { ...a.make(), seq: 2 };
  world.take({ type: 'report', session: 'another', verifier: id, report: fork });
  t.equal(verifier()?.contestedUntilMs, world.atMs + 45_000, 'another stream, one lease');
  t.equal(verifier()?.session, 'another');
  const old = { ...a.make(), epoch: 0, seq: 9 };
  const send = (session: string) =>
    world.take({ type: 'report', session, verifier: id, report: old });
  const writes = () => world.store.load().verifiers[0]?.duplicateAtMs;
  t.match(send('another'), {
    ack: {
      result: 'superseded',
      reason: 'a newer process reports as orders/a/jwks (epoch 1)',
    },
  });
  t.equal(writes(), null, 'its own late report');
  world.atMs += 5;
  send('a third');
  t.equal(verifier()?.contestedUntilMs, world.atMs + DUPLICATE_REMEMBERED_MS);
  t.equal(writes(), world.atMs);
  t.end();
});

t.test('a goodbye counts from the stream that speaks, and not while two do', (t) => {
  const { world, a } = begin();
  const id = { service: 'orders', instance: 'a', cache: 'jwks' };
  const verifier = () => world.state.fleet.verifiers.get('orders/a/jwks');
  a.report();
  const session = verifier()?.session ?? '';
  const bye = (from: string) => world.take({ type: 'goodbye', session: from, verifiers: [id] });
  bye('another');
  t.equal(verifier()?.liveness, 'reporting');
  const twin = verifier();
  if (twin === undefined) throw new Error('no verifier');
  twin.contestedUntilMs = world.atMs + 1;
  bye(session);
  t.match(verifier(), { liveness: 'reporting', session: null }, 'left to its lease');
  a.report();
  twin.contestedUntilMs = world.atMs;
  bye(session);
  t.match(verifier(), { liveness: 'departed', session: null });
  world.take({
    type: 'goodbye',
    session,
    verifiers: [{ ...id, instance: 'nobody' }, id],
  });
  t.end();
});

t.test('what ends with time: leases, contests, probes', (t) => {
  const { world, id, a } = rotating();
  const { state } = world;
  a.report();
  const verifier = state.fleet.verifiers.get('orders/a/jwks');
  if (verifier === undefined) throw new Error('no verifier');
  t.equal(expireLeases(state, world.now()), 0);
  verifier.contestedUntilMs = world.atMs + 5;
  state.fleet.contested.add(verifier);
  state.unevaluated.clear();
  world.atMs += 4;
  expireLeases(state, world.now());
  t.same([...state.unevaluated], []);
  world.atMs += 1;
  expireLeases(state, world.now());
  t.same([...state.unevaluated], [id]);
  t.equal(verifier.contestedUntilMs, 0);
  world.atMs += 60_000;
  t.equal(expireLeases(state, world.now()), 2);
  t.equal(verifier.liveness, 'silent');
  t.equal(verifier.livenessSinceMs, world.atMs);
  t.equal(verifier.standings.get(id)?.holdsNew, 'silent');
  t.end();
});
