import t from 'tap';
import { ISSUER } from '../../support/policies.ts';
import { BOTH_SECRETS, holding, secretRotating } from '../../support/secret-rotating.ts';
import { blockers, checkOf } from '../../support/world.ts';

const HOUR_MS = 3_600_000;
const TMAX_S = 600;

/** The issuer's clock is behind the collector's by this much; nothing else tells of it. */
const BEHIND_MS = 2 * HOUR_MS;

/** A switched rotation whose issuer dates its tokens by a clock that is behind. */
function behind(behindMs: number) {
  const rotation = secretRotating({ until: 'held' });
  const { world, id, a, b } = rotation;
  world.declare(id, 'activate', 'the table says so');
  const issuerS = () => Math.floor((world.atMs - behindMs) / 1_000);
  const row = (kid: string, ok: number) => ({
    kid,
    outcomes: { ok },
    iatS: issuerS(),
    expS: issuerS() + TMAX_S,
    lifetimeS: TMAX_S,
  });
  /** Both instances count tokens signed at this moment, so many in all. */
  const accept = (rows: readonly (readonly [kid: string, ok: number])[]) => {
    const counts = rows.map(([kid, ok]) => row(kid, ok));
    for (const verifier of [a, b]) verifier.report(holding(BOTH_SECRETS, { counts }));
  };
  return { ...rotation, accept };
}

t.test('elapsed time of the collector is enough for tokens of before the switch', async (t) => {
  for (const behindMs of [0, -BEHIND_MS]) {
    const { world, id, accept } = behind(behindMs);
    accept([
      ['s1', 5],
      ['s2', 1],
    ]);
    const switchedAtMs = world.atMs;
    while (world.gate(id, 'retire').status !== 'open') world.pass(60_000);
    const waitedMs = world.atMs - switchedAtMs;
    t.ok(waitedMs >= (TMAX_S + 10 + 60) * 1_000, 'one lifetime, the skew and the margin');
    if (behindMs === 0) t.ok(waitedMs <= (TMAX_S + 10 + 60 + 120) * 1_000);
  }
});

t.test('a clock that is behind never opens for a late signer', async (t) => {
  const { world, id, accept } = behind(BEHIND_MS);
  accept([
    ['s1', 5],
    ['s2', 1],
  ]);
  t.same(
    blockers(world.gate(id, 'retire')).includes('new_key_in_use:unknown'),
    true,
    'a token dated before the switch shows no switch',
  );
  world.pass(BEHIND_MS + 60_000);
  accept([
    ['s1', 5],
    ['s2', 2],
  ]);
  t.match(checkOf(world.gate(id, 'retire'), 'clock_agrees'), {
    status: 'pass',
    message: /at most \d{4} s behind/,
  });
  // A replica still signs with the old secret, before the old tokens end: two hours ago, says its clock.
  world.pass(500_000);
  accept([
    ['s1', 6],
    ['s2', 3],
  ]);
  const lastSignedMs = world.atMs;
  let openedMs: number | null = null;
  for (let minute = 0; minute < 300 && openedMs === null; minute++) {
    world.pass(60_000);
    if (world.gate(id, 'retire').status === 'open') openedMs = world.atMs;
  }
  t.ok(openedMs !== null, 'it opens in the end');
  t.ok((openedMs ?? 0) >= lastSignedMs + TMAX_S * 1_000, 'and not while the late token lives');
});

t.test('a restart on a clock that is ahead makes no token older', async (t) => {
  const { world, id, accept } = behind(0);
  accept([
    ['s1', 5],
    ['s2', 1],
  ]);
  world.pass(60_000);
  world.stepWall(HOUR_MS);
  world.restart();
  const verifiers = ['a', 'b'].map((name) => world.join('orders', name, { cacheKind: 'secret' }));
  const report = (ok: number) => {
    const iatS = Math.floor((world.atMs - HOUR_MS) / 1_000);
    const row = { kid: 's2', outcomes: { ok }, iatS, expS: iatS + TMAX_S, lifetimeS: TMAX_S };
    for (const verifier of verifiers) {
      verifier.report(holding(BOTH_SECRETS, ok > 0 ? { counts: [row] } : {}));
    }
  };
  report(0);
  world.pass(120_000);
  t.same(blockers(world.gate(id, 'retire')), ['clock_agrees:unknown']);
  report(1);
  t.match(checkOf(world.gate(id, 'retire'), 'clock_agrees').message, /at most 36\d\d s behind/);
  const atMs = world.atMs;
  while (world.gate(id, 'retire').status !== 'open') world.pass(60_000);
  t.ok(
    world.atMs - atMs >= (TMAX_S + 10 + 60 - 200) * 1_000,
    'the whole wait, but what had passed',
  );
  t.ok(world.atMs - atMs <= (TMAX_S + 10 + 60) * 1_000, 'and not the hour');
});

t.test('tokens that do not say when they were signed confirm no clock', async (t) => {
  const { world, id, a, b } = secretRotating({ until: 'held' });
  world.declare(id, 'activate', 'the table says so');
  for (const verifier of [a, b]) {
    const counts = [{ kid: 's2', outcomes: { ok: 1 }, withoutIat: 1, lifetimeS: 300 }];
    verifier.report(holding(BOTH_SECRETS, { counts }));
  }
  world.pass(24 * HOUR_MS);
  t.same(blockers(world.gate(id, 'retire')), ['clock_agrees:unknown']);
  t.match(checkOf(world.gate(id, 'retire'), 'clock_agrees').help, /iat/);
  t.equal(checkOf(world.gate(id, 'activate'), 'clock_agrees').status, 'pass', 'asks no clock');
});

t.test('a declared lifetime goes on counting for a secret when settings lower it', async (t) => {
  const { world, id } = secretRotating({ until: 'switched' });
  const long = world.policy.issuers.get(ISSUER);
  if (long === undefined) throw new Error('no issuer');
  const withLifetime = (maxTokenLifetimeMs: number) => ({
    ...world.policy,
    issuers: new Map([[ISSUER, { ...long, maxTokenLifetimeMs }]]),
  });
  const lifetimeOf = () =>
    [...(world.state.issuers.get(ISSUER)?.keys.values() ?? [])].map(
      (record) => record.declaredLifetimeMs,
    );
  world.restart({ policy: withLifetime(5 * HOUR_MS) });
  world.take({ type: 'tick' });
  world.restart({ policy: withLifetime(60_000) });
  t.same(lifetimeOf(), [5 * HOUR_MS, 5 * HOUR_MS]);
  world.pass(2 * HOUR_MS);
  t.match(checkOf(world.gate(id, 'retire'), 'old_tokens_expired'), { status: 'fail' });
});
