import t from 'tap';
import type { Verdict } from '@keyturn/shared/model/verdict.ts';
import { findVerifier, groupsOfIssuer } from '../../src/core/fleet.ts';
import type { KeyRecord, RotationRecord } from '../../src/core/records.ts';
import {
  keepRotation,
  openRotations,
  phaseOf,
  releaseRotation,
  restand,
  restoreServedOld,
  rotationFacts,
  watchingRotations,
} from '../../src/core/rotation.ts';
import { keyIdentity, type State } from '../../src/core/state.ts';
import type { Write } from '../../src/core/writes.ts';
import { ISSUER, NEW, OLD } from '../support/policies.ts';
import { rotating } from '../support/rotating.ts';

function rotationOf(state: State, id: string, part: Partial<RotationRecord> = {}): RotationRecord {
  const rotation = state.rotations.get(id);
  if (rotation === undefined) throw new Error('no rotation');
  return { ...rotation, ...part };
}

function setKey(state: State, key: typeof OLD, part: Partial<KeyRecord>): void {
  const keys = state.issuers.get(ISSUER)?.keys;
  const record = keys?.get(keyIdentity(key));
  if (keys === undefined || record === undefined) throw new Error('no key');
  keys.set(keyIdentity(key), { ...record, ...part });
}

const declaration = (atMs: number) => ({ atMs, by: 'me', overrideReason: null, reason: null });

t.test('what the collector knows of the keys', (t) => {
  const { world, id } = rotating();
  const { state } = world;
  setKey(state, NEW, { publishedAtMs: 7 });
  setKey(state, OLD, { withdrawnAtMs: 9 });
  const facts = (part: Partial<RotationRecord>) => {
    const { publishedAtMs, rolledBackAtMs, withdrawnAtMs } = rotationFacts(
      state,
      rotationOf(state, id, part),
    );
    return [publishedAtMs, rolledBackAtMs, withdrawnAtMs];
  };
  const secret = { keyKind: 'secret' } as const;
  const retire = { declared: { retire: declaration(5) } };
  t.same(facts({}), [7, null, 9]);
  t.same(facts({ rolledBackAtMs: 8 }), [7, 8, 9]);
  t.same(facts({ newThumbprint: null }), [null, null, 9]);
  t.same(facts({ oldThumbprint: null }), [7, null, null]);
  t.same(facts({ newKid: 'x', oldKid: 'x' }), [null, null, null]);
  t.same(facts({ issuer: 'x' }), [null, null, null]);
  t.same(facts({ ...secret }), [null, null, null], 'of a secret what is declared');
  t.same(facts({ ...secret, declared: { publish: declaration(3) } }), [3, null, null]);
  t.same(facts({ ...secret, ...retire, switchedAtMs: 5, rolledBackAtMs: 4 }), [null, 4, 5]);
  t.same(facts({ ...secret, ...retire, switchedAtMs: 6 }), [null, null, null], 'of another switch');
  t.same(facts({ ...secret, ...retire }), [null, null, null], 'of no switch');
  t.end();
});

t.test('the phase a person would name', (t) => {
  const open = { status: 'open' } as const;
  const rows: [
    string,
    Partial<RotationRecord>,
    { readonly published?: boolean; readonly withdrawn?: boolean; readonly open?: Verdict['gate'] },
    string,
  ][] = [
    ['aborted', { outcome: 'aborted', switchedAtMs: 1 }, { withdrawn: true }, 'aborted'],
    ['completed', { outcome: 'completed', switchedAtMs: 1 }, {}, 'gone'],
    ['nothing yet', {}, { published: false }, 'staged'],
    ['nothing yet, whatever a gate says', {}, { published: false, open: 'activate' }, 'staged'],
    ['published', {}, {}, 'published'],
    ['published, another gate open', {}, { open: 'retire' }, 'published'],
    ['may be used', {}, { open: 'activate' }, 'ready'],
    ['used', { switchedAtMs: 1 }, { published: false }, 'active'],
    ['used, another gate open', { switchedAtMs: 1 }, { open: 'activate' }, 'active'],
    ['may leave', { switchedAtMs: 1 }, { open: 'retire' }, 'drained'],
    ['left', { switchedAtMs: 1 }, { withdrawn: true, open: 'retire' }, 'withdrawn'],
    ['left before the switch', {}, { withdrawn: true }, 'published'],
    ['left before anybody saw a switch', { origin: 'observed' }, { withdrawn: true }, 'withdrawn'],
    ['observed', { origin: 'observed' }, {}, 'published'],
  ];
  const { world, id } = rotating();
  const { state } = world;
  for (const [name, part, seen, expected] of rows) {
    setKey(state, NEW, { publishedAtMs: seen.published === false ? null : 1 });
    setKey(state, OLD, { withdrawnAtMs: seen.withdrawn === true ? 1 : null });
    const memo = { ...open, fingerprint: '', revision: 1, changedAtMs: 1 };
    state.gates.set(id, new Map(seen.open === undefined ? [] : [[seen.open, memo]]));
    t.equal(phaseOf(state, rotationOf(state, id, part)), expected, name);
  }
  state.gates.delete(id);
  t.equal(phaseOf(state, rotationOf(state, id)), 'published', 'no gate evaluated yet');
  t.equal(phaseOf(state, rotationOf(state, id, { switchedAtMs: 1 })), 'active');
  t.end();
});

t.test('open rotations, and those a verifier has a say in', (t) => {
  const { world, id } = rotating();
  const { state } = world;
  const verifier = findVerifier(state.fleet, { service: 'orders', instance: 'a', cache: 'jwks' });
  if (verifier === undefined) throw new Error('no verifier');
  const writes: Write[] = [];
  keepRotation(state, rotationOf(state, id, { id: 'over', endedAtMs: 1 }), writes);
  keepRotation(state, rotationOf(state, id, { id: 'away', issuer: 'x' }), writes);
  t.same(
    writes.map(({ kind }) => kind),
    ['rotation', 'rotation'],
  );
  t.same(
    openRotations(state).map((rotation) => rotation.id),
    [id, 'away'],
  );
  t.same(
    watchingRotations(state, verifier).map((rotation) => rotation.id),
    [id],
  );
  const [group] = verifier.groups;
  if (group === undefined) throw new Error('no group');
  verifier.groups = [{ ...group, issuer: 'y' }, group];
  t.equal(watchingRotations(state, verifier).length, 1, 'by any of its issuers');
  t.end();
});

t.test('a standing anew: whether it may have broken something is told', (t) => {
  const { world, id, a } = rotating();
  const { state } = world;
  const verifier = findVerifier(state.fleet, { service: 'orders', instance: 'a', cache: 'jwks' });
  if (verifier === undefined) throw new Error('no verifier');
  const rotation = rotationOf(state, id);
  const [group] = groupsOfIssuer(state.fleet, ISSUER);
  const rows: [string, () => void, boolean, boolean][] = [
    ['nothing changed', () => void a.report({ keys: [OLD, NEW] }), false, false],
    ['it lost the new key', () => void a.report({ keys: [OLD] }), true, true],
    ['it has it again', () => void a.report({ keys: [OLD, NEW] }), true, false],
    [
      'it used it',
      () => void a.report({ keys: [OLD, NEW], counts: [{ kid: 'new', outcomes: { ok: 1 } }] }),
      true,
      false,
    ],
    ['as strong, without the old one', () => void a.report({ keys: [NEW] }), true, false],
    ['lost again', () => void a.report({ keys: [] }), true, true],
    ['from one kind of lack to another', () => a.crash(), false, false],
  ];
  for (const [name, change, touched, shaken] of rows) {
    state.unevaluated.clear();
    state.unevaluated.takeShaken();
    change();
    t.equal(state.unevaluated.has(id), touched, `${name}: looked at`);
    t.equal(state.unevaluated.takeShaken().includes(id), shaken, `${name}: shaken`);
  }
  for (const how of ['departed', 'other kind'] as const) {
    restand(state, verifier, rotation, world.now());
    t.ok(verifier.standings.has(id));
    state.unevaluated.clear();
    state.unevaluated.takeShaken();
    const { record } = verifier;
    if (how === 'other kind') verifier.record = { ...record, cacheKind: 'secret' };
    restand(state, verifier, rotation, world.now(), { departed: how === 'departed' });
    verifier.record = record;
    t.notOk(verifier.standings.has(id), how);
    t.same(state.unevaluated.takeShaken(), [id], how);
    t.equal(
      [...(group?.tallies.get(id)?.byNew.values() ?? [])].some((members) => members.has(verifier)),
      false,
      how,
    );
  }
  t.end();
});

t.test('weaker evidence is a change for the worse, though it still counts', (t) => {
  const { world, id, a } = rotating();
  const { state } = world;
  const counts = [{ kid: 'new', outcomes: { ok: 1 } }];
  a.report({ keys: [OLD, NEW], counts });
  const verifier = findVerifier(state.fleet, { service: 'orders', instance: 'a', cache: 'jwks' });
  t.equal(verifier?.standings.get(id)?.holdsNew, 'verified');
  state.unevaluated.takeShaken();
  setKey(state, NEW, { publishedAtMs: world.atMs + 1 });
  world.atMs += 5;
  a.report({ keys: [OLD, NEW], counts });
  t.equal(verifier?.standings.get(id)?.holdsNew, 'present');
  t.same(state.unevaluated.takeShaken(), [id]);
  t.end();
});

t.test('when the old key was last served to those that cannot count', (t) => {
  const { world, id } = rotating();
  const { state } = world;
  const proxied = world.join('orders', 'p', { source: 'proxy' });
  const [group] = groupsOfIssuer(state.fleet, ISSUER);
  const lastMs = () => group?.tallies.get(id)?.lastServedOldAtMs;
  t.equal(lastMs(), null);
  proxied.report({ keys: [OLD], servedAgeMs: 5_000 });
  t.equal(lastMs(), world.atMs - 5_000);
  proxied.report({ keys: [OLD], servedAgeMs: 9_000 });
  t.equal(lastMs(), world.atMs - 5_000, 'never earlier');
  proxied.report({ keys: [NEW], servedAgeMs: 0 });
  t.equal(lastMs(), world.atMs - 5_000, 'without it');
  if (group === undefined) throw new Error('no group');
  group.tallies.delete(id);
  restoreServedOld(state, rotationOf(state, id));
  t.equal(lastMs(), world.atMs, 'after a restart the last document may have held it');
  proxied.report({ keys: [NEW], servedAgeMs: null });
  group.tallies.delete(id);
  restoreServedOld(state, rotationOf(state, id));
  t.equal(lastMs(), undefined, 'who fetched nothing was served nothing');
  t.end();
});

t.test('a rotation that ended costs nothing', (t) => {
  const { world, id } = rotating();
  const { state } = world;
  const [group] = groupsOfIssuer(state.fleet, ISSUER);
  t.ok(group?.tallies.has(id));
  releaseRotation(state, rotationOf(state, id));
  t.notOk(group?.tallies.has(id));
  for (const verifier of state.fleet.verifiers.values()) t.equal(verifier.standings.size, 0);
  t.end();
});
