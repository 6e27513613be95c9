import type { Gate } from '@keyturn/shared/model/verdict.ts';
import t from 'tap';
import { phaseOf } from '../../../src/core/rotation.ts';
import { LEDGER, MOBILE } from '../../support/acts.ts';
import { keyOf, NEW, OLD, profileOf, serviceOf, VANTAGE } from '../../support/policies.ts';
import {
  afterSwitch,
  BOTH_SECRETS,
  holding,
  NEW_SECRET,
  OLD_SECRET,
  secretPolicy,
  type SecretOptions,
  type SecretRotating,
  secretRotating,
  startSecret,
} from '../../support/secret-rotating.ts';
import { blockers, checkOf, World } from '../../support/world.ts';

const HS512 = { ...NEW_SECRET, alg: 'HS512' };

interface Situation extends SecretOptions {
  readonly when: string;
  readonly change?: (rotation: SecretRotating) => void;
  readonly gate: Gate;
  /** Empty: the gate is open. */
  readonly blockers: readonly string[];
}

const SITUATIONS: readonly Situation[] = [
  { when: 'nobody has it', until: 'started', gate: 'publish', blockers: [] },
  {
    when: 'nobody has it',
    until: 'started',
    gate: 'activate',
    blockers: ['new_key_known:fail'],
  },
  { when: 'everybody says so', gate: 'activate', blockers: [] },
  {
    when: 'one lacks it',
    change: ({ b }) => void b.report(holding([OLD_SECRET])),
    gate: 'activate',
    blockers: ['new_key_known:fail'],
  },
  {
    when: 'one holds the id for another algorithm',
    change: ({ b }) => void b.report(holding([OLD_SECRET, HS512])),
    gate: 'activate',
    blockers: ['new_key_known:fail'],
  },
  {
    when: 'one holds a public key under the id',
    change: ({ b }) => void b.report(holding([...BOTH_SECRETS, keyOf('s2')])),
    gate: 'activate',
    blockers: ['new_key_known:fail'],
  },
  {
    when: 'one says nothing of secrets, only of keys',
    change: ({ b }) => void b.report({ keys: [OLD, NEW] }),
    gate: 'activate',
    blockers: ['new_key_known:fail', 'old_key_held:unknown'],
  },
  {
    when: 'one lists the id without saying that the list is whole',
    change: ({ b }) => void b.report({ keys: BOTH_SECRETS, dataAgeMs: null }),
    gate: 'activate',
    blockers: ['new_key_known:fail', 'old_key_held:unknown'],
  },
  {
    when: 'one report speaks of before the start',
    change: ({ b }) => void b.report(holding(BOTH_SECRETS, { observedAgeMs: 120_000 })),
    gate: 'activate',
    blockers: ['new_key_known:fail'],
  },
  {
    when: 'one has replaced the old secret by it',
    change: ({ b }) => void b.report(holding([NEW_SECRET])),
    gate: 'activate',
    blockers: ['old_key_held:fail'],
  },
  {
    when: 'one is silent',
    change: ({ world }) => {
      world.pass(60_000, { silent: ['orders/b'] });
    },
    gate: 'activate',
    blockers: ['old_key_held:unknown', 'fleet_heard:unknown'],
  },
  {
    when: 'one instance tells of its JWKS cache alone',
    orders: { instances: 3 },
    change: ({ world }) => {
      world.join('orders', 'c', { cacheKind: 'public' }).report({ keys: [OLD] });
    },
    gate: 'activate',
    blockers: ['fleet_heard:unknown'],
  },
  {
    when: 'a JWKS cache stands beside the secrets of an instance',
    change: ({ world }) => {
      world.join('orders', 'a', { cacheKind: 'public', cache: 'jose' }).report({ keys: [OLD] });
    },
    gate: 'activate',
    blockers: [],
  },
  {
    when: 'one is behind the proxy',
    services: [serviceOf('edge')],
    change: ({ world }) => {
      world.join('edge', 'i1', { source: 'proxy' }).report(holding(BOTH_SECRETS));
    },
    gate: 'activate',
    blockers: ['new_key_known:fail', 'old_key_held:unknown'],
  },
  {
    when: 'a service that fetches keys on demand has not been given it',
    services: [
      serviceOf('lazy', {
        evidence: 'fetchable',
        profile: profileOf({ refetchesOnUnknownKid: true, cooldownS: 0 }),
      }),
    ],
    change: ({ world }) => {
      world.join('lazy').report(holding([OLD_SECRET], { dataAgeMs: 0 }));
    },
    gate: 'activate',
    blockers: ['new_key_known:fail'],
  },
  {
    when: 'a service judged by time has waited for ever',
    services: [serviceOf('slow', { evidence: 'timed' })],
    change: ({ world }) => {
      world.declare(world.state.rotations.keys().next().value ?? '', 'publish');
      world.join('slow').report(holding([OLD_SECRET]));
      world.pass(9 * 86_400_000);
    },
    gate: 'activate',
    blockers: ['new_key_known:fail'],
  },
  {
    when: 'a population nobody sees, whatever time passes',
    services: [MOBILE],
    change: ({ world }) => {
      world.pass(3_600_000);
    },
    gate: 'activate',
    blockers: ['attested:fail'],
  },
  {
    when: 'a population somebody vouches for',
    services: [MOBILE],
    change: ({ world, id }) => void world.attest(id, 'mobile-app'),
    gate: 'activate',
    blockers: [],
  },
  {
    when: 'a static service nobody vouches for',
    services: [LEDGER],
    gate: 'activate',
    blockers: ['attested:fail'],
  },
  {
    when: 'a static service somebody vouches for',
    services: [LEDGER],
    change: ({ world, id }) => void world.attest(id, 'ledger'),
    gate: 'activate',
    blockers: [],
  },
  {
    when: 'a service of public keys alone has none',
    services: [serviceOf('web', { keys: 'public' })],
    gate: 'activate',
    blockers: [],
  },
  {
    when: 'a service said to be of public keys alone holds the old secret',
    services: [serviceOf('web', { keys: 'public' })],
    change: ({ world }) => void world.join('web').report(holding([OLD_SECRET])),
    gate: 'activate',
    blockers: ['new_key_known:fail'],
  },
  {
    when: 'a verifier nobody declared reports',
    change: ({ world }) => void world.join('stranger').report(holding([OLD_SECRET])),
    gate: 'activate',
    blockers: ['new_key_known:fail'],
  },
  {
    when: 'tokens without a kid are accepted',
    change: ({ a }) =>
      void a.report(holding(BOTH_SECRETS, { counts: [{ kid: null, outcomes: { ok: 1 } }] })),
    gate: 'publish',
    blockers: ['tokens_have_kid:fail'],
  },
  {
    when: 'the switch was a moment ago',
    until: 'switched',
    gate: 'retire',
    blockers: ['old_tokens_expired:fail'],
  },
  {
    when: 'the old tokens have expired',
    until: 'switched',
    change: ({ world }) => {
      world.pass(600_000 + 10_000 + 60_000 + 1_000);
    },
    gate: 'retire',
    blockers: [],
  },
  {
    when: 'retirement was not declared, though nobody holds it',
    until: 'switched',
    change: ({ a, b }) => {
      for (const verifier of [a, b]) verifier.report(holding([NEW_SECRET]));
    },
    gate: 'purge',
    blockers: ['retire_declared:fail'],
  },
  { when: 'all still hold the old one', until: 'switched', gate: 'rollback', blockers: [] },
  {
    when: 'one has dropped the old one',
    until: 'switched',
    change: ({ a }) => void a.report(holding([NEW_SECRET])),
    gate: 'rollback',
    blockers: ['old_key_held:fail'],
  },
];

for (const situation of SITUATIONS) {
  t.test(`${situation.gate}: ${situation.when}`, async (t) => {
    const rotation = secretRotating(situation);
    situation.change?.(rotation);
    const verdict = rotation.world.gate(rotation.id, situation.gate);
    t.same(blockers(verdict), situation.blockers);
    t.equal(
      verdict.checks.some(({ id }) => /jwks|published|withdrawn|time_elapsed|drop_time/.test(id)),
      false,
      'nothing asks for a JWKS or for time',
    );
  });
}

const RETIRED: readonly {
  readonly when: string;
  readonly change: (rotation: SecretRotating) => void;
  readonly blockers: readonly string[];
  readonly services?: SecretOptions['services'];
  readonly orders?: SecretOptions['orders'];
}[] = [
  {
    when: 'both have dropped it',
    change: ({ a, b }) => {
      for (const verifier of [a, b]) verifier.report(holding([NEW_SECRET]));
    },
    blockers: [],
  },
  {
    when: 'one still holds it, for months',
    change: ({ world, a }) => {
      a.report(holding([NEW_SECRET]));
      world.pass(30 * 86_400_000);
    },
    blockers: ['old_key_dropped:fail'],
  },
  {
    when: 'one holds it under another algorithm now',
    change: ({ a, b }) => {
      a.report(holding([NEW_SECRET]));
      b.report(holding([NEW_SECRET, { ...OLD_SECRET, alg: 'HS384' }]));
    },
    blockers: ['old_key_dropped:fail'],
  },
  {
    when: 'one was restarted and says nothing of secrets',
    change: ({ world, a }) => {
      a.report(holding([NEW_SECRET]));
      world.join('orders', 'b').report({ keys: [], dataAgeMs: null });
    },
    blockers: ['old_key_dropped:unknown', 'fleet_heard:unknown'],
  },
  {
    when: 'one accepts a token of it after it said that it was gone',
    change: ({ world, a, b }) => {
      a.report(holding([NEW_SECRET]));
      world.pass(60_000);
      b.report(
        holding([NEW_SECRET], {
          secretsAgeMs: 50_000,
          counts: [
            { kid: 's1', outcomes: { ok: 11 }, iatS: 0 },
            { kid: 's2', outcomes: { ok: 1 } },
          ],
        }),
      );
    },
    blockers: ['old_key_dropped:fail'],
  },
  {
    when: 'its kind remembers verified tokens',
    orders: { profile: profileOf({ cachesVerifiedTokens: true }) },
    change: ({ a, b }) => {
      for (const verifier of [a, b]) verifier.report(holding([NEW_SECRET]));
    },
    blockers: ['old_key_dropped:unknown'],
  },
  {
    when: 'somebody vouches where its kind remembers verified tokens',
    orders: { profile: profileOf({ cachesVerifiedTokens: true }) },
    change: ({ world, id, a, b }) => {
      for (const verifier of [a, b]) verifier.report(holding([NEW_SECRET]));
      world.attest(id, 'orders', { fact: 'rejects_old' });
    },
    blockers: [],
  },
  {
    when: 'a word is no match for a verifier that holds it',
    change: ({ world, id, a }) => {
      a.report(holding([NEW_SECRET]));
      world.attest(id, 'orders', { fact: 'rejects_old' });
    },
    blockers: ['old_key_dropped:fail'],
  },
  {
    when: 'nobody vouches for a static service',
    services: [LEDGER],
    change: ({ a, b }) => {
      for (const verifier of [a, b]) verifier.report(holding([NEW_SECRET]));
    },
    blockers: ['attested:fail'],
  },
];

for (const situation of RETIRED) {
  t.test(`purge after retirement: ${situation.when}`, async (t) => {
    const { services = [], orders = {} } = situation;
    const rotation = secretRotating({ until: 'switched', services, orders });
    rotation.world.declare(rotation.id, 'retire', 'the table says so');
    situation.change(rotation);
    t.same(blockers(rotation.world.gate(rotation.id, 'purge')), situation.blockers);
  });
}

t.test('a whole rotation, with its phases', async (t) => {
  const { world, id, a, b } = secretRotating({ until: 'started' });
  const phase = (): string => {
    world.take({ type: 'tick' });
    const rotation = world.state.rotations.get(id);
    return rotation === undefined ? 'lost' : phaseOf(world.state, rotation);
  };
  t.equal(phase(), 'staged');
  t.match(world.declare(id, 'publish'), { ok: true });
  t.equal(phase(), 'published', 'as declared');
  t.match(world.declare(id, 'activate'), { ok: false, refusal: { code: 'gate_not_open' } });
  for (const verifier of [a, b]) verifier.report(holding(BOTH_SECRETS));
  t.equal(phase(), 'ready');
  t.equal(world.gate(id, 'activate').weakestGrade, 'present');
  t.match(world.declare(id, 'activate'), { ok: true });
  for (const verifier of [a, b]) verifier.report(afterSwitch(world));
  t.equal(phase(), 'active');
  t.match(world.declare(id, 'retire'), { ok: false });
  world.pass(700_000);
  t.equal(phase(), 'drained');
  t.match(world.declare(id, 'retire'), { ok: true });
  t.equal(phase(), 'withdrawn', 'as declared');
  t.match(world.declare(id, 'complete'), { ok: false });
  for (const verifier of [a, b]) verifier.report(holding([NEW_SECRET]));
  t.match(world.declare(id, 'complete'), { ok: true });

  world.restart();
  t.equal(phase(), 'gone');
  const back = () => startSecret(world, { oldKid: 's2', newKid: 's1' });
  t.throws(back, /never retired, and s1 was/, 'a retired id never comes back, over restarts');
  t.match(world.start({ alg: 'HS256', oldKid: 's2', newKid: 's3' }), /^r-/);
});

t.test('an acceptance under the new id is the strongest evidence', async (t) => {
  const strict = { orders: { evidence: 'verified' as const } };
  const { world, id, a, b } = secretRotating(strict);
  t.same(blockers(world.gate(id, 'activate')), ['new_key_known:fail']);
  const counts = [{ kid: 's2', outcomes: { ok: 1 } }];
  for (const verifier of [a, b]) verifier.report(holding(BOTH_SECRETS, { counts }));
  t.equal(world.gate(id, 'activate').status, 'open');
  t.equal(world.gate(id, 'activate').weakestGrade, 'verified');
});

t.test('an id that was ever used is no new one', async (t) => {
  const used = new World(secretPolicy({ orders: { instances: 1 } }));
  const a = used.join('orders', 'a');
  a.report(holding(BOTH_SECRETS, { counts: [{ kid: 's2', outcomes: { ok: 1 } }] }));
  used.pass(60_000);
  const id = startSecret(used);
  t.same(
    blockers(used.gate(id, 'publish')),
    ['key_identity:fail'],
    'tokens were accepted under it',
  );
  t.match(checkOf(used.gate(id, 'publish'), 'key_identity').message, /before the rotation began/);

  const again = secretRotating();
  again.world.declare(again.id, 'abort');
  const second = startSecret(again.world);
  again.a.report(holding(BOTH_SECRETS));
  again.b.report(holding(BOTH_SECRETS));
  const verdict = again.world.gate(second, 'activate');
  t.same(
    blockers(verdict),
    ['key_identity:fail'],
    'it may be another secret under the id of before',
  );
  t.match(again.world.waive(second, 'activate', 'key_identity'), { ok: true });
  t.equal(again.world.gate(second, 'activate').status, 'open', 'unless a person knows better');
});

t.test('secrets and public keys of one issuer rotate side by side', async (t) => {
  const issuer = { vantages: [VANTAGE] };
  const world = new World(secretPolicy({ orders: { instances: 1 }, issuer }));
  world.sight();
  world.sight();
  const jose = world.join('orders', 'a', { cache: 'jose', cacheKind: 'public' });
  const secrets = world.join('orders', 'a', { cache: 'secrets', cacheKind: 'secret' });
  jose.report({ keys: [OLD] });
  secrets.report(holding([OLD_SECRET]));
  world.pass(60_000);
  const rsa = world.start();
  const shared = startSecret(world);
  t.throws(() => startSecret(world, { newKid: 's3' }), /is open for this issuer and alg/);
  t.throws(() => startSecret(world, { alg: 'HS512', oldKid: 'old' }), /is open for old and new/);
  world.served = [OLD, NEW];
  world.pass(30_000);
  jose.report({ keys: [OLD, NEW] });
  t.equal(world.gate(rsa, 'activate').status, 'open', 'the cache of secrets has no say');
  t.same(blockers(world.gate(shared, 'activate')), ['new_key_known:fail']);
  secrets.report(holding(BOTH_SECRETS));
  t.equal(world.gate(shared, 'activate').status, 'open');
  t.match(checkOf(world.gate(shared, 'activate'), 'clock_agrees').message, /issuer agree/);

  world.sightFailure();
  t.equal(world.gate(shared, 'activate').status, 'open', 'no JWKS matters to a secret');
  t.equal(world.gate(rsa, 'activate').status, 'closed');

  world.served = [OLD, NEW, keyOf('s2')];
  world.sight();
  t.match(checkOf(world.gate(shared, 'activate'), 'key_identity').status, 'fail');
  const keys = [...(world.state.issuers.values().next().value?.keys.values() ?? [])];
  const records = keys.filter((record) => record.key.thumbprint === '');
  t.same(
    records.map(({ publishedAtMs, withdrawnAtMs }) => [publishedAtMs, withdrawnAtMs]),
    [
      [null, null],
      [null, null],
    ],
    'no sighting publishes or withdraws a secret',
  );
});

const REFUSED: readonly (readonly [string, Parameters<World['start']>[0], RegExp])[] = [
  ['no old id', { oldKid: null }, /not published, so it cannot be found/],
  ['a thumbprint', { newThumbprint: 'x'.repeat(43) }, /digest of the secret/],
  ['the same id', { newKid: 's1' }, /another id/],
  ['an algorithm that is none', { alg: 'HS1' }, /expected one of HS256, HS384, HS512/],
  ['an algorithm misspelt', { alg: 'hs256' }, /expected one of HS256, HS384, HS512/],
];

for (const [what, part, sentence] of REFUSED) {
  t.test(`a start is refused with ${what}`, async (t) => {
    const world = new World(secretPolicy());
    t.throws(() => startSecret(world, part), sentence);
    const trail = JSON.stringify(world.store.audit({ limit: 100 }));
    t.notMatch(trail, 'x'.repeat(43), 'what may be a digest of the secret is not kept');
  });
}

t.test('a start is refused for an issuer without shared secrets', async (t) => {
  const world = new World(secretPolicy({ issuer: { sharedSecrets: false } }));
  t.throws(() => startSecret(world), /shared_secrets: true/);
});

t.test(
  'an issuer that loses its shared secrets in the settings leaves gates unknown',
  async (t) => {
    const { world, id, a, b } = secretRotating();
    world.restart({ policy: secretPolicy({ issuer: { sharedSecrets: false } }) });
    for (const instance of ['a', 'b']) {
      world.join('orders', instance, { cacheKind: 'secret' }).report(holding(BOTH_SECRETS));
    }
    t.ok(a !== b);
    world.pass(60_000);
    t.same(blockers(world.gate(id, 'activate')), ['secrets_declared:unknown']);
  },
);
