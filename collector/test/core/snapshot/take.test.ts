import t from 'tap';
import type { EvidenceRecord } from '../../../src/core/snapshot/evidence-record.ts';
import { ROWS_MAX, takeEvidence } from '../../../src/core/snapshot/take.ts';
import { occasionName } from '../../../src/occasion-name.ts';
import type { Write } from '../../../src/core/writes.ts';
import { openMemoryStore } from '../../../src/store/memory.ts';
import { NEW, OLD, policyOf, serviceOf } from '../../support/policies.ts';
import { observing, theOpen } from '../../support/observing.ts';
import { rotating, type Rotating } from '../../support/rotating.ts';
import { World } from '../../support/world.ts';

/** Every snapshot on record, oldest first. */
function snapshots({ world, id }: Pick<Rotating, 'world' | 'id'>): EvidenceRecord[] {
  const refs = world.store.load().evidence.filter((ref) => ref.rotationId === id);
  return refs
    .map((ref) => world.store.evidence(id, ref.number)?.record)
    .filter((record) => record !== undefined)
    .sort((a, b) => a.number - b.number);
}

function what({ occasion }: EvidenceRecord): string {
  return occasionName(occasion).replace(/^(?:gate|step) /, '');
}

t.test('a step keeps what every verifier had shown, and what the gate said', (t) => {
  const rotation = rotating();
  const { world, id, b } = rotation;
  b.report({ keys: [OLD] });
  world.declare(id, 'activate', 'the site is down anyway');
  const taken = snapshots(rotation).find((record) => what(record) === 'activate');
  t.match(taken, {
    atMs: world.atMs,
    occasion: { by: 'tester', overrideReason: 'the site is down anyway' },
    verdict: { gate: 'activate', status: 'closed' },
    moments: { switchedAtMs: world.atMs, withdrawnAtMs: null },
    services: [
      {
        name: 'orders',
        way: 'evidence',
        evidence: 'present',
        instancesDeclared: 2,
        instancesLive: 2,
        verifiers: 2,
        byNew: { absent: 1, present: 1 },
      },
    ],
    verifiersLeftOut: 0,
  });
  t.same(
    taken?.verifiers.map((row) => [row.instance, row.holdsNew, row.detail]),
    [
      ['b', 'absent', 'fetched after publication and did not get the new key'],
      ['a', 'present', 'holds the new key'],
    ],
    'weakest first',
  );
  t.ok(
    taken?.verdict?.checks.some((check) => check.id === 'new_key_known' && check.message !== ''),
  );
  t.end();
});

t.test('a completed rotation keeps what was known when it ended', (t) => {
  const rotation = rotating({ until: 'retired' });
  const { world, id } = rotation;
  world.declare(id, 'complete', 'table');
  const taken = snapshots(rotation).at(-1);
  t.equal(taken && what(taken), 'complete');
  t.same(
    taken?.verifiers.map((row) => [row.instance, row.holdsOld]),
    [
      ['a', 'dropped'],
      ['b', 'dropped'],
    ],
  );
  t.ok((taken?.moments.withdrawnAtMs ?? 0) > 0);
  t.equal(world.state.fleet.verifiers.get('orders/a/jwks')?.standings.size, 0, 'let go in memory');
  t.end();
});

t.test('steps without a gate are kept too', (t) => {
  for (const step of ['taint', 'abort'] as const) {
    const rotation = rotating();
    rotation.world.declare(rotation.id, step);
    const taken = snapshots(rotation).at(-1);
    t.equal(taken && what(taken), step);
    t.equal(taken?.verdict, null);
    t.equal(taken?.verifiers.length, 2);
  }
  t.end();
});

t.test('an observed rotation that ends by itself leaves what was known then', (t) => {
  const { world } = observing({ control: 'third_party' });
  world.served = [OLD, NEW];
  world.pass(30_000);
  const { id } = theOpen(world);
  world.served = [OLD];
  world.pass(120_000);
  t.equal(world.state.rotations.get(id)?.outcome, 'aborted');
  const taken = snapshots({ world, id }).at(-1);
  t.match(taken, { occasion: { kind: 'end', outcome: 'aborted' }, verdict: null });
  t.equal(taken?.verifiers.length, 2);
  t.end();
});

t.test('a gate is written down when it first opens, not each time', (t) => {
  const rotation = rotating();
  const { world, id, b } = rotation;
  const openings = () =>
    snapshots(rotation).filter((record) => what(record) === 'activate opens').length;
  t.equal(openings(), 0, 'hold on: safety margin or policy may still keep it shut');
  world.pass(2_000);
  t.equal(world.gate(id, 'activate').status, 'open');
  t.equal(openings(), 1);
  b.report({ keys: [OLD] });
  t.equal(world.gate(id, 'activate').status, 'closed');
  b.report({ keys: [OLD, NEW] });
  t.equal(world.gate(id, 'activate').status, 'open');
  t.equal(openings(), 1, 'a flapping gate writes nothing more');

  world.restart();
  const [again] = ['b', 'a'].map((name) => world.join('orders', name));
  for (const verifier of world.verifiers) verifier.report({ keys: [OLD, NEW] });
  world.pass(120_000);
  t.equal(world.gate(id, 'activate').status, 'open');
  t.equal(openings(), 1, 'nor does a restart');

  t.ok(world.declare(id, 'publish', 'late').ok);
  again?.report({ keys: [OLD] });
  t.equal(world.gate(id, 'activate').status, 'closed');
  again?.report({ keys: [OLD, NEW] });
  t.equal(world.gate(id, 'activate').status, 'open');
  t.equal(openings(), 1, 'nor a step that takes nothing back');

  world.declare(id, 'activate');
  world.declare(id, 'rollback', 'trouble');
  again?.report({ keys: [OLD] });
  t.equal(world.gate(id, 'activate').status, 'closed');
  world.pass(1_000);
  for (const verifier of world.verifiers) verifier.report({ keys: [OLD, NEW] });
  t.equal(world.gate(id, 'activate').status, 'open');
  t.equal(openings(), 2, 'the next attempt after a rollback is another decision');
  const numbers = snapshots(rotation).map((record) => record.number);
  t.same(
    numbers,
    [...new Set(numbers)].sort((a, b) => a - b),
    'numbered without gaps or doubles',
  );
  t.end();
});

t.test('reports take no snapshots', (t) => {
  const { world, a, b } = rotating();
  world.pass(2_000);
  const before = world.store.load().evidence.length;
  for (let n = 0; n < 50; n += 1) {
    a.report({ keys: [OLD, NEW] });
    b.report({ keys: n % 2 === 0 ? [OLD] : [OLD, NEW] });
    world.take({ type: 'settle' });
  }
  t.equal(world.store.load().evidence.length, before);
  t.end();
});

t.test('the terms of the required overlap add up', (t) => {
  const rotation = rotating({ until: 'switched' });
  rotation.world.declare(rotation.id, 'retire', 'table');
  const overlap = snapshots(rotation).at(-1)?.overlap;
  t.ok(overlap);
  if (!overlap) return t.end();
  const { propagationMs, publishSafetyMs, switchSpreadMs, lifetimeMs, skewMs, retireSafetyMs } =
    overlap;
  t.equal(
    overlap.requiredMs,
    (propagationMs ?? NaN) +
      publishSafetyMs +
      switchSpreadMs +
      (lifetimeMs ?? NaN) +
      skewMs +
      retireSafetyMs,
  );
  t.equal(overlap.propagationOf, 'orders');
  t.end();
});

t.test('an unbounded cache leaves the required overlap unknown', (t) => {
  const base = serviceOf('edge');
  const edge = { ...base, profile: { ...base.profile, newKidRefusedS: null } };
  const rotation = rotating({ services: [edge], until: 'published' });
  rotation.world.declare(rotation.id, 'publish', 'table');
  t.match(snapshots(rotation).at(-1)?.overlap, {
    propagationMs: null,
    propagationOf: 'edge',
    requiredMs: null,
  });
  t.end();
});

t.test('attestations and waivers in force are kept, expired ones are not', (t) => {
  const rotation = rotating({ services: [serviceOf('vault', { evidence: 'attested' })] });
  const { world, id } = rotation;
  world.attest(id, 'vault', { validForMs: 1_000, reason: 'short' });
  world.waive(id, 'activate', 'new_key_known', 1_000);
  world.pass(5_000);
  world.attest(id, 'vault', { reason: 'long' });
  world.declare(id, 'activate', 'table');
  const taken = snapshots(rotation).at(-1);
  t.same(
    taken?.attestations.map((record) => record.reason),
    ['long'],
  );
  t.same(taken?.waivers, []);
  t.end();
});

t.test('a large fleet: the weakest are listed, the rest is counted', (t) => {
  const fleet = serviceOf('fleet');
  const world = new World(policyOf([fleet], { verifiersMax: 50_000 }), openMemoryStore());
  world.sight();
  world.sight();
  const size = ROWS_MAX + 5;
  const all = Array.from({ length: size }, (_, n) => world.join('fleet', `i${n}`));
  for (const verifier of all) verifier.report({ keys: [OLD] });
  const id = world.start();
  world.served = [OLD, NEW];
  world.sight();
  world.sight();
  world.atMs += 1_000;
  for (const [n, verifier] of all.entries()) {
    verifier.report({ keys: n === size - 1 ? [OLD] : [OLD, NEW] });
  }
  const rotation = world.state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  const writes: Write[] = [];
  const startedMs = performance.now();
  const occasion = {
    kind: 'step',
    step: 'publish',
    by: 'me',
    overrideReason: null,
    reason: null,
  } as const;
  takeEvidence(world.state, rotation, occasion, null, world.now(), writes);
  t.comment(`${ROWS_MAX} rows in ${(performance.now() - startedMs).toFixed(1)} ms`);
  const [write] = writes;
  if (write?.kind !== 'evidence') throw new Error('no snapshot');
  t.equal(write.record.verifiers.length, ROWS_MAX);
  t.equal(write.record.verifiersLeftOut, 5);
  t.match(write.record.verifiers[0], { instance: `i${size - 1}`, holdsNew: 'absent' });
  t.match(write.record.services, [{ verifiers: size, byNew: { absent: 1, present: size - 1 } }]);
  t.end();
});
