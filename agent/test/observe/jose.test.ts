import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { UnsecuredJWT } from 'jose';
import * as jose from 'jose';
import t from 'tap';
import { observeJose } from '../../src/index.ts';
import { JwksServer, type SigningKey, signingKey, tokenOf } from './jwks-server.ts';
import { nextTurns, type Observed, observed } from './observed.ts';

const ISSUER = 'https://login.example.com';
const [k1, k2, stranger] = await Promise.all([
  signingKey('k1'),
  signingKey('k2'),
  signingKey('stranger'),
]);

type Teardown = Pick<typeof t, 'teardown'>;

async function serving(t: Teardown, keys: readonly SigningKey[] = [k1]): Promise<JwksServer> {
  const server = await new JwksServer(keys).start();
  t.teardown(() => server.stop());
  return server;
}

interface Scene extends Observed {
  readonly server: JwksServer;
  readonly keySet: jose.RemoteJWKSet;
  /** Verifies; the error's code, or `ok`. */
  readonly verify: (token: string, options?: jose.JWTVerifyOptions) => Promise<string>;
}

async function scene(
  t: Teardown,
  options: jose.RemoteJWKSetOptions = {},
  keys: readonly SigningKey[] = [k1],
): Promise<Scene> {
  const server = await serving(t, keys);
  const seen = observed({ issuer: ISSUER });
  t.teardown(() => seen.agent.close());
  const { createRemoteJWKSet, jwtVerify } = observeJose(jose, seen.agent);
  const keySet = createRemoteJWKSet(server.url, options);
  const verify = async (token: string, verifyOptions: jose.JWTVerifyOptions = {}) => {
    try {
      await jwtVerify(token, keySet, { issuer: ISSUER, ...verifyOptions });
      return 'ok';
    } catch (error) {
      return (error as { code?: string }).code ?? (error as Error).message;
    } finally {
      await nextTurns();
    }
  };
  return { ...seen, server, keySet, verify };
}

t.test('a good token: keys with thumbprints, age, refresh, cooldown, claims', async (t) => {
  const { verify, row, set, uplink } = await scene(t, {}, [k1, k2]);
  t.equal(set(), undefined, 'nothing is claimed before anything is known');
  t.equal(await verify(await tokenOf(k1, ISSUER, { iat: 1_000, exp: 9_999_999_999 })), 'ok');
  t.match(row('k1'), {
    outcomes: { ok: 1 },
    highestIat: 1_000,
    highestExp: 9_999_999_999,
    longestLifetimeS: 9_999_998_999,
    acceptedWithoutExp: 0,
  });
  const held = set();
  t.same(held?.keys, [
    { kid: 'k1', thumbprint: await jose.calculateJwkThumbprint(k1.jwk), alg: 'ES256' },
    { kid: 'k2', thumbprint: await jose.calculateJwkThumbprint(k2.jwk), alg: 'ES256' },
  ]);
  t.match(held, { issuer: ISSUER, consecutiveFailures: 0, lastError: null });
  t.ok((held?.dataAgeMs ?? Infinity) < 5_000);
  t.ok((held?.nextRefreshInMs ?? 0) > 590_000);
  t.ok((held?.cooldownInMs ?? 0) > 25_000);
  t.match(uplink.ledgers[0], { profile: 'npm-jose', source: 'in_process', issuers: [ISSUER] });
});

t.test('what jose returns and throws is untouched', async (t) => {
  const { server, agent, uplink } = await scene(t);
  const wrapped = observeJose(jose, agent);
  const keySet = wrapped.createRemoteJWKSet(server.url);
  const token = await tokenOf(k1, ISSUER, { sub: 'me' });
  const { payload, protectedHeader } = await wrapped.jwtVerify<{ extra?: string }>(token, keySet);
  t.equal(payload.sub, 'me');
  t.equal(protectedHeader.kid, 'k1');
  t.equal(keySet.fresh, true);
  t.equal(keySet.coolingDown, true);
  await t.rejects(wrapped.jwtVerify(token, keySet, { audience: 'x' }), {
    code: 'ERR_JWT_CLAIM_VALIDATION_FAILED',
    claim: 'aud',
  });
  t.equal((await wrapped.jwtVerify(token, k1.jwk)).payload.sub, 'me', 'static keys pass through');
  const before = uplink.ledgers.length;
  t.throws(() => wrapped.createRemoteJWKSet('no URL' as unknown as URL), TypeError);
  t.equal(uplink.ledgers.length, before, 'no verifier is made up');
});

t.test('refused tokens, each by its reason', async (t) => {
  const nowS = Math.floor(Date.now() / 1_000);
  const good = await tokenOf(k1, ISSUER);
  const forged = await tokenOf(stranger, ISSUER, {}, { kid: 'k1' });
  const rows: readonly {
    readonly what: string;
    readonly token: string;
    readonly options?: jose.JWTVerifyOptions;
    readonly row: string;
    readonly outcome: string;
  }[] = [
    { what: 'bad signature', token: forged, row: 'k1', outcome: 'bad_signature' },
    {
      what: 'expired',
      token: await tokenOf(k1, ISSUER, { exp: nowS - 10 }),
      row: 'k1',
      outcome: 'expired',
    },
    {
      what: 'not yet valid',
      token: await tokenOf(k1, ISSUER, { nbf: nowS + 600 }),
      row: 'k1',
      outcome: 'not_yet_valid',
    },
    {
      what: 'issued in the future',
      token: await tokenOf(k1, ISSUER, { iat: nowS + 600 }),
      options: { maxTokenAge: 60 },
      row: 'k1',
      outcome: 'not_yet_valid',
    },
    {
      what: 'audience',
      token: good,
      options: { audience: 'somebody' },
      row: 'k1',
      outcome: 'claims',
    },
    {
      what: 'alg not allowed',
      token: good,
      options: { algorithms: ['RS256'] },
      row: 'k1',
      outcome: 'alg_rejected',
    },
    {
      what: 'alg of a shared secret',
      token: await new jose.SignJWT({ iss: ISSUER })
        .setProtectedHeader({ alg: 'HS256', kid: 'k1' })
        .sign(new Uint8Array(32)),
      row: 'k1',
      outcome: 'alg_rejected',
    },
    {
      what: 'unsecured',
      token: new UnsecuredJWT({}).encode(),
      row: 'none',
      outcome: 'alg_rejected',
    },
    { what: 'not a token', token: 'nonsense', row: 'none', outcome: 'malformed' },
    { what: 'empty parts', token: '..', row: 'none', outcome: 'malformed' },
  ];
  for (const { what, token, options, row: name, outcome } of rows) {
    const { verify, row, uplink } = await scene(t);
    t.not(await verify(token, options), 'ok', what);
    t.same(row(name)?.outcomes, { [outcome]: 1 }, what);
    t.equal(row(name)?.highestExp, null, `${what}: claims of refused tokens are not kept`);
    t.equal(uplink.report().counts.length, 1);
  }
});

t.test('unknown kid: refetched and still unknown, throttled, expired', async (t) => {
  const { verify, row, server } = await scene(t);
  const live = await tokenOf(stranger, ISSUER);
  t.equal(await verify(live), 'ERR_JWKS_NO_MATCHING_KEY');
  t.same(row('stranger')?.outcomes, { unknown_kid: 1 }, 'the set was fetched for it');
  t.equal(await verify(live), 'ERR_JWKS_NO_MATCHING_KEY');
  t.same(row('stranger')?.outcomes, { unknown_kid: 1, unknown_kid_throttled: 1 });
  t.equal(server.requests, 1);
  const expired = await tokenOf(stranger, ISSUER, { exp: 1_000 });
  await verify(expired);
  t.match(row('stranger')?.outcomes, { unknown_kid_expired_token: 1 });
});

t.test('unknown kid after the cooldown: one refetch, and the new key is known', async (t) => {
  const { verify, row, set, server } = await scene(t, { cooldownDuration: 0 });
  t.equal(await verify(await tokenOf(k1, ISSUER)), 'ok');
  t.equal(await verify(await tokenOf(stranger, ISSUER)), 'ERR_JWKS_NO_MATCHING_KEY');
  t.same(row('stranger')?.outcomes, { unknown_kid: 1 });
  server.keys = [k1.jwk, k2.jwk];
  t.equal(await verify(await tokenOf(k2, ISSUER)), 'ok');
  t.same(
    set()?.keys.map(({ kid }) => kid),
    ['k1', 'k2'],
  );
});

t.test('no kid: fine with one key, ambiguous with two', async (t) => {
  const token = await tokenOf(k1, ISSUER, {}, { kid: undefined });
  const one = await scene(t);
  t.equal(await one.verify(token), 'ok');
  t.same(one.row('none')?.outcomes, { ok: 1 });
  const two = await scene(t, {}, [k1, k2]);
  t.equal(await two.verify(token), 'ERR_JWKS_MULTIPLE_MATCHING_KEYS');
  t.same(two.row('none')?.outcomes, { key_ambiguous: 1 });
});

t.test('an endpoint that does not give keys', async (t) => {
  const answers = [
    ['status', { status: 503, body: '' }],
    ['not_json', { status: 200, body: '<html>' }],
    ['invalid', { status: 200, body: '{"keys":"none"}' }],
    ['timeout', 'hang'],
  ] as const;
  for (const [lastError, answer] of answers) {
    const { verify, row, set, server } = await scene(t, { timeoutDuration: 100 });
    server.answer = answer;
    const token = await tokenOf(k1, ISSUER);
    await verify(token);
    await verify(token);
    t.same(row('k1')?.outcomes, { jwks_unavailable: 2 }, lastError);
    t.match(set(), { lastError, consecutiveFailures: 2, keys: [], dataAgeMs: null }, lastError);
    server.answer = undefined;
    t.equal(await verify(token), 'ok');
    t.match(set(), { lastError: null, consecutiveFailures: 0, keys: [{ kid: 'k1' }] });
  }
  const { verify, row, set, server } = await scene(t);
  await server.stop();
  await verify(await tokenOf(k1, ISSUER));
  t.same(row('k1')?.outcomes, { jwks_unavailable: 1 });
  t.match(set(), { lastError: 'network', consecutiveFailures: 1 });
});

t.test('a refused document does not pass for fresh data', async (t) => {
  const { verify, set, server, keySet } = await scene(t);
  await verify(await tokenOf(k1, ISSUER));
  await new Promise((resolve) => setTimeout(resolve, 30));
  server.answer = { status: 200, body: '{"keys":[42]}' };
  await t.rejects(keySet.reload());
  await nextTurns();
  t.match(set(), { lastError: 'invalid', consecutiveFailures: 1, keys: [{ kid: 'k1' }] });
  t.ok((set()?.dataAgeMs ?? 0) >= 30, 'the age is that of the keys in use');
});

t.test('data is as old as the caches before it say', async (t) => {
  const { verify, set, server } = await scene(t);
  server.headers = { age: '120' };
  await verify(await tokenOf(k1, ISSUER));
  const { dataAgeMs, cooldownInMs } = set() ?? {};
  t.ok((dataAgeMs ?? 0) >= 120_000);
  t.ok((cooldownInMs ?? 0) > 25_000, 'the cooldown runs from the fetch');
});

t.test("the user's own cache and fetch go on working", async (t) => {
  const server = await serving(t);
  const seen = observed({ issuer: ISSUER });
  const { createRemoteJWKSet, jwtVerify } = observeJose(jose, seen.agent, { cache: 'mine' });
  const cache: jose.JWKSCacheInput = {};
  let fetched = 0;
  const keySet = createRemoteJWKSet(server.url, {
    [jose.jwksCache]: cache,
    [jose.customFetch]: (url, options) => {
      fetched += 1;
      return fetch(url, options);
    },
  });
  await jwtVerify(await tokenOf(k1, ISSUER), keySet);
  await nextTurns();
  t.equal(fetched, 1);
  t.match(cache, { jwks: { keys: [{ kid: 'k1' }] }, uat: Number });
  t.equal(seen.uplink.ledgers[0]?.id.cache, 'mine');

  const seeded = observed({ issuer: ISSUER });
  const second = observeJose(jose, seeded.agent);
  second.createRemoteJWKSet(server.url, {
    [jose.jwksCache]: { jwks: { keys: [k2.jwk] }, uat: Date.now() - 60_000 },
  });
  t.match(seeded.set(), { keys: [{ kid: 'k2' }], attemptAgeMs: null });
  t.ok((seeded.set()?.dataAgeMs ?? 0) >= 60_000);
  await seeded.agent.close();
  await seen.agent.close();
});

t.test(
  'several issuers: by URL, by accepted tokens, and never by what refused ones claim',
  async (t) => {
    const server = await serving(t);
    const other = 'https://other.example.com';
    const seen = observed({
      issuers: [{ issuer: ISSUER, jwksUri: server.url.href }, other, 'https://third.example.com'],
    });
    t.teardown(() => seen.agent.close());
    const { createRemoteJWKSet, jwtVerify } = observeJose(jose, seen.agent);
    const keySet = createRemoteJWKSet(server.url);
    await jwtVerify(await tokenOf(k1, other), keySet);
    await jwtVerify(await tokenOf(stranger, 'https://third.example.com'), keySet).catch(() => 0);
    await jwtVerify(await tokenOf(stranger, 'https://evil.example.com'), keySet).catch(() => 0);
    await jwtVerify(await tokenOf(k1, 'https://evil.example.com'), keySet);
    await nextTurns();
    const report = seen.uplink.report();
    t.same(
      report.keySets.map(({ issuer }) => issuer),
      [ISSUER, other],
    );
    t.same(
      report.counts.map(({ issuer, outcomes }) => [issuer, outcomes]),
      [
        [other, { ok: 1 }],
        ['https://third.example.com', { unknown_kid_throttled: 1 }],
      ],
    );
    t.equal(seen.uplink.ledgers[0]?.foreignIssuerCounts, 2);
  },
);

t.test('key sets of several issuers: none stands for the issuers of another', async (t) => {
  const [a, b] = await Promise.all([serving(t), serving(t, [k2])]);
  const [issuerA, issuerB] = ['https://a.example.com', 'https://b.example.com'];
  const seen = observed({
    issuers: [
      { issuer: issuerA, jwksUri: a.url.href },
      { issuer: issuerB, jwksUri: b.url.href },
    ],
  });
  t.teardown(() => seen.agent.close());
  const { createRemoteJWKSet } = observeJose(jose, seen.agent);
  const kept = [a.url, b.url, new URL('/elsewhere', a.url)].map((url) => createRemoteJWKSet(url));
  t.equal(kept.length, 3);
  t.same(
    seen.uplink.ledgers.map(({ issuers }) => issuers),
    [[issuerA], [issuerB], [issuerA, issuerB]],
    'only where it is not known which, all are named',
  );
});

t.test('a jose that cannot be observed works unobserved, and is told', async (t) => {
  const server = await serving(t);
  const seen = observed({ issuer: ISSUER });
  t.teardown(() => seen.agent.close());
  // 6.0.0 to 6.0.7 declare customFetch and do not export it.
  const { customFetch: _, ...older } = jose;
  const { createRemoteJWKSet, jwtVerify } = observeJose(older as typeof jose, seen.agent);
  const token = await tokenOf(k1, ISSUER);
  await jwtVerify(token, createRemoteJWKSet(server.url));
  t.match(seen.told, [{ kind: 'fault', where: 'jose.observe', message: /has since 6\.0\.8$/ }]);
});

t.test('several key sets are several verifiers', async (t) => {
  const server = await serving(t);
  const seen = observed({ issuer: ISSUER });
  t.teardown(() => seen.agent.close());
  const { createRemoteJWKSet } = observeJose(jose, seen.agent);
  const kept = Array.from({ length: 40 }, () => createRemoteJWKSet(server.url));
  t.equal(kept.length, 40);
  t.equal(seen.uplink.ledgers.length, 32, 'more work unobserved');
  t.same(
    seen.uplink.ledgers.slice(0, 3).map(({ id }) => id.cache),
    ['jose', 'jose-2', 'jose-3'],
  );
  t.match(seen.told, [{ kind: 'fault', where: 'jose.observe' }]);
});

t.test('a key set that is no longer used says goodbye', async (t) => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const server = await serving(t);
  const seen = observed({ issuer: ISSUER });
  t.teardown(() => seen.agent.close());
  const { createRemoteJWKSet, jwtVerify } = observeJose(jose, seen.agent);
  const kept = createRemoteJWKSet(server.url);
  const useOnce = async () => {
    await jwtVerify(await tokenOf(k1, ISSUER), createRemoteJWKSet(server.url));
  };
  await useOnce();
  for (let i = 0; i < 50 && seen.uplink.removed.length === 0; i += 1) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  t.same(
    seen.uplink.removed.map(({ id }) => id.cache),
    ['jose-2'],
  );
  t.ok(kept);
});

t.test('options are read as jose reads them', async (t) => {
  const { server, agent } = await scene(t);
  class Options {
    get cacheMaxAge() {
      return 0;
    }
  }
  const keySet = observeJose(jose, agent).createRemoteJWKSet(server.url, new Options());
  await keySet.reload();
  t.equal(keySet.fresh, false);
});

t.test('compactVerify and resolvers of your own', async (t) => {
  const server = await serving(t);
  const seen = observed({ issuer: ISSUER });
  t.teardown(() => seen.agent.close());
  const { createRemoteJWKSet, compactVerify, jwtVerify, resolver } = observeJose(jose, seen.agent);
  const keySet = createRemoteJWKSet(server.url);
  const getKey = resolver(
    (header: jose.JWTHeaderParameters, jws: jose.FlattenedJWSInput) => keySet(header, jws),
    keySet,
  );
  const token = await tokenOf(k1, ISSUER, { exp: 9_999_999_999 });
  await compactVerify(token, keySet);
  await jwtVerify(token, getKey);
  await compactVerify(await tokenOf(stranger, ISSUER, {}, { kid: 'k1' }), getKey).catch(() => 0);
  t.match(seen.row('k1'), { outcomes: { ok: 2, bad_signature: 1 }, highestExp: 9_999_999_999 });
});

t.test('faults of the agent stay with the agent', async (t) => {
  const { verify, agent, uplink, told } = await scene(t);
  uplink.changed = () => {
    throw new Error('broken inside');
  };
  t.equal(await verify(await tokenOf(k1, ISSUER)), 'ok');
  t.equal(await verify(await tokenOf(stranger, ISSUER)), 'ERR_JWKS_NO_MATCHING_KEY');
  t.equal(await verify(await tokenOf(k1, ISSUER, { exp: 1 })), 'ERR_JWT_EXPIRED');
  t.match(told.flatMap((event) => (event.kind === 'fault' ? [event.where] : [])).sort(), [
    'jose.accepted',
    'jose.read',
    'jose.refused',
  ]);
  t.equal(agent.faults.get('jose.refused'), 2, 'counted each time, told once');
});

t.test('an idle cache is nudged to fetch a watched key, at growing distances', async (t) => {
  let nowMs = 0;
  const timers = new Set<{ atMs: number; callback: () => void }>();
  const clock = {
    wallMs: () => Date.now(),
    monotonicMs: () => nowMs,
    after: (delayMs: number, callback: () => void) => {
      const timer = { atMs: nowMs + delayMs, callback };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  };
  const wait = async (ms: number) => {
    for (const endMs = nowMs + ms; nowMs < endMs; ) {
      nowMs += 1_000;
      for (const timer of timers) {
        if (timer.atMs > nowMs) continue;
        timers.delete(timer);
        timer.callback();
      }
      while (keySet.reloading) await nextTurns();
      await nextTurns();
    }
  };
  const server = await serving(t);
  const seen = observed({ issuer: ISSUER }, clock);
  const { createRemoteJWKSet } = observeJose(jose, seen.agent);
  const keySet = createRemoteJWKSet(server.url);
  await wait(5_000);
  t.equal(server.requests, 0, 'nothing watched, nothing fetched');
  seen.uplink.ledgers[0]?.watch([{ issuer: ISSUER, kid: 'k2', secret: false }]);
  await wait(3_000);
  t.equal(server.requests, 1);
  t.same(
    seen.set()?.keys.map(({ kid }) => kid),
    ['k1'],
  );
  await wait(50_000);
  t.equal(server.requests, 1);
  server.keys = [k1.jwk, k2.jwk];
  await wait(10_000);
  t.equal(server.requests, 2);
  t.same(
    seen.set()?.keys.map(({ kid }) => kid),
    ['k1', 'k2'],
  );
  await wait(200_000);
  t.equal(server.requests, 2, 'it has what is watched');
  seen.uplink.ledgers[0]?.watch([{ issuer: ISSUER, kid: 'k3', secret: false }]);
  server.answer = { status: 500, body: '' };
  await wait(300_000);
  t.equal(server.requests, 3, 'an endpoint that fails is left alone');
  server.answer = undefined;
  await wait(310_000);
  t.equal(server.requests, 4, 'but not for ever');
  await seen.agent.close();
  t.equal(timers.size, 0);
});

t.test('canary tokens are not counted: no client uses them', async (t) => {
  const { verify, row } = await scene(t, {}, [k1]);
  const canary = { aud: 'keyturn-canary', iat: 1_000, exp: 9_999_999_999 };
  t.equal(await verify(await tokenOf(k1, ISSUER, canary)), 'ok');
  t.equal(await verify(await tokenOf(k1, ISSUER, { ...canary, aud: ['keyturn-canary'] })), 'ok');
  t.equal(
    await verify(await tokenOf(stranger, ISSUER, canary)),
    'ERR_JWKS_NO_MATCHING_KEY',
    'as jose has it',
  );
  t.equal(row('k1'), undefined);
  t.equal(row('stranger'), undefined);
  t.equal(
    await verify(await tokenOf(k1, ISSUER, { ...canary, aud: ['keyturn-canary', 'x'] })),
    'ok',
  );
  t.match(row('k1'), { outcomes: { ok: 1 } }, 'an audience beside it makes it a real token');
});
