import t from 'tap';
import { NEW, OLD, probingCollector } from './probing-collector.ts';

t.test('nothing goes out before it may', async (t) => {
  const world = await probingCollector();
  t.teardown(() => world.close());
  const line = await world.join('a');
  t.match(await world.handOver(), { ok: false, result: { refusal: { field: 'next' } } });
  await world.publish();
  await world.pass(2_000);
  t.same(line.sent, [], 'no canaries are at hand');
  t.match(await world.handOver(), { ok: true });
  await world.pass(500);
  t.equal(line.sent.length, 1);
  const [probe] = line.sent[0]?.probes ?? [];
  t.match(probe, {
    handle: 7,
    issuer: 'https://issuer.test',
    expiresInMs: 30_000,
    apartMs: 10_000,
  });
  t.same(
    probe?.canaries.map(({ role }) => role),
    ['next', 'current', 'bogus'],
  );
  t.equal(new Set(probe?.canaries.map(({ token }) => token)).size, 3);
  await world.pass(60_000);
  t.equal(line.sent.length, 1, 'no second before the first is answered or lost');
  await world.pass(11_000);
  t.equal(line.sent.length, 2);
  line.leave();
  await world.pass(100_000);
  t.equal(line.sent.length, 2, 'who left is not asked');
});

t.test('what is under way is taken back as soon as the JWKS cannot be trusted', async (t) => {
  const rows = [
    ['a vantage lacks the key', (world: Collector) => world.sight([OLD.ref])],
    ['the old key is gone', (world: Collector) => world.sight([NEW.ref])],
    [
      'a fetch fails',
      (world: Collector) =>
        world.done(
          world.engine.sighting({
            issuer: 'https://issuer.test',
            vantage: 'https://issuer.test/jwks',
            result: { ok: false, error: 'status', message: 'expected status 200, got 500' },
          }),
        ),
    ],
    [
      'the rotation is aborted',
      (world: Collector) =>
        world.done(
          world.engine.act({
            type: 'declare',
            by: 'tester',
            rotationId: 'r-1',
            step: 'abort',
            overrideReason: null,
          }),
        ),
    ],
  ] as const;
  type Collector = Awaited<ReturnType<typeof probingCollector>>;
  for (const [what, spoil] of rows) {
    const world = await probingCollector();
    const line = await world.join('a');
    await world.publish();
    await world.handOver();
    await world.pass(500);
    const id = line.sent[0]?.probes[0]?.id;
    await spoil(world);
    await world.pass(500);
    t.same(line.sent[1], { probes: [], withdrawnIds: [id] }, what);
    await world.pass(100_000);
    t.equal(line.sent.length, 2, `${what}: and no other follows`);
    world.close();
  }
});

t.test('so many verifiers a second', async (t) => {
  const world = await probingCollector({ perSecond: 4 });
  t.teardown(() => world.close());
  const lines = await Promise.all(Array.from({ length: 30 }, (_, i) => world.join(`i${i}`)));
  const probed = () => lines.filter(({ sent }) => sent.length > 0).length;
  await world.publish();
  await world.handOver();
  const before = probed();
  await world.pass(1_000);
  t.ok(probed() - before >= 3 && probed() - before <= 5, `${probed()} in a second`);
  await world.pass(8_000);
  t.equal(probed(), 30, 'and everybody in the end');
  t.ok(
    lines.every(({ sent }) => sent.length === 1),
    'each once',
  );
});

t.test('canaries end: by time, with the rotation, with the process', async (t) => {
  const world = await probingCollector();
  t.teardown(() => world.close());
  await world.publish();
  await world.handOver({ lifetimeS: 60 });
  t.match(world.canaries.of('r-1'), { by: 'pipeline', rotationId: 'r-1' });
  world.clock.advance(61_000);
  t.equal(world.canaries.of('r-1'), undefined);
  t.same(world.canaries.all(), []);
  await world.handOver();
  t.ok(world.canaries.of('r-1'));
  await world.done(
    world.engine.act({
      type: 'declare',
      by: 'tester',
      rotationId: 'r-1',
      step: 'abort',
      overrideReason: null,
    }),
  );
  t.equal(world.canaries.of('r-1'), undefined);
  t.match(await world.handOver(), { ok: false, result: { refusal: { code: 'conflict' } } });
});

t.test('the trail says who and until when, and no token is in it or in the store', async (t) => {
  const world = await probingCollector();
  t.teardown(() => world.close());
  await world.publish();
  const held = await world.handOver();
  if (!held.ok) throw new Error('refused');
  await world.handOver({ next: held.held.canaries[1]?.token ?? '' });
  const entries = world.store.audit({ after: 0, limit: 100 });
  t.match(
    entries.filter(({ action }) => action === 'hand_over_canaries'),
    [
      { kind: 'act', actor: 'pipeline', message: /hands over canary tokens that are good until/ },
      { kind: 'refusal', actor: 'pipeline', message: /refused, expected new$/ },
    ],
  );
  const everything = JSON.stringify([entries, world.store.load()]);
  for (const { token } of held.held.canaries) {
    for (const part of token.split('.').slice(1)) t.notOk(everything.includes(part));
  }
});

t.test('an issuer without a canary section takes none', async (t) => {
  const world = await probingCollector();
  t.teardown(() => world.close());
  const state = world.engine.state();
  const issuer = state.policy.issuers.get('https://issuer.test');
  Object.assign(issuer ?? {}, { canary: null });
  t.match(await world.handOver(), {
    ok: false,
    result: { refusal: { code: 'conflict', message: /issuers\[\]\.canary is not set/ } },
  });
});
