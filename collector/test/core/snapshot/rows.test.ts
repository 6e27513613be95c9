import t from 'tap';
import type { Gate } from '@keyturn/shared/model/verdict.ts';
import { groupsOfIssuer, type Standing } from '../../../src/core/fleet.ts';
import type { RotationRecord, Step } from '../../../src/core/records.ts';
import type { Occasion } from '../../../src/core/snapshot/evidence-record.ts';
import { momentsOf, overlapTerms } from '../../../src/core/snapshot/overlap.ts';
import { evidenceTaken, noteOpening, takeEvidence } from '../../../src/core/snapshot/take.ts';
import { isAboutOldKey, weakestFirst } from '../../../src/core/snapshot/weakest-first.ts';
import { usageKey } from '../../../src/core/state.ts';
import { setStanding } from '../../../src/core/tallies.ts';
import type { Write } from '../../../src/core/writes.ts';
import {
  ISSUER,
  issuerOf,
  NEW,
  OLD,
  policyOf,
  profileOf,
  serviceOf,
} from '../../support/policies.ts';
import { rotating, type Rotating, type RotatingOptions } from '../../support/rotating.ts';
import { World } from '../../support/world.ts';

const STEP = {
  kind: 'step',
  step: 'publish',
  by: 'me',
  overrideReason: null,
  reason: null,
} as const;
const step = (name: Step): Occasion => ({ ...STEP, step: name });
const gate = (name: Gate): Occasion => ({ kind: 'gate', gate: name });
const END: Occasion = { kind: 'end', outcome: 'aborted', because: 'so' };

function rotationOf({ world, id }: Rotating): RotationRecord {
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  return rotation;
}

t.test('occasions at which it counts who still trusts the old key', (t) => {
  const steps = [
    'publish',
    'activate',
    'retire',
    'rollback',
    'abort',
    'taint',
    'complete',
  ] as const;
  t.same(
    steps.filter((name) => isAboutOldKey(step(name))),
    ['rollback', 'taint', 'complete'],
  );
  const gates = ['publish', 'activate', 'retire', 'purge', 'rollback'] as const;
  t.same(
    gates.filter((name) => isAboutOldKey(gate(name))),
    ['purge', 'rollback'],
  );
  t.equal(isAboutOldKey(END), true);
  t.end();
});

t.test('the weakest come first, by name within a strength, and no more than asked for', (t) => {
  const world = new World(policyOf([serviceOf('orders'), serviceOf('edge')]));
  const news: readonly Standing['holdsNew'][] = [
    'verified',
    'present',
    'served',
    'fetchable',
    'attested',
    'timed',
    'stale',
    'silent',
    'never_seen',
    'absent',
  ];
  const olds: readonly Standing['holdsOld'][] = ['dropped', 'unknown', 'served', 'held'];
  const detail = 'why';
  for (const [at, holdsNew] of news.entries()) {
    for (const service of ['orders', 'edge']) {
      world.join(service, `i${at}`);
      const verifier = world.state.fleet.verifiers.get(`${service}/i${at}/jwks`);
      if (verifier === undefined) throw new Error('no verifier');
      const holdsOld = olds[at % 4] ?? 'held';
      const standing = {
        holdsNew,
        holdsNewSinceMs: 1,
        holdsOld,
        holdsOldSinceMs: 2,
        decides: false,
        detail,
      };
      setStanding(verifier, { id: 'r', issuer: ISSUER }, standing);
    }
  }
  const groups = [...groupsOfIssuer(world.state.fleet, ISSUER)];
  const rows = (occasion: Occasion, max: number) => weakestFirst(groups, 'r', occasion, max);
  t.same(
    rows(STEP, 99).map((row) => row.holdsNew),
    news.toReversed().flatMap((it) => [it, it]),
  );
  t.same(
    rows(STEP, 4).map((row) => [row.service, row.holdsNew]),
    [
      ['edge', 'absent'],
      ['orders', 'absent'],
      ['edge', 'never_seen'],
      ['orders', 'never_seen'],
    ],
  );
  t.equal(rows(STEP, 3).length, 3);
  t.equal(rows(STEP, 1).length, 1);
  const byOld = rows(END, 99).map((row) => row.holdsOld);
  t.same(byOld, [
    ...Array<string>(4).fill('held'),
    ...Array<string>(4).fill('served'),
    ...Array<string>(6).fill('unknown'),
    ...Array<string>(6).fill('dropped'),
  ]);
  t.same(weakestFirst(groups, 'another', STEP, 99), []);
  t.same(rows(STEP, 99)[0], {
    service: 'edge',
    instance: 'i9',
    cache: 'jwks',
    profile: '',
    source: 'in_process',
    liveness: 'joined',
    holdsNew: 'absent',
    holdsNewSinceMs: 1,
    holdsOld: 'unknown',
    holdsOldSinceMs: 2,
    detail,
    reportedAtMs: null,
  });
  t.end();
});

t.test('what is remembered of snapshots: how many, and which openings are on record', (t) => {
  const ref = (number: number, occasion: Occasion, rotationId = 'r') => ({
    rotationId,
    number,
    occasion,
  });
  const taken = evidenceTaken([
    ref(4, gate('retire')),
    ref(2, step('rollback')),
    ref(1, gate('activate')),
    ref(3, step('activate')),
    ref(7, gate('publish'), 'other'),
    ref(8, END, 'other'),
  ]);
  t.same(
    [...taken].map(([id, { count, opened }]) => [id, count, [...opened]]),
    [
      ['r', 4, ['retire']],
      ['other', 8, ['publish']],
    ],
  );
  t.end();
});

t.test('an opening is written once, and only when the gate is open', (t) => {
  const rotation = rotating();
  const { world, id } = rotation;
  const verdict = world.gate(id, 'activate');
  const writes: Write[] = [];
  const note = (part: Partial<typeof verdict>): number => {
    noteOpening(world.state, rotationOf(rotation), { ...verdict, ...part }, world.now(), writes);
    return writes.length;
  };
  world.state.evidence.clear();
  t.equal(note({ status: 'closed' }), 0);
  t.equal(note({ status: 'open' }), 1);
  t.equal(note({ status: 'open' }), 1);
  t.equal(note({ status: 'open', gate: 'retire' }), 2);
  t.match(
    writes.map(({ record }) => record),
    [
      { number: 1, occasion: { kind: 'gate', gate: 'activate' } },
      { number: 2, occasion: { kind: 'gate', gate: 'retire' } },
    ],
  );
  t.end();
});

t.test('the record of a moment, all of it', (t) => {
  const rotation = rotating({
    services: [serviceOf('edge', { required: false, instancesMax: 4, evidence: 'timed' })],
  });
  const { world, id, a } = rotation;
  const { state } = world;
  world.join('orders', 'c', { source: 'proxy' });
  a.report({ keys: [OLD, NEW] });
  const writes: Write[] = [];
  const verdict = world.gate(id, 'activate');
  takeEvidence(state, rotationOf(rotation), STEP, verdict, world.now(), writes);
  const [write] = writes;
  if (write?.kind !== 'evidence') throw new Error('no snapshot');
  const { record } = write;
  t.match(record, {
    rotationId: id,
    number: state.evidence.get(id)?.count,
    atMs: world.atMs,
    occasion: STEP,
    policySha256: state.policySha256,
    verifiersLeftOut: 0,
    attestations: [],
    waivers: [],
  });
  t.same(record.verdict, {
    gate: 'activate',
    status: verdict.status,
    weakestGrade: verdict.weakestGrade,
    advised: verdict.advised,
    checks: verdict.checks.map((check) => ({
      id: check.id,
      status: check.status,
      class: check.class,
      message: check.message,
      offenderCount: check.offenderCount,
      sinceMs: check.sinceMs,
      clearsAtMs: check.clearsAtMs,
    })),
  });
  t.same(record.services, [
    {
      name: 'edge',
      declared: true,
      required: false,
      kind: 'instrumented',
      way: 'timed',
      evidence: 'timed',
      profile: 'test-profile',
      instancesDeclared: 1,
      instancesMax: 4,
      instancesLive: 0,
      verifiers: 0,
      silent: 0,
      joined: 0,
      uncounted: 0,
      byNew: {},
      byOld: {},
    },
    {
      name: 'orders',
      declared: true,
      required: true,
      kind: 'instrumented',
      way: 'evidence',
      evidence: 'present',
      profile: 'test-profile',
      instancesDeclared: 2,
      instancesMax: null,
      instancesLive: 2,
      verifiers: 3,
      silent: 0,
      joined: 1,
      uncounted: 1,
      byNew: { never_seen: 1, present: 2 },
      byOld: { held: 2, unknown: 1 },
    },
  ]);
  t.end();
});

t.test('only words in force of this rotation are kept, by their id', (t) => {
  const rotation = rotating();
  const { world, id } = rotation;
  const { state } = world;
  const word = (name: string, expiresAtMs: number, rotationId = id) => {
    state.waivers.set(name, { id: name, rotationId, expiresAtMs } as never);
  };
  word('b', world.atMs + 1);
  word('a', world.atMs + 9);
  word('lapsed', world.atMs);
  word('elsewhere', world.atMs + 9, 'another');
  const writes: Write[] = [];
  takeEvidence(state, rotationOf(rotation), STEP, null, world.now(), writes);
  const [write] = writes;
  if (write?.kind !== 'evidence') throw new Error('no snapshot');
  t.same(
    write.record.waivers.map((record) => record.id),
    ['a', 'b'],
  );
  t.equal(write.record.verdict, null);
  t.end();
});

t.test('after many snapshots of a rotation only the weakest hundred are listed', (t) => {
  const rotation = rotating();
  const { world, id } = rotation;
  for (let i = 0; i < 100; i += 1) world.join('orders', `i${i}`);
  const listed = (count: number) => {
    world.state.evidence.set(id, { count, opened: new Set() });
    const writes: Write[] = [];
    takeEvidence(world.state, rotationOf(rotation), STEP, null, world.now(), writes);
    const [write] = writes;
    if (write?.kind !== 'evidence') throw new Error('no snapshot');
    return [write.record.verifiers.length, write.record.verifiersLeftOut];
  };
  t.same(listed(39), [102, 0]);
  t.same(listed(40), [100, 2]);
  t.end();
});

function overlapOf(options: RotatingOptions, part: Partial<RotationRecord> = {}) {
  const rotation = rotating(options);
  const record = { ...rotationOf(rotation), ...part };
  return {
    rotation,
    record,
    terms: overlapTerms(rotation.world.state, record, rotation.world.atMs),
  };
}

t.test('the terms of the overlap', (t) => {
  const issuers = new Map([
    [ISSUER, issuerOf({ skewMs: 7, switchSpreadMs: 11, maxTokenLifetimeMs: 1_000 })],
  ]);
  const policy = { issuers, publishSafetyMs: 13, retireSafetyMs: 17 };
  const slow = (name: string, newKidRefusedS: number | null) =>
    serviceOf(name, { profile: profileOf({ newKidRefusedS }) });
  const plain = {
    propagationMs: 60_000,
    propagationOf: 'orders',
    publishSafetyMs: 13,
    switchSpreadMs: 0,
    lifetimeMs: 1_000,
    skewMs: 7,
    retireSafetyMs: 17,
    requiredMs: 60_000 + 13 + 1_000 + 7 + 17,
  };
  t.same(overlapOf({ policy }).terms, plain);
  const switched = overlapOf({ policy }, { switchedAtMs: 1_800_000_000_000 });
  t.same(switched.terms, { ...plain, switchSpreadMs: 11, requiredMs: plain.requiredMs + 11 });
  t.match(overlapOf({ policy, services: [slow('slow', 90)] }).terms, {
    propagationMs: 90_000,
    propagationOf: 'slow',
  });
  t.match(overlapOf({ policy, services: [slow('quick', 5), slow('as slow', 60)] }).terms, {
    propagationMs: 60_000,
    propagationOf: 'orders',
  });
  t.match(overlapOf({ policy, services: [slow('never', null), slow('slow', 90)] }).terms, {
    propagationMs: null,
    propagationOf: 'never',
    requiredMs: null,
  });
  t.match(overlapOf({ policy }, { keyKind: 'secret' }).terms, {
    propagationMs: null,
    propagationOf: null,
    requiredMs: null,
  });
  const unknown = new Map([[ISSUER, issuerOf({ maxTokenLifetimeMs: null })]]);
  t.match(overlapOf({ policy: { issuers: unknown } }).terms, {
    lifetimeMs: null,
    requiredMs: null,
  });
  t.equal(overlapOf({}, { issuer: 'x' }).terms, null);
  const population = {
    cohorts: [{ percentile: 50, withinMs: 777_000 }],
    coverPercentile: 50,
    dropsWithRefresh: true,
  };
  const crowd = (coverPercentile: number) =>
    serviceOf('crowd', {
      kind: 'unmanaged',
      evidence: 'timed',
      population: { ...population, coverPercentile },
    });
  t.match(overlapOf({ policy, services: [crowd(50)] }).terms, {
    propagationMs: 777_000,
    propagationOf: 'crowd',
  });
  t.match(overlapOf({ policy, services: [crowd(51)] }).terms, { propagationMs: null });
  t.end();
});

t.test('the moments it is measured by', (t) => {
  const { rotation, record } = overlapOf({ until: 'retired' });
  const { state } = rotation.world;
  const usage = state.usage.get(usageKey(ISSUER, 'old'));
  const moments = momentsOf(state, record);
  t.match(moments, {
    switchedAtMs: rotation.switchedAtMs,
    switchSeenAtMs: rotation.switchedAtMs,
    lastOldSignatureAtMs: rotation.switchedAtMs,
    lastOldAcceptedAtMs: usage?.lastAcceptedAtMs,
    oldTokensGoneAtMs: rotation.switchedAtMs + 600_000 + 10_000 + state.policy.retireSafetyMs,
  });
  t.ok(moments.publishedAtMs !== null && moments.publishedAtMs <= rotation.switchedAtMs);
  t.ok(moments.withdrawnAtMs !== null && moments.withdrawnAtMs > rotation.switchedAtMs);
  const bare = { ...state, policy: { ...state.policy, issuers: new Map() }, usage: new Map() };
  t.match(momentsOf(bare, record), {
    lastOldSignatureAtMs: rotation.switchedAtMs,
    lastOldAcceptedAtMs: null,
    oldTokensGoneAtMs: null,
  });
  t.end();
});
