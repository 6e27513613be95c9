import t from 'tap';
import { neededLeadMs, oldTokensLive } from '../../../src/core/observed/lead.ts';
import { propagationOf, type PropagationFacts } from '../../../src/core/observed/propagation.ts';
import { riskOf } from '../../../src/core/observed/risk.ts';
import type { ServicePolicy } from '../../../src/core/policy.ts';
import type { KeyRecord, RotationRecord, UsageRecord } from '../../../src/core/records.ts';
import { keyIdentity, type State, usageKey } from '../../../src/core/state.ts';
import { LEDGER, MOBILE } from '../../support/acts.ts';
import { observing, theOpen } from '../../support/observing.ts';
import { ISSUER, issuerOf, NEW, OLD, profileOf, serviceOf } from '../../support/policies.ts';

/** A key that appeared by itself, two verifiers without it. */
function appeared(services?: readonly ServicePolicy[]) {
  const observed = observing({}, services);
  observed.world.served = [OLD, NEW];
  observed.world.pass(30_000);
  return { ...observed, state: observed.world.state, rotation: theOpen(observed.world) };
}

function setKey(state: State, key: typeof OLD, part: Partial<KeyRecord>): void {
  const keys = state.issuers.get(ISSUER)?.keys;
  const record = keys?.get(keyIdentity(key));
  if (keys === undefined || record === undefined) throw new Error('no key');
  keys.set(keyIdentity(key), { ...record, ...part });
}

const FACTS: PropagationFacts = {
  verifiers: 2,
  knowing: 2,
  refusing: 0,
  doubtful: 0,
  unheard: 0,
  unseenServices: 0,
  byGrade: {},
  lacking: [],
  leadMs: 1,
  neededLeadMs: 1,
  knownByMs: null,
  oldTokens: null,
  failures: 0,
};

t.test('what puts a rotation at risk, in words', (t) => {
  const { state, rotation } = appeared();
  const used = { switchedAtMs: 1 };
  const live = { untilMs: 9, isKnown: true, atRemoval: true };
  const rows: [string, Partial<PropagationFacts>, Partial<RotationRecord>, string, string[]][] = [
    ['all know it', {}, {}, 'low', ['every verifier would accept a token of new']],
    ['one refuses', { refusing: 1 }, {}, 'raised', ['1 verifier would refuse a token of new now']],
    [
      'one refuses what is used',
      { refusing: 2 },
      used,
      'high',
      ['2 verifiers without new, which the issuer signs with: tokens are refused'],
    ],
    [
      'some doubtful, some unheard',
      { doubtful: 1, unheard: 2 },
      used,
      'raised',
      ['nothing shows that 3 verifiers would accept a token of new'],
    ],
    [
      'services nobody hears',
      { unseenServices: 1 },
      {},
      'raised',
      ['1 service that nobody hears may lack new'],
    ],
    [
      'failures',
      { failures: 2 },
      {},
      'high',
      ['2 failures of tokens of new that a key could cause'],
    ],
    [
      'old tokens known to live',
      { oldTokens: live },
      {},
      'high',
      ['old was withdrawn while tokens signed by it are live'],
    ],
    [
      'old tokens that may live',
      { oldTokens: { ...live, isKnown: false } },
      {},
      'high',
      ['old was withdrawn while tokens signed by it may be live'],
    ],
    ['old tokens that end before', { oldTokens: { ...live, atRemoval: false } }, {}, 'low', []],
    [
      'the gravest first',
      { refusing: 1, failures: 1 },
      {},
      'high',
      [
        '1 failure of tokens of new that a key could cause',
        '1 verifier would refuse a token of new now',
      ],
    ],
    [
      'not published',
      {},
      { newThumbprint: null },
      'raised',
      ['new is not served at every vantage'],
    ],
  ];
  for (const [name, facts, part, risk, reasons] of rows) {
    const found = riskOf(state, { ...rotation, ...part }, { ...FACTS, ...facts });
    t.equal(found.risk, risk, name);
    if (reasons.length > 0) t.same(found.reasons, reasons, name);
  }
  const nobody = appeared([]);
  t.same(riskOf(nobody.state, nobody.rotation, { ...FACTS, verifiers: 0 }).risk, 'low');
  for (const verifier of nobody.world.verifiers.slice()) verifier.goodbye();
  t.same(riskOf(nobody.state, nobody.rotation, { ...FACTS, verifiers: 0 }), {
    risk: 'raised',
    reasons: ['no verifier of this issuer is known'],
  });
  setKey(state, OLD, { withdrawnAtMs: 5 });
  t.equal(riskOf(state, rotation, { ...FACTS, refusing: 1 }).risk, 'high', 'the old one is gone');
  t.end();
});

t.test('P of the slowest that is required', (t) => {
  const of = (...services: ServicePolicy[]) => {
    const { world, state, rotation } = appeared([
      serviceOf('orders', { instances: 2 }),
      ...services,
    ]);
    return neededLeadMs(state, rotation, world.atMs);
  };
  const slow = (newKidRefusedS: number | null, part: Partial<ServicePolicy> = {}) =>
    serviceOf('slow', { profile: profileOf({ newKidRefusedS }), ...part });
  t.equal(of(), 60_000);
  t.equal(of(slow(600)), 600_000);
  t.equal(of(slow(5)), 60_000);
  t.equal(of(slow(null)), null, 'no bound');
  t.equal(of(slow(600, { required: false })), 60_000);
  const population = {
    cohorts: [{ percentile: 50, withinMs: 900_000 }],
    coverPercentile: 50,
    dropsWithRefresh: true,
  };
  t.equal(of(slow(5, { population })), 900_000);
  t.equal(of(slow(5, { population: { ...population, coverPercentile: 51 } })), null);
  const { world, state, rotation } = appeared();
  const bare = { ...state, policy: { ...state.policy, issuers: new Map() } };
  t.equal(neededLeadMs(bare, rotation, world.atMs), null, 'nobody configured it');
  world.sight(world.served, undefined, { maxAgeS: 60 });
  t.equal(neededLeadMs(state, rotation, world.atMs), 120_000, 'caches are let keep it');
  t.equal(neededLeadMs(state, { ...rotation, issuer: 'x' }, world.atMs), null);
  t.end();
});

t.test('until when tokens of the old key live', (t) => {
  const T0 = 1_800_000_000_000;
  const S0 = T0 / 1_000;
  const withdrawn = T0 + 50_000;
  type Row = [
    string,
    Partial<UsageRecord> | null,
    { readonly switchedAtMs?: number; readonly withdrawnAtMs?: number },
    number | null,
    { readonly untilMs: number; readonly isKnown: boolean; readonly atRemoval: boolean } | null,
  ];
  const live = (untilMs: number, isKnown: boolean, atRemoval: boolean) => ({
    untilMs,
    isKnown,
    atRemoval,
  });
  const rows: Row[] = [
    ['nothing known', null, {}, null, null],
    ['still signing', null, {}, 600_000, null],
    ['switched', null, { switchedAtMs: T0 }, 600_000, live(T0 + 600_000, false, false)],
    [
      'switched, an iat since',
      { highestIatS: S0 + 10 },
      { switchedAtMs: T0 },
      600_000,
      live(T0 + 610_000, false, false),
    ],
    ['switched, no lifetime known', null, { switchedAtMs: T0 }, null, null],
    ['an exp', { highestExpS: S0 + 5 }, {}, 600_000, live(T0 + 5_000, false, false)],
    [
      'an exp beyond the bound',
      { highestExpS: S0 + 900 },
      { switchedAtMs: T0 },
      600_000,
      live(T0 + 900_000, false, false),
    ],
    ['gone', null, { withdrawnAtMs: withdrawn }, 600_000, live(withdrawn + 600_000, false, true)],
    [
      'gone after the switch',
      null,
      { switchedAtMs: T0, withdrawnAtMs: withdrawn },
      600_000,
      live(T0 + 600_000, false, true),
    ],
    [
      'gone when all had ended',
      null,
      { switchedAtMs: T0, withdrawnAtMs: T0 + 600_000 },
      600_000,
      live(T0 + 600_000, false, false),
    ],
    [
      'gone, and one is known to live',
      { highestExpS: S0 + 51 },
      { switchedAtMs: T0, withdrawnAtMs: withdrawn },
      600_000,
      live(T0 + 51_000, true, true),
    ],
    [
      'gone as that one ended',
      { highestExpS: S0 + 50 },
      { switchedAtMs: T0, withdrawnAtMs: withdrawn },
      600_000,
      live(T0 + 600_000, false, true),
    ],
  ];
  const { state, rotation } = appeared();
  for (const [name, usage, when, maxTokenLifetimeMs, expected] of rows) {
    const issuers = new Map([[ISSUER, issuerOf({ maxTokenLifetimeMs })]]);
    const it = { ...state, policy: { ...state.policy, issuers }, usage: new Map() };
    for (const key of [OLD, NEW]) setKey(it, key, { declaredLifetimeMs: null });
    setKey(it, OLD, { withdrawnAtMs: when.withdrawnAtMs ?? null });
    const empty = { highestIatS: null, highestExpS: null, longestLifetimeS: null };
    if (usage !== null) {
      it.usage.set(usageKey(ISSUER, 'old'), { issuer: ISSUER, kid: 'old', ...empty, ...usage });
    }
    const of = { ...rotation, switchedAtMs: when.switchedAtMs ?? null };
    t.same(oldTokensLive(it, of), expected, name);
  }
  const bare = { ...state, policy: { ...state.policy, issuers: new Map() } };
  t.equal(oldTokensLive(bare, { ...rotation, switchedAtMs: T0 }), null);
  t.equal(oldTokensLive({ ...state, issuers: new Map() }, { ...rotation, switchedAtMs: T0 }), null);
  t.end();
});

t.test('how far a key has come, number by number', (t) => {
  const { world, a, b, state, rotation } = appeared();
  const publishedAtMs = world.atMs - 15_000;
  const spread = () => propagationOf(state, theOpen(world), world.atMs);
  setKey(state, NEW, { publishedAtMs });
  a.report({ keys: [OLD, NEW] });
  b.report({ keys: [OLD], dataAgeMs: 600_000 });
  t.match(spread(), {
    verifiers: 2,
    knowing: 1,
    refusing: 0,
    doubtful: 1,
    unheard: 0,
    unseenServices: 0,
    byGrade: { present: 1, stale: 1 },
    lacking: [
      {
        service: 'orders',
        instance: 'b',
        state: 'stale',
        detail: 'holds keys fetched before the new key was published',
      },
    ],
    leadMs: 15_000,
    neededLeadMs: 60_000,
    knownByMs: publishedAtMs + 60_000,
    oldTokens: null,
    failures: 0,
    risk: 'raised',
    reasons: ['nothing shows that 1 verifier would accept a token of new'],
  });
  b.report({ keys: [OLD] });
  t.match(spread(), { refusing: 1, doubtful: 0, byGrade: { present: 1, absent: 1 } });
  t.equal(spread()?.lacking[0]?.state, 'absent');
  b.goodbye();
  t.match(spread(), {
    verifiers: 2,
    knowing: 1,
    unheard: 1,
    lacking: [],
    knownByMs: publishedAtMs + 60_000,
  });
  const c = world.join('orders', 'c');
  t.match(spread(), { verifiers: 2, unheard: 1, byGrade: { present: 1, never_seen: 1 } });
  c.report({ keys: [OLD, NEW] });
  t.match(spread(), { verifiers: 2, knowing: 2, unheard: 0, knownByMs: null, risk: 'low' });
  t.same(spread()?.byGrade, { present: 2 });
  world.atMs += 60_000;
  world.take({ type: 'settle' });
  t.match(spread(), { verifiers: 2, knowing: 0, unheard: 2, byGrade: { silent: 2 } });
  world.join('orders', 'd');
  t.match(spread(), { unheard: 3, byGrade: { silent: 2, never_seen: 1 } });
  t.equal(propagationOf(state, { ...rotation, origin: 'declared' }, world.atMs), null);
  t.equal(propagationOf(state, { ...rotation, endedAtMs: 1 }, world.atMs), null);
  const used = { ...rotation, switchedAtMs: publishedAtMs - 5 };
  t.equal(propagationOf(state, used, world.atMs)?.leadMs, -5);
  setKey(state, NEW, { publishedAtMs: null });
  t.match(propagationOf(state, rotation, world.atMs), { leadMs: null, knownByMs: null });
  t.end();
});

t.test('failures since it opened, and never fewer than none', (t) => {
  const { world, a, state, rotation } = appeared();
  a.report({ keys: [OLD, NEW], counts: [{ kid: 'new', outcomes: { unknown_kid: 4 } }] });
  const failures = (failuresAtSwitch: number) =>
    propagationOf(state, { ...rotation, failuresAtSwitch }, world.atMs)?.failures;
  t.same([failures(0), failures(3), failures(9)], [4, 1, 0]);
  t.end();
});

t.test('who lacks it is named, the first twenty', (t) => {
  const { world, state, rotation } = appeared([serviceOf('orders')]);
  for (let i = 0; i < 25; i += 1) world.join('orders', `i${i}`).report({ keys: [OLD] });
  const found = propagationOf(state, rotation, world.atMs);
  t.equal(found?.refusing, 27);
  t.equal(found?.lacking.length, 20);
  t.end();
});

t.test('when time or a word covers a service nobody hears', (t) => {
  const cohorts = [{ percentile: 99, withinMs: 600_000 }];
  const population = { cohorts, coverPercentile: 99, dropsWithRefresh: true };
  const { world, state, rotation } = appeared([
    serviceOf('orders', { instances: 2 }),
    { ...MOBILE, population },
    LEDGER,
  ]);
  for (const verifier of world.verifiers) verifier.report({ keys: [OLD, NEW] });
  const publishedAtMs = world.atMs;
  setKey(state, NEW, { publishedAtMs });
  const at = (ms: number) => propagationOf(state, rotation, publishedAtMs + ms);
  t.match(at(599_999), { unseenServices: 2, knownByMs: publishedAtMs + 600_000 });
  t.match(at(600_000), { unseenServices: 1 }, 'time');
  t.ok(world.attest(rotation.id, 'ledger', { validForMs: 700_000 }).ok);
  t.match(at(600_000), { unseenServices: 0 }, 'and a word');
  t.match(at(700_000), { unseenServices: 1 }, 'that has lapsed');
  t.end();
});

t.test('without a bound, or a publication, nobody knows when all have it', (t) => {
  const unbounded = profileOf({ newKidRefusedS: null });
  const slow = serviceOf('slow', { evidence: 'timed', instances: null, profile: unbounded });
  const { state, rotation, world } = appeared([serviceOf('orders', { instances: 2 }), slow]);
  for (const verifier of world.verifiers) verifier.report({ keys: [OLD, NEW] });
  const at = (ms: number) => propagationOf(state, rotation, world.atMs + ms);
  t.match(at(9_000_000_000), { unseenServices: 1, knownByMs: null, neededLeadMs: null });
  const timed = appeared([serviceOf('quick', { evidence: 'timed', instances: null })]);
  const quick = () => propagationOf(timed.state, timed.rotation, timed.world.atMs + 600_000);
  t.match(quick(), { unseenServices: 0 });
  setKey(timed.state, NEW, { publishedAtMs: null });
  t.match(quick(), { unseenServices: 1, knownByMs: null });
  t.end();
});

t.test('two processes under one name: the one that is heard speaks for itself alone', (t) => {
  const { world, a, b, state, rotation } = appeared();
  for (const verifier of [a, b]) verifier.report({ keys: [OLD, NEW] });
  t.match(propagationOf(state, rotation, world.atMs), { knowing: 2, risk: 'low' });
  const other = world.join('orders', 'b');
  other.report({ keys: [OLD, NEW] });
  b.report({ keys: [OLD] });
  world.join('orders', 'b').report({ keys: [OLD, NEW] });
  const told = propagationOf(state, theOpen(world), world.atMs);
  t.match(told, { verifiers: 2, knowing: 1, doubtful: 1, refusing: 0, risk: 'raised' });
  t.match(told?.lacking, [{ instance: 'b', state: 'duplicate' }]);
  t.end();
});
