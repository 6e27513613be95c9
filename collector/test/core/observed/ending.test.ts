import t from 'tap';
import { claimKid, setUnclaimed } from '../../../src/core/observed/claim.ts';
import { endObserved, ENDED_KEPT_PER_ISSUER } from '../../../src/core/observed/end.ts';
import { addFinding } from '../../../src/core/observed/finding.ts';
import { algsFor, observedRotation } from '../../../src/core/observed/observed-rotation.ts';
import { OPEN_PER_ISSUER_MAX, OPENED_PER_DAY_MAX } from '../../../src/core/observed/open.ts';
import type { KeyRecord, RotationRecord } from '../../../src/core/records.ts';
import { keyIdentity, type State } from '../../../src/core/state.ts';
import type { Write } from '../../../src/core/writes.ts';
import { auditOf, observedNow, observing, theOpen } from '../../support/observing.ts';
import { ISSUER, issuerOf, keyOf, NEW, OLD, policyOf } from '../../support/policies.ts';
import { World } from '../../support/world.ts';

function appeared() {
  const observed = observing();
  observed.world.served = [OLD, NEW];
  observed.world.pass(30_000);
  const { state } = observed.world;
  const issuer = state.issuers.get(ISSUER);
  if (issuer === undefined) throw new Error('no issuer');
  return { ...observed, state, issuer, rotation: theOpen(observed.world), writes: [] as Write[] };
}

function keyRecordOf(state: State, key: typeof OLD): KeyRecord {
  const record = state.issuers.get(ISSUER)?.keys.get(keyIdentity(key));
  if (record === undefined) throw new Error('no key');
  return record;
}

t.test('a key is news once: until some rotation names it', (t) => {
  const { state, issuer, writes } = appeared();
  const identity = keyIdentity(NEW);
  const record = keyRecordOf(state, NEW);
  t.notOk(record.unclaimed);
  setUnclaimed(issuer, record, true, writes);
  t.ok(issuer.unclaimed.has(identity));
  t.same(writes, [{ kind: 'key', record: { ...record, unclaimed: true } }]);
  setUnclaimed(issuer, keyRecordOf(state, NEW), true, writes);
  t.equal(writes.length, 1, 'as it was');
  claimKid(issuer, 'another', writes);
  t.ok(issuer.unclaimed.has(identity));
  claimKid(issuer, 'new', writes);
  t.notOk(issuer.unclaimed.has(identity));
  t.same(writes.at(-1), { kind: 'key', record });
  t.same(keyRecordOf(state, NEW), record);
  t.end();
});

t.test('a finding is noted once of its kind', (t) => {
  const { world, state, rotation, writes } = appeared();
  const once = addFinding(state, rotation, 'swapped', 'a swap', world.now(), writes);
  t.same(once.findings, [{ id: 'swapped', atMs: world.atMs, message: 'a swap' }]);
  t.equal(state.rotations.get(rotation.id), once);
  t.same(writes, [
    { kind: 'rotation', record: once },
    {
      kind: 'audit',
      record: {
        atMs: world.atMs,
        kind: 'observation',
        rotationId: rotation.id,
        actor: 'keyturn',
        action: 'observed_swapped',
        message: 'a swap',
        detail: { issuer: ISSUER, alg: 'RS256', old_kid: 'old', new_kid: 'new' },
      },
    },
  ]);
  t.equal(addFinding(state, once, 'swapped', 'again', world.now(), writes), once);
  t.equal(writes.length, 2);
  const both = addFinding(state, once, 'went_back', 'back', world.now(), writes);
  t.same(
    both.findings.map(({ id }) => id),
    ['swapped', 'went_back'],
  );
  t.end();
});

t.test('what an observed rotation begins with', (t) => {
  const { world, state, rotation } = appeared();
  const [next, old] = [keyRecordOf(state, NEW), keyRecordOf(state, OLD)];
  const id = rotation.id.replace(/-\d+$/, '');
  t.equal(id, 'o-20260101');
  const made = observedRotation(state, next, old, world.now());
  t.same(made, {
    ...rotation,
    id: `${id}-2`,
    startedAtMs: world.atMs,
    failuresAtSwitch: 0,
  });
  t.match(rotation, {
    alg: 'RS256',
    oldAlg: 'RS256',
    keyKind: 'public',
    startedBy: 'keyturn',
    declared: {},
    switchedAtMs: null,
    tainted: false,
    origin: 'observed',
    findings: [],
  });
  for (const other of [`${id}-9`, `${id}-x`, 'o-20250101-70', 'r-80']) {
    state.rotations.set(other, { ...rotation, id: other });
  }
  t.equal(observedRotation(state, next, old, world.now()).id, `${id}-10`);
  world.verifiers[0]?.report({ counts: [{ kid: 'new', outcomes: { bad_signature: 3 } }] });
  const failures = () => observedRotation(state, next, old, world.now()).failuresAtSwitch;
  t.equal(failures(), 3, 'a kid that was rotated to before');
  state.rotations.clear();
  t.equal(failures(), 0, 'of a fresh kid all of them count');
  state.rotations.set('x', { ...rotation, id: 'x', issuer: 'x' });
  state.rotations.set('y', { ...rotation, id: 'y', newKid: 'y' });
  t.equal(failures(), 0);
  t.end();
});

t.test('which algorithms a key that appears stands for', (t) => {
  const { state } = appeared();
  const record = (alg: string): KeyRecord => {
    const known = keyRecordOf(state, OLD);
    return { ...known, key: { ...known.key, alg } };
  };
  const rows = [
    ['ES256', 'RS256', 'ES256', 'RS256'],
    ['', 'ES256', 'ES256', 'ES256'],
    ['', '', 'RS256', 'RS256'],
    ['ES256', '', 'ES256', ''],
    ['RS256', '', 'RS256', 'RS256'],
  ] as const;
  for (const [next, old, alg, oldAlg] of rows) {
    t.same(algsFor(record(next), record(old)), { alg, oldAlg }, `${old} to ${next}`);
  }
  t.end();
});

t.test('an end: kept, told, counted no more', (t) => {
  const rows = [
    ['completed', false, 'retired', false],
    ['aborted', false, null, false],
    ['aborted', true, null, true],
  ] as const;
  for (const [outcome, reopens, tombstone, unclaimed] of rows) {
    const { world, state, rotation, issuer, writes } = appeared();
    state.unevaluated.clear();
    endObserved(state, rotation, { outcome, because: 'so', reopens }, world.now(), writes);
    const name = `${outcome} ${reopens}`;
    t.match(
      state.rotations.get(rotation.id),
      { endedAtMs: world.atMs, outcome, endedBecause: 'so' },
      name,
    );
    t.same(
      writes.map(({ kind }) => kind),
      [
        'rotation',
        'evidence',
        ...(tombstone === null ? [] : ['key']),
        ...(unclaimed ? ['key'] : []),
        'audit',
      ],
      name,
    );
    t.match(writes.at(-1)?.record, {
      action: `observed_${outcome}`,
      message: `rotation ${rotation.id} ended: so`,
    });
    t.equal(keyRecordOf(state, OLD).tombstone, tombstone, name);
    t.equal(issuer.unclaimed.has(keyIdentity(NEW)), unclaimed, name);
    t.ok(state.unevaluated.has(rotation.id), name);
    const [group] = state.fleet.groups.get(ISSUER)?.values() ?? [];
    t.equal(group?.tallies.has(rotation.id), false, name);
  }
  t.end();
});

t.test('of ended ones the latest are kept, with all that belongs to them', (t) => {
  const { world, state, rotation, writes } = appeared();
  const ended = (id: string, part: Partial<RotationRecord> = {}): void => {
    state.rotations.set(id, { ...rotation, id, outcome: 'aborted', endedAtMs: 100, ...part });
  };
  ended('e-0', { endedAtMs: 999 });
  ended('oldest', { endedAtMs: 5 });
  for (let n = 2; n < ENDED_KEPT_PER_ISSUER; n += 1) ended(`e-${n}`, { endedAtMs: 1_000 + n });
  ended('declared', { endedAtMs: 1, origin: 'declared' });
  ended('elsewhere', { endedAtMs: 1, issuer: 'x' });
  ended('open', { endedAtMs: null, outcome: null });
  state.gates.set('oldest', new Map());
  state.evidence.set('oldest', { count: 1, opened: new Set() });
  const mine = { id: 'mine', rotationId: 'oldest', expiresAtMs: 9 };
  const others = { ...mine, id: 'others', rotationId: 'e-2' };
  for (const record of [mine, others]) {
    state.attestations.set(record.id, record as never);
    state.waivers.set(record.id, record as never);
  }
  const ending = { outcome: 'aborted', because: 'so' } as const;
  endObserved(state, rotation, ending, world.now(), writes);
  t.same(writes.at(-1), {
    kind: 'rotation_removed',
    record: { id: 'oldest', attestationIds: ['mine'], waiverIds: ['mine'] },
  });
  t.equal(writes.filter(({ kind }) => kind === 'rotation_removed').length, 1);
  t.same(
    ['oldest', 'declared', 'elsewhere', 'open', 'e-0', rotation.id].map((id) =>
      state.rotations.has(id),
    ),
    [false, true, true, true, true, true],
  );
  t.equal(state.health.droppedRotations, 1);
  t.same([state.gates.has('oldest'), state.evidence.has('oldest')], [false, false]);
  t.same([[...state.attestations.keys()], [...state.waivers.keys()]], [['others'], ['others']]);
  t.end();
});

t.test('how many open by themselves at a time and in a day, and that it is told once', (t) => {
  const paced = (count: number, part: Partial<RotationRecord>) => {
    const { world } = observing();
    const { state } = world;
    for (let n = 0; n < count; n += 1) {
      const rotation = {
        id: `p-${n}`,
        issuer: ISSUER,
        origin: 'observed',
        alg: `A${n}`,
        oldAlg: `A${n}`,
        oldKid: `o${n}`,
        newKid: `n${n}`,
        startedAtMs: world.atMs,
        endedAtMs: null,
        ...part,
      };
      state.rotations.set(rotation.id, rotation as RotationRecord);
    }
    for (const _ of [1, 2, 3]) world.sight([OLD, NEW]);
    const isOpen = [...state.rotations.values()].some(({ newKid }) => newKid === 'new');
    return [isOpen, auditOf(world, 'observed_paced').length];
  };
  const ended = { endedAtMs: 1, outcome: 'aborted' } as const;
  t.same(paced(OPEN_PER_ISSUER_MAX - 1, {}), [true, 0]);
  t.same(paced(OPEN_PER_ISSUER_MAX, {}), [false, 1]);
  t.same(paced(OPEN_PER_ISSUER_MAX, { origin: 'declared' }), [true, 0]);
  t.same(paced(OPEN_PER_ISSUER_MAX, { issuer: 'x' }), [true, 0]);
  t.same(paced(OPENED_PER_DAY_MAX - 1, ended), [true, 0]);
  t.same(paced(OPENED_PER_DAY_MAX, ended), [false, 1]);
  t.same(paced(OPENED_PER_DAY_MAX, { ...ended, startedAtMs: 1 }), [true, 0], 'long ago');
  t.end();
});

t.test('a declared rotation of the key or of its algorithm goes first', (t) => {
  const open = (part: Partial<RotationRecord>) => {
    const { world } = observing();
    const rotation = {
      id: 'd',
      issuer: ISSUER,
      origin: 'declared',
      alg: 'ES256',
      oldAlg: 'ES256',
      oldKid: 'o',
      newKid: 'n',
      startedAtMs: world.atMs,
      endedAtMs: null,
      switchedAtMs: null,
      ...part,
    };
    world.state.rotations.set('d', rotation as RotationRecord);
    for (const _ of [1, 2]) world.sight([OLD, NEW]);
    return observedNow(world);
  };
  t.same(open({}), ['old>new'], 'one of others');
  t.same(open({ alg: 'RS256' }), []);
  t.same(open({ oldAlg: 'RS256' }), []);
  t.same(open({ oldKid: 'new' }), []);
  t.same(open({ newKid: 'old' }), ['old>new'], 'what names the old key only');
  t.same(open({ issuer: 'x', alg: 'RS256' }), ['old>new']);
  t.same(open({ endedAtMs: 5, alg: 'RS256' }), ['old>new']);
  t.end();
});

t.test('the audit trail of a key that appears', (t) => {
  const { world } = observing();
  world.sight([OLD, NEW]);
  world.sight([OLD, NEW]);
  const { id } = theOpen(world);
  t.match(auditOf(world, 'rotation_observed'), [
    {
      kind: 'observation',
      rotationId: id,
      message: `key new appeared beside old at ${ISSUER}: rotation ${id} opened by itself`,
    },
  ]);
  const swap = observing().world;
  swap.sight([keyOf('x')]);
  swap.sight([keyOf('x')]);
  t.equal(
    theOpen(swap).findings[0]?.message,
    'old was gone when x appeared: verifiers without x refuse its tokens now',
  );
  t.end();
});

t.test('the first key of an issuer replaces none, and that is told once', (t) => {
  const issuers = new Map([[ISSUER, issuerOf({ control: 'third_party' })]]);
  const world = new World(policyOf([], { issuers }));
  for (const keys of [[], [NEW], [NEW], [NEW]]) world.sight(keys);
  t.same(observedNow(world), []);
  t.match(auditOf(world, 'first_key'), [
    {
      kind: 'observation',
      rotationId: null,
      actor: 'keyturn',
      message: 'key new is the first of its issuer, so it replaces none',
      detail: { issuer: ISSUER },
    },
  ]);
  t.equal(auditOf(world, 'first_key').length, 1);
  t.equal(world.state.issuers.get(ISSUER)?.unclaimed.size, 0);
  t.end();
});

t.test('a kid that is retired or reused opens nothing, and is looked at no more', (t) => {
  for (const how of ['retired', 'reused'] as const) {
    const { world } = observing();
    const issuer = world.state.issuers.get(ISSUER);
    world.sight([OLD, NEW]);
    if (how === 'reused') issuer?.reusedKids.set('new', [NEW]);
    else issuer?.keys.set(keyIdentity(NEW), { ...keyRecordOf(world.state, NEW), tombstone: how });
    t.equal(issuer?.unclaimed.size, 1);
    world.sight([OLD, NEW]);
    t.same(observedNow(world), [], how);
    t.equal(issuer?.unclaimed.size, 0, how);
  }
  t.end();
});
