import t from 'tap';
import type { IssuerPolicy } from '../../../src/core/policy.ts';
import type { RotationRecord } from '../../../src/core/records.ts';
import { keyIdentity } from '../../../src/core/state.ts';
import { DECLARE, START } from '../../support/acts.ts';
import { observedNow, observing, theOpen } from '../../support/observing.ts';
import { ISSUER, keyOf, NEW, OLD } from '../../support/policies.ts';

function appeared(issuer: Partial<IssuerPolicy> = {}) {
  const observed = observing(issuer);
  observed.world.served = [OLD, NEW];
  observed.world.pass(30_000);
  const { world } = observed;
  const rotation = theOpen(world);
  const now = (): RotationRecord | undefined => world.state.rotations.get(rotation.id);
  const accept = (ageMs = 0) => {
    observed.a.report({
      keys: [OLD, NEW],
      counts: [{ kid: 'new', outcomes: { ok: 1 }, lastAcceptedAgeMs: ageMs }],
    });
    world.take({ type: 'settle' });
  };
  return { ...observed, rotation, now, accept };
}

t.test('the first token is the switch', (t) => {
  const { world, now, accept } = appeared();
  world.pass(60_000);
  world.state.unevaluated.clear();
  t.match(now(), { switchedAtMs: null, switchSeenAtMs: null });
  accept();
  const usedAtMs = world.atMs;
  t.match(now(), { switchedAtMs: usedAtMs, switchSeenAtMs: usedAtMs, findings: [] });
  const [kept] = world.store.load().rotations;
  t.equal(kept?.switchedAtMs, usedAtMs);
  world.atMs += 5;
  world.verifiers[0]?.report({ keys: [], counts: [{ kid: 'new', outcomes: { ok: 2 } }] });
  world.take({ type: 'settle' });
  t.equal(now()?.switchedAtMs, usedAtMs, 'once');
  t.end();
});

t.test('a switch sooner than verifiers learn keys is a finding, to the millisecond', (t) => {
  const leadOf = (leadMs: number, part: Partial<IssuerPolicy> = {}) => {
    const { world, now, accept } = appeared(part);
    const keys = world.state.issuers.get(ISSUER)?.keys;
    const record = keys?.get(keyIdentity(NEW));
    if (record === undefined) throw new Error('no key');
    world.pass(1_000);
    keys?.set(keyIdentity(NEW), { ...record, publishedAtMs: world.atMs - leadMs });
    accept();
    return now()?.findings.map(({ id, message }) => `${id}: ${message}`);
  };
  t.same(leadOf(60_000), []);
  t.same(leadOf(59_000), [
    'short_lead: the issuer signed with new 59s after it was published; verifiers here may take 1m to learn a key',
  ]);
  t.same(leadOf(0)?.length, 1);
  t.match(
    leadOf(-1)?.[0],
    /^early_use: a token of new was accepted at \S+, before the key was seen twice in a row at every vantage$/,
  );
  t.same(leadOf(60_000, { sharedCachesMs: 60_000 })?.length, 1, 'caches are in the way');
  t.end();
});

t.test('a removal while tokens live is a finding, with how long they do', (t) => {
  const { world, a, now } = appeared();
  const expS = Math.floor(world.atMs / 1_000) + 300;
  a.report({ keys: [OLD, NEW], counts: [{ kid: 'old', outcomes: { ok: 1 }, expS }] });
  world.served = [NEW];
  world.sight();
  world.sight();
  const withdrawn = new Date(world.atMs).toISOString().replace('.000', '');
  const until = new Date(expS * 1_000).toISOString().replace('.000', '');
  t.match(now()?.findings, [
    {
      id: 'early_removal',
      message: `the issuer withdrew old by ${withdrawn} while tokens signed by it are live until ${until}`,
    },
  ]);
  const unseen = appeared();
  unseen.world.served = [NEW];
  unseen.world.sight();
  unseen.world.sight();
  t.match(unseen.now()?.findings[0]?.message, /while tokens signed by it may be live until /);
  t.end();
});

t.test('a key that disappears ends its rotation, by what it had done', (t) => {
  const gone = (used: boolean, served: (typeof OLD)[]) => {
    const { world, now, accept } = appeared();
    world.pass(60_000);
    if (used) accept();
    world.served = served;
    world.sight();
    t.equal(now()?.endedAtMs, null, 'seen missing once');
    world.sight();
    return now();
  };
  t.match(gone(false, [OLD]), {
    outcome: 'aborted',
    endedBecause: 'new disappeared before it was used',
    findings: [],
  });
  const because = 'new was withdrawn after it had been used, and old is served';
  t.match(gone(true, [OLD]), {
    outcome: 'aborted',
    endedBecause: because,
    findings: [
      { id: 'went_back', message: `${because}: verifiers that follow the JWKS refuse its tokens` },
    ],
  });
  t.equal(gone(true, [keyOf('x')])?.endedBecause, 'new was withdrawn after it had been used');
  t.end();
});

t.test('dismissals and refusals say what to do instead', (t) => {
  const { world, rotation } = appeared({ control: 'ours' });
  const declare = (part: Partial<typeof DECLARE> & { readonly reason?: string | null }) =>
    world.act({ ...DECLARE, rotationId: rotation.id, ...part });
  t.match(declare({ step: 'abort' }), {
    ok: false,
    refusal: {
      code: 'invalid',
      field: 'reason',
      message: `expected a reason why rotation ${rotation.id} is of no interest, got none: keyturn rotation abort ${rotation.id} --reason "why"`,
    },
  });
  t.match(declare({ step: 'retire' }), {
    refusal: {
      message: `rotation ${rotation.id} was observed, so retire is seen and not declared; to steer it: keyturn rotation start --issuer ${ISSUER} --alg RS256 --new-kid new`,
    },
  });
  const third = appeared({ control: 'third_party' });
  t.match(third.world.act({ ...DECLARE, rotationId: third.rotation.id, step: 'retire' }), {
    refusal: {
      message: `rotation ${third.rotation.id} was observed, so retire is seen and not declared: nobody here controls ${ISSUER}`,
    },
  });
  t.match(declare({ step: 'abort', reason: 'a standby' }), {
    ok: true,
    rotation: {
      outcome: 'aborted',
      endedBecause: 'dismissed by tester: a standby',
      declared: {
        abort: { atMs: world.atMs, by: 'tester', overrideReason: 'a standby', reason: 'a standby' },
      },
    },
  });
  t.end();
});

t.test('what `start` meets that was observed', (t) => {
  const rows: [
    string,
    Partial<typeof START>,
    Partial<RotationRecord>,
    'yields' | 'stays' | 'refuses',
  ][] = [
    ['the same key', {}, {}, 'yields'],
    ['the same key, in use', {}, { switchedAtMs: 5 }, 'yields'],
    ['another key of the algorithm', { newKid: 'x' }, {}, 'yields'],
    ['another key, while tokens change over', { newKid: 'x' }, { switchedAtMs: 5 }, 'refuses'],
    [
      'another algorithm and other keys',
      { newKid: 'x' },
      { alg: 'ES256', oldAlg: 'ES256', oldKid: 'y', newKid: 'z', newThumbprint: null },
      'stays',
    ],
    [
      'another algorithm from the same key',
      { newKid: 'x' },
      { alg: 'ES256', oldAlg: 'ES256', newKid: 'z', newThumbprint: null },
      'yields',
    ],
    ['another issuer', { newKid: 'x' }, { issuer: 'y', switchedAtMs: 5 }, 'stays'],
  ];
  for (const [name, act, part, expected] of rows) {
    const { world, rotation, now } = appeared({ control: 'ours' });
    world.state.rotations.set(rotation.id, { ...rotation, ...part });
    const result = world.act({ ...START, oldKid: 'old', ...act });
    t.equal(result.ok, expected !== 'refuses', name);
    t.equal(now()?.endedAtMs !== null, expected === 'yields', name);
    if (expected === 'yields') {
      t.equal(now()?.endedBecause, 'rotation r-2, started by tester, takes its place', name);
      t.same(observedNow(world), [], name);
    }
    if (!result.ok) {
      t.match(result.refusal, {
        code: 'conflict',
        field: 'issuer',
        message: `the issuer is changing from old to new unannounced (rotation ${rotation.id}), and tokens of both may be live; let that end, or dismiss it: keyturn rotation abort ${rotation.id} --reason "why"`,
      });
    }
  }
  const third = appeared({ control: 'third_party' });
  t.match(third.world.act(START), {
    refusal: {
      code: 'conflict',
      field: 'issuer',
      message: `nobody here controls ${ISSUER}: its rotations open by themselves when a key appears; set issuers[].control: ours if you do`,
    },
  });
  t.end();
});
