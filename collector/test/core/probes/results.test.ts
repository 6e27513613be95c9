import t from 'tap';
import { findVerifier } from '../../../src/core/fleet.ts';
import { applyProbeResult, orderProbe } from '../../../src/core/probes/probes.ts';
import type { HeldProbe } from '../../../src/core/probes/record.ts';
import type { RotationRecord } from '../../../src/core/records.ts';
import { keyIdentity } from '../../../src/core/state.ts';
import type { Write } from '../../../src/core/writes.ts';
import type { ServicePolicy } from '../../../src/core/policy.ts';
import { auditOf } from '../../support/observing.ts';
import { ISSUER, issuerOf, keyOf, NEW, profileOf, serviceOf } from '../../support/policies.ts';
import {
  type Answers,
  answersOf,
  CANARY,
  KNOWS,
  LACKS,
  ProbingWorld,
  TAKES_ANYTHING,
} from '../../support/probing.ts';

const A = { service: 'orders', instance: 'a', cache: 'jwks' };
const UNREACHABLE: Answers = ['unreachable', null, null];

/** One world whose verifier was asked, at the moment the answer comes. */
function begin(service: Partial<ServicePolicy> = {}) {
  const world = new ProbingWorld(service);
  world.publish();
  const { state, rotationId } = world;
  const found = findVerifier(state.fleet, A);
  const rotation = state.rotations.get(rotationId);
  if (found === undefined || rotation === undefined) throw new Error('no world');
  const verifier = found;
  const sentAtMs = world.atMs - 5_000;
  const ask = () => {
    const { session, record } = verifier;
    if (session === null) throw new Error('no stream');
    verifier.probe = { id: 'p', rotationId, session, epoch: record.epoch, sentAtMs };
  };
  const writes: Write[] = [];
  const answer = (
    answers: Answers,
    part: { readonly ageMs?: number; readonly session?: string; readonly probeId?: string } = {},
  ) => {
    const { ageMs = 0, probeId = 'p', session = verifier.session ?? '' } = part;
    const result = { probeId, handle: 1, ageMs, answers: answersOf(answers) };
    return applyProbeResult(state, session, A, result, world.now(), writes);
  };
  const held = (): HeldProbe | undefined => verifier.record.probes[0];
  ask();
  return { world, state, verifier, rotation, sentAtMs, ask, answer, held, writes };
}

t.test('an order: what it grants and is remembered by', (t) => {
  const { world, state, verifier, rotation } = begin();
  const order = {
    session: verifier.session ?? '',
    verifier: A,
    rotationId: rotation.id,
    probeId: 'q',
  };
  verifier.probe = null;
  const now = world.now();
  t.equal(orderProbe(state, { ...order, rotationId: 'nobody' }, now), undefined);
  t.equal(orderProbe(state, { ...order, verifier: { ...A, instance: 'x' } }, now), undefined);
  t.equal(orderProbe(state, { ...order, session: 'another' }, now), undefined);
  t.equal(verifier.probe, null);
  t.equal(verifier.probedAtMs, null);
  t.same(orderProbe(state, order, now), { expiresInMs: 30_000, apartMs: 60_000 });
  t.same(verifier.probe, {
    id: 'q',
    rotationId: rotation.id,
    session: verifier.session,
    epoch: 1,
    sentAtMs: world.atMs,
  });
  t.equal(verifier.probedAtMs, world.atMs);
  t.equal(orderProbe(state, { ...order, probeId: 'r' }, now), undefined, 'one at a time');
  t.end();
});

t.test('a result: all that is kept of it', (t) => {
  const { world, state, verifier, rotation, sentAtMs, answer, writes } = begin();
  const other = { issuer: 'x', latest: null, refusedNew: null, bogusAcceptedAtMs: null };
  verifier.record = { ...verifier.record, probes: [other] };
  state.unevaluated.clear();
  t.equal(answer(KNOWS), undefined);
  t.same(verifier.record.probes, [
    other,
    {
      issuer: ISSUER,
      latest: {
        rotationId: rotation.id,
        key: { kid: 'new', thumbprint: NEW.thumbprint },
        atMs: sentAtMs,
        validUntilMs: sentAtMs + CANARY.maxLifetimeMs,
        answers: answersOf(KNOWS),
      },
      refusedNew: null,
      bogusAcceptedAtMs: null,
    },
  ]);
  t.same(writes, [{ kind: 'verifier', record: verifier.record }]);
  t.equal(verifier.probe, null);
  t.ok(state.unevaluated.has(rotation.id));
  t.ok(state.fleet.probed.has(verifier));
  t.equal(world.state.fleet.probeLapsesAtMs, sentAtMs + CANARY.maxLifetimeMs);
  t.end();
});

t.test('results that do not count, and why', (t) => {
  const it = begin();
  const { world, verifier, answer, ask, state, rotation } = it;
  const expected = 'probe_id: expected the probe this verifier was asked for last';
  const process = 'probe_id: expected a probe asked of this process on this stream';
  t.equal(answer(KNOWS, { probeId: 'q' }), expected);
  t.equal(answer(KNOWS, { session: 'x' }), process);
  t.equal(
    answer(KNOWS, { ageMs: 6_001 }),
    'age_ms: expected at most 6000, as long as the probe was asked for, got 6001',
  );
  t.equal(it.held(), undefined);
  t.equal(answer(KNOWS, { ageMs: 6_000 }), undefined, 'clocks differ a little');
  t.equal(answer(KNOWS), expected, 'twice');
  ask();
  verifier.record = { ...verifier.record, epoch: 2 };
  t.equal(answer(KNOWS), process);
  verifier.record = { ...verifier.record, epoch: 1, probes: [] };
  const nobody = { ...A, instance: 'x' };
  const result = { probeId: 'p', handle: 1, ageMs: 0, answers: [] };
  t.equal(applyProbeResult(state, 's', nobody, result, world.now(), []), expected);

  const silently = (change: () => void) => {
    ask();
    change();
    t.equal(answer(KNOWS), undefined);
    t.equal(verifier.probe, null, 'it was answered');
    t.same(verifier.record.probes, [], 'and nothing is kept');
    state.rotations.set(rotation.id, rotation);
  };
  silently(() => state.rotations.delete(rotation.id));
  silently(() => state.rotations.set(rotation.id, { ...rotation, newThumbprint: null }));
  silently(() => state.rotations.set(rotation.id, { ...rotation, issuer: 'x' }));
  const issuers = new Map([[ISSUER, issuerOf()]]);
  ask();
  const bare = { ...state, policy: { ...state.policy, issuers } };
  t.equal(
    applyProbeResult(bare, verifier.session ?? '', A, result, world.now(), []),
    undefined,
    'canaries are not wanted any more',
  );
  t.same(verifier.record.probes, []);
  t.end();
});

t.test('a refusal is kept until something answers it', (t) => {
  const key = { kid: 'new', thumbprint: NEW.thumbprint };
  const refusal = { key, atMs: 7 };
  const rows: [string, HeldProbe['refusedNew'], Answers, 'kept' | 'none' | 'now'][] = [
    ['none, and it knows the key', null, KNOWS, 'none'],
    ['none, and it lacks the key', null, LACKS, 'now'],
    ['none, and nothing is heard', null, UNREACHABLE, 'none'],
    ['it knows the key', refusal, KNOWS, 'none'],
    ['it lacks the key again', refusal, LACKS, 'now'],
    ['nothing is heard', refusal, UNREACHABLE, 'kept'],
    ['it takes anything', refusal, TAKES_ANYTHING, 'kept'],
    ['of another key, and it knows this one', { ...refusal, key: keyOf('x') }, KNOWS, 'none'],
  ];
  const it = begin();
  const { world, verifier, ask } = it;
  for (const [name, refusedNew, answers, expected] of rows) {
    const probe = { issuer: ISSUER, latest: null, refusedNew, bogusAcceptedAtMs: null };
    verifier.record = { ...verifier.record, probes: [probe] };
    ask();
    it.answer(answers);
    const after = it.held()?.refusedNew;
    const nowRefused = { key, atMs: world.atMs };
    t.same(after, { kept: refusedNew, none: null, now: nowRefused }[expected], name);
    t.equal(verifier.record.probes.length, 1, name);
  }
  t.end();
});

t.test('of several caches, one that knows the key clears a refusal once each of them must', (t) => {
  const key = { kid: 'new', thumbprint: NEW.thumbprint };
  const kept = (boundS: number | null, publishedAgoMs: number | null, refused = key) => {
    const profile = profileOf({ severalCaches: true, newKidRefusedS: boundS });
    const it = begin({ profile });
    const { state, verifier, sentAtMs } = it;
    const keys = state.issuers.get(ISSUER)?.keys;
    const record = keys?.get(keyIdentity(NEW));
    if (record === undefined) throw new Error('no key');
    const publishedAtMs = publishedAgoMs === null ? null : sentAtMs - publishedAgoMs;
    keys?.set(keyIdentity(NEW), { ...record, publishedAtMs });
    const refusedNew = { key: refused, atMs: 7 };
    const probe = { issuer: ISSUER, latest: null, refusedNew, bogusAcceptedAtMs: null };
    verifier.record = { ...verifier.record, probes: [probe] };
    it.answer(KNOWS);
    return it.held()?.refusedNew !== null;
  };
  t.equal(kept(60, 59_999), true);
  t.equal(kept(60, 60_000), false);
  t.equal(kept(null, 9_000_000), true, 'no bound');
  t.equal(kept(60, null), true, 'not published');
  t.equal(kept(60, 0, keyOf('x')), false, 'a refusal of another key');
  t.end();
});

t.test('who takes anything is told once, and until it refuses one', (t) => {
  const it = begin();
  const { world, ask, answer, held, verifier, rotation } = it;
  const tell = (answers: Answers, passMs = 0) => {
    world.atMs += passMs;
    ask();
    it.writes.length = 0;
    answer(answers);
    const audit = it.writes.flatMap(({ kind, record }) => (kind === 'audit' ? [record] : []));
    return [held()?.bogusAcceptedAtMs ?? null, audit];
  };
  t.same(tell(KNOWS), [null, []]);
  const firstAtMs = world.atMs + 5;
  const told = (action: string, message: string) => ({
    atMs: world.atMs,
    kind: 'observation',
    rotationId: rotation.id,
    actor: 'keyturn',
    action,
    message: `orders/a/jwks ${message}`,
    detail: { issuer: ISSUER, verifier: 'orders/a/jwks' },
  });
  t.same(tell(TAKES_ANYTHING, 5), [
    firstAtMs,
    [
      told(
        'bogus_accepted',
        'accepted a token with a signature that nobody made: it does not check signatures',
      ),
    ],
  ]);
  t.ok(world.state.fleet.takesAnything.has(verifier));
  t.same(tell(TAKES_ANYTHING, 5), [firstAtMs, []]);
  t.same(tell(UNREACHABLE, 5), [firstAtMs, []], 'what is not heard clears nothing');
  t.same(tell(['rejected', 'rejected', 'rejected'], 5), [firstAtMs, []]);
  t.same(tell(KNOWS, 5), [
    null,
    [told('bogus_refused', 'refuses a token with a signature that nobody made')],
  ]);
  t.notOk(world.state.fleet.takesAnything.has(verifier));
  t.same(auditOf(world, 'bogus_refused'), [], 'nothing is written but by the caller');
  t.end();
});

t.test('a probe of an issuer says nothing of another', (t) => {
  const it = begin();
  const { verifier, answer } = it;
  const other = {
    issuer: 'x',
    latest: null,
    refusedNew: { key: NEW, atMs: 1 },
    bogusAcceptedAtMs: 1,
  };
  verifier.record = { ...verifier.record, probes: [other] };
  answer(UNREACHABLE);
  t.same(verifier.record.probes[0], other);
  t.match(verifier.record.probes[1], { issuer: ISSUER, refusedNew: null, bogusAcceptedAtMs: null });
  t.end();
});

t.test('whom the result touches', (t) => {
  const it = begin({ ...serviceOf('orders') });
  const { state, rotation, answer } = it;
  const away: RotationRecord = { ...rotation, id: 'away', issuer: 'x' };
  state.rotations.set('away', away);
  state.unevaluated.clear();
  answer(LACKS);
  t.same([...state.unevaluated], [rotation.id]);
  t.equal(it.world.grade(), 'absent', 'and its standing at once');
  t.end();
});
