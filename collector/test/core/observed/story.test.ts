import t from 'tap';
import { propagationOf } from '../../../src/core/observed/propagation.ts';
import { phaseOf } from '../../../src/core/rotation.ts';
import type { TestVerifier } from '../../support/world.ts';
import { blockers, checkOf, World } from '../../support/world.ts';
import { LEDGER } from '../../support/acts.ts';
import { ISSUER, issuerOf, keyOf, NEW, OLD, policyOf, serviceOf } from '../../support/policies.ts';
import { auditOf, observedNow, observing, theOpen } from '../../support/observing.ts';

/** A report of tokens accepted: of the old key, and of the new one signed now. */
function accepts(verifier: TestVerifier, atMs: number, keys = [OLD, NEW]): void {
  verifier.report({
    keys,
    counts: [
      { kid: 'old', outcomes: { ok: 10 }, iatS: atMs / 1_000 - 60, lifetimeS: 300 },
      { kid: 'new', outcomes: { ok: 1 }, iatS: Math.floor(atMs / 1_000), lifetimeS: 300 },
    ],
  });
}

t.test('a third party rotates its key, from the first sighting to the end, with restarts', (t) => {
  const { world, a, b } = observing();
  world.served = [OLD, NEW];
  world.sight();
  t.same(observedNow(world), [], 'one sighting is none');
  world.sight();
  t.same(observedNow(world), ['old>new']);
  const { id } = theOpen(world);
  t.match(theOpen(world), { origin: 'observed', startedBy: 'keyturn', declared: {} });
  t.match(auditOf(world, 'rotation_observed'), [
    { rotationId: id, actor: 'keyturn', message: /key new appeared beside old at https/ },
  ]);

  world.pass(15_000);
  const rotation = theOpen(world);
  t.equal(phaseOf(world.state, rotation), 'published');
  t.match(propagationOf(world.state, rotation, world.atMs), {
    verifiers: 2,
    refusing: 2,
    knowing: 0,
    byGrade: { absent: 2 },
    risk: 'raised',
    neededLeadMs: 60_000,
  });
  const activate = world.gate(id, 'activate');
  t.equal(activate.status, 'closed');
  t.equal(activate.advisory, true);
  t.match(checkOf(world.gate(id, 'retire'), 'signer_switched'), {
    status: 'unknown',
    message: /nothing shows that the issuer switched/,
  });

  a.report({ keys: [OLD, NEW] });
  b.report({ keys: [OLD, NEW] });
  t.equal(world.gate(id, 'activate').status, 'open');
  t.match(propagationOf(world.state, theOpen(world), world.atMs), { knowing: 2, risk: 'low' });

  world.restart();
  for (const name of ['a', 'b']) world.join('orders', name).report({ keys: [OLD, NEW] });
  world.pass(60_000);
  t.equal(theOpen(world).id, id, 'nothing opens twice');

  const switchedAtMs = world.atMs;
  for (const verifier of world.verifiers) accepts(verifier, switchedAtMs);
  world.pass(1_000);
  t.equal(theOpen(world).switchedAtMs, switchedAtMs);
  t.equal(phaseOf(world.state, theOpen(world)), 'active');
  t.same(theOpen(world).findings, []);
  t.same(blockers(world.gate(id, 'retire')), ['old_tokens_expired:fail']);

  world.pass(700_000);
  world.served = [NEW];
  world.pass(30_000);
  t.equal(phaseOf(world.state, theOpen(world)), 'withdrawn');
  world.restart();
  for (const name of ['a', 'b']) world.join('orders', name).report({ keys: [NEW] });
  world.pass(60_000);
  t.same(observedNow(world), []);
  t.match(world.state.rotations.get(id), {
    outcome: 'completed',
    endedBecause: 'no verifier accepts old any more',
    findings: [],
  });
  t.equal(auditOf(world, 'observed_completed').length, 1);
  t.match(world.gate(id, 'purge').checks, [
    { id: 'rotation_open', message: /no verifier accepts/ },
  ]);

  world.served = [NEW, OLD];
  world.pass(60_000);
  t.equal(auditOf(world, 'retired_key_back').length, 1, 'I3 stands');
  t.same(observedNow(world), [], 'a retired key opens nothing');
  t.end();
});

t.test('an instant swap: the risk is high at once', (t) => {
  const { world, a } = observing();
  a.report({ counts: [{ kid: 'old', outcomes: { ok: 10 }, expS: world.atMs / 1_000 + 300 }] });
  world.served = [NEW];
  world.pass(30_000);
  const rotation = theOpen(world);
  t.same([rotation.oldKid, rotation.newKid], ['old', 'new']);
  t.match(
    rotation.findings.map((finding) => finding.id),
    ['swapped', 'early_removal'],
  );
  const found = propagationOf(world.state, rotation, world.atMs);
  t.match(found, { risk: 'high', refusing: 2, oldTokens: { atRemoval: true, isKnown: true } });
  t.match(found?.reasons.join('; '), /2 verifiers without new, which the issuer signs with/);
  t.equal(phaseOf(world.state, rotation), 'withdrawn');
  t.end();
});

t.test('a swap is one only when every address shows it', (t) => {
  const [A, B] = ['https://issuer.test/a', 'https://issuer.test/b'];
  const rows: [string, readonly (typeof OLD)[] | null, string[]][] = [
    ['gone from both', [NEW], ['swapped', 'early_removal']],
    ['still served at one', [OLD], []],
    ['one cannot be read', null, []],
  ];
  for (const [name, atB, expected] of rows) {
    const { world } = observing({ vantages: [A, B] });
    world.sight([OLD], A);
    world.sight([OLD], B);
    world.restart();
    for (let times = 0; times < 2; times += 1) {
      if (atB === null) world.sightFailure('no answer', B);
      else world.sight(atB, B);
      world.sight([NEW], A);
    }
    t.same(
      theOpen(world).findings.map((finding) => finding.id),
      expected,
      name,
    );
  }
  t.end();
});

t.test('the risk of services nobody hears, until time or a person covers them', (t) => {
  const mobile = serviceOf('mobile', {
    kind: 'unmanaged',
    instances: null,
    evidence: 'timed',
    population: {
      cohorts: [{ percentile: 99, withinMs: 600_000 }],
      coverPercentile: 99,
      dropsWithRefresh: true,
    },
  });
  const services = [serviceOf('orders', { instances: 2 }), mobile, LEDGER];
  const { world, a, b } = observing({}, services);
  world.served = [OLD, NEW];
  world.pass(30_000);
  for (const verifier of [a, b]) verifier.report({ keys: [OLD, NEW] });
  const spread = () => propagationOf(world.state, theOpen(world), world.atMs);
  t.match(spread(), {
    verifiers: 2,
    knowing: 2,
    unseenServices: 2,
    neededLeadMs: 600_000,
    risk: 'raised',
    reasons: ['2 services that nobody hears may lack new'],
  });
  t.ok(world.attest(theOpen(world).id, 'ledger').ok);
  t.match(spread(), { unseenServices: 1 });
  world.pass(600_000);
  t.match(spread(), { unseenServices: 0, risk: 'low' });
  t.end();
});

t.test('failures of tokens of the new key put the risk up before anybody accepts one', (t) => {
  const { world, a } = observing();
  world.served = [OLD, NEW];
  world.pass(30_000);
  for (const verifier of world.verifiers) verifier.report({ keys: [OLD, NEW] });
  a.report({ keys: [OLD, NEW], counts: [{ kid: 'new', outcomes: { unknown_kid: 4 } }] });
  t.match(propagationOf(world.state, theOpen(world), world.atMs), {
    failures: 4,
    risk: 'high',
    reasons: ['4 failures of tokens of new that a key could cause'],
  });
  t.end();
});

t.test('a key that disappears before its use ends its rotation, and may open another', (t) => {
  const { world } = observing();
  world.served = [OLD, NEW];
  world.pass(30_000);
  const { id } = theOpen(world);
  world.served = [OLD];
  world.pass(30_000);
  t.same(observedNow(world), []);
  t.match(world.state.rotations.get(id), {
    outcome: 'aborted',
    endedBecause: 'new disappeared before it was used',
  });
  world.served = [OLD, NEW];
  world.pass(30_000);
  t.same(observedNow(world), ['old>new']);
  t.not(theOpen(world).id, id);
  t.end();
});

t.test(
  'an issuer that goes back after using its new key is told, and the use before is no use again',
  (t) => {
    const { world, a, b } = observing();
    world.served = [OLD, NEW];
    world.pass(30_000);
    for (const verifier of [a, b]) accepts(verifier, world.atMs);
    world.pass(1_000);
    const { id } = theOpen(world);
    world.served = [OLD];
    world.pass(30_000);
    t.match(world.state.rotations.get(id), {
      outcome: 'aborted',
      endedBecause: 'new was withdrawn after it had been used, and old is served',
    });
    t.match(
      world.state.rotations.get(id)?.findings.map((finding) => finding.id),
      ['short_lead', 'went_back'],
    );
    world.served = [OLD, NEW];
    world.pass(30_000);
    t.same(observedNow(world), ['old>new']);
    t.equal(theOpen(world).switchedAtMs, null, 'the use before it went is not a switch now');
    t.end();
  },
);

t.test('a standby key is overtaken by the key that is used', (t) => {
  const { world, a } = observing();
  const third = keyOf('third');
  world.served = [OLD, NEW];
  world.pass(30_000);
  world.served = [OLD, NEW, third];
  world.pass(30_000);
  t.same(observedNow(world), ['old>new'], 'one at a time');
  a.report({
    keys: [OLD, third],
    counts: [
      { kid: 'old', outcomes: { ok: 1 }, iatS: world.atMs / 1_000 - 30 },
      { kid: 'third', outcomes: { ok: 1 }, iatS: world.atMs / 1_000 },
    ],
  });
  world.pass(1_000);
  t.same(observedNow(world), ['old>third']);
  t.match([...world.state.rotations.values()][0], {
    outcome: 'aborted',
    endedBecause: 'the issuer went on to third',
  });
  world.served = [NEW, third];
  world.pass(30_000);
  a.report({ ...a.said, keys: [third] });
  world.verifiers[1]?.report({ keys: [third] });
  world.pass(2_000);
  t.match(theOpen(world), { oldKid: 'third', newKid: 'new' }, 'the standby key waits its turn');
  t.end();
});

t.test('a token of a key that is not published everywhere yet is a finding', (t) => {
  const A = 'https://issuer.test/a';
  const B = 'https://issuer.test/b';
  const { world, a } = observing({ vantages: [A, B] });
  const both = (keysA: readonly (typeof OLD)[], keysB: readonly (typeof OLD)[]): void => {
    for (let times = 0; times < 2; times += 1) {
      world.atMs += 1_000;
      world.sight(keysA, A);
      world.sight(keysB, B);
    }
  };
  both([OLD], [OLD]);
  both([OLD, NEW], [OLD]);
  t.same(observedNow(world), ['old>new'], 'one vantage is enough to open');
  t.equal(phaseOf(world.state, theOpen(world)), 'staged');
  accepts(a, world.atMs);
  world.take({ type: 'tick' });
  t.match(theOpen(world).findings, [{ id: 'early_use', message: /before the key was seen twice/ }]);
  t.end();
});

t.test('a switch to a key that was there from the start opens a rotation as well', (t) => {
  const rows: [string, number, string[]][] = [
    ['long after the other key', 7_200_000, ['old>new']],
    ['both from the start, as where regions sign with keys of their own', 60_000, []],
  ];
  for (const [name, aloneMs, expected] of rows) {
    const issuers = new Map([[ISSUER, issuerOf({ control: 'third_party' })]]);
    const world = new World(policyOf([serviceOf('orders')], { issuers }));
    world.served = [OLD, NEW];
    world.sight();
    world.sight();
    const a = world.join('orders', 'a');
    const old = (ok: number) => ({ kid: 'old', outcomes: { ok }, iatS: world.atMs / 1_000 });
    a.report({ keys: [OLD, NEW], counts: [old(1)] });
    world.pass(aloneMs);
    a.report({ keys: [OLD, NEW], counts: [old(2)] });
    t.same(observedNow(world), [], `${name}: nothing yet`);
    const counts = [old(2), { kid: 'new', outcomes: { ok: 1 }, iatS: world.atMs / 1_000 }];
    a.report({ keys: [OLD, NEW], counts });
    world.pass(15_000);
    t.same(observedNow(world), expected, name);
    if (expected.length > 0) t.equal(phaseOf(world.state, theOpen(world)), 'active', name);
    world.restart();
    world.pass(15_000);
    t.same(observedNow(world), expected, `${name}: once`);
  }
  t.end();
});
