import t from 'tap';
import { readingOf } from '../../../src/core/probes/reading.ts';
import { NEW, OLD, profileOf, VANTAGE } from '../../support/policies.ts';
import {
  type Answers,
  answersOf,
  KNOWS,
  LACKS,
  ProbingWorld,
  TAKES_ANYTHING,
} from '../../support/probing.ts';
import { blockers, checkOf } from '../../support/world.ts';

const GATES = ['publish', 'activate', 'retire'] as const;

t.test('what three answers mean together', (t) => {
  const rows: readonly (readonly [Answers, string])[] = [
    [KNOWS, 'knows_new'],
    [LACKS, 'lacks_new'],
    [['rejected', 'accepted', null], 'lacks_new'],
    [['rejected', 'accepted', 'unreachable'], 'lacks_new'],
    [TAKES_ANYTHING, 'takes_anything'],
    [['rejected', 'rejected', 'accepted'], 'takes_anything'],
    [['unreachable', null, 'accepted'], 'takes_anything'],
    [['accepted', 'accepted', null], 'unclear'],
    [['accepted', 'accepted', 'unreachable'], 'unclear'],
    [['accepted', 'accepted', 'unclear'], 'unclear'],
    [['accepted', 'rejected', 'rejected'], 'unclear'],
    [['rejected', 'rejected', 'rejected'], 'unclear'],
    [['rejected', 'unreachable', null], 'unclear'],
    [['unclear', 'accepted', 'rejected'], 'unclear'],
    [['unreachable', null, null], 'unclear'],
    [[], 'unclear'],
  ];
  for (const [answers, reading] of rows) {
    t.equal(readingOf(answersOf(answers)), reading, answers.join(' '));
  }
  t.end();
});

t.test('evidence: verified is reached by a probe, without traffic', (t) => {
  const world = new ProbingWorld({ evidence: 'verified' });
  world.publish();
  world.a.report({ keys: [OLD, NEW] });
  t.equal(world.grade(), 'present');
  t.same(blockers(world.gate(world.rotationId, 'activate')), ['new_key_known:fail']);
  world.probe(KNOWS);
  t.equal(world.grade(), 'verified');
  const verdict = world.gate(world.rotationId, 'activate');
  t.same(blockers(verdict), []);
  t.equal(verdict.weakestGrade, 'verified');
  t.end();
});

t.test('a verifier behind the proxy', (t) => {
  const world = new ProbingWorld({ evidence: 'verified' }, { source: 'proxy' });
  world.publish();
  world.a.report({ keys: [OLD], servedAgeMs: 20_000 });
  world.probe(KNOWS);
  t.equal(world.grade(), 'verified', 'met with the next token it fetched, or had the key already');
  world.a.report({ keys: [OLD], servedAgeMs: 0 });
  t.not(world.grade(), 'verified', 'until it is served a document without the key');
  t.end();
});

t.test('several caches behind one address: a yes is one cache, a no counts', (t) => {
  const profile = profileOf({ severalCaches: true });
  const world = new ProbingWorld({ evidence: 'served', profile }, { source: 'proxy' });
  world.publish();
  world.a.report({ keys: [OLD, NEW], servedAgeMs: 0 });
  world.probe(KNOWS);
  t.equal(world.grade(), 'stale');
  world.pass(60_000);
  world.probe(LACKS);
  t.equal(world.grade(), 'absent');
  world.pass(60_000);
  world.probe(KNOWS);
  t.equal(world.grade(), 'stale', 'after the bound of its kind each of them must have the key');
  t.end();
});

t.test('several caches without a bound: another cache saying yes clears no refusal', (t) => {
  const profile = profileOf({ severalCaches: true, newKidRefusedS: null });
  const world = new ProbingWorld({ profile }, { source: 'proxy' });
  world.publish();
  world.probe(LACKS);
  world.pass(600_000);
  world.probe(KNOWS);
  t.equal(world.grade(), 'absent');
  world.reboot();
  t.not(world.grade(), 'absent', 'a new process starts anew');
  t.end();
});

t.test('a refusal outweighs the key list, and what stays away clears nothing', (t) => {
  const world = new ProbingWorld({ evidence: 'present' });
  world.publish();
  world.a.report({ keys: [OLD, NEW] });
  world.probe(LACKS);
  t.equal(world.grade(), 'absent');
  const lag = checkOf(world.gate(world.rotationId, 'activate'), 'new_key_known');
  t.match(lag.offenders, [
    { service: 'orders', state: 'absent', detail: /refused a canary token/ },
  ]);
  for (const unclear of [
    ['unreachable', null, null],
    ['rejected', 'rejected', 'rejected'],
    ['unclear', 'unclear', 'unclear'],
  ] satisfies Answers[]) {
    world.pass(60_000);
    world.probe(unclear);
    t.equal(world.grade(), 'absent', unclear.join(' '));
  }
  world.pass(86_400_000);
  t.equal(world.grade(), 'absent', 'a day later');
  world.probe(KNOWS);
  t.equal(world.grade(), 'verified');
  t.end();
});

t.test('a real token of the new key answers a refusal, unless it is older', (t) => {
  const world = new ProbingWorld();
  world.publish();
  world.a.report({ keys: [OLD, NEW], counts: [{ kid: 'new', outcomes: { ok: 1 } }] });
  world.pass(5_000);
  world.probe(LACKS);
  t.equal(world.grade(), 'absent');
  world.pass(5_000);
  world.a.report({ keys: [OLD, NEW], counts: [{ kid: 'new', outcomes: { ok: 2 } }] });
  t.equal(world.grade(), 'verified');
  t.end();
});

t.test('an endpoint that refuses the current token proves nothing', (t) => {
  const world = new ProbingWorld({ evidence: 'verified' });
  world.publish();
  world.a.report({ keys: [OLD, NEW] });
  world.probe(['accepted', 'rejected', 'rejected']);
  t.equal(world.grade(), 'present');
  t.end();
});

t.test('whoever takes a bogus signature fails three gates, and is verified by nothing', (t) => {
  const world = new ProbingWorld({ evidence: 'verified' });
  world.publish();
  world.a.report({ keys: [OLD, NEW], counts: [{ kid: 'new', outcomes: { ok: 1 } }] });
  t.equal(world.grade(), 'verified');
  world.probe(TAKES_ANYTHING);
  t.equal(world.grade(), 'present', 'accepting means nothing there');
  for (const gate of GATES) {
    const check = checkOf(world.gate(world.rotationId, gate), 'rejects_bogus');
    t.match(check, {
      status: 'fail',
      class: 'evidence',
      offenders: [{ service: 'orders', instance: 'a', state: 'accepts_bogus' }],
      help: /keyturn rotation canary r-1 --next FILE --current FILE$/,
    });
  }
  const findings = () =>
    world.store
      .audit({ after: 0, limit: 500 })
      .filter(({ action }) => action.startsWith('bogus_'))
      .map(({ action }) => action);
  world.pass(60_000);
  world.probe(TAKES_ANYTHING);
  t.same(findings(), ['bogus_accepted'], 'told once');
  world.pass(60_000);
  world.probe(['unreachable', null, null]);
  world.pass(60_000);
  world.probe(['rejected', 'rejected', 'rejected']);
  world.reboot();
  t.equal(checkOf(world.gate(world.rotationId, 'activate'), 'rejects_bogus').status, 'fail');
  world.restart();
  world.reboot();
  t.equal(checkOf(world.gate(world.rotationId, 'activate'), 'rejects_bogus').status, 'fail');
  world.pass(120_000);
  world.probe(KNOWS);
  t.equal(checkOf(world.gate(world.rotationId, 'activate'), 'rejects_bogus').status, 'pass');
  t.same(findings(), ['bogus_accepted', 'bogus_refused']);
  t.end();
});

t.test('one that never blocks is not held against anybody', (t) => {
  const world = new ProbingWorld({ required: false });
  world.publish();
  world.probe(TAKES_ANYTHING);
  t.equal(checkOf(world.gate(world.rotationId, 'activate'), 'rejects_bogus').status, 'pass');
  world.a.goodbye();
  t.equal(world.state.fleet.takesAnything.size, 1, 'kept with the record');
  t.end();
});

t.test('evidence ends: by time, by a restart, by a regression of the key', (t) => {
  const world = new ProbingWorld({ evidence: 'verified' });
  world.publish();
  world.a.report({ keys: [OLD, NEW] });
  world.probe(KNOWS);
  world.pass(880_000);
  t.equal(world.grade(), 'verified');
  world.pass(30_000);
  t.equal(world.grade(), 'present', 'a canary lives no longer');

  world.probe(KNOWS);
  t.equal(world.grade(), 'verified');
  world.reboot();
  t.equal(world.grade(), 'present', 'the process that was probed is gone');

  world.pass(60_000);
  world.probe(KNOWS);
  t.equal(world.grade(), 'verified');
  world.sight([OLD]);
  world.pass(1_000);
  world.sight([OLD, NEW]);
  world.sight([OLD, NEW]);
  world.a.report({ keys: [OLD, NEW] });
  t.equal(world.grade(), 'present', 'what was shown before the key came back is nothing now');
  t.end();
});

t.test('a later report without the key takes the evidence back', (t) => {
  const world = new ProbingWorld({ evidence: 'verified' });
  world.publish();
  world.a.report({ keys: [OLD, NEW] });
  world.probe(KNOWS);
  world.a.report({ keys: [OLD] });
  t.equal(world.grade(), 'absent');
  t.end();
});

t.test('when a probe may go out', (t) => {
  const rows: readonly (readonly [string, (world: ProbingWorld) => void, boolean])[] = [
    ['published and healthy', () => undefined, true],
    ['the key has left a vantage', (world) => world.sight([OLD]), false],
    ['the old key has left', (world) => world.sight([NEW]), false],
    ['one failed fetch', (world) => world.sightFailure(), false],
    [
      'a fetch that failed, then one that did not',
      (world) => {
        world.sightFailure();
        world.sight();
      },
      true,
    ],
    ['nothing read for long', (world) => world.pass(61_000, { unwatched: true }), false],
    ['its own fetches fail', (world) => void world.a.report({ keys: [OLD], failures: 1 }), false],
    ['it fell silent', (world) => world.pass(60_000, { silent: ['orders/a'] }), false],
    ['it said goodbye', (world) => world.a.goodbye(), false],
    [
      'it said hello and no more',
      (world) => void world.join('orders', 'a', { boot: 'b'.repeat(32), session: world.session }),
      false,
    ],
    ['the rotation is over', (world) => void world.declare(world.rotationId, 'abort'), false],
    ['the collector has just started', (world) => world.restart(), false],
    [
      'the store refuses writes',
      (world) => void world.take({ type: 'store_health', failing: true }),
      false,
    ],
    ['the collector stood still', (world) => void world.take({ type: 'paused' }), false],
  ];
  for (const [what, change, may] of rows) {
    const world = new ProbingWorld();
    world.publish();
    change(world);
    t.equal(world.order() !== undefined, may, what);
  }
  const early = new ProbingWorld();
  t.equal(early.order(), undefined, 'before publication');
  early.served = [OLD, NEW];
  early.sight();
  t.equal(early.order(), undefined, 'seen once is not published');
  early.sight();
  t.ok(early.order(), 'seen twice is');
  t.end();
});

t.test('two vantages: both must serve the key', (t) => {
  const world = new ProbingWorld();
  const issuer = world.policy.issuers.values().next().value;
  if (issuer === undefined) throw new Error('no issuer');
  world.restart({
    policy: {
      ...world.policy,
      issuers: new Map([[issuer.issuer, { ...issuer, vantages: [VANTAGE, `${VANTAGE}2`] }]]),
    },
  });
  world.reboot();
  world.served = [OLD, NEW];
  const sightBoth = (second: readonly (typeof OLD)[]) => {
    for (let twice = 0; twice < 2; twice += 1) {
      world.sight();
      world.sight(second, `${VANTAGE}2`);
    }
  };
  sightBoth([OLD]);
  world.pass(60_000);
  sightBoth([OLD]);
  t.equal(world.order(), undefined);
  sightBoth([OLD, NEW]);
  t.ok(world.order());
  t.end();
});

t.test('the pace of one verifier', (t) => {
  const rows = [
    [{ refetchesOnUnknownKid: true, cooldownS: 300 }, 300_000],
    [{ refetchesOnUnknownKid: true, cooldownS: 0 }, 60_000],
    [{ refetchesOnUnknownKid: true, cooldownS: null }, 1_800_000],
    [{ refetchesOnUnknownKid: false, cooldownS: null }, 60_000],
  ] as const;
  for (const [facts, apartMs] of rows) {
    const world = new ProbingWorld({ profile: profileOf(facts) });
    world.publish();
    t.equal(world.order()?.apartMs, apartMs);
    world.answer(['rejected', 'rejected', 'rejected']);
    world.pass(apartMs - 1_000);
    t.equal(world.order(), undefined, 'not sooner, though it was answered');
    world.pass(1_000);
    t.ok(world.order());
  }
  const lost = new ProbingWorld();
  lost.publish();
  t.ok(lost.order());
  lost.pass(69_000);
  t.equal(lost.order(), undefined, 'one that was not answered may still run');
  lost.pass(1_000);
  t.ok(lost.order());
  t.end();
});

t.test('fooling it', (t) => {
  const fresh = () => {
    const world = new ProbingWorld({ evidence: 'verified' });
    world.publish();
    world.a.report({ keys: [OLD, NEW] });
    return world;
  };
  const unasked = fresh();
  t.match(unasked.answer(KNOWS, { id: 'p1' }), /^probe_id: expected/, 'nobody asked');
  t.equal(unasked.grade(), 'present');

  const other = fresh();
  other.join('orders', 'b', { session: other.session }).report({ keys: [OLD] });
  other.order();
  t.match(other.answer(KNOWS, { instance: 'b' }), /^probe_id/, 'an answer for somebody else');
  t.match(other.answer(KNOWS, { instance: 'c' }), /^probe_id/, 'and for nobody');

  const stranger = fresh();
  stranger.order();
  t.match(stranger.answer(KNOWS, { session: 'stream 9' }), /on this stream$/);
  t.equal(stranger.grade(), 'present');
  t.equal(stranger.order({ session: 'stream 9' }), undefined, 'nor is a stranger asked');

  const twice = fresh();
  twice.order({ id: 'once' });
  t.equal(twice.answer(KNOWS, { id: 'once' }), '');
  t.match(twice.answer(KNOWS, { id: 'once' }), /^probe_id/, 'an answer counts once');

  const replay = fresh();
  replay.order({ id: 'old' });
  replay.answer(KNOWS, { id: 'old' });
  replay.sight([OLD]);
  replay.sight([OLD, NEW]);
  replay.sight([OLD, NEW]);
  replay.a.report({ keys: [OLD, NEW] });
  t.match(replay.answer(KNOWS, { id: 'old' }), /^probe_id/, 'after the key went and came');
  t.equal(replay.grade(), 'present');

  const held = fresh();
  held.order();
  held.pass(1_000);
  held.sight([OLD]);
  held.sight([OLD, NEW]);
  held.sight([OLD, NEW]);
  held.a.report({ keys: [OLD, NEW] });
  held.pass(5_000);
  t.equal(held.answer(KNOWS, { ageMs: 0 }), '', 'held back until the key was there again');
  t.equal(held.grade(), 'present', 'it may speak of the time before');

  const ancient = fresh();
  ancient.order();
  ancient.pass(1_000);
  t.match(ancient.answer(KNOWS, { ageMs: 2_001 }), /^age_ms: expected at most 2000/);

  const reborn = fresh();
  reborn.order();
  reborn.a = reborn.join('orders', 'a', { session: reborn.session, boot: 'c'.repeat(32) });
  reborn.a.report({ keys: [OLD, NEW] });
  t.match(reborn.answer(KNOWS), /^probe_id/, 'the process that was asked is gone');
  t.equal(reborn.grade(), 'present');
  t.end();
});

t.test('after a restart of the collector', (t) => {
  const world = new ProbingWorld({ evidence: 'verified' });
  world.publish();
  world.a.report({ keys: [OLD, NEW] });
  world.probe(KNOWS);
  world.restart();
  t.equal(world.grade(), 'verified', 'what was committed is known');
  t.match(world.answer(KNOWS), /^probe_id/, 'what was asked before is not');
  t.end();
});
